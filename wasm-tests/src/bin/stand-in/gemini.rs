//! Google's generateContent: what is refused, and how answers look.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Call, Finish, Prompt, Tool, Usage};
use crate::behaviour::{self, Behaviour};
use crate::refusal::Refusal;
use crate::script::{Event, Role};

const KNOWN: &[&str] = &[
    "cachedContent",
    "contents",
    "generationConfig",
    "labels",
    "safetySettings",
    "serviceTier",
    "store",
    "systemInstruction",
    "toolConfig",
    "tools",
];
const PARTS: &[&str] = &[
    "fileData",
    "functionCall",
    "functionResponse",
    "inlineData",
    "mediaResolution",
    "text",
    "thought",
    "thoughtSignature",
    "videoMetadata",
];
const CONFIG: &[&str] = &[
    "candidateCount",
    "frequencyPenalty",
    "logprobs",
    "maxOutputTokens",
    "mediaResolution",
    "presencePenalty",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "seed",
    "speechConfig",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
];

/// The caller's key: of AI Studio, or the token of Vertex.
pub fn key(headers: &HeaderMap, accepted: Option<&str>) -> Result<String, Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = header("x-goog-api-key").or(bearer).unwrap_or_default();
    if !accepted.map_or(!key.is_empty(), |accepted| key == accepted) {
        return Err(Refusal::invalid(
            "API key not valid. Please pass a valid API key.",
        ));
    }
    Ok(key.to_owned())
}

/// What `request` asks for; the model is in the path.
pub fn prompt(request: &Value, model: &str) -> Result<Prompt, Refusal> {
    read(request, model).map_err(Refusal::invalid)
}

fn read(request: &Value, model: &str) -> Result<Prompt, String> {
    let members = known(request, KNOWN, "")?;
    let contents = members.get("contents").and_then(Value::as_array);
    let contents = contents
        .filter(|contents| !contents.is_empty())
        .ok_or("* GenerateContentRequest.contents: contents is not specified")?;
    let mut prompt = Prompt {
        choices: 1,
        input_bytes: contents.iter().map(|one| one.to_string().len()).sum(),
        model: model.to_owned(),
        ..Prompt::default()
    };
    for (at, content) in contents.iter().enumerate() {
        let role = content["role"].as_str().unwrap_or_default();
        if !["user", "model"].contains(&role) {
            return Err("Please use a valid role: user, model.".into());
        }
        let parts = content["parts"]
            .as_array()
            .filter(|parts| !parts.is_empty());
        let parts = parts.ok_or_else(|| format!("* contents[{at}].parts: must not be empty"))?;
        signed(parts, model)?;
        prompt.results.clear();
        for part in parts {
            take_part(&mut prompt, part)?;
        }
    }
    tools(&mut prompt, members)?;
    config(&mut prompt, members)?;
    Ok(prompt)
}

/// Newer models want the signature of the thought that led to a call.
fn signed(parts: &[Value], model: &str) -> Result<(), String> {
    let first = parts.iter().find(|part| part.get("functionCall").is_some());
    match first {
        Some(call) if model.starts_with("gemini-3") && call.get("thoughtSignature").is_none() => {
            Err("Function call is missing a thought_signature in functionCall parts.".into())
        }
        _ => Ok(()),
    }
}

fn take_part(prompt: &mut Prompt, part: &Value) -> Result<(), String> {
    let members = known(part, PARTS, " at 'contents.parts'")?;
    let shown = members.get("inlineData").or(members.get("fileData"));
    if shown.is_some_and(|data| text_of(&data["mimeType"]).starts_with("image/")) {
        prompt.images = prompt.images.saturating_add(1);
    }
    if let Some(result) = members.get("functionResponse") {
        let response = result["response"]
            .as_object()
            .ok_or("functionResponse.response: must be an object")?;
        let said = ["output", "result", "content"]
            .iter()
            .find_map(|name| response.get(*name)?.as_str());
        let whole = || Value::Object(response.clone()).to_string();
        prompt.results.push(said.map_or_else(whole, str::to_owned));
    }
    Ok(())
}

fn tools(prompt: &mut Prompt, request: &Map<String, Value>) -> Result<(), String> {
    let calling = request
        .get("toolConfig")
        .map_or(&Value::Null, |config| &config["functionCallingConfig"]);
    let allowed = calling["allowedFunctionNames"].as_array();
    let declared = request.get("tools").and_then(Value::as_array);
    let declared = declared
        .into_iter()
        .flatten()
        .filter_map(|tool| tool["functionDeclarations"].as_array())
        .flatten();
    for tool in declared {
        let name = text_of(&tool["name"]);
        if name.is_empty() {
            return Err("* tools[0].function_declarations[0].name: [FIELD_INVALID]".into());
        }
        let schema = tool.get("parametersJsonSchema").or(tool.get("parameters"));
        if allowed.is_none_or(|names| names.iter().any(|one| one == name)) {
            prompt.tools.push(Tool {
                name: name.to_owned(),
                schema: schema.cloned().unwrap_or_default(),
            });
        }
    }
    if calling["mode"] == "NONE" || !prompt.results.is_empty() {
        prompt.tools.clear();
    }
    Ok(())
}

