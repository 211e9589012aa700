//! What the assistant said in earlier turns: its reasoning, its text, and the tools it called.

use std::borrow::Cow;

use super::fields::{Fields, Words, elements, invalid, text};
use super::names;
use super::turns::Call;
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Object, compact};

/// One turn of the assistant.
#[derive(Debug, Default)]
pub(super) struct Spoken<'a> {
    cache: Option<&'a [u8]>,
    pub calls: Vec<Call<'a>>,
    /// Readable reasoning.
    reasoning: String,
    texts: Vec<Words<'a>>,
    /// Blocks of reasoning that their vendor knows again.
    thoughts: Vec<&'a [u8]>,
}

/// Reads the content of an assistant's message. What the vendor's own tools did is left out: no other vendor can be told.
///
/// # Errors
/// A 400 naming a call without an id or a name.
pub(super) fn read<'a>(content: &'a [u8], at: &str) -> Result<Spoken<'a>, ApiError> {
    let mut spoken = Spoken::default();
    spoken.texts.extend(text(content).map(Words::Theirs));
    for (index, json) in elements(content).into_iter().enumerate() {
        let block = Fields::of(json);
        match block.kind().as_ref() {
            "compaction" => spoken
                .texts
                .extend(block.text("content").map(Words::Theirs)),
            "redacted_thinking" => spoken.thoughts.push(json),
            "text" => spoken.texts.extend(block.text("text").map(Words::Theirs)),
            "thinking" => spoken.think(&block),
            "tool_use" => spoken.calls.push(call(&block, &format!("{at}.{index}"))?),
            _ => continue,
        }
        spoken.cache = block.cache().or(spoken.cache);
    }
    Ok(spoken)
}

fn call<'a>(block: &Fields<'a>, at: &str) -> Result<Call<'a>, ApiError> {
    let named = |name: &str| {
        let word = block.word(name);
        let words = format!("a tool_use block must have '{name}'");
        (!word.is_empty())
            .then_some(word)
            .ok_or_else(|| invalid(at, &words))
    };
    let input = compact(block.raw("input").unwrap_or(b"{}"));
    let arguments = match input {
        Cow::Borrowed(json) => String::from_utf8_lossy(json),
        Cow::Owned(json) => Cow::Owned(String::from_utf8_lossy(&json).into_owned()),
    };
    Ok(Call {
        arguments,
        id: names::id(named("id")?).into_owned(),
        name: names::name(named("name")?),
    })
}

impl<'a> Spoken<'a> {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
            && self.texts.is_empty()
            && self.thoughts.is_empty()
            && self.reasoning.is_empty()
    }

    fn think(&mut self, block: &Fields<'a>) {
        self.reasoning.push_str(&block.word("thinking"));
        // A vendor that signs its reasoning refuses what it has not signed.
        if !block.word("signature").is_empty() {
            self.thoughts.push(block.json);
        }
    }

    /// Writes what it says.
    pub fn write(&self, message: &mut Object<'_>) {
        match self.texts.as_slice() {
            [] if self.calls.is_empty() => message.string("content", ""),
            [] => message.raw("content", b"null"),
            [only] => message.with("content", |out| only.push_to(out)),
            texts => {
                let texts: Vec<_> = texts.iter().map(Words::decode).collect();
                message.string("content", &texts.concat());
            }
        }
        if !self.reasoning.is_empty() {
            message.string("reasoning_content", &self.reasoning);
        }
        if !self.thoughts.is_empty() {
            message.array("thinking_blocks", |blocks| {
                let each = |json: &&[u8]| blocks.with(|out| out.extend_from_slice(json));
                self.thoughts.iter().for_each(each);
            });
        }
        if !self.calls.is_empty() {
            message.array("tool_calls", |calls| {
                self.calls.iter().for_each(|call| call.write(calls))
            });
        }
        if let Some(marker) = self.cache {
            message.raw("cache_control", marker);
        }
    }
}

impl Call<'_> {
    fn write(&self, calls: &mut Array<'_>) {
        calls.object(|call| {
            call.string("id", &self.id);
            call.string("type", "function");
            call.object("function", |function| {
                function.string("name", &self.name);
                function.string("arguments", &self.arguments);
            });
        });
    }
}
