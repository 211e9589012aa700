//! What is due at what time: limits, waits, a second deployment when the first is slow.

use core::time::Duration;

use super::answering::took_too_long;
use super::continuing::Broken;
use super::streaming::Quiet;
use super::work::Told;
use super::{Exchange, Opening, State, Streaming};
use crate::canonical::error::ApiError;
use crate::gateway::attempt::{Attempt, earlier};
use crate::gateway::effect::Effect;
use crate::gateway::{Context, book, refuse};
use crate::policy::Failure;
use crate::value::time::Timestamp;

/// How long Envoy may take to bring a request again. If it has not by then, its client is gone.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// What is due in a state, and when.
enum Due {
    Again,
    Close,
    Forgotten,
    Hedge,
    Limit,
    Look,
    Silence,
    State,
}

impl Exchange {
    /// When it is to be woken, if nothing else happens before.
    #[must_use]
    pub fn wakes_at(&self, cx: &Context<'_>) -> Option<Timestamp> {
        let own = self.next(&self.state, cx).map(|(at, _)| at);
        // The time limit of a request that Envoy is to bring again counts when it is there.
        let deadline = self.deadline.filter(|_| !self.is_replaying());
        earlier(own, deadline.map(|deadline| deadline.at))
    }

    const fn is_replaying(&self) -> bool {
        matches!(self.state, State::Replaying { .. })
    }

    /// Whether it may have to end a stream that is on its way without a chunk to answer to.
    #[must_use]
    pub fn may_interrupt(&self) -> bool {
        match &self.state {
            State::Streaming(streaming) => {
                streaming.quiet.is_some()
                    || streaming.continuation.is_some()
                    || streaming.attempt.ends.is_some()
                    || self.deadline.is_some()
            }
            _ => false,
        }
    }

    /// What is due next in this state.
    fn next(&self, state: &State, cx: &Context<'_>) -> Option<(Timestamp, Due)> {
        let limit = |at: Option<Timestamp>| at.map(|at| (at, Due::Limit));
        let first = match state {
            State::Draining { until } => return until.map(|until| (until, Due::Close)),
            State::Failing { attempt, .. } => limit(attempt.limit()),
            State::Opening(opening) => {
                let idle = cx.plan.stream_idle_timeout;
                let silence = idle.map(|idle| (opening.since.after(idle), Due::Silence));
                sooner(limit(opening.attempt.limit()), silence)
            }
            State::Replaying { until } => return Some((*until, Due::Forgotten)),
            State::Sent { attempt } | State::Whole { attempt, .. } => limit(attempt.limit()),
            State::Waiting { until } => return Some((*until, Due::Again)),
            State::Streaming(streaming) => {
                let look = streaming.quiet.map(|quiet| (quiet.next, Due::Look));
                let states = streaming.states_at.map(|at| (at, Due::State));
                return sooner(sooner(limit(streaming.attempt.ends), look), states);
            }
            _ => return None,
        };
        sooner(first, self.hedges_at(state, cx).map(|at| (at, Due::Hedge)))
    }

    /// When a second deployment is to be asked.
    fn hedges_at(&self, state: &State, cx: &Context<'_>) -> Option<Timestamp> {
        let wait = cx.plan.hedge_after?;
        let work = self.work.as_ref().filter(|work| !work.hedged)?;
        let began = state.attempt()?.began;
        (self.call.is_none() && work.pinned.is_none()).then(|| began.after(wait))
    }

    pub(super) fn woke(&mut self, state: State, cx: &mut Context<'_>) -> Effect {
        let is_late = self.deadline.is_some_and(|deadline| deadline.at <= cx.now);
        if is_late && !matches!(state, State::Replaying { .. }) {
            return self.out_of_time(state, cx);
        }
        let due = self.next(&state, cx).filter(|(at, _)| *at <= cx.now);
        let Some((_, due)) = due else {
            self.state = state;
            return Effect::Pass;
        };
        match due {
            Due::Again => self.waited(cx),
            Due::Close => {
                self.state = State::Draining { until: None };
                Effect::Close
            }
            Due::Forgotten => self.forgotten(cx),
            Due::Hedge => self.hedge_now(state, cx),
            Due::Limit => self.too_slow(state, "the provider did not answer in time", cx),
            Due::Look => self.look(state, cx),
            Due::Silence => self.too_slow(state, "the provider stopped answering", cx),
            Due::State => self.state_now(state, cx),
        }
    }

    fn waited(&mut self, cx: &mut Context<'_>) -> Effect {
        match self.work.take() {
            // The request that Envoy holds has not been sent on yet.
            Some(work) if self.fresh => self.try_again(work, cx),
            Some(work) => self.again(work, cx),
            None => self.refuse(&refuse::lost(), cx),
        }
    }

