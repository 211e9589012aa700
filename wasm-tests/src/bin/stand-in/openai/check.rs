//! What OpenAI refuses, because a gateway that sends such a thing has a bug.

use hyper::HeaderMap;
use serde_json::{Map, Value};

use crate::answer::{Prompt, Tool};
use crate::behaviour;
use crate::refusal::Refusal;

const KNOWN: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

/// The caller's key: `accepted` if there is one, else anything that begins with `sk-`.
pub fn key(headers: &HeaderMap, accepted: Option<&str>) -> Result<String, Refusal> {
    let Some(value) = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
    else {
        return Err(Refusal::unauthorized("You didn't provide an API key."));
    };
    let key = value.strip_prefix("Bearer ").unwrap_or_default();
    if accepted.map_or(key.starts_with("sk-"), |accepted| key == accepted) {
        return Ok(key.to_owned());
    }
    Err(Refusal::unauthorized(format!(
        "Incorrect API key provided: {}***.",
        key.get(..3).unwrap_or_default()
    )))
}

/// What `request` asks for; `strict` refuses members OpenAI does not know.
pub fn prompt(request: &Value, strict: bool) -> Result<Prompt, Refusal> {
    let request = request
        .as_object()
        .ok_or_else(|| Refusal::invalid("The body must be a JSON object."))?;
    if let Some(key) = behaviour::unknown(request, KNOWN).filter(|_| strict) {
        return Err(
            Refusal::invalid(format!("Unrecognized request argument supplied: {key}")).about(key),
        );
    }
    let model = request
        .get("model")
        .and_then(Value::as_str)
        .filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| Refusal::invalid("you must provide a model parameter"))?;
    let messages = messages(request)?;
    numbers(request)?;
    dependencies(request)?;
    let mut prompt = Prompt {
        model: model.to_owned(),
        ..read(request, messages)
    };
    prompt.tools = tools(request)?;
    if request
        .get("tool_choice")
        .is_some_and(|choice| choice == "none")
        || !prompt.results.is_empty()
    {
        prompt.tools.clear();
    }
    if let Some(name) = request
        .get("tool_choice")
        .and_then(|choice| choice.pointer("/function/name"))
    {
        prompt.tools.retain(|tool| *name == tool.name);
    }
    Ok(prompt)
}

fn read(request: &Map<String, Value>, messages: &[Value]) -> Prompt {
    let format = request.get("response_format");
    let json = match format
        .and_then(|format| format.get("type"))
        .and_then(Value::as_str)
    {
        Some("json_object") => Some(Value::Null),
        Some("json_schema") => format
            .and_then(|format| format.pointer("/json_schema/schema"))
            .cloned(),
        _ => None,
    };
    let results = messages
        .iter()
        .rev()
        .take_while(|message| message["role"] == "tool");
    let mut results: Vec<_> = results.map(|message| text(&message["content"])).collect();
    results.reverse();
    let limit = request
        .get("max_completion_tokens")
        .or_else(|| request.get("max_tokens"));
    Prompt {
        choices: request.get("n").and_then(Value::as_u64).unwrap_or(1),
        images: messages.iter().map(images).sum(),
        input_bytes: request
            .get("messages")
            .map_or(0, |messages| messages.to_string().len()),
        json,
        limit: limit.and_then(Value::as_u64),
        one_call: request
            .get("parallel_tool_calls")
            .is_some_and(|parallel| parallel == false),
        results,
        thinking: request
            .get("reasoning_effort")
            .and_then(Value::as_str)
            .is_some_and(|effort| effort != "none"),
        ..Prompt::default()
    }
}

fn text(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten();
    let parts: String = parts
        .filter_map(|part| part.get("text")?.as_str())
        .collect();
    content.as_str().map_or(parts, str::to_owned)
}

fn images(message: &Value) -> usize {
    let parts = message["content"].as_array().into_iter().flatten();
    parts.filter(|part| part["type"] == "image_url").count()
}

