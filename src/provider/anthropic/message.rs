//! OpenAI's messages as they stand in the request: found in place, nothing copied.

use super::fault::invalid;
use crate::canonical::error::ApiError;
use crate::wire::json::{Fault, Reader, Text};

/// One message.
#[derive(Debug, Default)]
pub(in crate::provider) struct Message<'a> {
    pub cache: Option<&'a [u8]>,
    pub calls: Vec<Call<'a>>,
    pub content: Content<'a>,
    /// Whether a tool's result is a failure: a member of ours, OpenAI has none.
    pub is_error: bool,
    pub name: Option<Text<'a>>,
    /// Readable reasoning: a member of ours, OpenAI has none.
    pub reasoning: Option<Text<'a>>,
    pub refusal: Option<Text<'a>>,
    pub role: Option<Text<'a>>,
    /// Google's signature of its text.
    pub signature: Option<Text<'a>>,
    pub thinking: Vec<Part<'a>>,
    pub tool_call_id: Option<Text<'a>>,
}

/// What a message says.
#[derive(Debug, Default)]
pub(in crate::provider) enum Content<'a> {
    /// Nothing.
    #[default]
    Nothing,
    /// What no content may be.
    Odd,
    /// Parts.
    Parts(Vec<Part<'a>>),
    /// Text.
    Text(Text<'a>),
}

/// One part of a content, or one thinking block: whatever members it has.
#[derive(Debug, Default)]
pub(in crate::provider) struct Part<'a> {
    pub cache: Option<&'a [u8]>,
    pub data: Option<Text<'a>>,
    /// How closely an image is to be looked at.
    pub detail: Option<Text<'a>>,
    pub file_data: Option<Text<'a>>,
    pub file_id: Option<Text<'a>>,
    pub filename: Option<Text<'a>>,
    /// The type of a sound, or of what stands at an address.
    pub format: Option<Text<'a>>,
    pub kind: Option<Text<'a>>,
    pub raw: &'a [u8],
    pub refusal: Option<Text<'a>>,
    pub signature: Option<Text<'a>>,
    pub text: Option<Text<'a>>,
    pub thinking: Option<Text<'a>>,
    pub url: Option<Text<'a>>,
}

/// One tool call of an assistant.
#[derive(Debug, Default)]
pub(in crate::provider) struct Call<'a> {
    pub arguments: Option<Text<'a>>,
    pub id: Option<Text<'a>>,
    /// The free text of a custom tool.
    pub input: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
    /// Google's signature of the reasoning behind it.
    pub signature: Option<Text<'a>>,
}

/// Reads the `messages` of a request.
///
/// # Errors
/// A 400 when they are not an array of objects.
pub(in crate::provider) fn read(json: &[u8]) -> Result<Vec<Message<'_>>, ApiError> {
    let mut messages = Vec::with_capacity(4);
    let mut reader = Reader::new(json);
    let read = reader.array(|reader, _| {
        messages.push(message(reader, json)?);
        Ok(())
    });
    match read {
        Ok(()) => Ok(messages),
        Err(fault) => Err(invalid(
            "messages",
            format!("'messages' must be an array of objects: {fault}"),
        )),
    }
}

fn message<'a>(reader: &mut Reader<'a>, json: &'a [u8]) -> Result<Message<'a>, Fault> {
    let mut message = Message::default();
    reader.object(|reader, key| {
        match key.decode().as_ref() {
            "cache_control" => message.cache = marker(reader)?,
            "content" => message.content = content(reader, json)?,
            "function_call" => {
                let mut call = Call::default();
                if reader.optional_object(|reader, key| call_member(reader, key, &mut call))? {
                    message.calls.push(call);
                }
            }
            "is_error" => message.is_error = reader.skip()? == b"true",
            "name" => message.name = reader.optional_string()?,
            "provider_specific_fields" => message.signature = signature(reader)?,
            "reasoning_content" => message.reasoning = reader.optional_string()?,
            "refusal" => message.refusal = reader.optional_string()?,
            "role" => message.role = reader.optional_string()?,
            "thinking_blocks" => message.thinking = parts(reader, json)?,
            "tool_call_id" => message.tool_call_id = reader.optional_string()?,
            "tool_calls" => {
                reader.optional_array(|reader, _| {
                    let mut call = Call::default();
                    reader.optional_object(|reader, key| call_member(reader, key, &mut call))?;
                    message.calls.push(call);
                    Ok(())
                })?;
            }
            _ => reader.ignore()?,
        }
        Ok(())
    })?;
    Ok(message)
}

