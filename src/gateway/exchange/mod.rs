//! The states of an exchange, and what each event does in each of them.

mod answering;
mod asking;
mod called;
mod choosing;
mod closing;
mod continuing;
mod failing;
mod flowing;
mod hedging;
mod streaming;
mod trying;
mod waking;
mod work;

use std::borrow::Cow;
use std::rc::Rc;

use super::attempt::{self, Attempt};
use super::effect::{Effect, Reply};
use super::event::{Event, Wants};
use super::relay::Relay;
use super::settle::Account;
use super::{Context, book, heads, refuse, transport};
use crate::api::{self, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::{Plan, Transport};
use crate::value::head::Head;
use crate::value::secret::Secret;
use crate::value::time::Timestamp;
use continuing::{Continuation, Interrupted};
use streaming::Quiet;
use work::Work;

/// The status metrics and logs give a request whose client left before it was answered (nginx's).
const LEFT_STATUS: u16 = 499;

/// One request and its answer, over all its attempts.
#[derive(Debug)]
pub struct Exchange {
    account: Account,
    /// An attempt that the gateway makes by a call of its own: another try, or a hedge.
    call: Option<Attempt>,
    /// When the whole request must be over.
    deadline: Option<Deadline>,
    /// Whether the request that Envoy holds can still be sent on.
    fresh: bool,
    /// Whether the request goes on before its body is complete.
    flows: bool,
    /// The format the client speaks.
    format: Format,
    /// How often Envoy has brought the request.
    legs: u32,
    settled: bool,
    state: State,
    status: u16,
    /// What another try needs; gone once the client is being answered.
    work: Option<Box<Work>>,
}

/// When a request must be over.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    at: Timestamp,
    /// Whether the client asked for it: then missing it is nobody's fault.
    by_client: bool,
}

#[derive(Debug)]
enum State {
    /// Envoy brings the request again.
    Again,
    /// The gateway has said all it has to say.
    Answered,
    /// The head of a request for a provider was admitted; its body is awaited.
    Asking {
        client: Head,
        /// Whether what is needed of the body may be known before it is complete.
        early: bool,
        line: Rc<Line>,
        said: Head,
    },
    /// Only an attempt of the gateway's own is under way; what the first upstream may still send is of no use.
    Calling,
    /// A stream broke off, and a fallback is asked to go on with it.
    Continuing(Box<Interrupted>),
    /// A stream is complete, or the client was told that it is not; what follows is not for it.
    Draining {
        /// When the stream is ended, if its upstream does not do it.
        until: Option<Timestamp>,
    },
    /// The answer is an error; its body is awaited to tell which.
    Failing { attempt: Attempt, head: Head },
    /// Nothing happened yet, or it is somebody else's request.
    Foreign,
    /// A stream has begun without content; its head is held.
    Opening(Box<Opening>),
    /// The answer cannot be read and passes untouched.
    Opaque { attempt: Attempt },
    /// Envoy was told to bring the request again; by then, it must have.
    Replaying { until: Timestamp },
    /// The request went upstream.
    Sent { attempt: Attempt },
    /// A stream is on its way to the client.
    Streaming(Box<Streaming>),
    /// The next attempt is made then.
    Waiting { until: Timestamp },
    /// A complete answer is awaited; its head is held.
    Whole { attempt: Attempt, head: Head },
}

/// A stream without content so far.
#[derive(Debug)]
struct Opening {
    attempt: Attempt,
    head: Head,
    /// What is to go to the client with the first content.
    out: Vec<u8>,
    relay: Box<dyn Relay>,
    /// Whether that is what came.
    same: bool,
    /// When the latest chunk came.
    since: Timestamp,
}

