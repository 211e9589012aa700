//! Errors in Anthropic's words, so that its clients raise what they would raise for Anthropic.

use super::events::event;
use crate::canonical::error::{ApiError, Class};
use crate::wire::json::Object;

/// How clients recognise that a conversation must be shortened.
const TOO_LONG: &str = "prompt is too long";

/// The body that tells of an error.
pub(super) fn body(error: &ApiError) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    Object::write(&mut out, |body| {
        body.string("type", "error");
        write(body, error);
    });
    out
}

/// The event that tells of an error after the stream began.
pub(super) fn stream_event(error: &ApiError) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    event(&mut out, "error", |body| write(body, error));
    out
}

fn write(body: &mut Object<'_>, error: &ApiError) {
    body.object("error", |object| {
        object.string("type", kind(error.status));
        match error.class {
            Class::ContextLength if !error.message.starts_with(TOO_LONG) => {
                object.string("message", &format!("{TOO_LONG}: {}", error.message));
            }
            _ => object.string("message", &error.message),
        }
    });
    body.raw("request_id", b"null");
}

/// Anthropic's type of an error with that status.
fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: &ApiError) -> serde_json::Value {
        serde_json::from_slice(&body(error)).unwrap()
    }

    #[test]
    fn each_status_has_anthropics_type() {
        for (status, kind) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (405, "invalid_request_error"),
            (408, "timeout_error"),
            (409, "conflict_error"),
            (413, "request_too_large"),
            (422, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "overloaded_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            let error = ApiError::new(status, Class::of_status(status), "m");
            assert_eq!(told(&error)["error"]["type"], kind, "{status}");
        }
    }

    #[test]
    fn a_prompt_that_is_too_long_says_so_first() {
        let error = ApiError::new(400, Class::ContextLength, "maximum is 8192 tokens");
        assert_eq!(
            told(&error)["error"]["message"],
            "prompt is too long: maximum is 8192 tokens"
        );
        let same = ApiError::new(400, Class::ContextLength, "prompt is too long: 3 > 2");
        assert_eq!(told(&same)["error"]["message"], "prompt is too long: 3 > 2");
    }

    #[test]
    fn an_error_in_a_stream_is_an_event_of_its_own() {
        let error = ApiError::new(503, Class::Overloaded, "Overloaded");
        assert_eq!(
            String::from_utf8(stream_event(&error)).unwrap(),
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":null}\n\n"
        );
    }
}
