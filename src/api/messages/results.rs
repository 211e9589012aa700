//! What tools answered: OpenAI's tools answer in text only, so that images go to the message behind.

use std::borrow::Cow;

use super::fields::{Fields, Words, elements, text};
use super::parts::{self, Part, What};
use crate::canonical::error::ApiError;
use crate::wire::json::compact;

/// One result.
#[derive(Debug)]
pub(super) struct ToolResult<'a> {
    pub cache: Option<&'a [u8]>,
    pub content: Words<'a>,
    /// The client's id of the call.
    pub id: Cow<'a, str>,
    pub is_error: bool,
    /// What it shows.
    pub media: Vec<Part<'a>>,
}

/// Reads a `tool_result` block.
///
/// # Errors
/// A 400 naming the inner block that nobody but Anthropic takes.
pub(super) fn read<'a>(block: &Fields<'a>, at: &str) -> Result<ToolResult<'a>, ApiError> {
    let content = block.raw("content").unwrap_or_default();
    let (mut said, mut media) = (Vec::new(), Vec::new());
    if let Some(text) = text(content) {
        said.push(Words::Theirs(text));
    }
    for (index, inner) in elements(content).into_iter().enumerate() {
        let at = format!("{at}.content.{index}");
        for part in shown(inner, &at)? {
            said.extend(mark(&part.what));
            match part.what {
                What::Text(words) => said.push(words),
                What::File { .. } | What::Image { .. } | What::Link(_) => media.push(part),
            }
        }
    }
    let is_error = block.is_true("is_error");
    let content = Words::joined(said, "\n");
    Ok(ToolResult {
        cache: block.cache(),
        content: if is_error { failed(content) } else { content },
        id: block.word("tool_use_id"),
        is_error,
        media,
    })
}

/// The parts of a block within a result. What is none of the blocks for people is told as it is spelled.
fn shown<'a>(json: &'a [u8], at: &str) -> Result<Vec<Part<'a>>, ApiError> {
    let block = Fields::of(json);
    let mut list = Vec::new();
    match block.kind().as_ref() {
        "document" | "image" | "search_result" | "text" => {
            parts::block_parts(&block, at, &mut list)?;
        }
        _ => {
            let spelled = String::from_utf8_lossy(&compact(json)).into_owned();
            list.push(Part::of(Words::Ours(spelled)));
        }
    }
    Ok(list)
}

/// What the result says in place of what it shows.
fn mark(what: &What<'_>) -> Option<Words<'static>> {
    let words = match what {
        What::File { .. } => "[document attached in the next message]",
        What::Image { .. } | What::Link(_) => "[image attached in the next message]",
        What::Text(_) => return None,
    };
    Some(Words::Ours(words.to_owned()))
}

/// A failure that says so.
fn failed(content: Words<'_>) -> Words<'_> {
    let said = content.decode();
    if said.starts_with("Error") {
        return content;
    }
    Words::Ours(format!("Error: {said}"))
}