fn messages(request: &Map<String, Value>) -> Result<&[Value], Refusal> {
    let missing = || Refusal::invalid("Missing required parameter: 'messages'.").about("messages");
    let messages = request
        .get("messages")
        .ok_or_else(|| missing().coded("missing_required_parameter"))?;
    let Some(messages) = messages.as_array() else {
        let message = "Invalid type for 'messages': expected an array of objects.";
        return Err(Refusal::invalid(message)
            .about("messages")
            .coded("invalid_type"));
    };
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1.";
        return Err(Refusal::invalid(message)
            .about("messages")
            .coded("empty_array"));
    }
    for (at, message) in messages.iter().enumerate() {
        one(message)
            .map_err(|problem| Refusal::invalid(problem).about(format!("messages[{at}]")))?;
    }
    conversation(messages)?;
    Ok(messages)
}

/// What is wrong with a message by itself.
fn one(message: &Value) -> Result<(), String> {
    let role = message
        .get("role")
        .and_then(Value::as_str)
        .ok_or("Missing required parameter: 'role'.")?;
    let content = message.get("content").unwrap_or(&Value::Null);
    let optional = match role {
        "assistant" => ["tool_calls", "function_call", "audio"]
            .iter()
            .any(|key| message.get(key).is_some()),
        "function" => true,
        "developer" | "system" | "user" => false,
        "tool" if message.get("tool_call_id").is_some_and(Value::is_string) => false,
        "tool" => return Err("Missing required parameter: 'tool_call_id'.".into()),
        _ => return Err(format!("Invalid value: '{role}'.")),
    };
    match content {
        Value::String(_) => Ok(()),
        Value::Array(parts) => parts.iter().try_for_each(|part| piece(part, role)),
        Value::Null if optional => Ok(()),
        _ => Err("Invalid value for 'content': expected a string or an array of objects.".into()),
    }
}

fn piece(part: &Value, role: &str) -> Result<(), String> {
    let kind = part
        .get("type")
        .and_then(Value::as_str)
        .ok_or("Missing required parameter: 'type'.")?;
    let complete = match (kind, role) {
        ("text", _) => part.get("text").is_some_and(Value::is_string),
        ("image_url", "user") => part.pointer("/image_url/url").is_some_and(Value::is_string),
        ("input_audio", "user") => part.get("input_audio").is_some_and(Value::is_object),
        ("file", "user") => part.get("file").is_some_and(Value::is_object),
        ("refusal", "assistant") => part.get("refusal").is_some_and(Value::is_string),
        _ => return Err(format!("Invalid value: '{kind}'.")),
    };
    if complete {
        Ok(())
    } else {
        Err(format!("Missing required parameter: '{kind}'."))
    }
}

/// Calls are answered by the messages that follow them, and nothing else is answered.
fn conversation(messages: &[Value]) -> Result<(), Refusal> {
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        if message["role"] == "tool" {
            let id = message["tool_call_id"].as_str().unwrap_or_default();
            let place = open.iter().position(|call| *call == id).ok_or_else(|| {
                Refusal::invalid(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
                )
            })?;
            open.swap_remove(place);
            continue;
        }
        unanswered(&open)?;
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        open = calls.filter_map(|call| call.get("id")?.as_str()).collect();
    }
    unanswered(&open)
}

fn unanswered(open: &[&str]) -> Result<(), Refusal> {
    if open.is_empty() {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    )))
}

fn numbers(request: &Map<String, Value>) -> Result<(), Refusal> {
    for (key, from, to) in [
        ("temperature", 0.0, 2.0),
        ("top_p", 0.0, 1.0),
        ("presence_penalty", -2.0, 2.0),
        ("frequency_penalty", -2.0, 2.0),
    ] {
        let value = request.get(key).filter(|value| !value.is_null());
        if value.is_some_and(|value| {
            !value
                .as_f64()
                .is_some_and(|value| (from..=to).contains(&value))
        }) {
            return Err(Refusal::invalid(format!(
                "Invalid '{key}': expected a number from {from} to {to}."
            ))
            .about(key));
        }
    }
    for key in ["n", "max_tokens", "max_completion_tokens"] {
        let value = request.get(key).filter(|value| !value.is_null());
        if value.is_some_and(|value| value.as_u64().is_none_or(|value| value == 0)) {
            return Err(Refusal::invalid(format!(
                "Invalid '{key}': expected an integer of at least 1."
            ))
            .about(key));
        }
    }
    Ok(())
}

