//! A failed attempt: what is noted of it, what the policy says, and how that is carried out.

use super::work::{Told, Work};
use super::{Exchange, State, secrets_of};
use crate::canonical::error::ApiError;
use crate::config::plan::Transport;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::{Effect, Reply};
use crate::gateway::event::Local;
use crate::gateway::settle::Tried;
use crate::gateway::{Context, book, refuse, select, transport};
use crate::policy::{Failure, Verdict, View};
use crate::usage::metrics::Counter;
use crate::value::head::Head;

impl Exchange {
    /// An attempt has failed before the client got anything of it.
    pub(super) fn attempt_failed(
        &mut self,
        attempt: Attempt,
        head: Option<&Head>,
        error: ApiError,
        cx: &mut Context<'_>,
    ) -> Effect {
        let Some(mut work) = self.work.take() else {
            self.end(attempt, error.class.name(), cx);
            return self.refuse(&refuse::lost(), cx);
        };
        let index = attempt.pick.deployment;
        let failure = self.note(&mut work, attempt, head, error, cx);
        // What went on without being kept cannot be sent again by the gateway itself.
        if self.flows && cx.plan.transport == Transport::Dispatch {
            return self.conclude(work, cx);
        }
        // A hedge that is still under way may yet bring the answer.
        if self.call.is_some() {
            self.work = Some(work);
            self.state = State::Calling;
            return Effect::Hold;
        }
        self.decide(work, &failure, Some(index), cx)
    }

    /// Takes note of a failed attempt.
    fn note(
        &mut self,
        work: &mut Work,
        attempt: Attempt,
        head: Option<&Head>,
        error: ApiError,
        cx: &mut Context<'_>,
    ) -> Failure {
        let told = Told::of(error, head, &secrets_of(&attempt, cx.plan));
        let failure = Failure::of(&told.error, head, cx.now);
        let index = attempt.pick.deployment;
        book::failed(&attempt.pick, &failure, cx);
        self.end(attempt, failure.class.name(), cx);
        work.last = Some(told);
        if !work.tried.contains(&index) {
            work.tried.push(index);
        }
        failure
    }

    /// The connection was cut, and nobody asked the gateway: Envoy brings the request again. What happens then is decided now.
    pub(super) fn cut_off(&mut self, state: State, cx: &mut Context<'_>) {
        self.state = State::Replaying {
            until: cx.now.after(super::waking::PATIENCE),
        };
        if let Some(call) = self.call.take() {
            self.lost_the_race(call, "cut", cx);
        }
        let Some(mut work) = self.work.take() else {
            return;
        };
        match state {
            State::Waiting { until } => work.not_before = until,
            state => {
                if let Some((index, failure)) = self.cut_attempt(&mut work, state, cx) {
                    self.prepare(&mut work, &failure, index, cx);
                }
            }
        }
        self.work = Some(work);
    }

    /// The attempt that failed by the cut. One that had failed before, while a hedge was still under way, is judged only now.
    fn cut_attempt(
        &mut self,
        work: &mut Work,
        state: State,
        cx: &mut Context<'_>,
    ) -> Option<(usize, Failure)> {
        if matches!(state, State::Calling) {
            let told = work.last.as_ref()?;
            let failure = Failure::of(&told.error, None, cx.now);
            return Some((*work.tried.last()?, failure));
        }
        let attempt = state.into_attempt()?;
        let index = attempt.pick.deployment;
        let error = refuse::local(Local::Reset);
        Some((index, self.note(work, attempt, None, error, cx)))
    }

    /// Decides what is done about a failure when Envoy has brought the request again.
    fn prepare(&mut self, work: &mut Work, failure: &Failure, index: usize, cx: &mut Context<'_>) {
        match verdict(work, failure, Some(index), cx) {
            Verdict::FallBack(hop) => self.fall_back(work, hop.group, failure, cx),
            Verdict::GiveUp => work.over = true,
            Verdict::Retry { after } => {
                self.count_retry(work, failure.class.name(), cx);
                work.not_before = cx.now.after(after);
            }
        }
    }

