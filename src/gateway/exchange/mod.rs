//! The states of an exchange, and what each event does in each of them.

use std::borrow::Cow;

use super::Context;
use super::admit::{self, Admission};
use super::attempt::{self, Attempt};
use super::effect::{Effect, Reply};
use super::event::{Event, Local, Wants};
use super::relay::foreign::ForeignRelay;
use super::relay::openai::OpenaiRelay;
use super::relay::{Output, Relay, error_event, malformed, whole};
use super::settle::Account;
use super::{heads, refuse};
use crate::api::chat;
use crate::api::chat::chunks::Chunks;
use crate::canonical::answer::Completion;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::Reading;
use crate::routing::simple_shuffle;
use crate::usage::Usage;
use crate::usage::estimate::tokens_of;
use crate::usage::metrics::Counter;
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
    pub fn spend(&mut self, micros: u64) {
        self.account.overhead_us = self.account.overhead_us.saturating_add(micros);
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

    fn arrived(&mut self, head: &Head, last: bool, cx: &mut Context<'_>) -> Effect {
        self.account.method = head.get(":method").unwrap_or_default().to_owned();
        let path = head.get(":path").unwrap_or_default();
        path.split('?')
            .next()
            .unwrap_or_default()
            .clone_into(&mut self.account.path);
        let admission = admit::admit(head, last, cx.plan);
        if let Admission::Foreign(effect) = admission {
            self.state = State::Foreign;
            return effect;
        }
        self.account.arrived = cx.now;
        self.account.call_id = cx.rng.uuid();
        match admission {
            Admission::Answered(operation, reply) => {
                self.account.operation = Some(operation);
                self.respond(reply, cx)
            }
            Admission::Chat(model) => {
                self.account.operation = Some(crate::api::Operation::Chat);
                self.state = State::Asking {
                    client: heads::to_provider(head),
                    model,
                };
                Effect::Hold
            }
            Admission::Foreign(effect) => effect,
        }
    }

    fn ask(
        &mut self,
        body: &[u8],
        client: &Head,
        model: Option<String>,
        cx: &mut Context<'_>,
    ) -> Effect {
        if body.len() > cx.plan.max_body {
            return self.refuse(&refuse::too_large(cx.plan.max_body), cx);
        }
        match self.attempt(body, client, model, cx) {
            Ok(effect) => effect,
            Err(error) => self.refuse(&error, cx),
        }
    }

    fn attempt(
        &mut self,
        body: &[u8],
        client: &Head,
        model: Option<String>,
        cx: &mut Context<'_>,
    ) -> Result<Effect, ApiError> {
        let request = chat::read(body, model.map(Cow::Owned))?;
        self.account.stream = request.stream;
        let group = cx
            .plan
            .names
            .get(request.model.as_ref())
            .map(|name| name.group);
        let group = group.ok_or_else(|| refuse::unknown_model(&request.model))?;
        self.account.requested = request.model.clone().into_owned();
        self.account.subject.group = Some(group);
        let index = pick(group, cx).ok_or_else(|| refuse::no_deployment(&request.model))?;
        self.account.subject.deployment = Some(index);
        let deployment = cx.plan.deployments.get(index);
        if let Some(text) = deployment.and_then(|deployment| deployment.mock_response.as_deref()) {
            let reply = self.mocked(&request, text, cx);
            return Ok(self.respond(reply, cx));
        }
        let (attempt, effect) = attempt::start(&request, index, client, cx.plan)?;
        self.state = State::Sent { attempt };
        Ok(effect)
    }

    /// The answer a deployment's `mock_response` stands for. No provider is asked, so nothing is paid.
    fn mocked(&self, request: &ChatRequest<'_>, text: &str, cx: &Context<'_>) -> Reply {
        let usage = Usage::estimated(attempt::input_tokens(request), tokens_of(text.as_bytes()));
        let completion = Completion::of_text(text, usage);
        let wish = self.wish(request.stream, request.include_usage, &request.model, cx);
        let (media, body) = if request.stream {
            (
                "text/event-stream; charset=utf-8",
                whole::streamed(&completion, &wish),
            )
        } else {
            (
                "application/json",
                chat::answer::encode(&completion, wish.id, wish.created, wish.model),
            )
        };
        Reply {
            status: 200,
            headers: vec![("content-type".into(), media.to_owned())],
            body,
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

    fn answered(
        &mut self,
        attempt: Attempt,
        head: &Head,
        last: bool,
        local: Option<Local>,
        cx: &mut Context<'_>,
    ) -> Effect {
        if let Some(why) = local {
            return self.give_up(&attempt, None, refuse::local(why), cx);
        }
        let status = head.status().unwrap_or(502);
        match status {
            200..=299 => self.begun(attempt, head, last, cx),
            300..=399 => self.give_up(&attempt, Some(head), refuse::redirected(), cx),
            _ if last => self.failed(&attempt, head, b"", cx),
            _ => {
                self.state = State::Failing {
                    attempt,
                    head: head.clone(),
                };
                Effect::Hold
            }
        }
    }

    fn begun(&mut self, attempt: Attempt, head: &Head, last: bool, cx: &mut Context<'_>) -> Effect {
        if last {
            return self.give_up(&attempt, Some(head), malformed("it is empty"), cx);
        }
        if head
            .get("content-encoding")
            .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
        {
            cx.meter
                .add(Counter::CompressedAnswers, self.account.subject, 1);
            return self.pass_opaque(attempt, head, cx);
        }
        let media = head.media_type().unwrap_or_default();
        let head = head.clone();
        match media.as_str() {
            "text/event-stream" if attempt.stream => {
                let (attempt, relay) = self.relay(attempt, cx);
                self.state = State::Opening {
                    attempt,
                    head,
                    relay,
                    out: Vec::new(),
                    same: true,
                };
                Effect::Hold
            }
            "text/html" => self.give_up(&attempt, Some(&head), malformed("it is a web page"), cx),
            _ => {
                self.state = State::Whole { attempt, head };
                Effect::Hold
            }
        }
    }

    fn relay(&self, attempt: Attempt, cx: &Context<'_>) -> (Attempt, Box<dyn Relay>) {
        let secrets: Vec<Secret> = secrets_of(&attempt, cx).into_iter().cloned().collect();
        let include_usage = attempt.include_usage;
        match attempt.reading {
            Reading::Openai => (attempt, Box::new(OpenaiRelay::new(include_usage, secrets))),
            Reading::Foreign(decode) => {
                let id = self.account.call_id.clone();
                let chunks =
                    Chunks::new(id, cx.now.seconds(), &self.account.requested, include_usage);
                let attempt = Attempt {
                    reading: Reading::Openai,
                    ..attempt
                };
                (
                    attempt,
                    Box::new(ForeignRelay::new(decode, chunks, secrets)),
                )
            }
        }
    }

    /// An answer in a coding that cannot be read goes to the client as it is. What it took is guessed.
    fn pass_opaque(&mut self, attempt: Attempt, head: &Head, cx: &mut Context<'_>) -> Effect {
        let mut head = head.clone();
        self.account.usage = Some(Usage::estimated(attempt.input_tokens, 0));
        self.finish_head(&mut head, &attempt, cx);
        self.state = State::Opaque;
        self.status = head.status().unwrap_or(200);
        Effect::Release { head, body: None }
    }

    fn failed(
        &mut self,
        attempt: &Attempt,
        head: &Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Effect {
        let status = head.status().unwrap_or(502);
        let error = ApiError::read(status, head.get("content-type"), body);
        self.give_up(attempt, Some(head), error, cx)
    }

    fn whole(
        &mut self,
        mut attempt: Attempt,
        mut head: Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Effect {
        let model = self.account.requested.clone();
        let wish = self.wish(attempt.stream, attempt.include_usage, &model, cx);
        let answer = match whole::read(&mut attempt.reading, body, &wish) {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&attempt, Some(&head), error, cx),
        };
        self.account.tier = answer.tier;
        self.account.usage = answer.usage.or_else(|| {
            let text = tokens_of(body);
            Some(Usage::estimated(attempt.input_tokens, text))
        });
        let secrets = secrets_of(&attempt, cx);
        let sent = answer.body.as_deref().unwrap_or(body);
        let clean = heads::blackened(sent, &secrets).or(answer.body);
        self.finish_head(&mut head, &attempt, cx);
        if attempt.stream {
            head.remove("content-length");
            event_stream(&mut head);
        } else {
            if let Some(body) = &clean {
                head.set("content-length", body.len().to_string());
            }
            if let Some(cost) = self.account.cost(cx) {
                head.set("x-litellm-response-cost", cost.to_string());
            }
        }
        self.status = head.status().unwrap_or(200);
        self.settle(cx);
        Effect::Release { head, body: clean }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the parts of one state, taken apart by its caller"
    )]
    fn open(
        &mut self,
        attempt: Attempt,
        mut head: Head,
        mut relay: Box<dyn Relay>,
        (mut out, mut same): (Vec<u8>, bool),
        bytes: &[u8],
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        match relay.push(bytes, last) {
            Output::Same => out.extend_from_slice(bytes),
            Output::Changed(words) => {
                out.extend(words);
                same = false;
            }
        }
        let seen = relay.seen();
        if !seen.content && !seen.complete {
            if let Some(failure) = seen.failure.clone() {
                return self.give_up(&attempt, Some(&head), failure, cx);
            }
            self.state = State::Opening {
                attempt,
                head,
                relay,
                out,
                same,
            };
            return Effect::Hold;
        }
        if seen.content {
            self.account.first_content = Some(cx.now);
        }
        self.finish_head(&mut head, &attempt, cx);
        head.remove("content-length");
        event_stream(&mut head);
        self.status = head.status().unwrap_or(200);
        let told = self.tell(&*relay, &mut out);
        same &= !told;
        self.after_chunk(attempt, relay, told, last, cx);
        Effect::Release {
            head,
            body: (!same).then_some(out),
        }
    }

    fn stream(
        &mut self,
        attempt: Attempt,
        mut relay: Box<dyn Relay>,
        told: bool,
        bytes: &[u8],
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        let output = if told {
            Output::Changed(Vec::new())
        } else {
            relay.push(bytes, last)
        };
        let effect = match output {
            Output::Same => Effect::Pass,
            Output::Changed(mut out) => {
                let now_told = !told && self.tell(&*relay, &mut out);
                self.after_chunk(attempt, relay, told || now_told, last, cx);
                return Effect::Emit(out);
            }
        };
        self.after_chunk(attempt, relay, told, last, cx);
        effect
    }

    /// Appends the error event when the stream has failed; says whether it did.
    fn tell(&mut self, relay: &dyn Relay, out: &mut Vec<u8>) -> bool {
        let Some(failure) = &relay.seen().failure else {
            return false;
        };
        out.extend(error_event(failure));
        self.account.error = failure.code.clone().or_else(|| Some(failure.kind.clone()));
        true
    }

    fn after_chunk(
        &mut self,
        attempt: Attempt,
        relay: Box<dyn Relay>,
        told: bool,
        last: bool,
        cx: &mut Context<'_>,
    ) {
        let over = relay.seen().over();
        if over || last {
            self.take_usage(&attempt, &*relay);
            self.settle(cx);
        }
        if !last {
            self.state = State::Streaming {
                attempt,
                relay,
                told,
            };
        }
    }

    fn take_usage(&mut self, attempt: &Attempt, relay: &dyn Relay) {
        let seen = relay.seen();
        self.account.tier.clone_from(&seen.tier);
        let guess = Usage::estimated(attempt.input_tokens, seen.text_tokens);
        self.account.usage = Some(match seen.usage {
            Some(usage) if seen.complete => usage,
            // Counts stated before the end are of what was asked, not of all that was answered.
            Some(usage) => Usage {
                estimated: true,
                output: usage.output.max(seen.text_tokens),
                ..usage
            },
            None => guess,
        });
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
        for (name, value) in self.own_headers(cx) {
            reply.headers.push((name.into(), value));
        }
        self.status = reply.status;
        self.settle(cx);
        self.state = State::Answered;
        Effect::Respond(reply)
    }

    /// The head of an answer that goes to the client: the provider's, cleaned, and ours.
    fn finish_head(&self, head: &mut Head, attempt: &Attempt, cx: &Context<'_>) {
        heads::to_client(head, &secrets_of(attempt, cx));
        for (name, value) in self.own_headers(cx) {
            head.push(name, value);
        }
    }

    fn own_headers(&self, cx: &Context<'_>) -> Vec<(&'static str, String)> {
        let mut headers = vec![("x-litellm-call-id", self.account.call_id.clone())];
        if let Some(deployment) = self
            .account
            .subject
            .deployment
            .and_then(|index| cx.plan.deployments.get(index))
        {
            headers.push(("x-litellm-model-id", header_text(&deployment.id)));
            headers.push(("x-litellm-attempted-retries", "0".to_owned()));
        }
        if let Some(group) = self
            .account
            .subject
            .group
            .and_then(|index| cx.plan.groups.get(index))
        {
            headers.push(("x-litellm-model-group", header_text(&group.name)));
        }
        headers
    }

    /// It is over. If nothing was settled before, either the client has left or Envoy has answered
    /// by itself, as it does when an upstream breaks off while its head is held.
    fn closed(
        &mut self,
        state: &State,
        status: Option<u16>,
        details: &str,
        cx: &mut Context<'_>,
    ) -> Effect {
        if !self.settled && self.is_ours() {
            match state {
                State::Opening { attempt, relay, .. } | State::Streaming { attempt, relay, .. } => {
                    self.take_usage(attempt, &**relay);
                }
                // The provider has the prompt and will charge for it.
                State::Sent { attempt } | State::Whole { attempt, .. } => {
                    self.account.usage = Some(Usage::estimated(attempt.input_tokens, 0));
                }
                State::Answered
                | State::Asking { .. }
                | State::Failing { .. }
                | State::Foreign
                | State::Opaque => {}
            }
            let answered = status.filter(|_| self.status == CLIENT_LEFT);
            self.status = answered.unwrap_or(self.status);
            if !matches!(state, State::Opaque) {
                let why = if answered.is_some() {
                    "upstream_reset"
                } else {
                    "client_left"
                };
                self.account.error = Some(why.to_owned());
            }
        }
        self.settle(cx);
        self.account.state(details, cx);
        Effect::Pass
    }

    /// Whether it has been counted.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.settled
    }

    fn settle(&mut self, cx: &mut Context<'_>) {
        if !self.settled {
            self.settled = true;
            self.account.settle(self.status, cx);
        }
    }
}

/// The deployment of the group that is to serve the request, as an index into the plan's.
fn pick(group: usize, cx: &mut Context<'_>) -> Option<usize> {
    let group = cx.plan.groups.get(group)?;
    let offset = simple_shuffle(&group.weights, cx.rng)?;
    group.deployments.clone().nth(offset)
}

fn secrets_of<'a>(attempt: &Attempt, cx: &Context<'a>) -> Vec<&'a Secret> {
    cx.plan
        .deployments
        .get(attempt.deployment)
        .map(attempt::secrets)
        .unwrap_or_default()
}

fn event_stream(head: &mut Head) {
    head.set("content-type", "text/event-stream; charset=utf-8");
    head.set("cache-control", "no-cache");
}

/// A name as a header can carry it: header values are visible ASCII (RFC 9110 §5.5).
fn header_text(name: &str) -> String {
    name.chars()
        .map(|character| {
            if character.is_ascii_graphic() || character == ' ' {
                character
            } else {
                '?'
            }
        })
        .collect()
}
