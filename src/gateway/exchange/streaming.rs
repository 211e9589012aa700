//! An answer that comes in pieces: held until there is content, then passed on as it comes.

use core::time::Duration;

use super::continuing::{Broken, GRACE};
use super::{Exchange, Opening, State, Streaming};
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::Transport;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::Effect;
use crate::gateway::relay::{Output, Relay};
use crate::gateway::{Context, book, refuse};
use crate::policy::Failure;
use crate::usage::Usage;
use crate::value::head::Head;
use crate::value::time::Timestamp;

/// How long a stream has been silent. Nobody asks for the time at every chunk: a look from time to time tells whether any has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quiet {
    /// Whether a chunk has come since the latest look.
    pub moved: bool,
    /// When the next look is due.
    pub next: Timestamp,
    /// The latest look at which a chunk had come.
    pub since: Timestamp,
}

impl Quiet {
    /// Nothing is known to have come since that time. The next look is soon enough to notice a silence after a quarter more than is
    /// allowed.
    pub fn until(limit: Duration, since: Timestamp, now: Timestamp) -> Self {
        Self {
            moved: false,
            next: since.after(limit).min(now.after(limit.mul_f64(0.25))),
            since,
        }
    }
}

impl Exchange {
    pub(super) fn open(
        &mut self,
        mut opening: Box<Opening>,
        bytes: &[u8],
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        match opening.relay.push(bytes, last) {
            Output::Same => opening.out.extend_from_slice(bytes),
            Output::Changed(words) => {
                opening.out.extend(words);
                opening.same = false;
            }
        }
        let seen = opening.relay.seen();
        let failure = seen.failure.clone();
        if seen.content && (failure.is_none() || !self.goes_on(cx)) {
            self.account.first_content = Some(cx.now);
            return self.begin(*opening, last, cx);
        }
        if let Some(failure) = failure {
            return self.stillborn(*opening, failure, cx);
        }
        if !seen.complete {
            opening.since = cx.now;
            self.state = State::Opening(opening);
            return Effect::Hold;
        }
        if seen.withheld && self.minds_withheld_content(cx) {
            let Opening { attempt, head, .. } = *opening;
            return self.attempt_failed(attempt, Some(&head), refuse::withheld(), cx);
        }
        self.begin(*opening, last, cx)
    }

    /// It has failed before anything of it was sent. Content that came together with the failure was generated in vain.
    fn stillborn(&mut self, opening: Opening, failure: ApiError, cx: &mut Context<'_>) -> Effect {
        let Opening {
            attempt,
            head,
            relay,
            ..
        } = opening;
        if relay.seen().content {
            let usage = usage_so_far(&attempt, &*relay);
            self.account.count_besides(&attempt, &usage, cx);
        }
        self.attempt_failed(attempt, Some(&head), failure, cx)
    }

    /// The first content is there, or the answer is complete without any: the client gets it.
    fn begin(&mut self, opening: Opening, last: bool, cx: &mut Context<'_>) -> Effect {
        let Opening {
            attempt,
            mut head,
            out,
            relay,
            same,
            ..
        } = opening;
        self.released(&attempt, &mut head, cx);
        head.remove("content-length");
        event_stream(&mut head, relay.media_type());
        let mut streaming = Box::new(Streaming {
            continuation: self.continuation(cx),
            quiet: quiet(cx),
            states_at: (cx.plan.transport == Transport::Envoy).then_some(cx.now),
            attempt,
            relay,
        });
        streaming.hear(&out);
        if streaming.continuation.is_none()
            && let Some(work) = &mut self.work
        {
            work.body = std::rc::Rc::default();
        }
        if let Some(failure) = streaming.relay.seen().failure.clone() {
            return self.begin_broken(*streaming, failure, (head, out), cx);
        }
        self.after_chunk(streaming, last, cx);
        Effect::Release {
            head,
            body: (!same).then_some(out),
        }
    }

    /// Content and failure came together: the client gets both.
    fn begin_broken(
        &mut self,
        streaming: Streaming,
        failure: ApiError,
        (head, mut out): (Head, Vec<u8>),
        cx: &mut Context<'_>,
    ) -> Effect {
        let Streaming {
            attempt, mut relay, ..
        } = streaming;
        self.take_usage(&attempt, &*relay);
        let words = relay.failed(&failure);
        out.extend(words.unwrap_or_else(|| self.error_event(&failure)));
        self.failed_late(attempt, failure, cx);
        self.settle(cx);
        self.state = State::Draining { until: None };
        Effect::Release {
            head,
            body: Some(out),
        }
    }

