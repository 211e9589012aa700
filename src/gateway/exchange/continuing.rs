//! A stream that broke off after its first content is gone on with by another deployment, if the operator wants that
//! (`dragoman.midstream: continue`): only plain text, and only with targets that are marked able to.

use core::time::Duration;
use std::rc::Rc;

use serde_json::{Value, json};

use super::failing::verdict;
use super::trying::Launched;
use super::work::Work;
use super::{Exchange, State, Streaming};
use crate::api;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::Midstream;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::Effect;
use crate::gateway::event::Local;
use crate::gateway::relay::EVENT_LIMIT;
use crate::gateway::{Context, book};
use crate::policy::{Failure, Verdict};
use crate::value::head::Head;
use crate::wire::json::{Members, Splice};
use crate::wire::sse::Decoder;

/// What was said so far, and how the client knows the answer.
#[derive(Debug)]
pub(super) struct Continuation {
    decoder: Decoder,
    /// `id`, `model` and `created` of the first chunk.
    identity: Option<[Value; 3]>,
    /// Whether all of it was plain text.
    plain: bool,
    text: String,
}

/// How long an upstream has to end a stream whose client has been told all that there is.
pub(super) const GRACE: Duration = Duration::from_millis(250);

/// The parts of a chunk by which a client knows the answer.
const IDENTITY: [&str; 3] = ["id", "model", "created"];

impl Continuation {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(EVENT_LIMIT),
            identity: None,
            plain: true,
            text: String::new(),
        }
    }

    /// Takes note of what goes to the client.
    pub fn hear(&mut self, out: &[u8]) {
        let (identity, plain, text) = (&mut self.identity, &mut self.plain, &mut self.text);
        let heard = self.decoder.push(out, |event| {
            let Ok(chunk) = serde_json::from_slice::<Value>(event.data) else {
                return;
            };
            identity.get_or_insert_with(|| {
                IDENTITY.map(|name| chunk.get(name).cloned().unwrap_or_default())
            });
            match said(&chunk) {
                Some(more) => text.push_str(more),
                None => *plain = false,
            }
        });
        self.plain &= heard.is_ok();
    }

    fn can_go_on(&self) -> bool {
        self.plain && !self.text.is_empty()
    }

    /// The words of another's chunks, as the same answer: its identity, and no second beginning.
    fn joined(&self, stream: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(stream.len());
        let mut decoder = Decoder::new(EVENT_LIMIT);
        let mut each = |data: &[u8]| {
            let Ok(mut chunk) = serde_json::from_slice::<Value>(data) else {
                out.extend([b"data: ", data, b"\n\n"].concat());
                return;
            };
            if only_begins(&mut chunk) {
                return;
            }
            if let (Some(identity), Some(members)) = (&self.identity, chunk.as_object_mut()) {
                for (name, value) in IDENTITY.into_iter().zip(identity) {
                    members.insert(name.to_owned(), value.clone());
                }
            }
            out.extend(format!("data: {chunk}\n\n").into_bytes());
        };
        let _ = decoder.push(stream, |event| each(event.data));
        decoder.finish(|event| each(event.data));
        out
    }
}

/// Takes the role out of a chunk; whether it was there for nothing else.
fn only_begins(chunk: &mut Value) -> bool {
    let finishes = is_finish(chunk.pointer("/choices/0/finish_reason"));
    let delta = chunk.pointer_mut("/choices/0/delta");
    let Some(delta) = delta.and_then(Value::as_object_mut) else {
        return false;
    };
    let begins = delta.remove("role").is_some();
    begins && !finishes && delta.values().all(says_nothing)
}

fn says_nothing(value: &Value) -> bool {
    value.is_null() || value == "" || value == &json!([])
}

fn is_finish(reason: Option<&Value>) -> bool {
    reason.is_some_and(|reason| !reason.is_null())
}

/// The text a chunk says; `None` when it says anything else.
fn said(chunk: &Value) -> Option<&str> {
    let choices = chunk.get("choices")?.as_array()?;
    let Some(choice) = choices.first() else {
        return Some("");
    };
    let delta = choice.get("delta")?.as_object()?;
    let is_plain = delta.iter().all(|(name, value)| {
        matches!(name.as_str(), "content" | "role") || value.is_null() || value == &json!([])
    });
    // An answer that has said why it ends has no rest.
    let is_plain = is_plain && !is_finish(choice.get("finish_reason"));
    let is_first = choice.get("index").is_none_or(|index| index == &json!(0));
    (is_plain && is_first && choices.len() == 1).then(|| {
        delta
            .get("content")
            .and_then(Value::as_str)
            .unwrap_or_default()
    })
}

