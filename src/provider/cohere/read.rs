//! What a message of Cohere says, in a complete answer and in the events of a stream alike.

use crate::canonical::answer::{Citation, FinishReason};
use crate::canonical::error::{ApiError, Class};
use crate::wire::json::{Fault, Reader, Text};

/// A message, or what an event adds to one.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    pub calls: Vec<Call<'a>>,
    pub citations: Vec<Citation>,
    pub parts: Vec<Part<'a>>,
    /// What is said before tools are called.
    pub plan: Option<Text<'a>>,
}

/// A part of the content.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    pub text: Option<Text<'a>>,
    pub thinking: Option<Text<'a>>,
}

/// A tool call, or a further part of its arguments.
#[derive(Debug, Default)]
pub(super) struct Call<'a> {
    pub arguments: Option<Text<'a>>,
    pub id: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
}

/// Reads a message.
pub(super) fn message<'a>(reader: &mut Reader<'a>) -> Result<Message<'a>, Fault> {
    let mut message = Message::default();
    reader.optional_object(|reader, key| {
        match key.raw() {
            b"citations" => one_or_many(reader, &mut |reader| {
                citation(reader, &mut message.citations)
            })?,
            b"content" if reader.peek() == Some(b'"') => {
                let text = Some(reader.string()?);
                message.parts.push(Part {
                    text,
                    thinking: None,
                });
            }
            b"content" => one_or_many(reader, &mut |reader| {
                message.parts.push(part(reader)?);
                Ok(())
            })?,
            b"tool_calls" => one_or_many(reader, &mut |reader| {
                let mut call = Call::default();
                call_members(reader, &mut call)?;
                message.calls.push(call);
                Ok(())
            })?,
            b"tool_plan" => message.plan = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    })?;
    Ok(message)
}

/// Streams have an object where complete answers have an array.
fn one_or_many<'a>(
    reader: &mut Reader<'a>,
    each: &mut dyn FnMut(&mut Reader<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    match reader.peek() {
        Some(b'[') => reader.array(|reader, _| each(reader)),
        Some(b'{') => each(reader),
        Some(_) | None => reader.ignore(),
    }
}

fn part<'a>(reader: &mut Reader<'a>) -> Result<Part<'a>, Fault> {
    let mut part = Part::default();
    reader.optional_object(|reader, key| {
        match key.raw() {
            b"text" => part.text = reader.optional_string()?,
            b"thinking" => part.thinking = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    })?;
    Ok(part)
}

fn call_members<'a>(reader: &mut Reader<'a>, call: &mut Call<'a>) -> Result<(), Fault> {
    reader.optional_object(|reader, key| {
        match key.raw() {
            b"arguments" => call.arguments = reader.optional_string()?,
            b"function" => call_members(reader, call)?,
            b"id" => call.id = reader.optional_string()?,
            b"name" => call.name = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    })?;
    Ok(())
}

/// A citation for each of its sources that has an address.
fn citation(reader: &mut Reader<'_>, citations: &mut Vec<Citation>) -> Result<(), Fault> {
    let (mut start, mut end) = (0, 0);
    let mut sources = Vec::new();
    reader.optional_object(|reader, key| {
        match key.raw() {
            b"end" => end = number(reader.skip()?),
            b"sources" => one_or_many(reader, &mut |reader| {
                let mut source = Source::default();
                source.read(reader)?;
                sources.push(source);
                Ok(())
            })?,
            b"start" => start = number(reader.skip()?),
            _ => reader.ignore()?,
        }
        Ok(())
    })?;
    let cited = sources.into_iter().filter_map(|source| {
        let title = source.title.map(|title| title.decode().into_owned());
        Some(Citation {
            end,
            start,
            title: title.unwrap_or_default(),
            url: source.url?.decode().into_owned(),
        })
    });
    citations.extend(cited);
    Ok(())
}

#[derive(Default)]
struct Source<'a> {
    title: Option<Text<'a>>,
    url: Option<Text<'a>>,
}

impl<'a> Source<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"document" => self.read(reader)?,
                b"title" => self.title = reader.optional_string()?,
                b"url" => self.url = reader.optional_string()?,
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// A whole number; 0 for anything else.
pub(super) fn number(digits: &[u8]) -> usize {
    let digits = core::str::from_utf8(digits).unwrap_or_default();
    digits.parse().unwrap_or(0)
}

/// Why an answer ended.
///
/// # Errors
/// When it did not end but failed; `words` are what the vendor says of it.
pub(super) fn finish(
    reason: Option<Text<'_>>,
    words: Option<Text<'_>>,
    has_calls: bool,
) -> Result<FinishReason, ApiError> {
    let reason = reason.map(|reason| reason.decode()).unwrap_or_default();
    let failed = |status: u16, class: Class, usual: &str| {
        let words = words.map(|words| words.decode()).unwrap_or_default();
        let words = if words.is_empty() { usual } else { &words };
        Err(ApiError::new(status, class, words))
    };
    match reason.as_ref() {
        "ERROR" => failed(502, Class::Server, "the provider failed while it answered"),
        "ERROR_TOXIC" => Ok(FinishReason::ContentFilter),
        "MAX_TOKENS" => Ok(FinishReason::Length),
        "TIMEOUT" => failed(504, Class::Timeout, "the provider took too long to answer"),
        "TOOL_CALL" => Ok(FinishReason::ToolCalls),
        // "COMPLETE", "STOP_SEQUENCE", and whatever reason comes next.
        _ if has_calls => Ok(FinishReason::ToolCalls),
        _ => Ok(FinishReason::Stop),
    }
}