    fn hedge_now(&mut self, state: State, cx: &mut Context<'_>) -> Effect {
        let first = state.attempt().map(|attempt| attempt.pick.deployment);
        self.state = state;
        first
            .and_then(|first| self.hedge(first, cx))
            .unwrap_or(Effect::Pass)
    }

    /// An attempt has reached a time limit of its deployment's.
    fn too_slow(&mut self, state: State, words: &'static str, cx: &mut Context<'_>) -> Effect {
        let error = took_too_long(words);
        match state {
            State::Streaming(streaming) => self.cut(streaming, error, cx),
            state => match state.into_attempt() {
                Some(attempt) => self.attempt_failed(attempt, None, error, cx),
                None => Effect::Pass,
            },
        }
    }

    fn state_now(&mut self, state: State, cx: &mut Context<'_>) -> Effect {
        self.state = match state {
            State::Streaming(mut streaming) => {
                self.state_stream(&mut streaming, cx);
                State::Streaming(streaming)
            }
            state => state,
        };
        Effect::Pass
    }

    /// Looks whether a stream has gone on since the latest look. A silence is noticed after at most a quarter more than is allowed.
    fn look(&mut self, state: State, cx: &mut Context<'_>) -> Effect {
        let (State::Streaming(mut streaming), Some(limit)) = (state, cx.plan.stream_idle_timeout)
        else {
            return Effect::Pass;
        };
        let Some(quiet) = streaming.quiet else {
            self.state = State::Streaming(streaming);
            return Effect::Pass;
        };
        let since = if quiet.moved { cx.now } else { quiet.since };
        if cx.now.since(since) >= limit {
            let error = took_too_long("the provider stopped in the middle of its answer");
            return self.cut(streaming, error, cx);
        }
        streaming.quiet = Some(Quiet::until(limit, since, cx.now));
        self.state = State::Streaming(streaming);
        Effect::Pass
    }

    /// The whole request has reached its time limit, whatever it is doing.
    fn out_of_time(&mut self, state: State, cx: &mut Context<'_>) -> Effect {
        let by_client = self
            .deadline
            .take()
            .is_some_and(|deadline| deadline.by_client);
        let error = took_too_long("the request was not answered within its time limit");
        match state {
            State::Continuing(interrupted) => return self.give_up_continuing(*interrupted, cx),
            State::Streaming(streaming) => {
                let Streaming { attempt, relay, .. } = *streaming;
                self.take_usage(&attempt, &*relay);
                self.ran_out(attempt, &error, by_client, cx);
                return self.tell(Broken::cut(error), cx);
            }
            state => {
                let first = state.into_attempt();
                for attempt in first.into_iter().chain(self.call.take()) {
                    self.ran_out(attempt, &error, by_client, cx);
                }
            }
        }
        match self.work.take() {
            Some(mut work) => {
                work.last = Some(Told::ours(error));
                self.conclude(work, cx)
            }
            None => Effect::Pass,
        }
    }

    /// An attempt was not over when its request had to be. That is no failure of its deployment if it was the client who set the limit.
    fn ran_out(
        &mut self,
        attempt: Attempt,
        error: &ApiError,
        by_client: bool,
        cx: &mut Context<'_>,
    ) {
        let failure = Failure::of(error, None, cx.now);
        if !by_client {
            book::failed(&attempt.pick, &failure, cx);
        }
        self.end(attempt, failure.class.name(), cx);
    }
}

impl State {
    /// The attempt that the request Envoy holds was sent on with, before the client got anything of it.
    pub(super) fn attempt(&self) -> Option<&Attempt> {
        match self {
            Self::Failing { attempt, .. }
            | Self::Sent { attempt }
            | Self::Whole { attempt, .. } => Some(attempt),
            Self::Opening(opening) => Some(&opening.attempt),
            _ => None,
        }
    }

    /// The attempt, whatever has become of it.
    pub(super) fn into_attempt(self) -> Option<Attempt> {
        match self {
            Self::Failing { attempt, .. }
            | Self::Opaque { attempt }
            | Self::Sent { attempt }
            | Self::Whole { attempt, .. } => Some(attempt),
            Self::Opening(opening) => {
                let Opening { attempt, .. } = *opening;
                Some(attempt)
            }
            Self::Streaming(streaming) => {
                let Streaming { attempt, .. } = *streaming;
                Some(attempt)
            }
            _ => None,
        }
    }
}

fn sooner(
    one: Option<(Timestamp, Due)>,
    other: Option<(Timestamp, Due)>,
) -> Option<(Timestamp, Due)> {
    one.into_iter().chain(other).min_by_key(|(at, _)| *at)
}