/// Members that mean nothing without another.
fn dependencies(request: &Map<String, Value>) -> Result<(), Refusal> {
    let has = |key: &str| request.get(key).is_some_and(|value| !value.is_null());
    if has("stream_options") && request.get("stream").is_none_or(|stream| stream != true) {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Refusal::invalid(message).about("stream_options"));
    }
    for key in ["tool_choice", "parallel_tool_calls"] {
        if has(key) && !has("tools") {
            return Err(Refusal::invalid(format!(
                "'{key}' is only allowed when 'tools' are specified."
            ))
            .about(key));
        }
    }
    if has("max_tokens") && has("max_completion_tokens") {
        let message =
            "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(Refusal::invalid(message).about("max_tokens"));
    }
    Ok(())
}

fn tools(request: &Map<String, Value>) -> Result<Vec<Tool>, Refusal> {
    let tools = match request.get("tools") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(tools)) if !tools.is_empty() => tools,
        Some(_) => {
            return Err(Refusal::invalid(
                "Invalid 'tools': expected an array with minimum length 1.",
            )
            .about("tools"));
        }
    };
    let mut functions = Vec::new();
    for (at, tool) in tools.iter().enumerate() {
        let refuse = |problem: &str| Refusal::invalid(problem).about(format!("tools[{at}]"));
        match tool.get("type").and_then(Value::as_str) {
            Some("custom") => continue,
            Some("function") => {}
            _ => {
                return Err(refuse(
                    "Invalid value for 'type': expected 'function' or 'custom'.",
                ));
            }
        }
        let name = tool
            .pointer("/function/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(refuse(
                "Invalid 'function.name': expected a string that matches '^[a-zA-Z0-9_-]+$'.",
            ));
        }
        let schema = tool
            .pointer("/function/parameters")
            .cloned()
            .unwrap_or(Value::Null);
        functions.push(Tool {
            name: name.to_owned(),
            schema,
        });
    }
    Ok(functions)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(change: Value) -> String {
        let mut request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        for (key, value) in change.as_object().expect("an object") {
            request[key] = value.clone();
        }
        prompt(&request, true).expect_err("a refusal").message
    }

    #[test]
    fn a_plain_request_is_accepted() {
        let request =
            json!({"model": "m", "messages": [{"role": "user", "content": "hi"}], "n": 2});
        assert_eq!(
            prompt(&request, true).map(|prompt| (prompt.model, prompt.choices)),
            Ok(("m".into(), 2))
        );
    }

    #[test]
    fn a_result_must_answer_a_call() {
        let messages = json!([{"role": "tool", "tool_call_id": "a", "content": "4C"}]);
        assert!(refused(json!({"messages": messages})).contains("preceeding message"));
    }

    #[test]
    fn every_call_must_be_answered() {
        let messages = json!([
            {"role": "assistant", "tool_calls": [{"id": "a"}, {"id": "b"}]},
            {"role": "tool", "tool_call_id": "a", "content": "4C"},
            {"role": "user", "content": "and?"},
        ]);
        assert!(refused(json!({"messages": messages})).ends_with("response messages: b"));
    }

    #[test]
    fn stream_options_need_a_stream() {
        assert!(
            refused(json!({"stream_options": {"include_usage": true}}))
                .contains("only allowed when 'stream'")
        );
    }

    #[test]
    fn an_unknown_member_is_refused_where_openai_itself_would() {
        assert_eq!(
            refused(json!({"top_k": 1})),
            "Unrecognized request argument supplied: top_k"
        );
    }

    #[test]
    fn messages_are_required_and_not_empty() {
        assert!(refused(json!({"messages": []})).contains("empty array"));
        assert!(
            prompt(&json!({"model": "m"}), false)
                .is_err_and(|refusal| refusal.message.contains("Missing"))
        );
    }

    #[test]
    fn a_key_is_a_bearer_that_begins_with_sk_unless_one_is_given() {
        let with = |value: &str| {
            HeaderMap::from_iter([(
                "authorization".parse().expect("a name"),
                value.parse().expect("a value"),
            )])
        };
        assert!(key(&with("Bearer sk-any"), None).is_ok());
        assert!(key(&with("Basic sk-any"), None).is_err());
        assert!(key(&with("Bearer sk-any"), Some("sk-one")).is_err());
        assert!(key(&HeaderMap::new(), None).is_err());
    }
}
