//! Kinds of failure, and what goes with each of them in OpenAI's words.

/// What kind of failure an error is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// The credential was not accepted.
    Auth,
    /// The request is wrong in another way than those below.
    BadRequest,
    /// The provider could not be reached, or broke the connection before it answered.
    Connection,
    /// The provider refuses the content.
    ContentFilter,
    /// The prompt is too long for the model.
    ContextLength,
    /// The answer is not what the provider documents.
    Malformed,
    /// No such model, deployment or path.
    NotFound,
    /// The provider has no capacity right now.
    Overloaded,
    /// The credential may not do this.
    Permission,
    /// The credential's money or allowance is used up.
    Quota,
    /// Too many requests or tokens in a time.
    RateLimit,
    /// The provider failed.
    Server,
    /// The provider took too long.
    Timeout,
    /// The body is too large.
    TooLarge,
    /// The stream ended before the answer was complete.
    Truncated,
}

impl Class {
    /// The OpenAI `type` that goes with it.
    pub fn kind(self) -> &'static str {
        match self {
            Class::Auth | Class::BadRequest | Class::ContentFilter | Class::ContextLength => {
                "invalid_request_error"
            }
            Class::NotFound | Class::TooLarge => "invalid_request_error",
            Class::Connection
            | Class::Malformed
            | Class::Overloaded
            | Class::Server
            | Class::Truncated => "server_error",
            Class::Permission => "permission_error",
            Class::Quota => "insufficient_quota",
            Class::RateLimit => "rate_limit_error",
            Class::Timeout => "timeout",
        }
    }

    /// The OpenAI `code` that goes with it, if one always does.
    pub fn code(self) -> Option<&'static str> {
        match self {
            Class::Auth => Some("invalid_api_key"),
            Class::ContentFilter => Some("content_filter"),
            Class::ContextLength => Some("context_length_exceeded"),
            Class::Overloaded => Some("overloaded"),
            Class::Quota => Some("insufficient_quota"),
            Class::RateLimit => Some("rate_limit_exceeded"),
            Class::TooLarge => Some("request_too_large"),
            Class::BadRequest
            | Class::Connection
            | Class::Malformed
            | Class::NotFound
            | Class::Permission
            | Class::Server
            | Class::Timeout
            | Class::Truncated => None,
        }
    }

    /// Its name in metrics and logs, which stays what it is.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Class::Auth => "authentication",
            Class::BadRequest => "bad_request",
            Class::Connection => "connection",
            Class::ContentFilter => "content_policy",
            Class::ContextLength => "context_window_exceeded",
            Class::Malformed => "malformed",
            Class::NotFound => "not_found",
            Class::Overloaded => "overloaded",
            Class::Permission => "permission",
            Class::Quota => "quota",
            Class::RateLimit => "rate_limited",
            Class::Server => "server",
            Class::Timeout => "timeout",
            Class::TooLarge => "too_large",
            Class::Truncated => "truncated",
        }
    }

    /// The status for an error that arrived with none, or inside a success.
    pub fn status(self) -> u16 {
        match self {
            Class::Auth => 401,
            Class::BadRequest | Class::ContentFilter | Class::ContextLength => 400,
            Class::NotFound => 404,
            Class::Overloaded => 503,
            Class::Permission => 403,
            Class::Quota | Class::RateLimit => 429,
            Class::Connection | Class::Malformed | Class::Server | Class::Truncated => 502,
            Class::Timeout => 504,
            Class::TooLarge => 413,
        }
    }

    /// What a status alone tells.
    pub fn of_status(status: u16) -> Class {
        match status {
            401 | 498 => Class::Auth,
            402 => Class::Quota,
            403 => Class::Permission,
            404 => Class::NotFound,
            408 | 504 | 524 => Class::Timeout,
            413 => Class::TooLarge,
            424 => Class::Server,
            429 => Class::RateLimit,
            503 | 529 => Class::Overloaded,
            400..=499 => Class::BadRequest,
            _ => Class::Server,
        }
    }
}