    /// Does what the policy says about a failure.
    pub(super) fn decide(
        &mut self,
        mut work: Box<Work>,
        failure: &Failure,
        failed: Option<usize>,
        cx: &mut Context<'_>,
    ) -> Effect {
        match verdict(&mut work, failure, failed, cx) {
            Verdict::FallBack(hop) => {
                self.fall_back(&mut work, hop.group, failure, cx);
                self.again(work, cx)
            }
            Verdict::GiveUp => self.conclude(work, cx),
            Verdict::Retry { after } => {
                self.count_retry(&mut work, failure.class.name(), cx);
                if after.is_zero() {
                    return self.again(work, cx);
                }
                self.work = Some(work);
                self.state = State::Waiting {
                    until: cx.now.after(after),
                };
                Effect::Hold
            }
        }
    }

    /// The next attempt, as the transport makes it.
    pub(super) fn again(&mut self, work: Box<Work>, cx: &mut Context<'_>) -> Effect {
        if cx.plan.transport == Transport::Dispatch {
            return self.try_again(work, cx);
        }
        if self.legs > transport::RETRIES {
            return self.conclude(work, cx);
        }
        self.replay(work, cx)
    }

    /// Has Envoy bring the request again: it does so because this answer is not marked as final.
    fn replay(&mut self, work: Box<Work>, cx: &Context<'_>) -> Effect {
        let reply = match &work.last {
            Some(told) => told.reply(self.format),
            None => refuse::reply(&refuse::lost(), self.format),
        };
        self.work = Some(work);
        self.state = State::Replaying {
            until: cx.now.after(super::waking::PATIENCE),
        };
        Effect::Respond(Reply {
            status: 503,
            ..reply
        })
    }

    pub(super) fn count_retry(&self, work: &mut Work, reason: &'static str, cx: &mut Context<'_>) {
        cx.meter
            .add(Counter::Retries { reason }, self.account.subject, 1);
        retrying(work, cx);
    }

    pub(super) fn fall_back(
        &mut self,
        work: &mut Work,
        group: usize,
        failure: &Failure,
        cx: &mut Context<'_>,
    ) {
        let counter = |from| Counter::Fallbacks {
            from,
            to: group,
            reason: failure.class.name(),
        };
        if let Some(from) = self.account.subject.group {
            cx.meter.add(counter(from), self.account.subject, 1);
        }
        work.tried.clear();
        work.pinned = None;
    }

    /// Nothing more is tried: the client is told of the last failure, and what was tried.
    pub(super) fn conclude(&mut self, work: Box<Work>, cx: &mut Context<'_>) -> Effect {
        let told = work
            .last
            .clone()
            .unwrap_or_else(|| Told::ours(refuse::lost()));
        self.work = Some(work);
        let told = told.listing(&self.account.attempts, cx.plan);
        self.account.error = told
            .error
            .code
            .clone()
            .or_else(|| Some(told.error.kind.clone()));
        self.respond(told.reply(self.format), cx)
    }

    /// An attempt is over: it is noted with its outcome, and the deployment is one request less busy.
    pub(super) fn end(&mut self, attempt: Attempt, outcome: &'static str, cx: &mut Context<'_>) {
        self.account.attempts.push(Tried {
            deployment: attempt.pick.deployment,
            outcome,
            ms: u64::try_from(cx.now.since(attempt.began).as_millis()).unwrap_or(u64::MAX),
        });
        book::ended(attempt.pick, cx);
    }
}

/// What the policy says about a failure; `failed` is the deployment that was asked, if one was.
pub(super) fn verdict(
    work: &mut Work,
    failure: &Failure,
    failed: Option<usize>,
    cx: &mut Context<'_>,
) -> Verdict {
    let plan = cx.plan;
    let index = work.course.hop().group;
    let Some(group) = plan.groups.get(index) else {
        return Verdict::GiveUp;
    };
    let view = View {
        retries: &group.retries,
        deployment_retries: failed
            .and_then(|index| plan.deployments.get(index))
            .and_then(|deployment| deployment.num_retries),
        chains: &group.chains,
        others: select::healthy(&work.want(false), cx),
        budget: work.retrying || book::may_retry(cx),
        left: work.deadline.map(|deadline| deadline.since(cx.now)),
        stuck: failed.is_none(),
    };
    work.course.failed(failure, &view, cx.rng)
}

/// The request counts among those that are being tried again, from now on.
fn retrying(work: &mut Work, cx: &mut Context<'_>) {
    if !core::mem::replace(&mut work.retrying, true) {
        book::retry_began(cx);
    }
}
