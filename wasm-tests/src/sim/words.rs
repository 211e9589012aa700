//! What simulated providers say, each in its vendor's format.

use serde_json::{Value, json};

/// How a vendor words things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Anthropic's messages.
    Anthropic,
    /// OpenAI's chat completions.
    Openai,
}

/// The parts of a stream.
#[derive(Clone, Debug)]
pub struct Stream {
    /// What comes before any content.
    pub beginning: String,
    /// The content, a piece for each.
    pub content: Vec<String>,
    /// What makes it complete.
    pub end: String,
}

impl Format {
    /// A complete answer that says `text`.
    #[must_use]
    pub fn whole(self, text: &str) -> String {
        let answer = match self {
            Self::Anthropic => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
                "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
                "stop_sequence": null, "usage": {"input_tokens": 5, "output_tokens": 7}}),
            Self::Openai => json!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "finish_reason": "stop",
                             "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}),
        };
        answer.to_string()
    }

    /// A stream that says these words.
    #[must_use]
    pub fn stream(self, words: &[String]) -> Stream {
        match self {
            Self::Anthropic => anthropic(words),
            Self::Openai => openai(words),
        }
    }

    /// The body of an error with this status.
    #[must_use]
    pub fn error(self, status: u16, code: &str, message: &str) -> String {
        let error = match self {
            Self::Anthropic => json!({"type": "error",
                "error": {"type": kind(status), "message": message}}),
            Self::Openai => json!({"error":
                {"message": message, "type": kind(status), "param": null, "code": code}}),
        };
        error.to_string()
    }

    /// An event that is an error.
    #[must_use]
    pub fn error_event(self) -> String {
        match self {
            Self::Anthropic => event(
                "error",
                &json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
            ),
            Self::Openai => format!("data: {}\n\n", self.error(500, "server_error", "it broke")),
        }
    }

    /// An event that nobody can read.
    #[must_use]
    pub const fn malformed_event(self) -> &'static str {
        match self {
            Self::Anthropic => "event: content_block_delta\ndata: {\"type\":\"content_blo\n\n",
            Self::Openai => "data: {\"choices\":[{\"ind\n\n",
        }
    }
}

/// What both vendors call an error with this status, or what one of them does.
const fn kind(status: u16) -> &'static str {
    match status {
        400 | 409 | 422 => "invalid_request_error",
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}

fn openai(words: &[String]) -> Stream {
    let chunk = |delta: Value, finish: Value| {
        let chunk = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
        format!("data: {chunk}\n\n")
    };
    let says = |word: &String| chunk(json!({ "content": word }), Value::Null);
    Stream {
        beginning: chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        content: words.iter().map(says).collect(),
        end: chunk(json!({}), json!("stop")) + "data: [DONE]\n\n",
    }
}

fn anthropic(words: &[String]) -> Stream {
    let start = json!({"type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 5, "output_tokens": 1}}});
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let says = |word: &String| {
        let delta = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}});
        event("content_block_delta", &delta)
    };
    let delta = json!({"type": "message_delta", "usage": {"output_tokens": 7},
        "delta": {"stop_reason": "end_turn", "stop_sequence": null}});
    Stream {
        beginning: event("message_start", &start) + &event("content_block_start", &block),
        content: words.iter().map(says).collect(),
        end: event(
            "content_block_stop",
            &json!({"type": "content_block_stop", "index": 0}),
        ) + &event("message_delta", &delta)
            + &event("message_stop", &json!({"type": "message_stop"})),
    }
}

fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
