//! What a message says, part by part, as blocks.

use super::block::{Answered, Block, What, Words};
use super::dialect::Dialect;
use super::fault::{Place, bad_request, invalid};
use super::media;
use super::message::{Content, Message, Part};
use super::names;
use crate::canonical::error::ApiError;
use crate::canonical::signature;
use crate::wire::json::Text;

/// Blocks in Anthropic's own words that users may send.
const NATIVE: [&str; 4] = ["container_upload", "document", "image", "search_result"];

/// Anthropic's own way.
pub(super) static ANTHROPIC: Dialect = Dialect {
    id: names::cleaned_id,
    name: "anthropic",
    show,
    wraps: true,
};

/// The blocks of a user's message or a tool's result. Blank text is left out: Anthropic refuses it.
///
/// # Errors
/// A 400 naming the part that Anthropic does not take.
pub(super) fn shown<'a>(
    message: &mut Message<'a>,
    at: Place,
    dialect: &Dialect,
) -> Result<Vec<Block<'a>>, ApiError> {
    let parts = match core::mem::take(&mut message.content) {
        Content::Nothing => Vec::new(),
        Content::Odd => return Err(invalid(at, "content must be a string or an array of parts")),
        Content::Parts(parts) => parts,
        Content::Text(text) => return Ok(cached(words(text).into_iter().collect(), message.cache)),
    };
    let mut blocks = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        blocks.extend(part_shown(part, at.element("content", index), dialect)?);
    }
    Ok(cached(blocks, message.cache))
}

/// The text blocks of a system message.
///
/// # Errors
/// A 400 when it holds anything but text.
pub(super) fn system<'a>(
    message: &mut Message<'a>,
    at: Place,
    dialect: &Dialect,
) -> Result<Vec<Block<'a>>, ApiError> {
    let blocks = shown(message, at, dialect)?;
    if blocks
        .iter()
        .any(|block| !matches!(block.what, What::Text(_)))
    {
        return Err(bad_request(
            "unsupported_content",
            at,
            "system messages hold only text",
        ));
    }
    Ok(blocks)
}

/// The blocks of an assistant's message before its tool calls: reasoning, then text.
///
/// # Errors
/// A 400 naming the part that no assistant says.
pub(super) fn spoken<'a>(
    message: &mut Message<'a>,
    at: Place,
    dialect: &Dialect,
) -> Result<Vec<Block<'a>>, ApiError> {
    let mut blocks: Vec<_> = message.thinking.iter().filter_map(thought).collect();
    match core::mem::take(&mut message.content) {
        Content::Nothing => {}
        Content::Odd => return Err(invalid(at, "content must be a string or an array of parts")),
        Content::Parts(parts) => {
            for (index, part) in parts.iter().enumerate() {
                blocks.extend(part_spoken(part, at.element("content", index), dialect)?);
            }
        }
        Content::Text(text) => blocks.extend(words(text)),
    }
    blocks.extend(message.refusal.and_then(words));
    let text_is_last = blocks
        .last()
        .is_some_and(|block| matches!(block.what, What::Text(_)));
    let marked = text_is_last && message.calls.is_empty();
    Ok(if marked {
        cached(blocks, message.cache)
    } else {
        blocks
    })
}

/// What a tool answered. Nothing at all is an answer too.
///
/// # Errors
/// A 400 naming the part that Anthropic does not take.
pub(super) fn answered<'a>(
    message: &mut Message<'a>,
    at: Place,
    dialect: &Dialect,
) -> Result<Answered<'a>, ApiError> {
    if let Content::Text(text) = message.content {
        return Ok(Answered::Words(Words::Theirs(text)));
    }
    let cache = message.cache.take();
    let blocks = shown(message, at, dialect)?;
    message.cache = cache;
    if blocks.is_empty() {
        return Ok(Answered::Words(Words::Ours(String::new())));
    }
    Ok(Answered::Blocks(blocks))
}

/// The message's breakpoint stands behind its last block.
fn cached<'a>(mut blocks: Vec<Block<'a>>, marker: Option<&'a [u8]>) -> Vec<Block<'a>> {
    if let (Some(block), Some(_)) = (blocks.last_mut(), marker) {
        block.cache = marker;
    }
    blocks
}

fn part_shown<'a>(
    part: &Part<'a>,
    at: Place,
    dialect: &Dialect,
) -> Result<Option<Block<'a>>, ApiError> {
    let kind = kind(part, at)?;
    let block = match kind.as_ref() {
        "text" => part.text.and_then(words),
        other => Some((dialect.show)(other, part, at)?),
    };
    Ok(block.map(|block| match block.what {
        // A block in the vendor's own words has its breakpoint in them.
        What::Native(_) => block,
        _ => Block {
            cache: part.cache,
            ..block
        },
    }))
}

/// Anthropic's block of a part that is not text.
fn show<'a>(kind: &str, part: &Part<'a>, at: Place) -> Result<Block<'a>, ApiError> {
    match (kind, part.url) {
        ("image_url", Some(url)) => Ok(Block::showing(media::image(url, at)?, None)),
        ("file", _) => file(part, at),
        (native, _) if NATIVE.contains(&native) => Ok(Block::new(What::Native(part.raw))),
        (other, _) => Err(ANTHROPIC.unsupported(other, at)),
    }
}

fn part_spoken<'a>(
    part: &Part<'a>,
    at: Place,
    dialect: &Dialect,
) -> Result<Option<Block<'a>>, ApiError> {
    let kind = kind(part, at)?;
    let block = match kind.as_ref() {
        "refusal" => part.refusal.and_then(words),
        "text" => part.text.and_then(words),
        "redacted_thinking" | "thinking" => return Ok(thought(part)),
        other => return Err(dialect.unsupported(other, at)),
    };
    Ok(block.map(|block| Block {
        cache: part.cache,
        ..block
    }))
}

fn kind<'a>(part: &Part<'a>, at: Place) -> Result<std::borrow::Cow<'a, str>, ApiError> {
    let kind = part
        .kind
        .ok_or_else(|| invalid(at, "a content part must be an object with a 'type'"))?;
    Ok(kind.decode())
}

fn file<'a>(part: &Part<'a>, at: Place) -> Result<Block<'a>, ApiError> {
    let media = match (part.file_data, part.file_id) {
        (Some(data), _) => media::file(data, at)?,
        (None, Some(id)) => media::Media::Document(media::uploaded(id)),
        (None, None) => {
            return Err(invalid(
                at,
                "a file part must have 'file_data' or 'file_id'",
            ));
        }
    };
    Ok(Block::showing(media, part.filename))
}

/// Reasoning as it came from Anthropic; it refuses blocks that it has not signed.
fn thought<'a>(part: &Part<'a>) -> Option<Block<'a>> {
    let kind = part.kind?;
    if kind.is("redacted_thinking") {
        return Some(Block::new(What::Redacted(part.data?)));
    }
    let signature = part
        .signature
        .filter(|signature| !signature.raw().is_empty())
        .filter(|text| !signature::is_googles(&text.decode()))?;
    let thinking = part.thinking?;
    kind.is("thinking").then(|| {
        Block::new(What::Thinking {
            signature,
            thinking,
        })
    })
}

fn words(text: Text<'_>) -> Option<Block<'_>> {
    (!text.is_blank()).then(|| Block::new(What::Text(Words::Theirs(text))))
}
