//! Events of a streamed answer, numbered, and those that begin and end its items.

use super::item::{Call, Item, Message, Place, Reasoning, refused, spoken, summary};
use crate::api::look::{object, value};
use crate::canonical::error::ApiError;
use crate::wire::json::Object;

/// Events in order.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The number of the next one.
    next: u64,
    /// Whether the answer is told whole, without events.
    pub silent: bool,
}

impl Events {
    /// One event.
    pub fn write(&mut self, out: &mut Vec<u8>, kind: &str, fill: impl FnOnce(&mut Object<'_>)) {
        if self.silent {
            return;
        }
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        Object::write(out, |event| {
            event.string("type", kind);
            event.number("sequence_number", self.next);
            fill(event);
        });
        out.extend_from_slice(b"\n\n");
        self.next = self.next.saturating_add(1);
    }

    /// The news of a failure. OpenAI documents its members side by side; what its server sends, and its SDKs raise, is an `error` of
    /// them.
    pub fn error(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        let code = error.code.as_deref().unwrap_or(&error.kind);
        self.write(out, "error", |event| {
            event.string("code", code);
            event.string("message", &error.message);
            event.nullable("param", error.param.as_deref());
            let json = error.to_json();
            event.raw("error", value(&object(&json), "error").unwrap_or(b"null"));
        });
    }

    /// An event of the item at that place.
    pub fn of(
        &mut self,
        out: &mut Vec<u8>,
        kind: &str,
        at: &Place,
        fill: impl FnOnce(&mut Object<'_>),
    ) {
        self.write(out, kind, |event| {
            event.string("item_id", &at.id);
            event.number("output_index", number(at.index));
            fill(event);
        });
    }

    /// The whole item.
    pub fn item(&mut self, out: &mut Vec<u8>, kind: &str, item: &Item, status: &str) {
        self.write(out, kind, |event| {
            event.number("output_index", number(item.at.index));
            event.object("item", |object| item.write(status, object));
        });
    }
}

/// A place as a number.
pub(super) fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

/// A message begins to speak.
pub(super) fn begin_text(
    message: &mut Message,
    events: &mut Events,
    at: &Place,
    out: &mut Vec<u8>,
) {
    if message.text.is_none() {
        message.text = Some(String::new());
        events.of(out, "response.content_part.added", at, |event| {
            event.number("content_index", 0);
            event.object("part", |part| spoken(part, "", &[]));
        });
    }
}

pub(super) fn end_message(message: &Message, events: &mut Events, at: &Place, out: &mut Vec<u8>) {
    const DONE: &str = "response.content_part.done";
    if let Some(text) = &message.text {
        events.of(out, "response.output_text.done", at, |event| {
            event.number("content_index", 0);
            event.string("text", text);
            event.raw("logprobs", b"[]");
        });
        events.of(out, DONE, at, |event| {
            event.number("content_index", 0);
            event.object("part", |part| spoken(part, text, &message.citations));
        });
    }
    if let Some(refusal) = &message.refusal {
        let place = u64::from(message.text.is_some());
        events.of(out, "response.refusal.done", at, |event| {
            event.number("content_index", place);
            event.string("refusal", refusal);
        });
        events.of(out, DONE, at, |event| {
            event.number("content_index", place);
            event.object("part", |part| refused(part, refusal));
        });
    }
}

pub(super) fn end_reasoning(
    reasoning: &Reasoning,
    events: &mut Events,
    at: &Place,
    out: &mut Vec<u8>,
) {
    if reasoning.text.is_empty() {
        return;
    }
    let kind = "response.reasoning_summary_text.done";
    events.of(out, kind, at, |event| {
        event.number("summary_index", 0);
        event.string("text", &reasoning.text);
    });
    let kind = "response.reasoning_summary_part.done";
    events.of(out, kind, at, |event| {
        event.number("summary_index", 0);
        event.object("part", |part| summary(part, &reasoning.text));
    });
}

/// A call without arguments is one with none.
pub(super) fn end_call(call: &mut Call, events: &mut Events, at: &Place, out: &mut Vec<u8>) {
    if call.custom {
        let input = call.input();
        let kind = "response.custom_tool_call_input.delta";
        events.of(out, kind, at, |event| event.string("delta", &input));
        let kind = "response.custom_tool_call_input.done";
        return events.of(out, kind, at, |event| event.string("input", &input));
    }
    if call.arguments.is_empty() {
        call.arguments.push_str("{}");
        let kind = "response.function_call_arguments.delta";
        events.of(out, kind, at, |event| event.string("delta", "{}"));
    }
    let kind = "response.function_call_arguments.done";
    events.of(out, kind, at, |event| {
        event.string("name", &call.name);
        event.string("arguments", &call.arguments);
    });
}
