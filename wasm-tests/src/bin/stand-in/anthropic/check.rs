//! What Anthropic refuses about a request as a whole, because a gateway that sends such a thing has a bug.

use hyper::HeaderMap;
use serde_json::{Map, Value};

use super::models::{Abilities, abilities};
use super::thinking::Thinking;
use super::{messages, schema, thinking, tools};
use crate::answer::Prompt;
use crate::behaviour;
use crate::refusal::Refusal;

const KNOWN: &[&str] = &[
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

/// The sampling parameters that the version of 2026 took away.
const SAMPLING: &[&str] = &["temperature", "top_k", "top_p"];

/// Who calls, and in which version of the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// The key, from either header.
    pub key: String,
    /// `anthropic-version`.
    pub version: String,
}

/// Reads the headers; `accepted` is the only good key, else any that begins with `sk-` is.
pub fn caller(headers: &HeaderMap, accepted: Option<&str>) -> Result<Caller, Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = header("x-api-key")
        .or(bearer)
        .ok_or_else(|| Refusal::unauthorized("x-api-key header is required"))?;
    if !accepted.map_or(key.starts_with("sk-"), |accepted| key == accepted) {
        return Err(Refusal::unauthorized("invalid x-api-key"));
    }
    let version = header("anthropic-version");
    let version =
        version.ok_or_else(|| Refusal::invalid("anthropic-version: header is required"))?;
    if !["2023-01-01", "2023-06-01", "2026-10-21"].contains(&version) {
        return Err(Refusal::invalid(format!(
            "anthropic-version: \"{version}\" is not a valid version"
        )));
    }
    Ok(Caller {
        key: key.to_owned(),
        version: version.to_owned(),
    })
}

/// What `request` asks for.
pub fn prompt(request: &Value, version: &str) -> Result<Prompt, Refusal> {
    let request = request
        .as_object()
        .ok_or_else(|| Refusal::invalid("Input should be a valid dictionary"))?;
    read(request, version).map_err(Refusal::invalid)
}

fn read(request: &Map<String, Value>, version: &str) -> Result<Prompt, String> {
    let removed = request
        .keys()
        .find(|key| version == "2026-10-21" && SAMPLING.contains(&key.as_str()));
    if let Some(key) = removed
        .map(String::as_str)
        .or_else(|| behaviour::unknown(request, KNOWN))
    {
        return Err(extra(key));
    }
    let model = request
        .get("model")
        .and_then(Value::as_str)
        .filter(|model| !model.is_empty());
    let model = model.ok_or("model: Field required")?;
    let limit = request
        .get("max_tokens")
        .ok_or("max_tokens: Field required")?;
    let limit = limit
        .as_u64()
        .ok_or("max_tokens: Input should be a valid integer, greater than or equal to 0")?;
    let abilities = abilities(model);
    let thinking = thinking::read(request, limit, abilities)?;
    sampling(request, thinking, abilities)?;
    members(request)?;
    let tools = tools::offered(request)?;
    let choice = tools::choice(request, thinking.is_asked(), abilities)?;
    let conversation = messages::read(request, abilities)?;
    if conversation.uses_tools && !request.contains_key("tools") {
        return Err("Requests which have `tool_use` or `tool_result` blocks in their messages must define tools.".into());
    }
    let done = choice.none || !conversation.results.is_empty();
    let named =
        |tool: &crate::answer::Tool| choice.name.as_ref().is_none_or(|name| *name == tool.name);
    Ok(Prompt {
        choices: 1,
        images: conversation.images,
        input_bytes: request
            .get("messages")
            .map_or(0, |messages| messages.to_string().len()),
        json: schema::read(request, abilities)?,
        limit: Some(limit),
        model: model.to_owned(),
        one_call: choice.one_call,
        cache_writes: breakpoints(request)? > 0,
        results: conversation.results,
        thinking: thinking.is_on(),
        thoughts_hidden: thinking.is_hidden(),
        tools: tools
            .into_iter()
            .filter(named)
            .take_while(|_| !done)
            .collect(),
    })
}

/// How the vendor says that it does not know a member.
pub fn extra(path: &str) -> String {
    format!("{path}: Extra inputs are not permitted")
}

/// Whether the parameters of chance are there only where they may be.
fn sampling(
    request: &Map<String, Value>,
    thinking: Thinking,
    abilities: Abilities,
) -> Result<(), String> {
    for key in ["temperature", "top_p"] {
        let value = request.get(key);
        let fits = |value: &Value| {
            value
                .as_f64()
                .is_some_and(|value| (0.0..=1.0).contains(&value))
        };
        if value.is_some_and(|value| !fits(value)) {
            return Err(format!("{key}: range: 0..1"));
        }
    }
    if request.get("top_k").is_some_and(|value| !value.is_u64()) {
        return Err("top_k: Input should be a valid integer".into());
    }
    let warm = request
        .get("temperature")
        .is_some_and(|value| value.as_f64() != Some(1.0));
    let top_k = request.contains_key("top_k");
    if !abilities.sampling && (warm || top_k || request.contains_key("top_p")) {
        return Err("`temperature`, `top_p` and `top_k` are not supported for this model".into());
    }
    if thinking == Thinking::Manual && (warm || top_k) {
        return Err(
            "`temperature` may only be set to 1, and `top_k` not at all, when thinking is enabled."
                .into(),
        );
    }
    Ok(())
}

