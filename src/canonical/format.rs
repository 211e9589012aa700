//! The formats in which clients ask: what a request is, by its path alone.

/// What a request asks for, and in whose format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenAI's chat completions: the gateway's own language.
    Chat,
    /// OpenAI's legacy completions.
    Completions,
    /// How many tokens an Anthropic message would take.
    CountTokens,
    /// OpenAI's embeddings.
    Embeddings,
    /// Gemini's `generateContent` and `streamGenerateContent`.
    Gemini,
    /// OpenAI's image generation.
    Images,
    /// Anthropic's messages.
    Messages,
    /// OpenAI's moderations.
    Moderations,
    /// A vendor's own format, whatever it is: nothing is changed.
    Passthrough,
    /// Cohere's rerank, which others have copied.
    Rerank,
    /// OpenAI's responses.
    Responses,
    /// OpenAI's speech: text in, sound out.
    Speech,
    /// OpenAI's transcriptions: sound in, text out.
    Transcriptions,
}

impl Format {
    /// Its name in metrics, logs and errors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Completions => "completions",
            Self::CountTokens => "count_tokens",
            Self::Embeddings => "embeddings",
            Self::Gemini => "gemini",
            Self::Images => "images",
            Self::Messages => "messages",
            Self::Moderations => "moderations",
            Self::Passthrough => "passthrough",
            Self::Rerank => "rerank",
            Self::Responses => "responses",
            Self::Speech => "speech",
            Self::Transcriptions => "transcriptions",
        }
    }

    /// Whether it asks a model to say something, so that a vendor that does not speak it can be asked by chat.
    #[must_use]
    pub const fn is_conversation(self) -> bool {
        matches!(
            self,
            Self::Chat | Self::Completions | Self::Gemini | Self::Messages | Self::Responses
        )
    }
}
