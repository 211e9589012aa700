//! A stream that broke off after its first content is gone on with by another deployment, if the operator wants that
//! (`dragoman.midstream: continue`): only plain text, and only with targets that are marked able to.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::{Value, json};

use super::work::Work;
use super::{Exchange, State, Streaming};
use crate::api::chat;
use crate::canonical::error::ApiError;
use crate::config::plan::Midstream;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::Effect;
use crate::gateway::event::Local;
use crate::gateway::relay::{EVENT_LIMIT, cut_short, error_event};
use crate::gateway::{Context, book};
use crate::policy::{Failure, Verdict};
use crate::value::head::Head;
use crate::wire::json::{Members, Splice};
use crate::wire::sse::Decoder;

/// What was said so far, and how the client knows the answer.
#[derive(Debug)]
pub(super) struct Continuation {
    decoder: Decoder,
    /// Whether the upstream that broke off has ended its answer.
    ended: bool,
    failure: Option<ApiError>,
    /// `id`, `model` and `created` of the first chunk.
    identity: Option<[Value; 3]>,
    /// What is still to go to the client of what came before the break.
    out: Vec<u8>,
    /// Whether all of it was plain text.
    plain: bool,
    text: String,
}

/// The parts of a chunk by which a client knows the answer.
const IDENTITY: [&str; 3] = ["id", "model", "created"];

impl Continuation {
    fn new() -> Self {
        Self {
            decoder: Decoder::new(EVENT_LIMIT),
            ended: false,
            failure: None,
            identity: None,
            out: Vec::new(),
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
            let begins = chunk.pointer("/choices/0/delta/role").is_some();
            if begins && said(&chunk).is_none_or(str::is_empty) {
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
    let is_first = choice.get("index").is_none_or(|index| index == &json!(0));
    (is_plain && is_first && choices.len() == 1).then(|| {
        delta
            .get("content")
            .and_then(Value::as_str)
            .unwrap_or_default()
    })
}

impl Exchange {
    /// What notes the text of a stream, if it may be gone on with.
    pub(super) fn continuation(&self, cx: &Context<'_>) -> Option<Box<Continuation>> {
        let wanted = cx.plan.midstream == Midstream::Continue && self.work.is_some();
        wanted.then(|| Box::new(Continuation::new()))
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
        let usage = self.account.usage.take().unwrap_or_default();
        let failure = Failure::of(&broken.failure, None, cx.now);
        let index = attempt.pick.deployment;
        // The answer to a call that is still under way could be taken for the continuation's.
        let is_free = self.call.is_none();
        let begun = continuation.filter(|continuation| is_free && continuation.can_go_on());
        let begun = begun.and_then(|continuation| Some((continuation, self.work.take()?)));
        let Some((mut continuation, mut work)) = begun else {
            self.account.usage = Some(usage);
            self.failed_late(attempt, broken.failure.clone(), cx);
            return self.tell(broken, cx);
        };
        self.account.count_besides(&attempt, &usage, cx);
        self.failed_late(attempt, broken.failure.clone(), cx);
        work.tried.push(index);
        continuation.ended = broken.ended;
        continuation.failure = Some(broken.failure.clone());
        continuation.out.clone_from(&broken.out);
        match self.next_to_go_on(work, &failure, &continuation.text, cx) {
            Ok(effect) => {
                self.state = State::Continuing(continuation);
                effect
            }
            Err(work) => {
                self.work = Some(work);
                self.tell(broken, cx)
            }
        }
    }

    /// Asks the next deployment that can go on from a text.
    fn next_to_go_on(
        &mut self,
        mut work: Box<Work>,
        failure: &Failure,
        text: &str,
        cx: &mut Context<'_>,
    ) -> Result<Effect, Box<Work>> {
        let Some(body) = with_text(&work.body, text) else {
            return Err(work);
        };
        let model = work.model.clone();
        let Ok(request) = chat::read(&body, model.as_deref().map(Cow::Borrowed)) else {
            return Err(work);
        };
        loop {
            match super::trying::verdict(&mut work, failure, None, cx) {
                Verdict::FallBack(hop) => self.fall_back(&mut work, hop.group, failure, cx),
                Verdict::GiveUp | Verdict::Retry { .. } => return Err(work),
            }
            while let Ok(super::trying::Launched::Worded(attempt, head, worded)) =
                self.launch(&mut work, &request, cx)
            {
                let index = attempt.pick.deployment;
                let deployment = cx.plan.deployments.get(index);
                if deployment.is_some_and(|deployment| deployment.prefill) {
                    self.account.subject.deployment = Some(index);
                    let worded = worded.unwrap_or_else(|| body.clone());
                    return Ok(self.dispatch(work, *attempt, head, Some(worded), cx));
                }
                let known = work.tried.contains(&index);
                book::ended(attempt.pick, cx);
                if known {
                    break;
                }
                work.tried.push(index);
            }
        }
    }

    /// The call that was to go on with a stream was answered.
    pub(super) fn continued(
        &mut self,
        attempt: Attempt,
        answer: (Option<&Head>, &[u8], Option<Local>),
        cx: &mut Context<'_>,
    ) -> Effect {
        let state = core::mem::replace(&mut self.state, State::Draining);
        let State::Continuing(continuation) = state else {
            self.state = state;
            return Effect::Pass;
        };
        let status = self.status;
        let (head, body, local) = answer;
        match self.judged(attempt, head, body, local, cx) {
            Ok((attempt, complete)) => {
                self.status = status;
                let more = continuation.joined(complete.body.as_deref().unwrap_or(body));
                self.good(attempt, cx);
                self.settle(cx);
                let out = [continuation.out.as_slice(), &more].concat();
                if continuation.ended {
                    Effect::Emit(out)
                } else {
                    Effect::Abort(out)
                }
            }
            Err((attempt, error)) => {
                self.status = status;
                self.failed_late(attempt, error, cx);
                self.give_up_continuing(*continuation, cx)
            }
        }
    }

    /// Nobody goes on with the stream: the client is told that it is broken.
    pub(super) fn give_up_continuing(
        &mut self,
        continuation: Continuation,
        cx: &mut Context<'_>,
    ) -> Effect {
        if let Some(call) = self.call.take() {
            self.lost_the_race(call, "timeout", cx);
        }
        let broken = Broken {
            ended: continuation.ended,
            failure: continuation.failure.unwrap_or_else(cut_short),
            held: true,
            out: continuation.out,
        };
        self.tell(broken, cx)
    }

    /// Tells the client that its stream is broken, and ends it if its upstream has not.
    pub(super) fn tell(&mut self, broken: Broken, cx: &mut Context<'_>) -> Effect {
        let Broken {
            ended,
            failure,
            held,
            mut out,
        } = broken;
        out.extend(error_event(&failure));
        self.account.error = failure.code.or(Some(failure.kind));
        self.settle(cx);
        self.state = State::Draining;
        if held && ended {
            Effect::Emit(out)
        } else {
            Effect::Abort(out)
        }
    }
}

/// A stream that broke off after its first content.
pub(super) struct Broken {
    /// Whether its upstream has ended it.
    pub ended: bool,
    pub failure: ApiError,
    /// Whether Envoy waits for what is to become of a chunk.
    pub held: bool,
    /// What is still to go to the client.
    pub out: Vec<u8>,
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
