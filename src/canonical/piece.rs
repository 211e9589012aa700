//! A streamed answer piece by piece, between a vendor's events and a client's chunks.

use super::answer::{Citation, FinishReason, ThinkingBlock};
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