    pub(super) fn stream(
        &mut self,
        mut streaming: Box<Streaming>,
        bytes: &[u8],
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        let output = streaming.relay.push(bytes, last);
        if let Some(quiet) = &mut streaming.quiet {
            quiet.moved = true;
        }
        if streaming.continuation.is_some() {
            match &output {
                Output::Same => streaming.hear(bytes),
                Output::Changed(out) => streaming.hear(out),
            }
        }
        if let Some(failure) = streaming.relay.seen().failure.clone() {
            let out = match output {
                Output::Changed(out) => out,
                Output::Same => bytes.to_vec(),
            };
            let broken = Broken {
                failure,
                grace: (!last).then_some(GRACE),
                out,
                words: None,
            };
            return self.breaks_off(streaming, broken, cx);
        }
        self.after_chunk(streaming, last, cx);
        match output {
            Output::Same => Effect::Pass,
            Output::Changed(out) => Effect::Emit(out),
        }
    }

    fn after_chunk(&mut self, streaming: Box<Streaming>, last: bool, cx: &mut Context<'_>) {
        if !streaming.relay.seen().over() && !last {
            self.state = State::Streaming(streaming);
            return;
        }
        let Streaming { attempt, relay, .. } = *streaming;
        self.take_usage(&attempt, &*relay);
        self.good(attempt, self.account.first_content, cx);
        self.settle(cx);
        self.state = State::Draining { until: None };
    }

    /// The stream has failed after content went to the client: another deployment goes on with it, or the client is told.
    pub(super) fn breaks_off(
        &mut self,
        streaming: Box<Streaming>,
        mut broken: Broken,
        cx: &mut Context<'_>,
    ) -> Effect {
        if streaming.continuation.is_some() {
            return self.continue_elsewhere(streaming, broken, cx);
        }
        let Streaming {
            attempt, mut relay, ..
        } = *streaming;
        self.take_usage(&attempt, &*relay);
        broken.words = relay.failed(&broken.failure);
        self.failed_late(attempt, broken.failure.clone(), cx);
        self.tell(broken, cx)
    }

    /// A stream was cut off by a time limit of ours: the client is told, and the stream ended.
    pub(super) fn cut(
        &mut self,
        streaming: Box<Streaming>,
        failure: ApiError,
        cx: &mut Context<'_>,
    ) -> Effect {
        self.breaks_off(streaming, Broken::cut(failure), cx)
    }

    /// An attempt has failed when its content was already with the client.
    pub(super) fn failed_late(&mut self, attempt: Attempt, error: ApiError, cx: &mut Context<'_>) {
        let failure = Failure::of(&error, None, cx.now);
        self.account.error = error.code.or(Some(error.kind));
        book::failed(&attempt.pick, &failure, cx);
        self.end(attempt, failure.class.name(), cx);
    }

    pub(super) fn take_usage(&mut self, attempt: &Attempt, relay: &dyn Relay) {
        self.account.tier.clone_from(&relay.seen().tier);
        // A vendor's own request may be for something that takes no tokens.
        let counts = self.format != Format::Passthrough || relay.seen().usage.is_some();
        self.account.usage = counts.then(|| usage_so_far(attempt, relay));
    }

    /// States what the stream has come to so far, should its client leave.
    pub(super) fn state_stream(&mut self, streaming: &mut Streaming, cx: &mut Context<'_>) {
        let usage = usage_so_far(&streaming.attempt, &*streaming.relay);
        self.account.state_as_if_left(Some(usage), cx);
        streaming.states_at = Some(cx.now.after(STATED_EVERY));
    }
}

impl Streaming {
    /// Takes note of what goes to the client, where a fallback could go on with it.
    fn hear(&mut self, out: &[u8]) {
        if let Some(continuation) = &mut self.continuation {
            continuation.hear(out);
        }
    }
}

/// How old the outer listener's facts of a stream may be.
const STATED_EVERY: Duration = Duration::from_secs(1);

/// What a stream has taken so far.
pub(super) fn usage_so_far(attempt: &Attempt, relay: &dyn Relay) -> Usage {
    let seen = relay.seen();
    match seen.usage {
        Some(usage) if seen.complete => usage,
        // Counts stated before the end are of what was asked, not of all that was answered.
        Some(usage) => Usage {
            estimated: true,
            output: usage.output.max(seen.text_tokens),
            ..usage
        },
        None => Usage::estimated(attempt.input_tokens, seen.text_tokens),
    }
}

fn quiet(cx: &Context<'_>) -> Option<Quiet> {
    let limit = cx.plan.stream_idle_timeout?;
    Some(Quiet::until(limit, cx.now, cx.now))
}

pub(super) fn event_stream(head: &mut Head, media: &str) {
    head.set("content-type", media);
    head.set("cache-control", "no-cache");
}
