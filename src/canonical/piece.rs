//! A streamed answer piece by piece, between a vendor's events and a client's chunks.

use super::answer::{Citation, Completion, FinishReason, ThinkingBlock};
use super::error::ApiError;
use crate::usage::Usage;

/// What one event of a stream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A source.
    Citation(Citation),
    /// Text.
    Content(&'a str),
    /// The vendor's own end of the stream: nothing is missing.
    End,
    /// The stream failed; nothing follows.
    Failed(ApiError),
    /// Why generation stopped.
    Finish(FinishReason),
    /// Readable reasoning.
    Reasoning(&'a str),
    /// Why the vendor refused.
    Refusal(&'a str),
    /// The answer begins. Not content yet.
    Start {
        /// The vendor's id.
        id: Option<&'a str>,
        /// The model that answers.
        model: Option<&'a str>,
    },
    /// Reasoning to be sent back, whole.
    Thinking(ThinkingBlock),
    /// A further part of a tool call's arguments.
    ToolArguments {
        /// Which call, counted from 0.
        index: u32,
        /// JSON text, cut anywhere.
        fragment: &'a str,
    },
    /// A tool call begins.
    ToolStart {
        /// Which call, counted from 0.
        index: u32,
        /// The call's id.
        id: &'a str,
        /// The tool's name, as the client spelled it.
        name: &'a str,
    },
    /// What it took, so far or in all: a later one replaces an earlier one.
    Usage(Usage),
}

/// What a complete answer would have said piece by piece.
#[must_use]
pub fn pieces(completion: &Completion) -> Vec<Piece<'_>> {
    let mut pieces = vec![Piece::Start {
        id: completion.id.as_deref(),
        model: completion.model.as_deref(),
    }];
    push_thoughts(completion, &mut pieces);
    pieces.extend(completion.content.as_deref().map(Piece::Content));
    pieces.extend(completion.citations.iter().cloned().map(Piece::Citation));
    for (index, call) in (0..).zip(&completion.tool_calls) {
        pieces.push(Piece::ToolStart {
            index,
            id: &call.id,
            name: &call.name,
        });
        pieces.push(Piece::ToolArguments {
            index,
            fragment: &call.arguments,
        });
    }
    pieces.extend(completion.refusal.as_deref().map(Piece::Refusal));
    pieces.push(Piece::Finish(completion.reason()));
    pieces.extend(completion.usage.map(Piece::Usage));
    pieces.push(Piece::End);
    pieces
}

/// Each block of reasoning behind its own text, where the blocks say what the reasoning is.
fn push_thoughts<'a>(completion: &'a Completion, pieces: &mut Vec<Piece<'a>>) {
    let text = |block: &'a ThinkingBlock| match block {
        ThinkingBlock::Redacted { .. } => "",
        ThinkingBlock::Signed { thinking, .. } => thinking.as_str(),
    };
    let reasoning = completion.reasoning.as_deref().unwrap_or_default();
    let told: String = completion.thinking.iter().map(text).collect();
    let by_block = told == reasoning;
    if !by_block {
        pieces.push(Piece::Reasoning(reasoning));
    }
    for block in &completion.thinking {
        if by_block && !text(block).is_empty() {
            pieces.push(Piece::Reasoning(text(block)));
        }
        pieces.push(Piece::Thinking(block.clone()));
    }
}