impl Exchange {
    /// Whether a stream that breaks off is to be gone on with: only one of OpenAI's chunks can be.
    pub(super) fn goes_on(&self, cx: &Context<'_>) -> bool {
        cx.plan.midstream == Midstream::Continue
            && self.work.is_some()
            && self.format == Format::Chat
    }

    /// What notes the text of a stream, if it may be gone on with.
    pub(super) fn continuation(&self, cx: &Context<'_>) -> Option<Box<Continuation>> {
        self.goes_on(cx).then(|| Box::new(Continuation::new()))
    }

    /// A stream broke off: `out` is what is still to be sent of it. Another deployment is asked to go on, or the client is told.
    pub(super) fn continue_elsewhere(
        &mut self,
        streaming: Box<Streaming>,
        broken: Broken,
        cx: &mut Context<'_>,
    ) -> Effect {
        let Streaming {
            attempt,
            continuation,
            relay,
            ..
        } = *streaming;
        self.take_usage(&attempt, &*relay);
        let error = broken.failure.clone();
        let failure = Failure::of(&error, None, cx.now);
        let subject = self.account.subject;
        // The answer to a call that is still under way could be taken for the continuation's.
        let is_free = self.call.is_none();
        let begun = continuation.filter(|begun| is_free && begun.can_go_on());
        let next = begun.and_then(|begun| {
            let effect = self.next_to_go_on(&failure, &begun.text, cx)?;
            Some((begun, effect))
        });
        let goes_on = core::mem::replace(&mut self.account.subject, subject);
        let Some((begun, effect)) = next else {
            self.failed_late(attempt, error, cx);
            return self.tell(broken, cx);
        };
        // Only a part of the answer is this attempt's.
        let usage = self.account.usage.take().unwrap_or_default();
        self.account.count_besides(&attempt, &usage, cx);
        self.failed_late(attempt, error, cx);
        self.account.subject = goes_on;
        self.state = State::Continuing(Box::new(Interrupted { begun, broken }));
        effect
    }

    /// Asks the next deployment that can go on from a text; `None` when there is none.
    fn next_to_go_on(
        &mut self,
        failure: &Failure,
        text: &str,
        cx: &mut Context<'_>,
    ) -> Option<Effect> {
        let mut work = self.work.take()?;
        let found = self.who_goes_on(&mut work, failure, text, cx);
        let Some((attempt, head, body)) = found else {
            self.work = Some(work);
            return None;
        };
        Some(self.dispatch(work, attempt, head, Some(body), cx))
    }

    fn who_goes_on(
        &mut self,
        work: &mut Work,
        failure: &Failure,
        text: &str,
        cx: &mut Context<'_>,
    ) -> Option<(Attempt, Head, Vec<u8>)> {
        let body = with_text(&work.body, text)?;
        let line = Rc::clone(&work.line);
        let asked = api::client(line.format).read(&body, &line).ok()?;
        loop {
            match verdict(work, failure, None, cx) {
                Verdict::FallBack(hop) => {
                    self.fall_back(work, hop.group, failure, cx);
                    self.account.subject.group = Some(hop.group);
                }
                Verdict::GiveUp | Verdict::Retry { .. } => return None,
            }
            if let Some((attempt, head, worded)) = self.prefilled(work, &asked, cx) {
                return Some((attempt, head, worded.unwrap_or_else(|| body.clone())));
            }
        }
    }

    /// The request worded for a deployment of the present group that goes on from a last message of the assistant's.
    fn prefilled(
        &mut self,
        work: &mut Work,
        asked: &Asked<'_>,
        cx: &mut Context<'_>,
    ) -> Option<(Attempt, Head, Option<Vec<u8>>)> {
        loop {
            let launched = self.launch(work, asked, cx).ok()?;
            let pick = match launched {
                Launched::Worded(attempt, head, body) if prefills(&attempt, cx) => {
                    return Some((*attempt, head, body));
                }
                Launched::Worded(attempt, ..) => attempt.pick,
                Launched::Mocked(pick, _) => pick,
                Launched::Later => return None,
            };
            let index = pick.deployment;
            book::ended(pick, cx);
            if work.tried.contains(&index) {
                return None;
            }
            work.tried.push(index);
        }
    }

