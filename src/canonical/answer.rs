//! A complete answer, between a vendor's words and a client's.

use crate::usage::Usage;

/// Why generation stopped: OpenAI's five reasons and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The vendor withheld content.
    ContentFilter,
    /// The token limit was reached.
    Length,
    /// The answer is complete.
    Stop,
    /// The model wants tools called.
    ToolCalls,
}

impl FinishReason {
    /// OpenAI's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContentFilter => "content_filter",
            Self::Length => "length",
            Self::Stop => "stop",
            Self::ToolCalls => "tool_calls",
        }
    }
}

/// Signed or hidden reasoning, to be sent back unchanged in the next turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThinkingBlock {
    /// Reasoning the vendor shows only to itself.
    Redacted {
        /// Opaque.
        data: String,
    },
    /// Readable reasoning with the vendor's signature.
    Signed {
        /// The vendor's signature.
        signature: String,
        /// The text; empty when the vendor leaves it out.
        thinking: String,
    },
}

/// A call of one of the client's tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// The call's id.
    pub id: String,
    /// The tool's name, as the client spelled it.
    pub name: String,
    /// The arguments: JSON text.
    pub arguments: String,
}

/// A source the answer cites (OpenAI's `url_citation`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// Where the citing text ends, in characters.
    pub end: usize,
    /// Where the citing text starts, in characters.
    pub start: usize,
    /// The source's title.
    pub title: String,
    /// The source's address.
    pub url: String,
}

/// One complete answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Sound, in base64.
    pub audio: Option<String>,
    /// Sources.
    pub citations: Vec<Citation>,
    /// The text; `None` when there is none at all.
    pub content: Option<String>,
    /// When it was made, in seconds since the epoch, if the vendor says so.
    pub created: Option<u64>,
    /// Why it stopped.
    pub finish: Option<FinishReason>,
    /// The vendor's id for it.
    pub id: Option<String>,
    /// Images: data: URLs.
    pub images: Vec<String>,
    /// How likely its tokens were: OpenAI's `logprobs`, JSON.
    pub logprobs: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// Further answers, where several were asked for; what holds for all of them is stated only here.
    pub others: Vec<Completion>,
    /// Readable reasoning.
    pub reasoning: Option<String>,
    /// Why the vendor refused.
    pub refusal: Option<String>,
    /// Reasoning to be sent back.
    pub thinking: Vec<ThinkingBlock>,
    /// Calls of the client's tools.
    pub tool_calls: Vec<ToolCall>,
    /// What it took.
    pub usage: Option<Usage>,
}

impl Completion {
    /// Why it stopped; an answer that does not say stopped for its tool calls, or is simply complete.
    #[must_use]
    pub fn reason(&self) -> FinishReason {
        match self.finish {
            Some(reason) => reason,
            None if self.tool_calls.is_empty() => FinishReason::Stop,
            None => FinishReason::ToolCalls,
        }
    }

    /// An answer that says `text` and is complete.
    #[must_use]
    pub fn of_text(text: &str, usage: Usage) -> Completion {
        Completion {
            content: Some(text.to_owned()),
            finish: Some(FinishReason::Stop),
            usage: Some(usage),
            ..Completion::default()
        }
    }
}
