//! The pieces of an answer put together again.

use crate::canonical::answer::{Completion, ToolCall};
use crate::canonical::piece::Piece;

/// What has been said so far.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// The answer.
    pub completion: Completion,
}

impl Collected {
    /// Adds a piece.
    pub fn take(&mut self, piece: Piece<'_>) {
        let answer = &mut self.completion;
        match piece {
            Piece::Citation(citation) => answer.citations.push(citation),
            Piece::Content(text) => answer.content.get_or_insert_default().push_str(text),
            Piece::End | Piece::Failed(_) => {}
            Piece::Finish(reason) => answer.finish = Some(reason),
            Piece::Reasoning(text) => answer.reasoning.get_or_insert_default().push_str(text),
            Piece::Refusal(text) => answer.refusal.get_or_insert_default().push_str(text),
            Piece::Start { id, model } => {
                answer.id = id.map(str::to_owned);
                answer.model = model.map(str::to_owned);
            }
            Piece::Thinking(block) => answer.thinking.push(block),
            Piece::ToolArguments { fragment, .. } => {
                if let Some(call) = answer.tool_calls.last_mut() {
                    call.arguments.push_str(fragment);
                }
            }
            Piece::ToolStart { id, name, .. } => answer.tool_calls.push(ToolCall {
                id: id.to_owned(),
                name: name.to_owned(),
                arguments: String::new(),
            }),
            Piece::Usage(usage) => answer.usage = Some(usage),
        }
    }
}
