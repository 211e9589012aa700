//! What is known of a streamed answer so far.

use super::answer::FinishReason;
use super::error::ApiError;
use super::piece::Piece;
use crate::usage::Usage;

/// What is known of a streamed answer so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Whether it is complete: the vendor said so, and nothing more is owed to the client.
    pub complete: bool,
    /// Whether content has come: anything but a role or bookkeeping.
    pub content: bool,
    /// Why it failed.
    pub failure: Option<ApiError>,
    /// About how many tokens the text so far is, for an answer that the vendor does not count.
    pub text_tokens: u64,
    /// Which tier serves it.
    pub tier: Option<String>,
    /// What the vendor counted.
    pub usage: Option<Usage>,
    /// Whether the vendor withheld content.
    pub withheld: bool,
}

impl Seen {
    /// Whether nothing that comes from the vendor matters any more.
    #[must_use]
    pub const fn over(&self) -> bool {
        self.complete || self.failure.is_some()
    }

    /// Takes note of a piece, but for its text, whose tokens whoever reads it counts, and for a failure.
    pub fn note(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Citation(_)
            | Piece::Thinking(_)
            | Piece::ToolArguments { .. }
            | Piece::ToolStart { .. } => self.content = true,
            Piece::Content(text) | Piece::Reasoning(text) | Piece::Refusal(text) => {
                self.content |= !text.is_empty();
            }
            Piece::End => self.complete = true,
            Piece::Failed(_) | Piece::Start { .. } => {}
            Piece::Finish(reason) => self.withheld |= *reason == FinishReason::ContentFilter,
            Piece::Usage(usage) => self.usage = Some(*usage),
        }
    }
}