fn members(request: &Map<String, Value>) -> Result<(), String> {
    if request
        .get("stream")
        .is_some_and(|stream| !stream.is_boolean())
    {
        return Err("stream: Input should be a valid boolean".into());
    }
    let metadata = request.get("metadata").and_then(Value::as_object);
    if let Some(key) = metadata.and_then(|metadata| behaviour::unknown(metadata, &["user_id"])) {
        return Err(extra(&format!("metadata.{key}")));
    }
    if let Some(stops) = request.get("stop_sequences") {
        let stops = stops
            .as_array()
            .ok_or("stop_sequences: Input should be a valid list")?;
        if !stops
            .iter()
            .all(|stop| stop.as_str().is_some_and(|stop| !stop.trim().is_empty()))
        {
            return Err("stop_sequences: each stop sequence must contain non-whitespace".into());
        }
    }
    let tier = request.get("service_tier");
    if tier.is_some_and(|tier| tier != "auto" && tier != "standard_only") {
        return Err("service_tier: Input should be 'auto' or 'standard_only'".into());
    }
    Ok(())
}

/// How many blocks ask to be cached.
fn breakpoints(request: &Map<String, Value>) -> Result<usize, String> {
    let parts = ["messages", "system", "tools"]
        .into_iter()
        .filter_map(|key| request.get(key));
    match parts.map(marked).sum() {
        found @ 0..=4 => Ok(found),
        found => Err(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {found}."
        )),
    }
}

fn marked(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(marked).sum(),
        Value::Object(members) => {
            let here = members.get("cache_control").is_some_and(Value::is_object);
            // What a tool is called with is not ours to read.
            let inner = members.iter().filter(|(key, _)| *key == "content");
            inner
                .map(|(_, value)| marked(value))
                .fold(usize::from(here), usize::saturating_add)
        }
        Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(change: Value) -> String {
        let mut request = json!({"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": "hi"}]});
        for (key, value) in change.as_object().expect("an object") {
            request[key] = value.clone();
        }
        prompt(&request, "2023-06-01")
            .expect_err("a refusal")
            .message
    }

    #[test]
    fn max_tokens_is_required() {
        let request = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        let refusal = prompt(&request, "2023-06-01").expect_err("a refusal");
        assert_eq!(
            (refusal.status, refusal.message.as_str()),
            (400, "max_tokens: Field required")
        );
    }

    #[test]
    fn members_of_other_vendors_are_refused() {
        for key in [
            "n",
            "seed",
            "response_format",
            "max_completion_tokens",
            "user",
            "reasoning_effort",
        ] {
            assert_eq!(refused(json!({key: 1})), extra(key));
        }
    }

    #[test]
    fn the_version_of_2026_has_no_sampling_parameters() {
        let messages = json!([{"role": "user", "content": "hi"}]);
        let request =
            json!({"model": "m", "max_tokens": 1, "temperature": 1, "messages": messages});
        assert!(prompt(&request, "2023-06-01").is_ok());
        assert!(
            prompt(&request, "2026-10-21")
                .is_err_and(|refusal| refusal.message == extra("temperature"))
        );
    }

    #[test]
    fn the_thinking_budget_is_within_bounds() {
        let budget = |tokens| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}, "max_tokens": 2_000});
        assert!(refused(budget(1_023)).contains("greater than or equal to 1024"));
        assert!(refused(budget(2_000)).contains("must be greater than"));
    }

    #[test]
    fn a_model_without_sampling_accepts_only_a_temperature_of_one() {
        let at = |temperature: f64| json!({"model": "claude-opus-5", "temperature": temperature});
        assert!(refused(at(0.5)).contains("not supported for this model"));
        assert!(refused(json!({"model": "claude-opus-5", "top_p": 0.5})).contains("not supported"));
    }

    #[test]
    fn metadata_has_a_user_and_nothing_else() {
        assert_eq!(
            refused(json!({"metadata": {"team": "a"}})),
            extra("metadata.team")
        );
    }

    #[test]
    fn a_schema_with_a_bound_is_refused() {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": {"a": {"minimum": 1}}});
        let format = json!({"type": "json_schema", "schema": schema});
        assert!(
            refused(json!({"output_config": {"format": format}}))
                .ends_with("'minimum' is not supported")
        );
    }

    #[test]
    fn five_cache_breakpoints_are_one_too_many() {
        let block = json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}});
        assert!(refused(json!({"system": vec![block; 5]})).ends_with("Found 5."));
    }

    #[test]
    fn the_version_header_and_a_key_are_required() {
        let headers = |pairs: &[(&str, &str)]| -> HeaderMap {
            pairs
                .iter()
                .map(|(name, value)| {
                    (
                        name.parse().expect("a name"),
                        value.parse().expect("a value"),
                    )
                })
                .collect()
        };
        let version = ("anthropic-version", "2023-06-01");
        let status = |pairs: &[(&str, &str)]| {
            caller(&headers(pairs), None)
                .map_err(|refusal| refusal.status)
                .err()
        };
        assert_eq!(status(&[version, ("x-api-key", "sk-ant-a")]), None);
        assert_eq!(
            status(&[version, ("authorization", "Bearer sk-ant-a")]),
            None
        );
        assert_eq!(status(&[("x-api-key", "sk-ant-a")]), Some(400));
        assert_eq!(status(&[version]), Some(401));
    }
}
