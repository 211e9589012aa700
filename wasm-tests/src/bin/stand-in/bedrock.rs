//! Bedrock's Converse: what is refused, and how answers look.

use hyper::HeaderMap;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Finish, Prompt, Tool, Usage};
use crate::behaviour::{self, Behaviour};
use crate::refusal::Refusal;
use crate::script::{Event, Role};

const KNOWN: &[&str] = &[
    "additionalModelRequestFields",
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "inferenceConfig",
    "messages",
    "outputConfig",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
    "serviceTier",
    "system",
    "toolConfig",
];

/// The caller's API key, or the id of the access key a request is signed with. Signatures are not computed here.
pub fn key(headers: &HeaderMap, accepted: Option<&str>) -> Result<String, Refusal> {
    let value = headers.get("authorization");
    let value = value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let signed = value.strip_prefix("AWS4-HMAC-SHA256 Credential=");
    let signed = signed.filter(|rest| {
        rest.contains("/bedrock/aws4_request, SignedHeaders=") && rest.contains(", Signature=")
    });
    let key = match signed.and_then(|rest| rest.split_once('/')) {
        Some((id, _)) if headers.contains_key("x-amz-date") => id,
        Some(_) => {
            return Err(denied(
                "Authorization header requires existence of 'X-Amz-Date'",
            ));
        }
        None => value.strip_prefix("Bearer ").unwrap_or_default(),
    };
    if !accepted.map_or(!key.is_empty(), |accepted| key == accepted) {
        return Err(denied(
            "The security token included in the request is invalid.",
        ));
    }
    Ok(key.to_owned())
}

fn denied(message: &str) -> Refusal {
    Refusal {
        status: 403,
        ..Refusal::invalid(message)
    }
}

/// What `request` asks for; the model is in the path.
pub fn prompt(request: &Value, model: &str) -> Result<Prompt, Refusal> {
    read(request, model).map_err(Refusal::invalid)
}

fn read(request: &Value, model: &str) -> Result<Prompt, String> {
    let members = request.as_object().ok_or("Malformed input request")?;
    if let Some(name) = behaviour::unknown(members, KNOWN) {
        return Err(format!(
            "Malformed input request: #: extraneous key [{name}] is not permitted"
        ));
    }
    let messages = members.get("messages").and_then(Value::as_array);
    let messages = messages
        .filter(|messages| !messages.is_empty())
        .ok_or("A conversation must start with a user message.")?;
    let mut prompt = Prompt {
        choices: 1,
        input_bytes: messages.iter().map(|one| one.to_string().len()).sum(),
        model: model.to_owned(),
        ..Prompt::default()
    };
    for (at, message) in messages.iter().enumerate() {
        let expected = if at % 2 == 0 { "user" } else { "assistant" };
        if message["role"] != expected {
            return Err("A conversation must alternate between user and assistant roles.".into());
        }
        let blocks = message["content"].as_array();
        let blocks = blocks.filter(|blocks| !blocks.is_empty()).ok_or_else(|| {
            format!("The content field in the Message object at messages.{at} is empty.")
        })?;
        prompt.results.clear();
        for block in blocks {
            take_block(&mut prompt, block)?;
        }
    }
    tools(&mut prompt, members)?;
    rest(&mut prompt, members)?;
    Ok(prompt)
}

fn take_block(prompt: &mut Prompt, block: &Value) -> Result<(), String> {
    let members = block.as_object().filter(|members| members.len() == 1);
    let Some((kind, value)) = members.and_then(|members| members.iter().next()) else {
        return Err("ContentBlock object must set exactly one member.".into());
    };
    match kind.as_str() {
        "text" if value.as_str().is_none_or(|text| text.trim().is_empty()) => {
            return Err("The text field in the ContentBlock object is blank.".into());
        }
        "image" if value["format"] == "jpg" => {
            return Err(
                "Value 'jpg' failed to satisfy enum value set: [gif, jpeg, png, webp]".into(),
            );
        }
        "image" => prompt.images = prompt.images.saturating_add(1),
        "toolResult" => {
            let parts = value["content"].as_array().into_iter().flatten();
            let said = parts.map(|part| match part["text"].as_str() {
                Some(text) => text.to_owned(),
                None => part["json"].to_string(),
            });
            prompt.results.push(said.collect());
        }
        "cachePoint" => prompt.cache_writes = true,
        _ => {}
    }
    Ok(())
}

fn tools(prompt: &mut Prompt, request: &Map<String, Value>) -> Result<(), String> {
    let Some(config) = request.get("toolConfig") else {
        return Ok(());
    };
    let tools = config["tools"].as_array().filter(|tools| !tools.is_empty());
    for tool in tools.ok_or("toolConfig.tools: length less than 1")? {
        let Some(spec) = tool.get("toolSpec") else {
            continue;
        };
        let schema = &spec["inputSchema"]["json"];
        if schema["type"] != "object" {
            return Err("The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.".into());
        }
        let name = spec["name"].as_str().unwrap_or_default().to_owned();
        let chosen = config["toolChoice"]["tool"]["name"].as_str();
        if chosen.is_none_or(|chosen| chosen == name) {
            prompt.tools.push(Tool {
                name,
                schema: schema.clone(),
            });
        }
    }
    if !prompt.results.is_empty() {
        prompt.tools.clear();
    }
    Ok(())
}

