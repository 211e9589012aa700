//! A responses request as a chat request.

use super::input;
use super::tools::Tools;
use crate::api::chat::missing;
use crate::api::look::{elements, invalid, is_true, object, text, unsupported, value};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::wire::json::{Members, Object};

/// Members that need an answer which somebody has kept.
const KEPT: [&str; 3] = ["conversation", "previous_response_id", "prompt"];

/// Members that are put into other words, or that a chat has nothing for and whose lack changes no answer.
const KNOWN: [&str; 21] = [
    "background",
    "context_management",
    "conversation",
    "include",
    "input",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "model",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "reasoning",
    "store",
    "stream",
    "stream_options",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "truncation",
];

/// The request in OpenAI's chat format.
///
/// # Errors
/// A 400 naming what a chat cannot say.
pub(super) fn to_chat(asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
    let members = &asked.members;
    check(members, &asked.model)?;
    let input = value(members, "input").ok_or_else(|| missing("input"))?;
    let messages = input::messages(text(members, "instructions"), input)?;
    let tools = Tools::read(members)?;
    let format = format(members)?;
    let mut out = Vec::with_capacity(asked.body.len().saturating_add(512));
    Object::write(&mut out, |chat| {
        chat.string("model", &asked.model);
        chat.raw("messages", &messages);
        if asked.stream {
            chat.raw("stream", b"true");
            chat.raw("stream_options", b"{\"include_usage\":true}");
        }
        sizes(members, chat);
        if let Some(format) = &format {
            chat.raw("response_format", format);
        }
        tools.write(members, chat);
        others(members, chat);
    });
    Ok(out)
}

fn check(members: &Members<'_>, model: &str) -> Result<(), ApiError> {
    if let Some(name) = KEPT.iter().find(|name| value(members, name).is_some()) {
        return Err(not_kept(name, model));
    }
    if is_true(value(members, "background")) {
        let words = "'background' is not supported for this model: nothing is kept that could be fetched later; ask without it, or stream";
        return Err(unsupported("background", words));
    }
    let wants = value(members, "include").map(elements).unwrap_or_default();
    let probabilities: &[u8] = b"\"message.output_text.logprobs\"";
    let counted = value(members, "top_logprobs").is_some_and(|number| number != b"0");
    if counted || wants.contains(&probabilities) {
        let words =
            "'top_logprobs' and 'message.output_text.logprobs' are not supported for this model";
        return Err(unsupported("top_logprobs", words));
    }
    Ok(())
}

/// What refers to an answer that nobody has kept.
pub(super) fn not_kept(name: &str, model: &str) -> ApiError {
    let words = format!(
        "'{name}' refers to what was kept of an earlier request, and for the model '{model}' nothing is: send the whole conversation in \
         'input', the items of earlier answers included, or ask a model of OpenAI's or Azure OpenAI's"
    );
    unsupported(name, words)
}

fn sizes(members: &Members<'_>, chat: &mut Object<'_>) {
    if let Some(most) = value(members, "max_output_tokens") {
        chat.raw("max_completion_tokens", most);
    }
    let reasoning = value(members, "reasoning").map(object).unwrap_or_default();
    if let Some(effort) = value(&reasoning, "effort") {
        chat.raw("reasoning_effort", effort);
    }
    let wording = value(members, "text").map(object).unwrap_or_default();
    if let Some(verbosity) = value(&wording, "verbosity") {
        chat.raw("verbosity", verbosity);
    }
    // A chat is not stored unless it says so; some vendors refuse to be told.
    if is_true(value(members, "store")) {
        chat.raw("store", b"true");
    }
}

/// `text.format` as `response_format`; plain text needs none.
fn format(members: &Members<'_>) -> Result<Option<Vec<u8>>, ApiError> {
    let wording = value(members, "text").map(object).unwrap_or_default();
    let Some(json) = value(&wording, "format") else {
        return Ok(None);
    };
    let format = object(json);
    let kind = text(&format, "type").map(|kind| kind.decode());
    match kind.as_deref() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(b"{\"type\":\"json_object\"}".to_vec())),
        Some("json_schema") => Ok(Some(schema(&format))),
        Some(_) | None => Err(invalid(
            "text.format",
            "'text.format.type' must be 'text', 'json_object' or 'json_schema'",
        )),
    }
}

fn schema(format: &Members<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Object::write(&mut out, |outer| {
        outer.raw("type", b"\"json_schema\"");
        outer.object("json_schema", |inner| {
            for name in ["name", "description", "schema", "strict"] {
                if let Some(value) = value(format, name) {
                    inner.raw(name, value);
                }
            }
        });
    });
    out
}

/// Members that a chat has too, and those that nobody here knows.
fn others(members: &Members<'_>, chat: &mut Object<'_>) {
    for member in members.iter() {
        let name = member.key.decode();
        let counts = members
            .get(&name)
            .is_some_and(|last| last.whole == member.whole);
        if counts && member.value != b"null" && !KNOWN.contains(&name.as_ref()) {
            chat.raw(&name, member.value);
        }
    }
}