/// The first of LiteLLM's `thought_signatures`.
fn signature<'a>(reader: &mut Reader<'a>) -> Result<Option<Text<'a>>, Fault> {
    let mut found = None;
    reader.optional_object(|reader, key| {
        if !key.is("thought_signatures") {
            return reader.ignore();
        }
        reader.optional_array(|reader, _| {
            found = reader.optional_string()?.or(found);
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(found)
}

fn call_member<'a>(
    reader: &mut Reader<'a>,
    key: Text<'a>,
    call: &mut Call<'a>,
) -> Result<(), Fault> {
    match key.decode().as_ref() {
        "arguments" => call.arguments = reader.optional_string()?,
        "custom" | "extra_content" | "function" | "google" | "provider_specific_fields" => {
            reader.optional_object(|reader, key| call_member(reader, key, call))?;
        }
        "id" => call.id = reader.optional_string()?,
        "input" => call.input = reader.optional_string()?,
        "name" => call.name = reader.optional_string()?,
        "thought_signature" => call.signature = reader.optional_string()?,
        _ => reader.ignore()?,
    }
    Ok(())
}

fn content<'a>(reader: &mut Reader<'a>, json: &'a [u8]) -> Result<Content<'a>, Fault> {
    Ok(match reader.peek() {
        Some(b'"') => Content::Text(reader.string()?),
        Some(b'[') => Content::Parts(parts(reader, json)?),
        Some(b'n') => {
            reader.skip()?;
            Content::Nothing
        }
        Some(_) | None => {
            reader.skip()?;
            Content::Odd
        }
    })
}

fn parts<'a>(reader: &mut Reader<'a>, json: &'a [u8]) -> Result<Vec<Part<'a>>, Fault> {
    let mut parts = Vec::new();
    reader.optional_array(|reader, _| {
        reader.peek();
        let from = reader.at();
        let mut part = Part::default();
        reader.optional_object(|reader, key| part_member(reader, key, &mut part))?;
        part.raw = json.get(from..reader.at()).unwrap_or_default();
        parts.push(part);
        Ok(())
    })?;
    Ok(parts)
}

fn part_member<'a>(
    reader: &mut Reader<'a>,
    key: Text<'a>,
    part: &mut Part<'a>,
) -> Result<(), Fault> {
    match key.decode().as_ref() {
        "cache_control" => part.cache = marker(reader)?,
        "data" => part.data = reader.optional_string()?,
        "detail" => part.detail = reader.optional_string()?,
        // Some clients write the address itself where OpenAI has an object.
        "image_url" | "video_url" if reader.peek() == Some(b'"') => {
            part.url = Some(reader.string()?)
        }
        "file" | "image_url" | "input_audio" | "video_url" => {
            reader.optional_object(|reader, key| part_member(reader, key, part))?;
        }
        "file_data" => part.file_data = reader.optional_string()?,
        "file_id" => part.file_id = reader.optional_string()?,
        "filename" => part.filename = reader.optional_string()?,
        "format" => part.format = reader.optional_string()?,
        "refusal" => part.refusal = reader.optional_string()?,
        "signature" => part.signature = reader.optional_string()?,
        "text" => part.text = reader.optional_string()?,
        "thinking" => part.thinking = reader.optional_string()?,
        "type" => part.kind = reader.optional_string()?,
        "url" => part.url = reader.optional_string()?,
        _ => reader.ignore()?,
    }
    Ok(())
}

/// A `cache_control` object.
pub(in crate::provider) fn marker<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>, Fault> {
    let value = reader.skip()?;
    Ok(value.starts_with(b"{").then_some(value))
}
