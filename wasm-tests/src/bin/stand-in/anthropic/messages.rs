//! What Anthropic refuses about a conversation.

use serde_json::{Map, Value};

use super::blocks;
use super::check::extra;
use super::models::Abilities;
use crate::behaviour;

/// What the stand-in needs to know of a conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conversation {
    /// How many images it shows.
    pub images: usize,
    /// The results of tools it ends with.
    pub results: Vec<String>,
    /// Some block is a call or its result.
    pub uses_tools: bool,
}

/// Checks `system` and `messages`.
pub fn read(request: &Map<String, Value>, abilities: Abilities) -> Result<Conversation, String> {
    system(request.get("system"))?;
    let messages = request.get("messages").ok_or("messages: Field required")?;
    let messages = messages
        .as_array()
        .ok_or("messages: Input should be a valid list")?;
    let first = messages
        .first()
        .ok_or("messages: at least one message is required")?;
    for (at, message) in messages.iter().enumerate() {
        let last = at.saturating_add(1) == messages.len();
        one(message, last, abilities).map_err(|problem| format!("messages.{at}{problem}"))?;
    }
    if first["role"] != "user" {
        return Err("messages: first message must use the \"user\" role".into());
    }
    order(messages)?;
    pairs(messages)?;
    thoughts(request, messages)?;
    prefill(messages, abilities)?;
    Ok(conversation(messages))
}

fn system(system: Option<&Value>) -> Result<(), String> {
    match system {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Array(texts)) => texts.iter().enumerate().try_for_each(|(at, text)| {
            if text["type"] != "text" {
                return Err(format!("system.{at}.type: Input should be 'text'"));
            }
            blocks::check(text, "system").map_err(|problem| format!("system.{at}: {problem}"))
        }),
        Some(_) => Err("system: Input should be a valid string or list".into()),
    }
}

/// What is wrong with a message by itself; the path goes on where `messages.N` ends.
fn one(message: &Value, last: bool, abilities: Abilities) -> Result<(), String> {
    let members = message
        .as_object()
        .ok_or(": Input should be a valid dictionary")?;
    if let Some(key) = behaviour::unknown(members, &["role", "content"]) {
        return Err(format!(".{}", extra(key)));
    }
    let role = match message["role"].as_str() {
        Some(role @ ("assistant" | "user")) => role,
        Some("system") if abilities.system => "system",
        Some(_) => return Err(".role: Input should be 'user' or 'assistant'".into()),
        None => return Err(".role: Field required".into()),
    };
    let empty = match &message["content"] {
        Value::Array(list) => {
            for (at, block) in list.iter().enumerate() {
                blocks::check(block, role).map_err(|problem| format!(".content.{at}.{problem}"))?;
            }
            list.is_empty()
        }
        Value::String(text) => text.trim().is_empty(),
        Value::Null => return Err(".content: Field required".into()),
        _ => return Err(".content: Input should be a valid string or list".into()),
    };
    if empty && !(last && role == "assistant") {
        return Err(": all messages must have non-empty content except for the optional final assistant message".into());
    }
    Ok(())
}

fn content(message: &Value) -> impl Iterator<Item = &Value> {
    message["content"].as_array().into_iter().flatten()
}

fn of<'a>(message: &'a Value, kind: &'a str, id: &'a str) -> Vec<&'a str> {
    let blocks = content(message).filter(move |block| block["type"] == kind);
    blocks.filter_map(|block| block[id].as_str()).collect()
}

/// A system message stands after a user's.
fn order(messages: &[Value]) -> Result<(), String> {
    let mut before = "";
    for (at, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role == "system" && before != "user" {
            return Err(format!(
                "messages.{at}: a `system` message must follow a `user` message"
            ));
        }
        before = role;
    }
    Ok(())
}

