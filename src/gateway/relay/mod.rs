//! Answers on their way back to the client: whole or chunk by chunk, into the format it speaks.

pub mod foreign;
pub mod openai;
pub mod whole;

use crate::canonical::error::{ApiError, Class};
use crate::usage::Usage;

/// The longest event a stream may have, in bytes. Images inside an event take the most.
pub const EVENT_LIMIT: usize = 16 << 20;

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
}

impl Seen {
    /// Whether nothing that comes from the vendor matters any more.
    #[must_use]
    pub const fn over(&self) -> bool {
        self.complete || self.failure.is_some()
    }
}

/// What a client is to be sent for the bytes that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The very bytes that came.
    Same,
    /// These instead.
    Changed(Vec<u8>),
}

/// Reads a streamed answer and words it for the client. After a failure nothing more comes out; how
/// to tell the client is for the gateway to decide, which knows whether content has gone out.
pub trait Relay: core::fmt::Debug {
    /// The next bytes; `last` with the final ones.
    fn push(&mut self, bytes: &[u8], last: bool) -> Output;

    /// What is known so far.
    fn seen(&self) -> &Seen;
}

/// The event that tells a client of a failure after the stream began: OpenAI's clients raise it.
#[must_use]
pub fn error_event(failure: &ApiError) -> Vec<u8> {
    [b"data: ", failure.to_json().as_slice(), b"\n\n"].concat()
}

/// A stream that stopped before the vendor said it was complete.
#[must_use]
pub fn cut_short() -> ApiError {
    ApiError::new(
        502,
        Class::Truncated,
        "the provider ended the stream before the answer was complete",
    )
    .with_code("upstream_stream_truncated")
}

/// An answer that is not what the vendor documents.
#[must_use]
pub fn malformed(what: &str) -> ApiError {
    ApiError::new(
        502,
        Class::Malformed,
        format!("the provider's answer cannot be read: {what}"),
    )
    .with_code("upstream_invalid_response")
}
