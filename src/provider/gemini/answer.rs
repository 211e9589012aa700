//! A complete response of Google, read into the answer it is.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::frame::{Call, Candidate, Frame, Part, finish};
use super::reply::Reply;
use super::sources::citations;
use crate::canonical::answer::{Completion, FinishReason, ThinkingBlock, ToolCall};
use crate::canonical::error::ApiError;
use crate::canonical::signature;
use crate::provider::anthropic::fault::not_understood;
use crate::provider::anthropic::text::mended;
use crate::usage::Usage;
use crate::wire::json::{Text, compact};

/// Reads a response of the vendor of that name.
///
/// # Errors
/// The vendor's own error when the body is one, a 502 when it is no response at all.
pub(super) fn read(body: &[u8], vendor: &str, reply: &Reply) -> Result<Completion, ApiError> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::inside(vendor, body));
    }
    let frame = Frame::read(body).map_err(|fault| not_understood(&fault.to_string()))?;
    if frame.failed {
        return Err(ApiError::inside(vendor, body));
    }
    let id = frame.id.map(|id| id.decode().into_owned());
    let mut candidates = frame.candidates;
    candidates.sort_by_key(|candidate| candidate.index);
    let mut answers = candidates.into_iter();
    let mut answer = match (answers.next(), frame.blocked) {
        (Some(first), _) => completion(first, id.as_deref(), reply),
        (None, Some(_)) => Completion {
            finish: Some(FinishReason::ContentFilter),
            refusal: frame.message.map(|words| words.decode().into_owned()),
            ..Completion::default()
        },
        (None, None) => return Err(not_understood("no `candidates`")),
    };
    answer.others = answers
        .map(|other| completion(other, id.as_deref(), reply))
        .collect();
    answer.created = frame.created.and_then(seconds);
    answer.id = id;
    answer.model = frame.model.map(|model| model.decode().into_owned());
    answer.usage = frame.usage.and_then(Usage::from_google);
    Ok(answer)
}

fn completion(candidate: Candidate<'_>, id: Option<&str>, reply: &Reply) -> Completion {
    let mut answer = Answer {
        completion: Completion::default(),
        id,
        reply,
        starts: Vec::with_capacity(candidate.parts.len()),
    };
    candidate.parts.iter().for_each(|part| answer.take(part));
    let Answer {
        mut completion,
        starts,
        ..
    } = answer;
    let called = !completion.tool_calls.is_empty();
    let reason = candidate.finish.map(|reason| reason.decode());
    completion.finish = Some(finish(reason.as_deref().unwrap_or("STOP"), called));
    completion.logprobs = candidate.logprobs.and_then(logprobs);
    if let Some(grounding) = candidate.grounding {
        let text = completion.content.as_deref().unwrap_or_default();
        completion.citations = citations(grounding, text, &starts);
    }
    completion
}

/// An answer while its parts are read.
struct Answer<'r> {
    completion: Completion,
    /// The response's id.
    id: Option<&'r str>,
    reply: &'r Reply,
    /// Where in the content each part begins.
    starts: Vec<usize>,
}

impl Answer<'_> {
    fn take(&mut self, part: &Part<'_>) {
        let length = self.completion.content.as_ref().map_or(0, String::len);
        self.starts.push(length);
        if let Some(call) = &part.call {
            let index = self.completion.tool_calls.len();
            self.completion.tool_calls.push(ToolCall {
                arguments: arguments(call),
                id: call_id(call, part.signature, self.id, index),
                name: name(call, self.reply),
            });
            return;
        }
        if let Some(inline) = part.inline.filter(|_| !part.thought) {
            if inline.is_sound() {
                self.completion.audio = Some(inline.base64());
            } else {
                self.completion.images.push(inline.url());
            }
        }
        if let Some(text) = part.text.filter(|text| !text.raw().is_empty()) {
            let place = if part.thought {
                &mut self.completion.reasoning
            } else {
                &mut self.completion.content
            };
            place.get_or_insert_default().push_str(&text.decode());
        }
        self.completion.thinking.extend(signed(part));
    }
}

/// The signature of a text, as clients are given it.
pub(super) fn signed(part: &Part<'_>) -> Option<ThinkingBlock> {
    let signature = part.signature.filter(|text| !text.raw().is_empty())?;
    Some(ThinkingBlock::Signed {
        signature: signature::of_text(&signature.decode()),
        thinking: String::new(),
    })
}

/// The arguments of a call: JSON text.
pub(super) fn arguments(call: &Call<'_>) -> String {
    let args = call.args.filter(|args| *args != b"null").unwrap_or(b"{}");
    String::from_utf8_lossy(&mended(&compact(args))).into_owned()
}

/// The id of a call, with the signature that must come back with it. One that Google does not name is made of the response's.
pub(super) fn call_id(
    call: &Call<'_>,
    signature: Option<Text<'_>>,
    response: Option<&str>,
    index: usize,
) -> String {
    let stated = call.id.filter(|id| !id.raw().is_empty());
    let id = match (stated, response) {
        (Some(id), _) => id.decode().into_owned(),
        (None, Some(response)) => format!("call_{response}_{index}"),
        (None, None) => format!("call_{index}"),
    };
    match signature.filter(|text| !text.raw().is_empty()) {
        Some(signature) => signature::marked(&id, &signature.decode()),
        None => id,
    }
}

/// The client's name for the tool that is called.
pub(super) fn name(call: &Call<'_>, reply: &Reply) -> String {
    let sent = call.name.map(|name| name.decode()).unwrap_or_default();
    reply.name_of(&sent).to_owned()
}

/// How likely the tokens were, in OpenAI's words: JSON.
fn logprobs(result: &[u8]) -> Option<String> {
    let result: Value = serde_json::from_slice(result).ok()?;
    let list = |value: &Value, name: &str| value.get(name)?.as_array().cloned();
    let told = |one: &Value| {
        let token = one.get("token").and_then(Value::as_str).unwrap_or_default();
        json!({"token": token, "logprob": one.get("logProbability"), "bytes": token.as_bytes()})
    };
    let mut tops = list(&result, "topCandidates")
        .unwrap_or_default()
        .into_iter();
    let chosen = list(&result, "chosenCandidates")?;
    let content = chosen.iter().map(|one| {
        let top = tops.next().and_then(|top| list(&top, "candidates"));
        let mut entry = told(one);
        if let Value::Object(members) = &mut entry {
            let top = top.unwrap_or_default().iter().map(told).collect();
            members.insert("top_logprobs".to_owned(), top);
        }
        entry
    });
    let content: Value = content.collect();
    Some(json!({"content": content, "refusal": null}).to_string())
}

/// Seconds since the epoch.
fn seconds(time: Text<'_>) -> Option<u64> {
    let time = humantime::parse_rfc3339(&time.decode()).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