/// Every call is answered at the head of the next message, and nothing else is answered.
fn pairs(messages: &[Value]) -> Result<(), String> {
    let mut calls: Vec<&str> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let results = of(message, "tool_result", "tool_use_id");
        if let Some(stray) = results.iter().find(|id| !calls.contains(id)) {
            return Err(format!(
                "messages.{at}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {stray}. Each \
                 `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        let leading = content(message)
            .take_while(|block| block["type"] == "tool_result")
            .count();
        let missing = calls
            .iter()
            .find(|id| results.iter().filter(|result| result == id).count() != 1);
        if let Some(id) = missing.or_else(|| calls.first().filter(|_| leading < results.len())) {
            return Err(format!(
                "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: {id}. Each \
                 `tool_use` block must have a corresponding `tool_result` block in the next message."
            ));
        }
        calls = of(message, "tool_use", "id");
        let mut unique = calls.clone();
        unique.sort_unstable();
        unique.dedup();
        if unique.len() < calls.len() {
            return Err(format!("messages.{at}: `tool_use` ids must be unique"));
        }
    }
    match calls.first() {
        Some(id) => Err(format!(
            "messages: `tool_use` ids were found without `tool_result` blocks: {id}"
        )),
        None => Ok(()),
    }
}

/// With thinking on, the turn whose results are being sent must begin with its thoughts.
fn thoughts(request: &Map<String, Value>, messages: &[Value]) -> Result<(), String> {
    let manual = request
        .get("thinking")
        .is_some_and(|thinking| thinking["type"] == "enabled");
    let calling = messages
        .iter()
        .enumerate()
        .rev()
        .find(|(_, message)| message["role"] == "assistant");
    let Some((at, message)) = calling.filter(|_| manual) else {
        return Ok(());
    };
    let first = content(message)
        .next()
        .map_or("text", |block| block["type"].as_str().unwrap_or_default());
    let uses = content(message).any(|block| block["type"] == "tool_use");
    if uses && !["thinking", "redacted_thinking"].contains(&first) {
        return Err(format!(
            "messages.{at}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. When \
             `thinking` is enabled, a final `assistant` message must start with a thinking block."
        ));
    }
    Ok(())
}

fn prefill(messages: &[Value], abilities: Abilities) -> Result<(), String> {
    let Some(last) = messages.last().filter(|last| last["role"] == "assistant") else {
        return Ok(());
    };
    if !abilities.prefill {
        return Err("This model does not support assistant message prefill. The conversation must end with a user message.".into());
    }
    let blocks = content(last)
        .last()
        .and_then(|block| block["text"].as_str());
    let text = last["content"].as_str().or(blocks).unwrap_or_default();
    if text.trim_end().len() < text.len() {
        return Err("messages: final assistant content cannot end with trailing whitespace".into());
    }
    Ok(())
}

fn conversation(messages: &[Value]) -> Conversation {
    let kind = |block: &Value, kind: &str| block["type"] == kind;
    let all = || messages.iter().flat_map(content);
    let results = messages
        .last()
        .into_iter()
        .flat_map(content)
        .filter(|block| kind(block, "tool_result"));
    Conversation {
        images: all().filter(|block| kind(block, "image")).count(),
        results: results.map(said).collect(),
        uses_tools: all().any(|block| kind(block, "tool_use") || kind(block, "tool_result")),
    }
}

fn said(result: &Value) -> String {
    let texts: String = content(result)
        .filter_map(|block| block["text"].as_str())
        .collect();
    result["content"].as_str().map_or(texts, str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::models::abilities;
    use super::*;

    fn refused(messages: Value) -> String {
        read(
            json!({"messages": messages})
                .as_object()
                .expect("an object"),
            abilities("m"),
        )
        .expect_err("a refusal")
    }

    fn call(id: &str) -> Value {
        json!({"type": "tool_use", "id": id, "name": "wx", "input": {}})
    }

    fn result(id: &str) -> Value {
        json!({"type": "tool_result", "tool_use_id": id, "content": "4C"})
    }

    fn round(answer: Value) -> Value {
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": [call("a"), call("b")]},
            {"role": "user", "content": answer},
        ])
    }

    #[test]
    fn the_user_speaks_first() {
        assert!(refused(json!([{"role": "assistant", "content": "hi"}])).contains("first message"));
    }

    #[test]
    fn only_users_and_assistants_speak() {
        assert!(refused(json!([{"role": "system", "content": "hi"}])).contains("messages.0.role"));
        assert!(refused(json!([{"role": "tool", "content": "hi"}])).contains("messages.0.role"));
    }

    #[test]
    fn a_system_message_stands_after_a_users_where_the_model_knows_it() {
        let asked = |messages: Value, model: &str| {
            let request = json!({"messages": messages});
            let request = request.as_object().expect("an object");
            read(request, abilities(model)).is_ok()
        };
        let user = json!({"role": "user", "content": "hi"});
        let system = json!({"role": "system", "content": "be brief"});
        assert!(asked(json!([user, system]), "claude-opus-5"));
        assert!(!asked(json!([user, system]), "claude-opus-4-7"));
        assert!(!asked(json!([user, system, system]), "claude-opus-5"));
    }

    #[test]
    fn messages_have_content() {
        assert!(refused(json!([{"role": "user", "content": ""}])).contains("non-empty content"));
        assert!(refused(json!([{"role": "user", "content": []}])).contains("non-empty content"));
        assert!(
            refused(json!([{"role": "user", "content": [{"type": "text", "text": ""}]}]))
                .contains("must be non-empty")
        );
    }

    #[test]
    fn names_are_not_supported() {
        assert_eq!(
            refused(json!([{"role": "user", "content": "hi", "name": "Ann"}])),
            extra("messages.0.name")
        );
    }

    #[test]
    fn all_results_are_in_the_next_message_and_lead_it() {
        let text = json!({"type": "text", "text": "so?"});
        let read = |answer| {
            read(
                json!({"messages": round(answer)})
                    .as_object()
                    .expect("an object"),
                abilities("m"),
            )
        };
        assert!(read(json!([result("a"), result("b"), text])).is_ok());
        assert!(
            read(json!([result("a")]))
                .is_err_and(|problem| problem.contains("immediately after: b"))
        );
        assert!(read(json!([text, result("a"), result("b")])).is_err());
        assert!(
            read(json!([result("a"), result("b"), result("c")]))
                .is_err_and(|problem| problem.contains("unexpected"))
        );
    }

    #[test]
    fn a_call_at_the_end_is_never_answered() {
        let messages = json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": [call("a")]}]);
        assert!(refused(messages).contains("without `tool_result`"));
    }

    #[test]
    fn a_prefill_does_not_end_in_blanks() {
        let messages =
            json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "So "}]);
        assert!(refused(messages).contains("trailing whitespace"));
    }
}
