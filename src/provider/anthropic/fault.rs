//! The errors of this vendor's translation: what a client asked for in vain, and what the vendor says went wrong.

use core::fmt;

use serde::Deserialize;

use super::text::Str;
use crate::canonical::error::{ApiError, Class, Signs};

/// Where in `messages` something stands: worded only when it must be blamed.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Place {
    pub message: usize,
    /// The member of the message, and the element of that.
    pub member: Option<(&'static str, Option<usize>)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "messages[{}]", self.message)?;
        match self.member {
            Some((member, Some(index))) => write!(f, ".{member}[{index}]"),
            Some((member, None)) => write!(f, ".{member}"),
            None => Ok(()),
        }
    }
}

impl Place {
    /// A member of the same message.
    pub const fn member(self, name: &'static str) -> Self {
        Self {
            member: Some((name, None)),
            ..self
        }
    }

    /// An element of a member of the same message.
    pub const fn element(self, name: &'static str, index: usize) -> Self {
        Self {
            member: Some((name, Some(index))),
            ..self
        }
    }
}

/// A 400 that blames the member `param`.
pub(in crate::provider) fn bad_request(
    code: &str,
    param: impl fmt::Display,
    message: impl Into<String>,
) -> ApiError {
    ApiError::new(400, Class::BadRequest, message)
        .with_code(code)
        .with_param(param.to_string())
}

/// A 400 for a member whose value is not what the format says.
pub(in crate::provider) fn invalid(
    param: impl fmt::Display,
    message: impl Into<String>,
) -> ApiError {
    bad_request("invalid_value", param, message)
}

/// A 502: the vendor's answer is not what it documents.
pub(in crate::provider) fn not_understood(what: &str) -> ApiError {
    let words = format!("the provider's answer was not understood: {what}");
    ApiError::new(502, Class::Malformed, words).with_code("upstream_invalid_response")
}

/// The `error` object of a body or an event.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::provider) struct Stated<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    message: Option<Str<'a>>,
}

impl Stated<'_> {
    /// Whether it is worded as Anthropic words errors; platforms that serve its models have words of their own.
    pub const fn is_anthropics(&self) -> bool {
        self.kind.is_some()
    }

    /// The same error in OpenAI's words.
    pub fn translate(&self) -> ApiError {
        let message = self
            .message
            .as_ref()
            .map_or("the provider reported an error", Str::as_str);
        let stated = self.kind.as_ref().map_or("", Str::as_str);
        let status = status(stated);
        let class = Class::of(&Signs {
            message,
            names: &[stated],
            provider: Some("anthropic"),
            status: Some(status),
        });
        let error = ApiError::new(status, class, message);
        if class == Class::NotFound {
            error.with_code("model_not_found")
        } else {
            error
        }
    }
}

/// The status of an Anthropic error type: inside a stream it arrives without one.
fn status(stated: &str) -> u16 {
    match stated {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "permission_error" => 403,
        "not_found_error" => 404,
        "conflict_error" => 409,
        "request_too_large" => 413,
        "billing_error" | "rate_limit_error" => 429,
        "overloaded_error" => 503,
        "timeout_error" => 504,
        // "api_error", and whatever type comes next.
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(json: &str) -> (u16, String, Option<String>) {
        let error = serde_json::from_str::<Stated<'_>>(json)
            .unwrap()
            .translate();
        (error.status, error.kind, error.code)
    }

    #[test]
    fn each_type_has_openais_status_type_and_code() {
        for (stated, status, kind, code) in [
            ("invalid_request_error", 400, "invalid_request_error", None),
            (
                "authentication_error",
                401,
                "invalid_request_error",
                Some("invalid_api_key"),
            ),
            (
                "billing_error",
                429,
                "insufficient_quota",
                Some("insufficient_quota"),
            ),
            ("permission_error", 403, "permission_error", None),
            (
                "not_found_error",
                404,
                "invalid_request_error",
                Some("model_not_found"),
            ),
            ("conflict_error", 409, "invalid_request_error", None),
            (
                "request_too_large",
                413,
                "invalid_request_error",
                Some("request_too_large"),
            ),
            (
                "rate_limit_error",
                429,
                "rate_limit_error",
                Some("rate_limit_exceeded"),
            ),
            ("api_error", 500, "server_error", None),
            ("timeout_error", 504, "timeout", None),
            ("overloaded_error", 503, "server_error", Some("overloaded")),
            ("future_error", 500, "server_error", None),
        ] {
            let json = format!(r#"{{"type":"{stated}","message":"m"}}"#);
            assert_eq!(
                translated(&json),
                (status, kind.to_owned(), code.map(str::to_owned)),
                "{stated}"
            );
        }
    }

    #[test]
    fn bad_requests_are_told_apart_by_their_message() {
        for (message, code) in [
            (
                "prompt is too long: 215000 tokens > 200000 maximum",
                "context_length_exceeded",
            ),
            (
                "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
                "context_length_exceeded",
            ),
            (
                "Output blocked by content filtering policy",
                "content_filter",
            ),
            (
                "Your credit balance is too low to access the Anthropic API.",
                "insufficient_quota",
            ),
        ] {
            let json = format!(r#"{{"type":"invalid_request_error","message":"{message}"}}"#);
            assert_eq!(translated(&json).2.as_deref(), Some(code), "{message}");
        }
    }
}
