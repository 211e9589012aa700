//! Every error in the client's format, with the right status.

use core::time::Duration;

use super::effect::Reply;
use super::event::Local;
use super::select::Lack;
use crate::api;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;

/// The reply that tells a client of an error, in the format it speaks.
#[must_use]
pub fn reply(error: &ApiError, format: Format) -> Reply {
    let mut headers = vec![("content-type".into(), "application/json".to_owned())];
    if let Some(seconds) = error.retry_after_s {
        headers.push(("retry-after".into(), seconds.to_string()));
    }
    Reply {
        status: error.status,
        headers,
        body: api::client(format).error(error),
    }
}

/// The caller presented no key, or another than the gateway's.
#[must_use]
pub fn unauthorized(presented: bool) -> ApiError {
    let words = if presented {
        "the API key you provided is not valid"
    } else {
        "you did not provide an API key: send it as 'Authorization: Bearer KEY', 'x-api-key' or 'api-key'"
    };
    ApiError::new(401, Class::Auth, words)
}

/// No model group has that name.
#[must_use]
pub fn unknown_model(name: &str) -> ApiError {
    let shown: String = name.chars().take(200).collect();
    ApiError::new(
        404,
        Class::NotFound,
        format!("the model '{shown}' does not exist or you do not have access to it"),
    )
    .with_code("model_not_found")
    .with_param("model")
}

/// The body is longer than the gateway takes.
#[must_use]
pub fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        413,
        Class::TooLarge,
        format!("the request body is longer than the limit of {limit} bytes"),
    )
    .with_code("request_too_large")
}

/// The path is the gateway's, the method is not.
#[must_use]
pub fn wrong_method(method: &str, allow: &'static str, format: Format) -> Reply {
    let error = ApiError::new(
        405,
        Class::BadRequest,
        format!("{method} is not allowed here; use {allow}"),
    )
    .with_code("method_not_allowed");
    let mut reply = reply(&error, format);
    reply.headers.push(("allow".into(), allow.to_owned()));
    reply
}

/// No deployment of the group can be used.
#[must_use]
pub fn no_deployment(group: &str) -> ApiError {
    ApiError::new(
        503,
        Class::Overloaded,
        format!("no deployment of '{group}' can serve this request"),
    )
    .with_code("no_deployment_available")
}

/// Why no deployment of the group can be asked, in the client's terms.
#[must_use]
pub fn lack(lack: &Lack, group: &str) -> ApiError {
    let limited = |words: String, wait: &Duration| ApiError {
        retry_after_s: Some(whole_seconds(*wait)),
        ..ApiError::new(429, Class::RateLimit, words)
    };
    match lack {
        Lack::Capability(what) => ApiError::new(
            400,
            Class::BadRequest,
            format!("no deployment of '{group}' supports {what}"),
        )
        .with_code("unsupported_feature"),
        Lack::ContextWindow => ApiError::new(
            400,
            Class::ContextLength,
            format!("the prompt is too long for every deployment of '{group}'"),
        ),
        Lack::Cooling { retry_after } => limited(
            format!("all deployments of '{group}' are resting after failures"),
            retry_after,
        ),
        Lack::Empty => no_deployment(group),
        Lack::Full { retry_after } => limited(
            format!(
                "all deployments of '{group}' are serving as many requests as they may at once"
            ),
            retry_after,
        ),
        Lack::Limited { retry_after } => limited(
            format!(
                "all deployments of '{group}' have reached their requests or tokens per minute"
            ),
            retry_after,
        ),
        Lack::Tags => ApiError::new(
            401,
            Class::Permission,
            format!("no deployment of '{group}' is allowed by the tags of this request"),
        )
        .with_code("tags_not_allowed"),
    }
}

/// Rounded up, and at least one: a client that waits too short is refused again.
fn whole_seconds(wait: Duration) -> u64 {
    let more = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(more).max(1)
}

/// The vendor withheld the content of an answer, and another model is to be asked for it.
#[must_use]
pub fn withheld() -> ApiError {
    ApiError::new(
        400,
        Class::ContentFilter,
        "the provider withheld the answer because of its content policy",
    )
}

/// What was needed to go on with a request is not there any more.
#[must_use]
pub fn lost() -> ApiError {
    ApiError::new(
        503,
        Class::Server,
        "the gateway lost this request: send it again",
    )
    .with_code("request_lost")
}

/// The provider wants the request elsewhere. Following it could carry the credential to a stranger.
#[must_use]
pub fn redirected() -> ApiError {
    ApiError::new(
        502,
        Class::Malformed,
        "the provider answered with a redirect, which is not followed",
    )
    .with_code("upstream_redirect")
}

/// Envoy answered because no upstream did.
#[must_use]
pub fn local(why: Local) -> ApiError {
    let (status, class, code, words) = match why {
        Local::Connect => (
            502,
            Class::Connection,
            "upstream_connect_error",
            "the provider could not be reached",
        ),
        Local::NoCluster => (
            503,
            Class::Connection,
            "upstream_unknown_cluster",
            "the proxy has no upstream cluster for the provider",
        ),
        Local::Reset => (
            502,
            Class::Connection,
            "upstream_reset",
            "the provider closed the connection before it answered",
        ),
        Local::Timeout => (
            504,
            Class::Timeout,
            "upstream_timeout",
            "the provider did not answer in time",
        ),
        Local::Unavailable => (
            503,
            Class::Overloaded,
            "upstream_unavailable",
            "the provider is not available right now",
        ),
    };
    ApiError::new(status, class, words).with_code(code)
}
