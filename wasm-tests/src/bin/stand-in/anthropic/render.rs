//! Answers in Anthropic's words, whole and streamed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::answer::{Answer, Call, Finish, Usage};
use crate::behaviour::Behaviour;
use crate::refusal::Refusal;
use crate::script::{Event, Role};

const ID: &str = "msg_standin";

/// The signature of a thought: it must come back with the very same thought.
pub fn signature(thought: &str) -> String {
    STANDARD.encode(format!("signed:{thought}"))
}

/// The answer as one object.
pub fn whole(answer: &Answer, behaviour: &Behaviour) -> Value {
    let mut whole = message(answer);
    whole["content"] = blocks(answer).into();
    whole["stop_reason"] = stop_reason(answer.finish).into();
    if !behaviour.no_usage {
        whole["usage"] = behaviour
            .usage
            .clone()
            .unwrap_or_else(|| usage(answer.usage));
    }
    whole
}

/// The message before anything is said.
fn message(answer: &Answer) -> Value {
    json!({
        "id": ID, "type": "message", "role": "assistant", "model": answer.model,
        "content": [], "stop_reason": null, "stop_sequence": null,
    })
}

fn blocks(answer: &Answer) -> Vec<Value> {
    let mut blocks = Vec::new();
    if let Some(thought) = answer.thought {
        blocks.push(
            json!({"type": "thinking", "thinking": thought, "signature": signature(thought)}),
        );
    }
    if !answer.text.is_empty() {
        blocks.push(json!({"type": "text", "text": answer.whole()}));
    }
    blocks.extend(
        answer
            .calls
            .iter()
            .map(|call| block(call, call.arguments.clone())),
    );
    blocks
}

fn block(call: &Call, input: Value) -> Value {
    json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input})
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
        "input_tokens": uncached,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": "standard",
    })
}

/// The answer as a stream, with the vendor's `ping` after the first block began.
pub fn events(answer: &Answer, behaviour: &Behaviour) -> Vec<Event> {
    let mut stream = Stream {
        events: Vec::new(),
        blocks: 0,
    };
    let mut start = message(answer);
    if !behaviour.no_usage {
        let mut usage = behaviour
            .usage
            .clone()
            .unwrap_or_else(|| usage(answer.usage));
        if usage.is_object() {
            usage["output_tokens"] = 1.into();
        }
        start["usage"] = usage;
    }
    stream.push(
        json!({"type": "message_start", "message": start}),
        "message_start",
    );
    if let Some(thought) = answer.thought {
        stream.thought(thought);
    }
    if !answer.text.is_empty() {
        let deltas = answer
            .text
            .iter()
            .map(|text| json!({"type": "text_delta", "text": text}));
        stream.block(json!({"type": "text", "text": ""}), deltas);
    }
    for call in &answer.calls {
        stream.call(call);
    }
    stream.end(answer, behaviour);
    stream.events
}

struct Stream {
    events: Vec<Event>,
    blocks: usize,
}

impl Stream {
    fn push(&mut self, value: Value, name: &'static str) {
        let role = match name {
            "content_block_delta" => Role::Content,
            "message_stop" => Role::Terminal,
            _ => Role::Frame,
        };
        self.events.push(Event {
            name: Some(name),
            data: value.to_string(),
            role,
        });
    }

    fn block(&mut self, start: Value, deltas: impl Iterator<Item = Value>) {
        let index = self.blocks;
        let start = json!({"type": "content_block_start", "index": index, "content_block": start});
        self.push(start, "content_block_start");
        if index == 0 {
            self.push(json!({"type": "ping"}), "ping");
        }
        for delta in deltas {
            let delta = json!({"type": "content_block_delta", "index": index, "delta": delta});
            self.push(delta, "content_block_delta");
        }
        self.push(
            json!({"type": "content_block_stop", "index": index}),
            "content_block_stop",
        );
        self.blocks = self.blocks.saturating_add(1);
    }

    fn thought(&mut self, thought: &str) {
        let words = thought.split_inclusive(' ');
        let words = words.map(|word| json!({"type": "thinking_delta", "thinking": word}));
        let signed = json!({"type": "signature_delta", "signature": signature(thought)});
        let start = json!({"type": "thinking", "thinking": "", "signature": ""});
        self.block(start, words.chain([signed]));
    }

    /// An empty fragment first, as the vendor does, then the input in two parts.
    fn call(&mut self, call: &Call) {
        let parts = [String::new()].into_iter().chain(call.halves());
        let deltas = parts.map(|part| json!({"type": "input_json_delta", "partial_json": part}));
        self.block(block(call, json!({})), deltas);
    }

    fn end(&mut self, answer: &Answer, behaviour: &Behaviour) {
        let delta = json!({"stop_reason": stop_reason(answer.finish), "stop_sequence": null});
        let mut last = json!({"type": "message_delta", "delta": delta});
        if !behaviour.no_usage {
            let output = json!({"output_tokens": answer.usage.completion});
            last["usage"] = behaviour.usage.clone().unwrap_or(output);
        }
        self.push(last, "message_delta");
        self.push(json!({"type": "message_stop"}), "message_stop");
    }
}

/// A refusal as Anthropic puts it.
pub fn error(refusal: &Refusal) -> Value {
    let kind = match refusal.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    let error = json!({"type": kind, "message": refusal.message});
    json!({"type": "error", "error": error, "request_id": "req_standin"})
}

/// An error in the middle of a stream.
pub fn error_event() -> Event {
    let error = json!({"details": null, "type": "overloaded_error", "message": "Overloaded"});
    let data = json!({"type": "error", "error": error}).to_string();
    Event {
        name: Some("error"),
        data,
        role: Role::Frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Prompt, Tool};

    fn names(prompt: Prompt) -> String {
        let answer = Answer::to(&prompt, &Behaviour::default());
        let events = events(&answer, &Behaviour::default());
        events
            .iter()
            .filter_map(|event| event.name)
            .collect::<Vec<_>>()
            .join(" ")
            .replace("content_block_", "")
    }

    #[test]
    fn events_come_in_the_vendors_order() {
        let expected = "message_start start ping delta delta delta delta delta stop message_delta message_stop";
        assert_eq!(names(Prompt::default()), expected);
    }

    #[test]
    fn every_call_is_a_block_of_its_own() {
        let tools = vec![Tool {
            name: "wx".into(),
            schema: json!({}),
        }];
        let expected = "message_start start ping delta delta delta stop start delta delta delta stop message_delta message_stop";
        assert_eq!(
            names(Prompt {
                tools,
                ..Prompt::default()
            }),
            expected
        );
    }

    #[test]
    fn input_tokens_are_those_not_from_the_cache() {
        let prompt = Prompt {
            input_bytes: 80,
            choices: 1,
            ..Prompt::default()
        };
        let usage = usage(Answer::to(&prompt, &Behaviour::default()).usage);
        assert_eq!(
            (&usage["input_tokens"], &usage["cache_read_input_tokens"]),
            (&json!(15), &json!(5))
        );
    }
}