/// A stream with content.
#[derive(Debug)]
struct Streaming {
    attempt: Attempt,
    /// What was said so far, where a fallback could go on with it.
    continuation: Option<Box<Continuation>>,
    quiet: Option<Quiet>,
    /// When the facts so far are stated next, where the outer listener needs them.
    states_at: Option<Timestamp>,
    relay: Box<dyn Relay>,
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

impl Exchange {
    /// An exchange to which nothing has happened yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            account: Account::default(),
            call: None,
            deadline: None,
            flows: false,
            format: Format::Chat,
            fresh: true,
            legs: 0,
            settled: false,
            state: State::Foreign,
            status: LEFT_STATUS,
            work: None,
        }
    }

    /// What it wants of the message that is coming in.
    #[must_use]
    pub const fn wants(&self) -> Wants {
        match self.state {
            State::Asking { early: true, .. } => Wants::Chunks,
            State::Again | State::Asking { .. } | State::Failing { .. } | State::Whole { .. } => {
                Wants::Whole
            }
            State::Calling
            | State::Continuing(_)
            | State::Draining { .. }
            | State::Opening(_)
            | State::Streaming(_)
            | State::Waiting { .. } => Wants::Chunks,
            State::Answered
            | State::Foreign
            | State::Opaque { .. }
            | State::Replaying { .. }
            | State::Sent { .. } => Wants::Nothing,
        }
    }

    /// Whether the gateway has anything to do with it.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        self.account.operation.is_some()
    }

    /// Adds to the time spent inside the gateway.
    pub fn spend(&mut self, nanos: u64) {
        self.account.overhead_ns = self.account.overhead_ns.saturating_add(nanos);
    }

    /// Whether a stream is on its way to the client: what it does with a chunk then does not depend
    /// on the time.
    #[must_use]
    pub const fn is_flowing(&self) -> bool {
        matches!(self.state, State::Streaming(_) | State::Draining { .. })
    }

    /// How often Envoy has brought the request: what is told of an earlier stream is of no use any more.
    #[must_use]
    pub const fn legs(&self) -> u32 {
        self.legs
    }

    /// Whether nothing will happen to it any more but its end.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.settled && self.call.is_none() && matches!(self.state, State::Answered)
    }

    /// Reacts to one event.
    pub fn step(&mut self, event: Event<'_>, cx: &mut Context<'_>) -> Effect {
        let state = core::mem::replace(&mut self.state, State::Answered);
        match (event, state) {
            (Event::Answer { head, body, local }, state) => {
                self.state = state;
                self.called(head, body, local, cx)
            }
            (Event::Arrived { head, last }, state) => {
                self.legs = self.legs.saturating_add(1);
                self.fresh = true;
                self.brought(state, head, last, cx)
            }
            (Event::Chunk { bytes, last }, state) => self.chunk(state, bytes, last, cx),
            (Event::Closed { status, details }, state) => self.closed(state, status, details, cx),
            (Event::Growing { bytes, held }, state @ (State::Again | State::Asking { .. })) => {
                self.growing(state, bytes, held, cx)
            }
            (Event::Head { head, last, local }, state) => self.head(state, head, last, local, cx),
            (
                Event::Request { body },
                State::Asking {
                    client, said, line, ..
                },
            ) => self.ask(body, client, &said, line, cx),
            (Event::Request { body }, State::Again) => self.ask_again(body, cx),
            (Event::Woke, state) => self.woke(state, cx),
            (Event::Growing { .. } | Event::Request { .. }, state) => {
                self.state = state;
                Effect::Pass
            }
        }
    }

    fn chunk(&mut self, state: State, bytes: &[u8], last: bool, cx: &mut Context<'_>) -> Effect {
        match state {
            State::Calling | State::Continuing(_) | State::Waiting { .. } => {
                self.state = state;
                Effect::Drop
            }
            State::Draining { .. } => {
                self.state = state;
                Effect::Emit(Vec::new())
            }
            State::Failing { attempt, head } => self.failed(attempt, &head, bytes, cx),
            State::Opening(opening) => self.open(opening, bytes, last, cx),
            State::Streaming(streaming) => self.stream(streaming, bytes, last, cx),
            State::Whole { attempt, head } => self.whole(attempt, head, bytes, cx),
            State::Again
            | State::Answered
            | State::Asking { .. }
            | State::Foreign
            | State::Opaque { .. }
            | State::Replaying { .. }
            | State::Sent { .. } => {
                self.state = state;
                Effect::Pass
            }
        }
    }

    /// What words an answer to the request for its client.
    fn voice(&self, asked: &Asked<'_>, cx: &Context<'_>) -> Box<dyn Voice> {
        let wish = Wish {
            id: &self.account.call_id,
            created: cx.now.seconds(),
            model: &self.account.requested,
        };
        api::client(asked.format).voice(asked, &wish)
    }

    /// The event that tells the client of a failure in its stream.
    fn error_event(&self, failure: &ApiError) -> Vec<u8> {
        api::client(self.format).error_event(failure)
    }

    fn refuse(&mut self, error: &ApiError, cx: &mut Context<'_>) -> Effect {
        self.account.error = error.code.clone().or_else(|| Some(error.kind.clone()));
        self.respond(refuse::reply(error, self.format), cx)
    }

    /// Answers the client, for good.
    fn respond(&mut self, mut reply: Reply, cx: &mut Context<'_>) -> Effect {
        self.count_tries();
        self.own_headers(cx, |name, value| {
            reply.headers.push((name.into(), value.to_owned()));
        });
        self.status = reply.status;
        self.settle(cx);
        self.state = State::Answered;
        Effect::Respond(reply)
    }

    /// The head of an answer that goes to the client: the provider's, cleaned, and ours.
    fn finish_head(&mut self, head: &mut Head, attempt: &Attempt, cx: &Context<'_>) {
        self.count_tries();
        heads::to_client(head, &secrets_of(attempt, cx.plan));
        self.own_headers(cx, |name, value| head.push(name, value));
    }

    /// Notes how often it was tried, before what knows it is gone.
    fn count_tries(&mut self) {
        if let Some(work) = &self.work {
            self.account.retries = work.course.retries();
            self.account.fallbacks = work.course.fallbacks();
        }
    }

    fn own_headers(&self, cx: &Context<'_>, mut each: impl FnMut(&'static str, &str)) {
        let subject = self.account.subject;
        each("x-litellm-call-id", &self.account.call_id);
        if let Some(deployment) = subject
            .deployment
            .and_then(|index| cx.plan.deployments.get(index))
        {
            each("x-litellm-model-id", &header_text(&deployment.id));
        }
        if let Some(group) = subject.group.and_then(|index| cx.plan.groups.get(index)) {
            each(
                "x-litellm-attempted-retries",
                &self.account.retries.to_string(),
            );
            each(
                "x-litellm-attempted-fallbacks",
                &self.account.fallbacks.to_string(),
            );
            each("x-litellm-model-group", &header_text(&group.name));
        }
        if cx.plan.transport == Transport::Envoy {
            each(transport::FINAL, "1");
        }
    }

    /// Whether it has been counted.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Counts it, once.
    fn settle(&mut self, cx: &mut Context<'_>) {
        if self.settled {
            return;
        }
        self.settled = true;
        self.deadline = None;
        if self.account.cost.is_none() {
            self.account.price(cx);
        }
        self.account.settle(self.status, cx);
        if let Some(work) = self.work.take() {
            if work.retrying {
                book::retry_ended(cx);
            }
            book::left(cx);
        }
    }
}

fn secrets_of<'a>(attempt: &'a Attempt, plan: &'a Plan) -> Vec<&'a Secret> {
    let deployment = plan.deployments.get(attempt.pick.deployment);
    let mut secrets = deployment.map(attempt::secrets).unwrap_or_default();
    secrets.extend(&attempt.token);
    secrets
}

/// A name as a header can carry it: header values are visible ASCII (RFC 9110 §5.5).
fn header_text(name: &str) -> Cow<'_, str> {
    let fits = |character: &char| character.is_ascii_graphic() || *character == ' ';
    if name.chars().all(|character| fits(&character)) {
        return Cow::Borrowed(name);
    }
    let shown = name
        .chars()
        .map(|character| if fits(&character) { character } else { '?' });
    Cow::Owned(shown.collect())
}
