//! The states of an exchange, and what each event does in each of them.

mod answering;
mod asking;
mod streaming;

use std::borrow::Cow;

use super::attempt::{self, Attempt};
use super::effect::{Effect, Reply};
use super::event::{Event, Wants};
use super::relay::{Relay, whole};
use super::settle::Account;
use super::{Context, heads, refuse};
use crate::canonical::error::ApiError;
use crate::usage::Usage;
use crate::value::head::Head;
use crate::value::secret::Secret;

/// The status metrics and logs give a request whose client left before it was answered (nginx's).
const CLIENT_LEFT: u16 = 499;

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange {
    account: Account,
    settled: bool,
    state: State,
    status: u16,
}

#[derive(Debug)]
enum State {
    /// The gateway has said all it has to say.
    Answered,
    /// A chat request's head was admitted; its body is awaited.
    Asking { client: Head, model: Option<String> },
    /// The answer is an error; its body is awaited to tell which.
    Failing { attempt: Attempt, head: Head },
    /// Nothing happened yet, or it is somebody else's request.
    Foreign,
    /// A stream has begun without content; its head is held.
    Opening {
        attempt: Attempt,
        head: Head,
        relay: Box<dyn Relay>,
        out: Vec<u8>,
        same: bool,
    },
    /// The answer cannot be read and passes untouched.
    Opaque,
    /// The request went upstream.
    Sent { attempt: Attempt },
    /// A stream is on its way to the client.
    Streaming {
        attempt: Attempt,
        relay: Box<dyn Relay>,
        told: bool,
    },
    /// A complete answer is awaited; its head is held.
    Whole { attempt: Attempt, head: Head },
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
            settled: false,
            state: State::Foreign,
            status: CLIENT_LEFT,
        }
    }

    /// What it wants of the message that is coming in.
    #[must_use]
    pub const fn wants(&self) -> Wants {
        match self.state {
            State::Asking { .. } | State::Failing { .. } | State::Whole { .. } => Wants::Whole,
            State::Opening { .. } | State::Streaming { .. } => Wants::Chunks,
            State::Answered | State::Foreign | State::Opaque | State::Sent { .. } => Wants::Nothing,
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
        matches!(self.state, State::Streaming { .. })
    }

    /// Reacts to one event.
    pub fn step(&mut self, event: Event<'_>, cx: &mut Context<'_>) -> Effect {
        let state = core::mem::replace(&mut self.state, State::Answered);
        match (event, state) {
            (Event::Arrived { head, last }, _) => self.arrived(head, last, cx),
            (Event::Growing { held }, State::Asking { client, model }) => {
                if held > cx.plan.max_body {
                    return self.refuse(&refuse::too_large(cx.plan.max_body), cx);
                }
                self.state = State::Asking { client, model };
                Effect::Hold
            }
            (Event::Request { body }, State::Asking { client, model }) => {
                self.ask(body, &client, model, cx)
            }
            (Event::Head { head, last, local }, State::Sent { attempt }) => {
                self.answered(attempt, head, last, local, cx)
            }
            (Event::Chunk { bytes, .. }, State::Failing { attempt, head }) => {
                self.failed(&attempt, &head, bytes, cx)
            }
            (Event::Chunk { bytes, .. }, State::Whole { attempt, head }) => {
                self.whole(attempt, head, bytes, cx)
            }
            (
                Event::Chunk { bytes, last },
                State::Opening {
                    attempt,
                    head,
                    relay,
                    out,
                    same,
                },
            ) => self.open(attempt, head, relay, (out, same), bytes, last, cx),
            (
                Event::Chunk { bytes, last },
                State::Streaming {
                    attempt,
                    relay,
                    told,
                },
            ) => self.stream(attempt, relay, told, bytes, last, cx),
            (Event::Closed { status, details }, state) => self.closed(&state, status, details, cx),
            (_, state) => {
                self.state = state;
                Effect::Pass
            }
        }
    }

    fn wish<'a>(
        &'a self,
        stream: bool,
        include_usage: bool,
        model: &'a str,
        cx: &Context<'_>,
    ) -> whole::Wish<'a> {
        whole::Wish {
            stream,
            include_usage,
            id: &self.account.call_id,
            created: cx.now.seconds(),
            model,
        }
    }

    /// The attempt has failed: the client is told, in its own format, without any secret.
    fn give_up(
        &mut self,
        attempt: &Attempt,
        head: Option<&Head>,
        error: ApiError,
        cx: &mut Context<'_>,
    ) -> Effect {
        let secrets = secrets_of(attempt, cx);
        let exposed: Vec<&str> = secrets.iter().map(|secret| secret.expose()).collect();
        let error = error.redacted(&exposed);
        let mut reply = refuse::reply(&error);
        if let Some(head) = head {
            heads::keep_on_error(head, &secrets, &mut reply);
        }
        self.account.error = error.code.or(Some(error.kind));
        self.respond(reply, cx)
    }

    fn refuse(&mut self, error: &ApiError, cx: &mut Context<'_>) -> Effect {
        self.account.error = error.code.clone().or_else(|| Some(error.kind.clone()));
        self.respond(refuse::reply(error), cx)
    }

    fn respond(&mut self, mut reply: Reply, cx: &mut Context<'_>) -> Effect {
        self.own_headers(cx, |name, value| {
            reply.headers.push((name.into(), value.to_owned()));
        });
        self.status = reply.status;
        self.settle(cx);
        self.state = State::Answered;
        Effect::Respond(reply)
    }

    /// The head of an answer that goes to the client: the provider's, cleaned, and ours.
    fn finish_head(&self, head: &mut Head, attempt: &Attempt, cx: &Context<'_>) {
        heads::to_client(head, &secrets_of(attempt, cx));
        self.own_headers(cx, |name, value| head.push(name, value));
    }

    fn own_headers(&self, cx: &Context<'_>, mut each: impl FnMut(&'static str, &str)) {
        let subject = self.account.subject;
        each("x-litellm-call-id", &self.account.call_id);
        if let Some(deployment) = subject
            .deployment
            .and_then(|index| cx.plan.deployments.get(index))
        {
            each("x-litellm-model-id", &header_text(&deployment.id));
            each("x-litellm-attempted-retries", "0");
        }
        if let Some(group) = subject.group.and_then(|index| cx.plan.groups.get(index)) {
            each("x-litellm-model-group", &header_text(&group.name));
        }
    }

    /// It is over. If nothing was settled before, the client has left, or Envoy has ended the exchange
    /// by itself, as it does when an upstream breaks off while its head is held.
    fn closed(
        &mut self,
        state: &State,
        status: Option<u16>,
        details: &str,
        cx: &mut Context<'_>,
    ) -> Effect {
        if !self.settled && self.is_ours() {
            self.broken_off(state, details);
            if self.status == CLIENT_LEFT {
                self.status = status.unwrap_or(CLIENT_LEFT);
            }
        }
        self.settle(cx);
        self.account.close(details, cx);
        Effect::Pass
    }

    /// What can still be counted of an exchange that ended before its answer was complete, and why.
    fn broken_off(&mut self, state: &State, details: &str) {
        match state {
            State::Opening { attempt, relay, .. } | State::Streaming { attempt, relay, .. } => {
                self.take_usage(attempt, &**relay);
            }
            // The provider has the prompt and will charge for it.
            State::Sent { attempt } | State::Whole { attempt, .. } => {
                self.account.usage = Some(Usage::estimated(attempt.input_tokens, 0));
            }
            State::Opaque if details.is_empty() || details == "via_upstream" => return,
            State::Answered
            | State::Asking { .. }
            | State::Failing { .. }
            | State::Foreign
            | State::Opaque => {}
        }
        self.account.error = Some(why(details).to_owned());
    }

    /// Whether it has been counted.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    fn settle(&mut self, cx: &mut Context<'_>) {
        if !self.settled {
            self.settled = true;
            if self.account.cost.is_none() {
                self.account.price(cx);
            }
            self.account.settle(self.status, cx);
        }
    }
}

fn secrets_of<'a>(attempt: &Attempt, cx: &Context<'a>) -> Vec<&'a Secret> {
    cx.plan
        .deployments
        .get(attempt.deployment)
        .map(attempt::secrets)
        .unwrap_or_default()
}

/// Why an exchange ended early, by Envoy's response code details. It has none of its own for a
/// client that leaves before it was answered.
fn why(details: &str) -> &'static str {
    match details {
        _ if details.contains("timeout") => "upstream_timeout",
        _ if details.contains("payload_too_large") => "upstream_too_large",
        _ if details.contains("upstream") && !details.starts_with("downstream") => "upstream_reset",
        _ => "client_left",
    }
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
