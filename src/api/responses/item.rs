//! The items an answer consists of.

use crate::canonical::answer::{Citation, ThinkingBlock};
use crate::usage::Usage;
use crate::wire::json::{Array, Members, Object};

use crate::api::look::text;

/// What stands before signed reasoning in `encrypted_content`, which clients send back as it is.
pub(super) const BLOCKS: &str = "thinking_blocks:";

/// One item.
#[derive(Debug)]
pub(super) struct Item {
    pub at: Place,
    pub kind: Kind,
    /// Whether more may come.
    pub open: bool,
}

/// By what its events name it.
#[derive(Debug)]
pub(super) struct Place {
    pub id: String,
    /// Where it stands among the items.
    pub index: usize,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Kind {
    Call(Call),
    Message(Message),
    Reasoning(Reasoning),
}

/// A call of a tool.
#[derive(Debug)]
pub(super) struct Call {
    /// JSON.
    pub arguments: String,
    /// Whether it is a tool that takes only text.
    pub custom: bool,
    pub id: String,
    pub name: String,
}

/// What is said.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub citations: Vec<Citation>,
    pub refusal: Option<String>,
    pub text: Option<String>,
}

/// What was thought.
#[derive(Debug, Default)]
pub(super) struct Reasoning {
    pub blocks: Vec<ThinkingBlock>,
    pub text: String,
}

impl Item {
    /// Writes it as far as it has come.
    pub fn write(&self, status: &str, out: &mut Object<'_>) {
        out.string("id", &self.at.id);
        match &self.kind {
            Kind::Call(call) => call.write(status, out),
            Kind::Message(message) => {
                out.raw("type", b"\"message\"");
                out.string("status", status);
                out.raw("role", b"\"assistant\"");
                out.array("content", |parts| message.write(parts));
            }
            Kind::Reasoning(reasoning) => reasoning.write(out),
        }
    }
}

impl Call {
    fn write(&self, status: &str, out: &mut Object<'_>) {
        let kind = if self.custom {
            "custom_tool_call"
        } else {
            "function_call"
        };
        out.string("type", kind);
        out.string("call_id", &self.id);
        out.string("name", &self.name);
        if self.custom {
            out.string("input", &self.input());
        } else {
            out.string("status", status);
            out.string("arguments", &self.arguments);
        }
    }

    /// What a tool that takes only text is given. A model that ignores the schema means the text all the same.
    pub fn input(&self) -> String {
        let members = Members::read(self.arguments.as_bytes()).ok();
        let input = members.and_then(|members| text(&members, "input"));
        input.map_or_else(
            || self.arguments.clone(),
            |input| input.decode().into_owned(),
        )
    }
}

impl Message {
    fn write(&self, parts: &mut Array<'_>) {
        if let Some(text) = &self.text {
            parts.object(|part| spoken(part, text, &self.citations));
        }
        if let Some(refusal) = &self.refusal {
            parts.object(|part| refused(part, refusal));
        }
    }
}

/// Writes a part that is text.
pub(super) fn spoken(part: &mut Object<'_>, text: &str, citations: &[Citation]) {
    part.raw("type", b"\"output_text\"");
    part.string("text", text);
    part.array("annotations", |list| {
        for citation in citations {
            list.object(|object| annotation(object, citation));
        }
    });
    part.raw("logprobs", b"[]");
}

/// Writes a part that is a refusal.
pub(super) fn refused(part: &mut Object<'_>, refusal: &str) {
    part.raw("type", b"\"refusal\"");
    part.string("refusal", refusal);
}

/// Writes a source.
pub(super) fn annotation(object: &mut Object<'_>, citation: &Citation) {
    let count = |characters: usize| u64::try_from(characters).unwrap_or(u64::MAX);
    object.raw("type", b"\"url_citation\"");
    object.number("start_index", count(citation.start));
    object.number("end_index", count(citation.end));
    object.string("title", &citation.title);
    object.string("url", &citation.url);
}

impl Reasoning {
    fn write(&self, out: &mut Object<'_>) {
        out.raw("type", b"\"reasoning\"");
        out.array("summary", |parts| {
            if !self.text.is_empty() {
                parts.object(|part| summary(part, &self.text));
            }
        });
        if !self.blocks.is_empty() {
            out.string("encrypted_content", &self.kept());
        }
    }

    /// The blocks, as text that clients send back.
    fn kept(&self) -> String {
        let mut json = Vec::new();
        Array::write(&mut json, |list| {
            for block in &self.blocks {
                crate::api::chat::answer::write_thinking(list, block);
            }
        });
        [BLOCKS, &String::from_utf8_lossy(&json)].concat()
    }
}

/// Writes a part of a summary.
pub(super) fn summary(part: &mut Object<'_>, text: &str) {
    part.raw("type", b"\"summary_text\"");
    part.string("text", text);
}

/// Writes what an answer took.
pub(super) fn usage(object: &mut Object<'_>, usage: &Usage) {
    object.number("input_tokens", usage.input);
    object.object("input_tokens_details", |details| {
        details.number("cached_tokens", usage.cache_read);
        let written = usage.cache_write.saturating_add(usage.cache_write_1h);
        details.number("cache_write_tokens", written);
    });
    object.number("output_tokens", usage.output);
    object.object("output_tokens_details", |details| {
        details.number("reasoning_tokens", usage.reasoning);
    });
    object.number("total_tokens", usage.total());
}
