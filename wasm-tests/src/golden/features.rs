//! What a fixture shows, read off the fixture itself, so that README can count the proofs of each feature.

use serde_json::{Map, Value};

/// A column of README's table, and whether a fixture shows it.
type Column = (&'static str, fn(&Shown) -> bool);

/// What README has columns for.
const FEATURES: [Column; 9] = [
    ("plain", |shown| shown.is_plain()),
    ("stream", |shown| shown.stream && !shown.fails),
    ("tools", |shown| shown.tools),
    ("parallel tools", |shown| shown.calls > 1),
    ("vision", |shown| shown.vision),
    ("schema", |shown| shown.schema),
    ("reasoning", |shown| shown.reasoning),
    ("cached usage", |shown| shown.cached),
    ("errors", |shown| shown.fails),
];

const IMAGES: &[&str] = &["image_url", "inlineData", "input_image", "images", "image"];
const REASONING: &[&str] = &[
    "additionalModelRequestFields",
    "reasoning",
    "reasoningContent",
    "reasoning_content",
    "reasoning_effort",
    "think",
    "thinking",
    "thinkingConfig",
    "thought",
];
const SCHEMAS: &[&str] = &[
    "outputConfig",
    "output_config",
    "responseJsonSchema",
    "responseSchema",
    "response_format",
    "response_json_schema",
];
const CALLS: &[&str] = &["functionCall", "toolUse"];
const CALL_TYPES: &[&str] = &["function_call", "tool_use"];
const CACHED: &[&str] = &[
    "cachedContentTokenCount",
    "cached_tokens",
    "cache_read_input_tokens",
];

/// The names of the columns.
pub fn names() -> impl Iterator<Item = &'static str> {
    FEATURES.iter().map(|(name, _)| *name)
}

/// For each column, whether the fixture `text` called `name` is a proof of it.
pub fn of(name: &str, text: &str) -> [bool; FEATURES.len()] {
    let mut shown = Shown {
        stream: name.ends_with(".chunks.json") || name.ends_with(".events.json"),
        ..Shown::default()
    };
    if let Ok(Value::Object(fixture)) = serde_json::from_str(text) {
        shown.fails = fixture.contains_key("error") || fixture.contains_key("ends");
        if !shown.fails {
            shown.members(&fixture);
        }
    }
    FEATURES.map(|(_, is_shown)| is_shown(&shown))
}

/// What was seen in a fixture.
#[derive(Debug, Default)]
struct Shown {
    cached: bool,
    calls: usize,
    fails: bool,
    reasoning: bool,
    schema: bool,
    stream: bool,
    tools: bool,
    vision: bool,
}

impl Shown {
    fn is_plain(&self) -> bool {
        let special = self.cached
            || self.fails
            || self.reasoning
            || self.schema
            || self.stream
            || self.tools
            || self.vision;
        !special
    }

    fn members(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            let name = name.as_str();
            if !is_nothing(value) {
                self.vision |= IMAGES.contains(&name);
                self.reasoning |= REASONING.contains(&name);
                self.schema |= SCHEMAS.contains(&name);
                self.cached |= CACHED.contains(&name);
                self.tools |= name == "tools" || name == "tool_calls" || CALLS.contains(&name);
                self.stream |= name == "stream" && *value == true;
            }
            if name == "tool_calls" {
                self.tool_calls(value);
            }
            self.value(value);
        }
        let kind = members.get("type").and_then(Value::as_str);
        self.vision |= kind == Some("image");
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(values) => {
                let calls = values.iter().filter(|value| is_call(value)).count();
                self.tools |= calls > 0;
                self.calls = self.calls.max(calls);
                for value in values {
                    self.value(value);
                }
            }
            Value::Object(members) => self.members(members),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Whole answers list them; the chunks of a stream count them.
    fn tool_calls(&mut self, calls: &Value) {
        let calls = calls.as_array().map_or(&[][..], Vec::as_slice);
        let last = calls.iter().filter_map(|call| call["index"].as_u64()).max();
        let told = last.and_then(|last| usize::try_from(last).ok());
        let told = told.map_or(0, |last| last.saturating_add(1));
        self.calls = self.calls.max(calls.len()).max(told);
    }
}

fn is_call(value: &Value) -> bool {
    let kind = value.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| CALL_TYPES.contains(&kind))
        || CALLS.iter().any(|name| value.get(*name).is_some())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &str, text: &str) -> Vec<&'static str> {
        let flags = of(name, text);
        names()
            .zip(flags)
            .filter_map(|(name, flag)| flag.then_some(name))
            .collect()
    }

    #[test]
    fn a_fixture_is_a_proof_of_what_it_has() {
        let calls = r#"{"expected": {"choices": [{"message": {"tool_calls": [{"id": "a"}, {"id": "b"}]}}]}}"#;
        assert_eq!(shown("x.answer.json", calls), ["tools", "parallel tools"]);
        let usage = r#"{"expected": {"usage": {"cached_tokens": 4, "reasoning": null}}}"#;
        assert_eq!(shown("x.answer.json", usage), ["cached usage"]);
        let parts = r#"{"expected": {"contents": [{"parts": [{"inlineData": {"data": "x"}}]}]}}"#;
        assert_eq!(shown("x.request.json", parts), ["vision"]);
        assert_eq!(shown("x.request.json", r#"{"expected": {}}"#), ["plain"]);
    }

    #[test]
    fn what_fails_is_a_proof_of_errors_only() {
        let refused = r#"{"request": {"tools": [{}]}, "error": {"status": 400}}"#;
        assert_eq!(shown("x.request.json", refused), ["errors"]);
        let broken = r#"{"expected": [], "ends": {"error": {}}}"#;
        assert_eq!(shown("x.chunks.json", broken), ["errors"]);
    }
}