fn rest(prompt: &mut Prompt, request: &Map<String, Value>) -> Result<(), String> {
    let member = |name: &str| request.get(name).unwrap_or(&Value::Null);
    prompt.limit = member("inferenceConfig")["maxTokens"].as_u64();
    let thinking = &member("additionalModelRequestFields")["thinking"]["type"];
    prompt.thinking = thinking == "enabled" || thinking == "adaptive";
    let format = &member("outputConfig")["textFormat"];
    if format["type"] == "json_schema" {
        let schema = format["structure"]["jsonSchema"]["schema"].as_str();
        let schema =
            schema.ok_or("outputConfig.textFormat.structure.jsonSchema.schema is no string")?;
        prompt.json = Some(serde_json::from_str(schema).map_err(|fault| fault.to_string())?);
    }
    Ok(())
}

/// The answer as one object.
pub fn whole(answer: &Answer, behaviour: &Behaviour) -> Value {
    let thought = answer.thought.map(|thought| {
        json!({"reasoningContent": {"reasoningText": {"text": thought, "signature": "c2lnbmVk"}}})
    });
    let text = (!answer.text.is_empty()).then(|| json!({"text": answer.whole()}));
    let calls = answer.calls.iter().map(|call| {
        json!({"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}})
    });
    let content: Vec<_> = thought.into_iter().chain(text).chain(calls).collect();
    let mut whole = json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(answer.finish),
        "metrics": {"latencyMs": 1},
    });
    if !behaviour.no_usage {
        whole["usage"] = behaviour
            .usage
            .clone()
            .unwrap_or_else(|| usage(answer.usage));
    }
    whole
}

fn stop_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "max_tokens",
        Finish::Stop => "end_turn",
        Finish::ToolCalls => "tool_use",
    }
}

fn usage(usage: Usage) -> Value {
    let uncached = usage
        .prompt
        .saturating_sub(usage.cached)
        .saturating_sub(usage.written);
    json!({
        "inputTokens": uncached,
        "outputTokens": usage.completion,
        "totalTokens": usage.prompt.saturating_add(usage.completion),
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": usage.written,
    })
}

/// The answer as a stream. Only tools have a start; usage comes after the stop.
pub fn events(answer: &Answer, behaviour: &Behaviour) -> Vec<Event> {
    let mut stream = Stream(Vec::new(), 0);
    stream.push("messageStart", json!({"role": "assistant"}));
    if let Some(thought) = answer.thought {
        let words = thought.split_inclusive(' ');
        let words = words.map(|word| json!({"reasoningContent": {"text": word}}));
        let signed = json!({"reasoningContent": {"signature": "c2lnbmVk"}});
        stream.block(None, words.chain([signed]));
    }
    if !answer.text.is_empty() {
        stream.block(None, answer.text.iter().map(|text| json!({"text": text})));
    }
    for call in &answer.calls {
        let start = json!({"toolUse": {"toolUseId": call.id, "name": call.name}});
        let halves = call.halves();
        let deltas = halves
            .iter()
            .map(|half| json!({"toolUse": {"input": half}}));
        stream.block(Some(start), deltas);
    }
    stream.push(
        "messageStop",
        json!({"stopReason": stop_reason(answer.finish)}),
    );
    if !behaviour.no_usage {
        let usage = behaviour
            .usage
            .clone()
            .unwrap_or_else(|| usage(answer.usage));
        stream.push(
            "metadata",
            json!({"usage": usage, "metrics": {"latencyMs": 1}}),
        );
    }
    stream.0
}

struct Stream(Vec<Event>, usize);

impl Stream {
    fn push(&mut self, name: &'static str, value: Value) {
        let role = match name {
            "contentBlockDelta" => Role::Content,
            "messageStop" => Role::Terminal,
            _ => Role::Frame,
        };
        self.0.push(Event {
            name: Some(name),
            data: value.to_string(),
            role,
        });
    }

    fn block(&mut self, start: Option<Value>, deltas: impl Iterator<Item = Value>) {
        let index = self.1;
        if let Some(start) = start {
            self.push(
                "contentBlockStart",
                json!({"contentBlockIndex": index, "start": start}),
            );
        }
        for delta in deltas {
            self.push(
                "contentBlockDelta",
                json!({"contentBlockIndex": index, "delta": delta}),
            );
        }
        self.push("contentBlockStop", json!({"contentBlockIndex": index}));
        self.1 = index.saturating_add(1);
    }
}

/// The name of the exception for a status.
pub fn exception(status: u16) -> &'static str {
    match status {
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        408 => "ModelTimeoutException",
        424 => "ModelErrorException",
        429 => "ThrottlingException",
        503 => "ServiceUnavailableException",
        500.. => "InternalServerException",
        _ => "ValidationException",
    }
}

/// A refusal as AWS puts it.
pub fn error(refusal: &Refusal) -> Value {
    json!({"message": refusal.message})
}

/// An exception in the middle of a stream.
pub fn error_event() -> Event {
    Event {
        name: Some("exception:serviceUnavailableException"),
        data: error(&Refusal::of_status(503)).to_string(),
        role: Role::Frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(content: Value) -> Option<String> {
        let request = json!({"messages": [{"role": "user", "content": content}]});
        read(&request, "model").err()
    }

    #[test]
    fn a_block_is_one_thing_and_not_blank() {
        assert_eq!(refused(json!([{"text": "hi"}])), None);
        assert!(refused(json!([{"text": " "}])).is_some());
        assert!(refused(json!([{"text": "hi", "image": {}}])).is_some());
        assert!(refused(json!([])).is_some());
    }

    #[test]
    fn a_signed_request_needs_its_date() {
        let mut headers = HeaderMap::new();
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20260115/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00";
        headers.insert("authorization", signed.parse().expect("a value"));
        assert!(key(&headers, None).is_err());
        headers.insert("x-amz-date", "20260115T120000Z".parse().expect("a value"));
        assert_eq!(key(&headers, None), Ok("AKID".to_owned()));
    }
}
