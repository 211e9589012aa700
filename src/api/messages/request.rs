//! A Messages request told as a chat request, for the vendors that speak nothing of Anthropic's.

use super::fields::{Fields, elements, unsupported};
use super::{names, tools, turns};
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Object};

/// The most stop sequences OpenAI takes.
const MOST_STOPS: usize = 4;

/// The chat request, with the model the client asked for. What has no counterpart and changes nothing that the client could miss is
/// left out.
///
/// # Errors
/// A 400 naming what only Anthropic's models can be asked.
pub(super) fn word(request: &Fields<'_>, model: &str, stream: bool) -> Result<Vec<u8>, ApiError> {
    if request
        .raw("mcp_servers")
        .is_some_and(|servers| !elements(servers).is_empty())
    {
        let words = "MCP servers are called by Anthropic only: let the client call them";
        return Err(unsupported("mcp_servers", words));
    }
    let messages = turns::read(request)?;
    let tools = tools::read(request)?;
    let mut out = Vec::with_capacity(request.json.len().saturating_add(1_024));
    Object::write(&mut out, |chat| {
        chat.string("model", model);
        write_limits(chat, request);
        if stream {
            chat.raw("stream", b"true");
            chat.raw("stream_options", b"{\"include_usage\":true}");
        }
        write_reasoning(chat, request);
        write_format(chat, request);
        write_origin(chat, request);
        chat.array("messages", |array| {
            messages.iter().for_each(|message| message.write(array));
        });
        tools.write(chat);
    });
    Ok(out)
}

fn write_limits(chat: &mut Object<'_>, request: &Fields<'_>) {
    if let Some(most) = request.raw("max_tokens") {
        chat.raw("max_completion_tokens", most);
    }
    for name in ["temperature", "top_p"] {
        if let Some(value) = request.raw(name) {
            chat.raw(name, value);
        }
    }
    let stops = elements(request.raw("stop_sequences").unwrap_or_default());
    if !stops.is_empty() {
        chat.with("stop", |out| {
            Array::write(out, |array| {
                let each = |stop: &[u8]| array.with(|out| out.extend_from_slice(stop));
                stops.into_iter().take(MOST_STOPS).for_each(each);
            });
        });
    }
}

/// How hard the model is to think. Reasoning that is switched off is not told: who can switch it off does not unless asked, and
/// the others would refuse.
fn write_reasoning(chat: &mut Object<'_>, request: &Fields<'_>) {
    let thinking = request.inner("thinking");
    let effort = request.inner("output_config").text("effort");
    match (thinking.kind().as_ref(), effort) {
        ("disabled", _) => {}
        ("enabled", _) => chat.string("reasoning_effort", of_budget(&thinking)),
        (_, Some(effort)) => chat.text("reasoning_effort", effort),
        ("adaptive", None) => chat.string("reasoning_effort", "medium"),
        (_, None) => {}
    }
}

/// OpenAI's word for so many tokens of reasoning.
fn of_budget(thinking: &Fields<'_>) -> &'static str {
    let budget = thinking.raw("budget_tokens").unwrap_or_default();
    let budget: u64 = serde_json::from_slice(budget).unwrap_or(0);
    match budget {
        4_096.. => "high",
        2_048.. => "medium",
        1_024.. => "low",
        _ => "minimal",
    }
}

fn write_format(chat: &mut Object<'_>, request: &Fields<'_>) {
    let stated = request.inner("output_config").inner("format");
    let older = request.inner("output_format");
    let Some(schema) = stated.raw("schema").or_else(|| older.raw("schema")) else {
        return;
    };
    chat.object("response_format", |format| {
        format.string("type", "json_schema");
        format.object("json_schema", |named| {
            named.string("name", "response");
            named.raw("schema", schema);
            named.raw("strict", b"true");
        });
    });
}

/// Who asks, and how urgently.
fn write_origin(chat: &mut Object<'_>, request: &Fields<'_>) {
    let user = request.inner("metadata").word("user_id");
    if !user.is_empty() {
        chat.string("user", &names::user(user));
    }
    match request.word("service_tier").as_ref() {
        "auto" => chat.string("service_tier", "auto"),
        "standard_only" => chat.string("service_tier", "default"),
        _ => {}
    }
}
