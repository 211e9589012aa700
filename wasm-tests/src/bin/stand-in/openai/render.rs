//! Answers in OpenAI's words, whole and streamed.

use serde_json::{Value, json};

use crate::answer::{Answer, Call, Finish};
use crate::behaviour::Behaviour;
use crate::refusal::Refusal;
use crate::script::{Event, Role};

/// Constant, so that answers are the same in every run.
const CREATED: u64 = 1_768_480_496;
const ID: &str = "chatcmpl-standin";

/// The answer as one object.
pub fn whole(answer: &Answer, behaviour: &Behaviour) -> Value {
    let choices: Value = (0..answer.choices)
        .map(|index| {
            let (message, finish) = (message(answer), finish(answer.finish));
            json!({"index": index, "message": message, "logprobs": null, "finish_reason": finish})
        })
        .collect();
    let mut whole = json!({
        "id": ID, "object": "chat.completion", "created": CREATED, "model": answer.model,
        "choices": choices, "service_tier": "default", "system_fingerprint": null,
    });
    if !behaviour.no_usage {
        whole["usage"] = usage(answer, behaviour);
    }
    whole
}

fn message(answer: &Answer) -> Value {
    let mut message =
        json!({"role": "assistant", "content": null, "refusal": null, "annotations": []});
    if answer.calls.is_empty() {
        message["content"] = answer.whole().into();
    } else {
        message["tool_calls"] = answer.calls.iter().map(call).collect();
    }
    message
}

fn call(call: &Call) -> Value {
    let arguments = call.arguments.to_string();
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}})
}

fn finish(finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "length",
        Finish::Stop => "stop",
        Finish::ToolCalls => "tool_calls",
    }
}

fn usage(answer: &Answer, behaviour: &Behaviour) -> Value {
    let usage = answer.usage;
    let honest = json!({
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt.saturating_add(usage.completion),
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0,
            "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
    });
    behaviour.usage.clone().unwrap_or(honest)
}

/// The answer as a stream; `count` is whether `stream_options.include_usage` was set.
pub fn events(answer: &Answer, count: bool, behaviour: &Behaviour) -> Vec<Event> {
    let mut stream = Stream {
        answer,
        count,
        events: Vec::new(),
    };
    for index in 0..answer.choices {
        stream.choice(index);
        stream.finish(index, behaviour);
    }
    if count && !behaviour.no_usage && !behaviour.usage_on_finish {
        let mut chunk = stream.chunk(json!([]));
        chunk["usage"] = usage(answer, behaviour);
        stream.push(&chunk, Role::Frame);
    }
    stream.events.push(Event {
        name: None,
        data: "[DONE]".into(),
        role: Role::Terminal,
    });
    stream.events
}

struct Stream<'a> {
    answer: &'a Answer,
    count: bool,
    events: Vec<Event>,
}

impl Stream<'_> {
    fn choice(&mut self, index: u64) {
        let content = if self.answer.calls.is_empty() {
            json!("")
        } else {
            Value::Null
        };
        self.delta(
            index,
            json!({"role": "assistant", "content": content, "refusal": null}),
            Role::Frame,
        );
        for text in &self.answer.text {
            self.delta(index, json!({"content": text}), Role::Content);
        }
        for (position, call) in self.answer.calls.iter().enumerate() {
            self.call(index, position, call);
        }
    }

    fn finish(&mut self, index: u64, behaviour: &Behaviour) {
        let finish = finish(self.answer.finish);
        let choice =
            json!({"index": index, "delta": {}, "logprobs": null, "finish_reason": finish});
        let mut last = self.chunk(json!([choice]));
        if behaviour.usage_on_finish {
            last["usage"] = usage(self.answer, behaviour);
        }
        self.push(&last, Role::Frame);
    }

    /// The name once, then the arguments in two parts.
    fn call(&mut self, index: u64, position: usize, call: &Call) {
        let function = json!({"name": call.name, "arguments": ""});
        let head =
            json!({"index": position, "id": call.id, "type": "function", "function": function});
        self.delta(index, json!({"tool_calls": [head]}), Role::Content);
        for part in call.halves() {
            let more = json!({"index": position, "function": {"arguments": part}});
            self.delta(index, json!({"tool_calls": [more]}), Role::Content);
        }
    }

    fn delta(&mut self, index: u64, delta: Value, role: Role) {
        let choices =
            json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": null}]);
        self.push(&self.chunk(choices), role);
    }

    fn chunk(&self, choices: Value) -> Value {
        let mut chunk = json!({
            "id": ID, "object": "chat.completion.chunk", "created": CREATED, "model": self.answer.model,
            "service_tier": "default", "system_fingerprint": null, "choices": choices,
        });
        if self.count {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    fn push(&mut self, chunk: &Value, role: Role) {
        self.events.push(Event {
            name: None,
            data: chunk.to_string(),
            role,
        });
    }
}

/// A refusal as OpenAI puts it.
pub fn error(refusal: &Refusal) -> Value {
    let kind = match refusal.status {
        429 => "requests",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    json!({"error": {"message": refusal.message, "type": kind, "param": refusal.param, "code": refusal.code}})
}

/// An error in the middle of a stream.
pub fn error_event() -> Event {
    let error = error(&Refusal::of_status(500));
    Event {
        name: None,
        data: error.to_string(),
        role: Role::Frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{Prompt, Tool};

    fn answer() -> Answer {
        let prompt = Prompt {
            choices: 1,
            input_bytes: 80,
            model: "m".into(),
            ..Prompt::default()
        };
        Answer::to(&prompt, &Behaviour::default())
    }

    fn data(count: bool) -> Vec<Value> {
        let events = events(&answer(), count, &Behaviour::default());
        events
            .iter()
            .filter_map(|event| serde_json::from_str(&event.data).ok())
            .collect()
    }

    #[test]
    fn usage_is_streamed_only_if_asked_for_and_is_then_null_elsewhere() {
        assert!(data(false).iter().all(|chunk| chunk.get("usage").is_none()));
        let counted = data(true);
        let (last, others) = counted.split_last().expect("chunks");
        assert!(
            others
                .iter()
                .all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some())
        );
        assert_eq!(
            (
                last["choices"].clone(),
                last["usage"]["total_tokens"].clone()
            ),
            (json!([]), json!(25))
        );
    }

    #[test]
    fn usage_may_ride_on_the_last_choice() {
        let behaviour = Behaviour {
            usage_on_finish: true,
            ..Behaviour::default()
        };
        let events = events(&answer(), true, &behaviour);
        let counted = events
            .iter()
            .filter(|event| event.data.contains("total_tokens"));
        assert!(
            counted
                .map(|event| &event.data)
                .all(|data| data.contains("\"finish_reason\":\"stop\""))
        );
    }

    #[test]
    fn the_streamed_pieces_of_a_call_are_its_arguments() {
        let schema = json!({"properties": {"city": {"type": "string"}}});
        let tools = vec![Tool {
            name: "wx".into(),
            schema,
        }];
        let prompt = Prompt {
            choices: 1,
            tools,
            ..Prompt::default()
        };
        let answer = Answer::to(&prompt, &Behaviour::default());
        let events = events(&answer, false, &Behaviour::default());
        let second: String = events
            .iter()
            .filter_map(|event| serde_json::from_str::<Value>(&event.data).ok())
            .filter_map(|chunk| Some(chunk.pointer("/choices/0/delta/tool_calls/0")?.clone()))
            .filter(|call| call["index"] == 1)
            .filter_map(|call| Some(call["function"]["arguments"].as_str()?.to_owned()))
            .collect();
        assert_eq!(second, "{\"city\":\"Rome\"}");
    }
}