    /// The call that was to go on with a stream was answered.
    pub(super) fn continued(
        &mut self,
        mut attempt: Attempt,
        answer: (Option<&Head>, &[u8], Option<Local>),
        cx: &mut Context<'_>,
    ) -> Effect {
        let state = core::mem::replace(&mut self.state, State::Answered);
        let State::Continuing(interrupted) = state else {
            self.state = state;
            return Effect::Pass;
        };
        let status = self.status;
        let (head, body, _) = answer;
        match self.judged(&mut attempt, answer, cx) {
            Ok(complete) => {
                self.status = status;
                let Interrupted { begun, broken } = *interrupted;
                let more = begun.joined(complete.body.as_deref().unwrap_or(body));
                self.good(attempt, None, cx);
                self.settle(cx);
                self.last_words(broken.grace, [broken.out, more].concat(), cx)
            }
            Err(error) => {
                self.status = status;
                let failure = Failure::of(&error, head, cx.now);
                self.failed_late(attempt, error, cx);
                match self.next_to_go_on(&failure, &interrupted.begun.text, cx) {
                    Some(effect) => {
                        self.state = State::Continuing(interrupted);
                        effect
                    }
                    None => self.tell(interrupted.broken, cx),
                }
            }
        }
    }

    /// There is no time to wait for another to go on with the stream: the client is told that it is broken.
    pub(super) fn give_up_continuing(
        &mut self,
        interrupted: Interrupted,
        cx: &mut Context<'_>,
    ) -> Effect {
        if let Some(call) = self.call.take() {
            self.lost_the_race(call, "timeout", cx);
        }
        self.tell(interrupted.broken, cx)
    }

    /// Tells the client that its stream is broken, and ends it if its upstream has not.
    pub(super) fn tell(&mut self, broken: Broken, cx: &mut Context<'_>) -> Effect {
        let Broken {
            grace,
            failure,
            mut out,
        } = broken;
        out.extend(self.error_event(&failure));
        self.account.error = failure.code.or(Some(failure.kind));
        self.settle(cx);
        self.last_words(grace, out, cx)
    }

    /// The end of a stream.
    fn last_words(&mut self, grace: Option<Duration>, out: Vec<u8>, cx: &Context<'_>) -> Effect {
        self.state = State::Draining {
            until: grace.map(|grace| cx.now.after(grace)),
        };
        Effect::Emit(out)
    }
}

/// A stream that broke off, and that somebody is asked to go on with.
#[derive(Debug)]
pub(super) struct Interrupted {
    begun: Box<Continuation>,
    broken: Broken,
}

/// A stream that broke off after its first content.
#[derive(Debug)]
pub(super) struct Broken {
    pub failure: ApiError,
    /// How long its upstream has to end it; `None` when it has.
    pub grace: Option<Duration>,
    /// What is still to go to the client.
    pub out: Vec<u8>,
}

impl Broken {
    /// It was cut off from here.
    pub const fn cut(failure: ApiError) -> Self {
        Self {
            failure,
            grace: Some(Duration::ZERO),
            out: Vec::new(),
        }
    }
}

fn prefills(attempt: &Attempt, cx: &Context<'_>) -> bool {
    let deployment = cx.plan.deployments.get(attempt.pick.deployment);
    deployment.is_some_and(|deployment| deployment.prefill)
}

/// The request with a last message of the assistant's, to be gone on with.
fn with_text(body: &Rc<Vec<u8>>, text: &str) -> Option<Vec<u8>> {
    let members = Members::read(body).ok()?;
    let messages = members.get("messages")?;
    let list = messages.value.strip_suffix(b"]")?.trim_ascii_end();
    let comma: &[u8] = if list == b"[" { b"" } else { b"," };
    let message = json!({"role": "assistant", "content": text}).to_string();
    let mut splice = Splice::new(body, &members);
    splice.replace(messages, [list, comma, message.as_bytes(), b"]"].concat());
    splice.apply()
}
