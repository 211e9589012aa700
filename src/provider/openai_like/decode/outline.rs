//! What an answer or a chunk says, found in one pass and without a tree.

use crate::canonical::scan::is_failure;
use crate::wire::json::{Fault, Reader, Text};

/// The members that matter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outline<'a> {
    /// The first choice.
    pub choice: Option<Choice<'a>>,
    /// Addresses of sources (Perplexity, xAI).
    pub citations: Option<&'a [u8]>,
    /// When it was made, in seconds.
    pub created: Option<u64>,
    /// Whether it is a failure instead.
    pub failed: bool,
    /// The vendor's id.
    pub id: Option<Text<'a>>,
    /// Who answers.
    pub model: Option<Text<'a>>,
    /// Sources with their titles (Perplexity).
    pub results: Option<&'a [u8]>,
    /// The `usage` object, wherever this vendor puts it.
    pub usage: Option<&'a [u8]>,
}

/// One choice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Choice<'a> {
    /// What it says.
    pub delta: Delta<'a>,
    /// Why it finished.
    pub finish: Option<Text<'a>>,
}

/// A message, or what is added to it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delta<'a> {
    /// OpenAI's annotations: an array.
    pub annotations: Option<&'a [u8]>,
    /// The text.
    pub content: Option<Text<'a>>,
    /// A call in the form before tools.
    pub function_call: Option<&'a [u8]>,
    /// The content where it is an array of parts (Mistral, Databricks).
    pub parts: Option<&'a [u8]>,
    /// Readable reasoning, by its newer name.
    pub reasoning: Option<Text<'a>>,
    /// Readable reasoning, by DeepSeek's name.
    pub reasoning_content: Option<Text<'a>>,
    /// Why the vendor refuses.
    pub refusal: Option<Text<'a>>,
    /// Signed reasoning (LiteLLM): an array.
    pub thinking: Option<&'a [u8]>,
    /// Calls: an array, or one object on old servers.
    pub tool_calls: Option<&'a [u8]>,
}

impl<'a> Outline<'a> {
    /// Reads an answer, whose choices have a `message`, or a chunk, whose choices have a `delta`.
    ///
    /// # Errors
    /// When it is not a JSON object.
    pub fn read(json: &'a [u8], says: &str) -> Result<Self, Fault> {
        let mut outline = Self::default();
        let mut reader = Reader::new(json);
        reader.object(|reader, key| outline.member(reader, key, says))?;
        reader.end()?;
        Ok(outline)
    }

    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>, says: &str) -> Result<(), Fault> {
        match key.raw() {
            b"choices" => {
                reader.optional_array(|reader, _| self.choice(reader, says))?;
            }
            b"citations" => self.citations = array(reader.skip()?),
            b"created" => self.created = number(reader.skip()?),
            b"id" => self.id = reader.optional_string()?,
            b"model" => self.model = reader.optional_string()?,
            b"search_results" => self.results = array(reader.skip()?),
            b"usage" => self.usage = object(reader.skip()?).or(self.usage),
            b"x_groq" => {
                reader.optional_object(|reader, key| {
                    let value = reader.skip()?;
                    if key.is("usage") {
                        self.usage = self.usage.or(object(value));
                    }
                    self.failed |= key.is("error") && !matches!(value, b"null" | b"\"\"");
                    Ok(())
                })?;
            }
            _ => self.failed |= is_failure(key, reader)?,
        }
        Ok(())
    }

    fn choice(&mut self, reader: &mut Reader<'a>, says: &str) -> Result<(), Fault> {
        let mut choice = Choice::default();
        let mut first = true;
        let is_choice = reader.optional_object(|reader, key| {
            match key.raw() {
                b"finish_reason" => choice.finish = reader.optional_string()?,
                b"index" => first = matches!(reader.skip()?, b"0" | b"null"),
                b"usage" => self.usage = self.usage.or(object(reader.skip()?)),
                name if name == says.as_bytes() => {
                    reader.optional_object(|reader, key| choice.delta.member(reader, key))?;
                }
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        if is_choice && first && self.choice.is_none() {
            self.choice = Some(choice);
        }
        Ok(())
    }
}

impl<'a> Delta<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"annotations" => self.annotations = array(reader.skip()?),
            b"content" if reader.peek() == Some(b'[') => self.parts = Some(reader.skip()?),
            b"content" => self.content = reader.optional_string()?,
            b"function_call" => self.function_call = object(reader.skip()?),
            b"reasoning" => self.reasoning = reader.optional_string()?,
            b"reasoning_content" => self.reasoning_content = reader.optional_string()?,
            b"refusal" => self.refusal = reader.optional_string()?,
            b"thinking_blocks" => self.thinking = array(reader.skip()?),
            b"tool_calls" => {
                let value = reader.skip()?;
                self.tool_calls = array(value).or(object(value));
            }
            _ => reader.ignore()?,
        }
        Ok(())
    }
}

/// The whole number that the value is; servers spell some with a fraction.
pub(super) fn number(value: &[u8]) -> Option<u64> {
    let digits = value.split(|byte| *byte == b'.').next()?;
    core::str::from_utf8(digits).ok()?.parse().ok()
}

fn array(value: &[u8]) -> Option<&[u8]> {
    value.starts_with(b"[").then_some(value)
}

fn object(value: &[u8]) -> Option<&[u8]> {
    value.starts_with(b"{").then_some(value)
}
