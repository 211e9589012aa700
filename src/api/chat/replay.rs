//! A complete answer told as a stream, for a client that asked for one.

use serde_json::{Map, Value, json};

/// The chunks that say what this complete OpenAI answer says; `None` when it is not one.
#[must_use]
pub fn stream(answer: &[u8], include_usage: bool) -> Option<Vec<u8>> {
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(answer) else {
        return None;
    };
    let Some(Value::Array(choices)) = answer.remove("choices") else {
        return None;
    };
    let usage = answer.remove("usage").filter(Value::is_object);
    answer.insert("object".to_owned(), "chat.completion.chunk".into());
    let mut out = Vec::new();
    for choice in choices {
        let Value::Object(mut choice) = choice else {
            return None;
        };
        let finish = choice.remove("finish_reason").filter(Value::is_string);
        let index = choice.get("index").cloned().unwrap_or_else(|| 0.into());
        let delta = delta(choice.remove("message")?)?;
        choice.insert("delta".to_owned(), delta.into());
        choice.insert("finish_reason".to_owned(), Value::Null);
        push(&mut out, &answer, choice.into());
        let finish = finish.unwrap_or_else(|| "stop".into());
        push(
            &mut out,
            &answer,
            json!({"index": index, "delta": {}, "finish_reason": finish}),
        );
    }
    if let Some(usage) = usage.filter(|_| include_usage) {
        answer.insert("choices".to_owned(), json!([]));
        answer.insert("usage".to_owned(), usage);
        push_event(&mut out, &answer);
    }
    out.extend_from_slice(b"data: [DONE]\n\n");
    Some(out)
}

/// A message as a delta: its tool calls need an index there.
fn delta(message: Value) -> Option<Map<String, Value>> {
    let Value::Object(mut message) = message else {
        return None;
    };
    if let Some(Value::Array(calls)) = message.get_mut("tool_calls") {
        for (index, call) in calls.iter_mut().enumerate() {
            if let Value::Object(call) = call {
                call.insert("index".to_owned(), index.into());
            }
        }
    }
    message.retain(|_, value| !value.is_null());
    Some(message)
}

fn push(out: &mut Vec<u8>, envelope: &Map<String, Value>, choice: Value) {
    let mut chunk = envelope.clone();
    chunk.insert("choices".to_owned(), Value::Array(vec![choice]));
    push_event(out, &chunk);
}

fn push_event(out: &mut Vec<u8>, chunk: &Map<String, Value>) {
    out.extend_from_slice(b"data: ");
    out.extend(serde_json::to_vec(chunk).unwrap_or_default());
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t94_a_complete_answer_is_told_as_a_stream() {
        let answer = br#"{"id":"1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,
            "message":{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
            "finish_reason":"tool_calls"}],"usage":{"total_tokens":3}}"#;
        let text = String::from_utf8(stream(answer, true).unwrap()).unwrap();
        let chunks: Vec<&str> = text
            .split_terminator("\n\n")
            .map(|line| line.strip_prefix("data: ").unwrap())
            .collect();
        assert_eq!(chunks.len(), 4);
        let first: Value = serde_json::from_str(chunks[0]).unwrap();
        assert_eq!(first["choices"][0]["delta"]["tool_calls"][0]["index"], 0);
        assert_eq!(first["object"], "chat.completion.chunk");
        let second: Value = serde_json::from_str(chunks[1]).unwrap();
        assert_eq!(second["choices"][0]["finish_reason"], "tool_calls");
        assert!(chunks[2].contains("\"choices\":[],") || chunks[2].contains("\"choices\":[]"));
        assert_eq!(chunks[3], "[DONE]");
        assert!(
            !String::from_utf8(stream(answer, false).unwrap())
                .unwrap()
                .contains("total_tokens")
        );
    }
}
