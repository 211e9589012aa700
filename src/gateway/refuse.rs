//! Every error in the client's format, with the right status.

use super::effect::Reply;
use super::event::Local;
use crate::canonical::error::{ApiError, Class};

/// The reply that tells a client of an error.
#[must_use]
pub fn reply(error: &ApiError) -> Reply {
    let mut headers = vec![("content-type".into(), "application/json".to_owned())];
    if let Some(seconds) = error.retry_after_s {
        headers.push(("retry-after".into(), seconds.to_string()));
    }
    Reply {
        status: error.status,
        headers,
        body: error.to_json(),
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
pub fn wrong_method(method: &str, allow: &'static str) -> Reply {
    let error = ApiError::new(
        405,
        Class::BadRequest,
        format!("{method} is not allowed here; use {allow}"),
    )
    .with_code("method_not_allowed");
    let mut reply = reply(&error);
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
