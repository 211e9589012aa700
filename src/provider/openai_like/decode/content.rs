//! Content in parts, and reasoning that is to be sent back with its signature.

use super::Each;
use crate::canonical::answer::ThinkingBlock;
use crate::canonical::piece::Piece;
use crate::wire::json::{Fault, Reader, Text};

/// Reasoning whose signature has not come yet.
#[derive(Debug, Default)]
pub(super) struct Signed {
    thinking: String,
}

/// A part of a content, of the types that say something.
#[derive(Clone, Copy, Debug, Default)]
struct Part<'a> {
    data: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    /// Mistral's `thinking` and Databricks' `summary`: arrays of parts.
    inner: Option<&'a [u8]>,
    signature: Option<Text<'a>>,
    text: Option<Text<'a>>,
    thinking: Option<Text<'a>>,
}

impl Signed {
    /// Reads `thinking_blocks`. Their text has been told as reasoning already.
    pub fn read_blocks(&mut self, json: Option<&[u8]>, each: Each<'_>) {
        each_part(json, &mut |part| {
            if let Some(data) = part.data {
                let data = data.decode().into_owned();
                each(Piece::Thinking(ThinkingBlock::Redacted { data }));
                return;
            }
            if let Some(text) = part.thinking {
                self.thinking.push_str(&text.decode());
            }
            self.sign(part.signature, each);
        });
    }

    /// Reads a content that is an array; says whether it said anything.
    pub fn read_parts(&mut self, json: Option<&[u8]>, each: Each<'_>) -> bool {
        let mut said = false;
        each_part(json, &mut |part| {
            if part.inner.is_some() || part.thinking.is_some() {
                said = true;
                if let Some(text) = part.thinking {
                    self.think(text, each);
                }
                each_part(part.inner, &mut |inner| {
                    if let Some(text) = inner.text {
                        self.think(text, each);
                    }
                    self.sign(inner.signature, each);
                });
            } else if part.kind.is_none_or(|kind| kind.is("text"))
                && let Some(text) = part.text.filter(|text| !text.raw().is_empty())
            {
                said = true;
                each(Piece::Content(&text.decode()));
            }
        });
        said
    }

    /// Nothing more comes: what is not signed is of no use to the vendor.
    pub fn close(&mut self) {
        self.thinking.clear();
    }

    fn think(&mut self, text: Text<'_>, each: Each<'_>) {
        if text.raw().is_empty() {
            return;
        }
        let text = text.decode();
        self.thinking.push_str(&text);
        each(Piece::Reasoning(&text));
    }

    fn sign(&mut self, signature: Option<Text<'_>>, each: Each<'_>) {
        if let Some(signature) = signature.filter(|text| !text.raw().is_empty()) {
            each(Piece::Thinking(ThinkingBlock::Signed {
                signature: signature.decode().into_owned(),
                thinking: core::mem::take(&mut self.thinking),
            }));
        }
    }
}

/// Hands over each part of the array. The bytes have been read once and are JSON.
fn each_part<'a>(json: Option<&'a [u8]>, each: &mut dyn FnMut(Part<'a>)) {
    let Some(json) = json else { return };
    let _ = Reader::new(json).array(|reader, _| {
        let mut part = Part::default();
        reader.optional_object(|reader, key| part.member(reader, key))?;
        each(part);
        Ok(())
    });
}

impl<'a> Part<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"data" => self.data = reader.optional_string()?,
            b"signature" => self.signature = reader.optional_string()?,
            b"summary" | b"thinking" if reader.peek() == Some(b'[') => {
                self.inner = Some(reader.skip()?);
            }
            b"text" => self.text = reader.optional_string()?,
            b"thinking" => self.thinking = reader.optional_string()?,
            b"type" => self.kind = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    }
}
