//! A stream in OpenAI's words, for all tests that need one.

use serde_json::{Value, json};

/// An event with that data.
pub fn event(data: impl core::fmt::Display) -> String {
    format!("data: {data}\n\n")
}

/// A chunk with that choice.
pub fn chunk(choice: Value) -> String {
    event(
        json!({"id": "chatcmpl-9", "object": "chat.completion.chunk", "created": 7, "model": "gpt-4o-x", "choices": [choice]}),
    )
}

/// The chunk that begins an answer: no content yet.
pub fn role() -> String {
    chunk(json!({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}))
}

/// A chunk with that text.
pub fn word(text: &str) -> String {
    chunk(json!({"index": 0, "delta": {"content": text}, "finish_reason": null}))
}

/// The chunk that says why the answer ends.
pub fn stop() -> String {
    chunk(json!({"index": 0, "delta": {}, "finish_reason": "stop"}))
}

/// What the answer took: 1,000 tokens in, 400 of them from the cache, and 100 out.
pub fn usage() -> String {
    event(
        json!({"id": "chatcmpl-9", "object": "chat.completion.chunk", "created": 7, "model": "gpt-4o-x",
        "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
        "prompt_tokens_details": {"cached_tokens": 400}}}),
    )
}

/// The end.
pub fn done() -> String {
    event("[DONE]")
}