fn config(prompt: &mut Prompt, request: &Map<String, Value>) -> Result<(), String> {
    let Some(config) = request.get("generationConfig") else {
        return Ok(());
    };
    let config = known(config, CONFIG, " at 'generation_config'")?;
    let thinking = config.get("thinkingConfig").unwrap_or(&Value::Null);
    if thinking.get("thinkingBudget").is_some() && thinking.get("thinkingLevel").is_some() {
        return Err("You can only set one of thinking budget and thinking level.".into());
    }
    prompt.thinking = thinking["includeThoughts"] == true;
    prompt.limit = config.get("maxOutputTokens").and_then(Value::as_u64);
    prompt.choices = config
        .get("candidateCount")
        .and_then(Value::as_u64)
        .unwrap_or(1);
    let schema = config
        .get("responseJsonSchema")
        .or(config.get("responseSchema"));
    if config
        .get("responseMimeType")
        .is_some_and(|kind| kind == "application/json")
    {
        prompt.json = Some(schema.cloned().unwrap_or_default());
    } else if schema.is_some() {
        return Err("Enum and schema response require a JSON mime type".into());
    }
    Ok(())
}

fn known<'a>(
    value: &'a Value,
    names: &[&str],
    place: &str,
) -> Result<&'a Map<String, Value>, String> {
    let members = value
        .as_object()
        .ok_or("Invalid JSON payload received. Expected an object.")?;
    match behaviour::unknown(members, names) {
        Some(name) => Err(format!(
            "Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."
        )),
        None => Ok(members),
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The answer as one object.
pub fn whole(answer: &Answer, behaviour: &Behaviour) -> Value {
    let thought = answer
        .thought
        .map(|thought| json!({"text": thought, "thought": true}));
    let text = (!answer.text.is_empty()).then(|| json!({"text": answer.whole()}));
    let parts = thought.into_iter().chain(text).chain(calls(answer));
    let mut whole = response(answer, parts.collect(), Some(finish(answer.finish)));
    count(&mut whole, answer.usage, behaviour);
    whole
}

/// The answer as a stream; its last event has nothing but the reason and the usage.
pub fn events(answer: &Answer, behaviour: &Behaviour) -> Vec<Event> {
    let event = |value: &Value, role| Event {
        name: None,
        data: value.to_string(),
        role,
    };
    let thoughts = answer.thought.into_iter().flat_map(|thought| {
        thought
            .split_inclusive(' ')
            .map(|word| json!({"text": word, "thought": true}))
    });
    let texts = answer.text.iter().map(|text| json!({"text": text}));
    let parts = thoughts.chain(texts).chain(calls(answer));
    let mut events: Vec<_> = parts
        .map(|part| event(&response(answer, vec![part], None), Role::Content))
        .collect();
    let mut last = response(
        answer,
        vec![json!({"text": ""})],
        Some(finish(answer.finish)),
    );
    count(&mut last, answer.usage, behaviour);
    events.push(event(&last, Role::Terminal));
    events
}

fn response(answer: &Answer, parts: Vec<Value>, finish: Option<&str>) -> Value {
    let candidate = |index| {
        let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": index});
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
        }
        candidate
    };
    let candidates: Vec<_> = (0..answer.choices.max(1)).map(candidate).collect();
    json!({"candidates": candidates, "modelVersion": answer.model, "responseId": "standin"})
}

/// The first call has the signature of what was thought before it.
fn calls(answer: &Answer) -> impl Iterator<Item = Value> {
    answer.calls.iter().enumerate().map(|(index, call)| {
        let Call {
            arguments,
            id,
            name,
        } = call;
        let mut part = json!({"functionCall": {"id": id, "name": name, "args": arguments}});
        if index == 0 {
            part["thoughtSignature"] = STANDARD.encode("signed:gemini").into();
        }
        part
    })
}

fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "MAX_TOKENS",
        Finish::Stop | Finish::ToolCalls => "STOP",
    }
}

fn count(response: &mut Value, usage: Usage, behaviour: &Behaviour) {
    if behaviour.no_usage {
        return;
    }
    let said = usage.completion.saturating_sub(usage.reasoning);
    let counted = json!({
        "promptTokenCount": usage.prompt,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": said,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.prompt.saturating_add(usage.completion),
    });
    response["usageMetadata"] = behaviour.usage.clone().unwrap_or(counted);
}

/// A refusal as Google puts it.
pub fn error(refusal: &Refusal) -> Value {
    let status = match refusal.status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };
    json!({"error": {"code": refusal.status, "message": refusal.message, "status": status}})
}

/// An error in the middle of a stream.
pub fn error_event() -> Event {
    Event {
        name: None,
        data: error(&Refusal::of_status(503)).to_string(),
        role: Role::Frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(request: Value) -> Option<String> {
        read(&request, "gemini-3-flash").err()
    }

    #[test]
    fn members_google_does_not_know_are_refused() {
        let hi = json!([{"role": "user", "parts": [{"text": "hi"}]}]);
        assert_eq!(refused(json!({"contents": hi})), None);
        assert!(refused(json!({"contents": hi, "messages": []})).is_some());
        assert!(refused(json!({"contents": hi, "generationConfig": {"max_tokens": 1}})).is_some());
        assert!(
            refused(json!({"contents": [{"role": "assistant", "parts": [{"text": "hi"}]}]}))
                .is_some()
        );
    }

    #[test]
    fn a_newer_model_wants_the_signature_of_a_call_back() {
        let call = |part: Value| json!({"contents": [{"role": "model", "parts": [part]}]});
        let name = json!({"name": "wx", "args": {}});
        assert!(refused(call(json!({"functionCall": name}))).is_some());
        assert_eq!(
            refused(call(
                json!({"functionCall": name, "thoughtSignature": "eA=="})
            )),
            None
        );
    }
}
