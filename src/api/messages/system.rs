//! The operator's instructions, without what a client keeps its own books with.

use super::fields::{Words, invalid};
use super::parts::{self, Part, What};
use crate::canonical::error::ApiError;

/// How a block begins that Claude Code counts with: it changes with every request, which would defeat every cache.
const BOOKKEEPING: &str = "x-anthropic-billing-header:";

/// Reads a system prompt: texts, as few as the breakpoints between them allow.
///
/// # Errors
/// A 400 when it holds anything but text.
pub(super) fn read<'a>(content: &'a [u8], at: &str) -> Result<Vec<Part<'a>>, ApiError> {
    let mut blocks = parts::read(content, at)?;
    blocks.retain(is_instruction);
    let (mut texts, mut run) = (Vec::new(), Vec::new());
    for block in blocks {
        let cache = block.cache;
        let words = block
            .words()
            .ok_or_else(|| invalid(at, "a system prompt holds only text"))?;
        run.push(words);
        if cache.is_some() {
            texts.push(text(&mut run, cache));
        }
    }
    if !run.is_empty() {
        texts.push(text(&mut run, None));
    }
    Ok(texts)
}

fn text<'a>(run: &mut Vec<Words<'a>>, cache: Option<&'a [u8]>) -> Part<'a> {
    let words = Words::joined(core::mem::take(run), "\n\n");
    Part {
        cache,
        what: What::Text(words),
    }
}

fn is_instruction(block: &Part<'_>) -> bool {
    match &block.what {
        What::Text(Words::Theirs(text)) => {
            let raw = text.raw();
            !raw.is_empty() && !raw.starts_with(BOOKKEEPING.as_bytes())
        }
        What::Text(Words::Ours(_)) | What::File { .. } | What::Image { .. } | What::Link(_) => true,
    }
}
