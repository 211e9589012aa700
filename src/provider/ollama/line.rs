//! One JSON object of Ollama: a line of its stream, or its whole answer.

use crate::wire::json::{Fault, Reader, Text};

/// What it says.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    pub calls: Vec<Call<'a>>,
    pub content: Option<Text<'a>>,
    /// When it was made (RFC 3339).
    pub created: Option<Text<'a>>,
    pub done: bool,
    pub failed: bool,
    pub has_message: bool,
    pub input: Option<u64>,
    pub model: Option<Text<'a>>,
    pub output: Option<u64>,
    pub reason: Option<Text<'a>>,
    pub thinking: Option<Text<'a>>,
}

/// A tool call.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    /// JSON: an object.
    pub arguments: Option<&'a [u8]>,
    pub id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
}

impl<'a> Line<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// When it is not a JSON object.
    pub fn read(json: &'a [u8]) -> Result<Self, Fault> {
        let mut line = Self::default();
        let mut reader = Reader::new(json);
        reader.object(|reader, key| {
            match key.raw() {
                b"created_at" => line.created = reader.optional_string()?,
                b"done" => line.done = reader.skip()? == b"true",
                b"done_reason" => line.reason = reader.optional_string()?,
                b"error" => line.failed = reader.skip()? != b"null",
                b"eval_count" => line.output = number(reader.skip()?),
                b"message" => line.has_message = line.message(reader)?,
                b"model" => line.model = reader.optional_string()?,
                b"prompt_eval_count" => line.input = number(reader.skip()?),
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        reader.end()?;
        Ok(line)
    }

    fn message(&mut self, reader: &mut Reader<'a>) -> Result<bool, Fault> {
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"content" => self.content = reader.optional_string()?,
                b"thinking" => self.thinking = reader.optional_string()?,
                b"tool_calls" => {
                    reader.optional_array(|reader, _| {
                        let mut call = Call::default();
                        call.read(reader)?;
                        self.calls.push(call);
                        Ok(())
                    })?;
                }
                _ => reader.ignore()?,
            }
            Ok(())
        })
    }
}

impl<'a> Call<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"arguments" => self.arguments = Some(reader.skip()?),
                b"function" => self.read(reader)?,
                b"id" => self.id = reader.optional_string()?,
                b"name" => self.name = reader.optional_string()?,
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        Ok(())
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}
