//! A chat request as the gateway holds it: the client's bytes, and where their members stand.
//! Vendors that speak the format get the bytes spliced; the others read the members they map.

use std::borrow::Cow;

use serde::Deserialize;

use super::error::{ApiError, Class};
use crate::wire::json::{Member, Members};

/// Members that a client says to the gateway, and that no provider is sent. Of `metadata` only [`tags`](is_tags) are.
pub const TO_GATEWAY: [&str; 21] = [
    "additional_drop_params",
    "allowed_openai_params",
    "content_policy_fallbacks",
    "context_window_fallbacks",
    "disable_fallbacks",
    "drop_params",
    "extra_body",
    "fallbacks",
    "include_fallback_errors",
    "litellm_metadata",
    "mock_response",
    "mock_testing_content_policy_fallbacks",
    "mock_testing_context_fallbacks",
    "mock_testing_fallbacks",
    "mock_testing_rate_limit_error",
    "mock_timeout",
    "num_retries",
    "request_timeout",
    "stream_timeout",
    "tags",
    "timeout",
];

/// Whether a member of `metadata` is the gateway's: an array of tags, which OpenAI's metadata cannot have. A text of that name is
/// the client's own.
#[must_use]
pub fn is_tags(member: &Member<'_>) -> bool {
    member.key.is("tags") && member.value.first() == Some(&b'[')
}

/// A chat completion request in OpenAI's format, checked to be a JSON object with a model.
#[derive(Clone, Debug)]
pub struct ChatRequest<'a> {
    /// The body as the client sent it.
    pub json: &'a [u8],
    /// Where its members stand.
    pub members: Members<'a>,
    /// The model the client asked for.
    pub model: Cow<'a, str>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether the client wants the usage chunk at the end of the stream.
    pub include_usage: bool,
}

impl<'a> ChatRequest<'a> {
    /// The member of that name, read as `T`; `None` when it is missing or `null`.
    ///
    /// # Errors
    /// A 400 naming the member when its value is not a `T`.
    pub fn member<T: Deserialize<'a>>(&self, name: &str) -> Result<Option<T>, ApiError> {
        member(&self.members, name)
    }
}

/// The member of that name, read as `T`; `None` when it is missing or `null`.
///
/// # Errors
/// A 400 naming the member when its value is not a `T`.
pub fn member<'a, T: Deserialize<'a>>(
    members: &Members<'a>,
    name: &str,
) -> Result<Option<T>, ApiError> {
    let Some(member) = members.get(name) else {
        return Ok(None);
    };
    serde_json::from_slice::<Option<T>>(member.value).map_err(|error| {
        let words = format!("invalid value for '{name}': {error}");
        ApiError::new(400, Class::BadRequest, words)
            .with_code("invalid_value")
            .with_param(name)
    })
}
