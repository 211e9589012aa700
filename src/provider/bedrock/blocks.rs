//! The blocks of a request in Converse's words.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::media::{self, DOCUMENT, Format};
use crate::provider::anthropic::block::{Answered, Block, Breakpoints, ToolResult, What, Words};
use crate::provider::anthropic::media::Source;
use crate::provider::anthropic::turns::{Role, Turn};
use crate::wire::json::{Array, Members, Object, Reader, Text, push_string};

/// What stands where something must be said and nothing is.
const NOTHING: &str = ".";

/// Writes blocks.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Which cache breakpoints are sent.
    pub cache: Breakpoints,
    /// The names of the documents so far, which must differ.
    names: BTreeSet<String>,
}

impl Blocks {
    pub fn new(cache: Breakpoints) -> Self {
        Self {
            cache,
            names: BTreeSet::new(),
        }
    }

    /// Writes a turn as an element of `messages`.
    pub fn turn(&mut self, turn: &Turn<'_>, messages: &mut Array<'_>) {
        let is = |found: fn(&What<'_>) -> bool| turn.blocks.iter().any(|block| found(&block.what));
        let silent = is(is_document) && !is(|what| matches!(what, What::Text(_)));
        messages.object(|message| {
            message.string("role", turn.role.as_str());
            message.array("content", |array| {
                self.all(&turn.blocks, array);
                if silent && turn.role == Role::User {
                    array.object(|block| block.string("text", NOTHING));
                }
            });
        });
    }

    /// Writes blocks and the breakpoints behind them.
    pub fn all(&mut self, blocks: &[Block<'_>], array: &mut Array<'_>) {
        for block in blocks {
            self.block(&block.what, array);
            if let Some(marker) = block.cache {
                self.point(marker, array);
            }
        }
    }

    /// Writes a breakpoint, unless there are too many behind it.
    pub fn point(&mut self, marker: &[u8], array: &mut Array<'_>) {
        if !self.cache.keeps() {
            return;
        }
        let members = Members::read(marker).unwrap_or_default();
        let ttl = members.get("ttl").map(|member| member.value);
        array.object(|block| {
            block.object("cachePoint", |point| {
                point.string("type", "default");
                if let Some(ttl @ (b"\"5m\"" | b"\"1h\"")) = ttl {
                    point.raw("ttl", ttl);
                }
            });
        });
    }

    fn block(&mut self, what: &What<'_>, array: &mut Array<'_>) {
        array.object(|block| match what {
            What::Document { source, title } => self.media(source, *title, block),
            What::Image(source) => self.media(source, None, block),
            What::Native(part) => guarded(part, block),
            What::Redacted(data) => {
                block.object("reasoningContent", |inner| {
                    inner.text("redactedContent", *data)
                });
            }
            What::Text(words) => say(words, block),
            What::Thinking {
                signature,
                thinking,
            } => block.object("reasoningContent", |inner| {
                inner.object("reasoningText", |inner| {
                    inner.text("text", *thinking);
                    inner.text("signature", *signature);
                });
            }),
            What::ToolResult(result) => self.result(result, block),
            What::ToolUse { id, input, name } => block.object("toolUse", |call| {
                call.string("toolUseId", id);
                call.string("name", name);
                call.raw("input", input);
            }),
        });
    }

    fn result(&mut self, result: &ToolResult<'_>, block: &mut Object<'_>) {
        block.object("toolResult", |object| {
            object.string("toolUseId", &result.id);
            object.array("content", |array| match &result.content {
                // Converse has no breakpoints in here: they stand behind the result.
                Answered::Blocks(blocks) => {
                    blocks
                        .iter()
                        .for_each(|block| self.block(&block.what, array));
                }
                Answered::Words(words) => array.object(|block| say(words, block)),
            });
            if result.is_error {
                object.string("status", "error");
            }
        });
    }

    fn media(&mut self, source: &Source<'_>, title: Option<Text<'_>>, block: &mut Object<'_>) {
        // What has no format was refused before.
        let Some(Format {
            block: kind, name, ..
        }) = media::format_of(source)
        else {
            return block.string("text", NOTHING);
        };
        block.object(kind, |object| {
            object.string("format", name);
            if kind == DOCUMENT {
                let title = title.map(|title| title.decode());
                object.string("name", &self.name(title.as_deref().unwrap_or_default()));
            }
            object.object("source", |object| match source {
                Source::Base64 { data, .. } => object.with("bytes", |out| {
                    out.push(b'"');
                    out.extend_from_slice(data);
                    out.push(b'"');
                }),
                Source::Url(url) => object.object("s3Location", |place| place.text("uri", *url)),
                Source::File(_) | Source::Plain(_) => {}
            });
        });
    }

    /// A document's name in the letters that are allowed, without the ending, and different from the others.
    fn name(&mut self, title: &str) -> String {
        let stem = title.rsplit_once('.').map_or(title, |(stem, _)| stem);
        let allowed =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '(' | ')' | '[' | ']');
        let clean: String = stem
            .chars()
            .map(|c| if allowed(c) { c } else { '-' })
            .take(180)
            .collect();
        let words: Vec<&str> = clean.split_whitespace().collect();
        let name = match words.join(" ") {
            empty if empty.is_empty() => DOCUMENT.to_owned(),
            name => name,
        };
        let numbered = (2_u32..).map(|number| format!("{name}_{number}"));
        let free = core::iter::once(name.clone())
            .chain(numbered)
            .find(|name| !self.names.contains(name));
        let name = free.unwrap_or(name);
        self.names.insert(name.clone());
        name
    }
}

fn is_document(what: &What<'_>) -> bool {
    match what {
        What::Document { source, .. } => {
            media::format_of(source).is_some_and(|format| format.block == DOCUMENT)
        }
        _ => false,
    }
}

/// The member `text`. Bedrock refuses NUL characters and text that is empty.
fn say(words: &Words<'_>, block: &mut Object<'_>) {
    let raw = match words {
        Words::Instruction(text) | Words::Theirs(text) => text.raw(),
        Words::Ours(text) => text.as_bytes(),
    };
    if raw.is_empty() {
        return block.string("text", NOTHING);
    }
    let has_nul = memchr::memmem::find(raw, b"\\u0000").is_some();
    block.with("text", |out| {
        if has_nul {
            push_string(out, &words.decode().replace('\0', ""));
        } else {
            words.push_to(out);
        }
    });
}

/// Text that the guardrail is to look at.
fn guarded(part: &[u8], block: &mut Object<'_>) {
    let mut text = None;
    let read = Reader::new(part).object(|reader, key| {
        let found = reader.optional_string()?;
        text = if key.is("text") { found } else { text };
        Ok(())
    });
    let text = read
        .ok()
        .and(text)
        .map_or(Cow::Borrowed(NOTHING), |text| text.decode());
    block.object("guardContent", |inner| {
        inner.object("text", |inner| inner.string("text", &text));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_names_that_are_allowed_and_differ() {
        let mut blocks = Blocks::new(Breakpoints::of(0));
        assert_eq!(blocks.name("a b.pdf"), "a b");
        assert_eq!(blocks.name("a  b.docx"), "a b_2");
        assert_eq!(blocks.name("a b"), "a b_3");
        assert_eq!(blocks.name(""), "document");
        assert_eq!(blocks.name("Č/x_(1)[2].csv"), "--x-(1)[2]");
    }
}
