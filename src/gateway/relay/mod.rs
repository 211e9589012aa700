//! Answers on their way back to the client: whole or chunk by chunk, into the format it speaks.

pub mod flow;
pub mod foreign;
pub mod native;
pub mod openai;
pub mod whole;

use crate::api::EVENT_STREAM;
use crate::canonical::error::{ApiError, Class};
pub use crate::canonical::seen::Seen;

/// The longest event a stream may have, in bytes. Images inside an event take the most.
pub const EVENT_LIMIT: usize = 16 << 20;

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

    /// How the client is told of a failure, where that depends on what it was told before.
    fn failed(&mut self, _failure: &ApiError) -> Option<Vec<u8>> {
        None
    }

    /// The media type of what the client is sent.
    fn media_type(&self) -> &'static str {
        EVENT_STREAM
    }
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

/// An answer whose reason to finish is a failure, without words about it.
#[must_use]
pub fn broken(reason: &str) -> ApiError {
    let words = format!("the provider broke off its answer: {reason}");
    ApiError::new(502, Class::Server, words)
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
