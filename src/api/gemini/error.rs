//! Errors in Google's form.

use crate::canonical::error::ApiError;
use crate::wire::json::Object;

/// The error as a body, and as a frame of a stream.
pub(super) fn whole(error: &ApiError) -> Vec<u8> {
    let mut out = Vec::new();
    Object::write(&mut out, |outer| {
        outer.object("error", |inner| {
            inner.number("code", u64::from(error.status));
            inner.string("message", &error.message);
            inner.string("status", status(error.status));
            if let Some(seconds) = error.retry_after_s {
                inner.array("details", |list| {
                    list.object(|detail| {
                        detail.raw("@type", b"\"type.googleapis.com/google.rpc.RetryInfo\"");
                        detail.string("retryDelay", &format!("{seconds}s"));
                    });
                });
            }
        });
    });
    out
}

/// Google's word for a status.
fn status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        502 | 503 | 529 => "UNAVAILABLE",
        408 | 504 => "DEADLINE_EXCEEDED",
        400..=498 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}
