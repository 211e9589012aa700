//! Content blocks of a request, written once everything about the conversation is known.

use std::borrow::Cow;

use super::media::{Media, Source};
use crate::wire::json::{Array, Object, Text, push_string};

/// A block and the cache breakpoint behind it.
#[derive(Debug)]
pub(in crate::provider) struct Block<'a> {
    pub cache: Option<&'a [u8]>,
    pub what: What<'a>,
}

/// What a block is.
#[derive(Debug)]
pub(in crate::provider) enum What<'a> {
    Document {
        source: Source<'a>,
        title: Option<Text<'a>>,
    },
    Image(Source<'a>),
    /// A block in Anthropic's own words.
    Native(&'a [u8]),
    Redacted(Text<'a>),
    Text(Words<'a>),
    Thinking {
        signature: Text<'a>,
        thinking: Text<'a>,
    },
    ToolResult(ToolResult<'a>),
    ToolUse {
        id: String,
        input: Vec<u8>,
        name: Cow<'a, str>,
    },
}

/// Text, as the client spelled it or ours.
#[derive(Debug)]
pub(in crate::provider) enum Words<'a> {
    /// An operator's instruction where the model takes none.
    Instruction(Text<'a>),
    Ours(String),
    Theirs(Text<'a>),
}

/// What a tool answered.
#[derive(Debug)]
pub(in crate::provider) struct ToolResult<'a> {
    /// Until it is matched with its call the client's id, then the id sent.
    pub id: String,
    pub content: Answered<'a>,
    pub is_error: bool,
}

/// The content of a tool's result.
#[derive(Debug)]
pub(in crate::provider) enum Answered<'a> {
    Blocks(Vec<Block<'a>>),
    Words(Words<'a>),
}

impl<'a> Block<'a> {
    /// A block without a breakpoint.
    pub const fn new(what: What<'a>) -> Self {
        Self { cache: None, what }
    }

    /// Text of ours.
    pub fn ours(text: impl Into<String>) -> Self {
        Self::new(What::Text(Words::Ours(text.into())))
    }

    /// The block that shows it.
    pub fn showing(media: Media<'a>, title: Option<Text<'a>>) -> Self {
        Self::new(match media {
            Media::Document(source) => What::Document { source, title },
            Media::Image(source) => What::Image(source),
        })
    }

    /// How many breakpoints it carries, its inner blocks' among them.
    pub fn breakpoints(&self) -> usize {
        let inner = match &self.what {
            What::ToolResult(ToolResult {
                content: Answered::Blocks(blocks),
                ..
            }) => count(blocks),
            _ => 0,
        };
        inner.saturating_add(usize::from(self.cache.is_some()))
    }

    /// Whether it names a file that was uploaded before.
    pub const fn is_uploaded(&self) -> bool {
        matches!(
            self.what,
            What::Document {
                source: Source::File(_),
                ..
            }
        )
    }

    fn write(&self, array: &mut Array<'_>, cache: &mut Breakpoints) {
        if let What::Native(json) = self.what {
            array.with(|out| out.extend_from_slice(json));
            return;
        }
        array.object(|block| {
            self.what.write(block, cache);
            cache.write(block, self.cache);
        });
    }
}

/// How many breakpoints the blocks carry.
pub(in crate::provider) fn count(blocks: &[Block<'_>]) -> usize {
    blocks
        .iter()
        .map(Block::breakpoints)
        .fold(0, usize::saturating_add)
}

/// Writes the blocks.
pub(in crate::provider) fn write_all(
    blocks: &[Block<'_>],
    array: &mut Array<'_>,
    cache: &mut Breakpoints,
) {
    blocks.iter().for_each(|block| block.write(array, cache));
}

impl What<'_> {
    fn write(&self, block: &mut Object<'_>, cache: &mut Breakpoints) {
        match self {
            Self::Document { source, title } => {
                block.raw("type", b"\"document\"");
                source.write(block);
                if let Some(title) = title {
                    block.text("title", *title);
                }
            }
            Self::Image(source) => {
                block.raw("type", b"\"image\"");
                source.write(block);
            }
            Self::Native(_) => {}
            Self::Redacted(data) => {
                block.raw("type", b"\"redacted_thinking\"");
                block.text("data", *data);
            }
            Self::Text(words) => {
                block.raw("type", b"\"text\"");
                block.with("text", |out| words.push_to(out));
            }
            Self::Thinking {
                signature,
                thinking,
            } => {
                block.raw("type", b"\"thinking\"");
                block.text("thinking", *thinking);
                block.text("signature", *signature);
            }
            Self::ToolResult(result) => result.write(block, cache),
            Self::ToolUse { id, input, name } => {
                block.raw("type", b"\"tool_use\"");
                block.string("id", id);
                block.string("name", name);
                block.raw("input", input);
            }
        }
    }
}

impl ToolResult<'_> {
    fn write(&self, block: &mut Object<'_>, cache: &mut Breakpoints) {
        block.raw("type", b"\"tool_result\"");
        block.string("tool_use_id", &self.id);
        match &self.content {
            Answered::Blocks(blocks) => {
                block.array("content", |array| write_all(blocks, array, cache))
            }
            Answered::Words(words) => block.with("content", |out| words.push_to(out)),
        }
        if self.is_error {
            block.raw("is_error", b"true");
        }
    }
}

impl Words<'_> {
    /// Appends it as a JSON string.
    pub fn push_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Instruction(text) => {
                out.extend_from_slice(b"\"[System instruction] ");
                out.extend_from_slice(text.raw());
                out.push(b'"');
            }
            Self::Ours(text) => push_string(out, text),
            Self::Theirs(text) => text.push_to(out),
        }
    }

    /// The text itself.
    pub fn decode(&self) -> Cow<'_, str> {
        match self {
            Self::Instruction(text) => {
                Cow::Owned(format!("[System instruction] {}", text.decode()))
            }
            Self::Ours(text) => Cow::Borrowed(text),
            Self::Theirs(text) => text.decode(),
        }
    }
}

/// Which cache breakpoints are sent: the last four, in the order tools, system, messages.
#[derive(Debug)]
pub(in crate::provider) struct Breakpoints {
    left_out: usize,
}

impl Breakpoints {
    /// How many Anthropic takes.
    const MOST: usize = 4;

    /// A choice among `all`.
    pub const fn of(all: usize) -> Self {
        Self {
            left_out: all.saturating_sub(Self::MOST),
        }
    }

    /// Writes a breakpoint, unless there are too many behind it.
    pub fn write(&mut self, object: &mut Object<'_>, marker: Option<&[u8]>) {
        let Some(marker) = marker else { return };
        if self.keeps() {
            object.raw("cache_control", marker);
        }
    }

    /// Whether the next breakpoint is sent.
    pub fn keeps(&mut self) -> bool {
        let keeps = self.left_out == 0;
        self.left_out = self.left_out.saturating_sub(1);
        keeps
    }
}
