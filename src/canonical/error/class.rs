//! Kinds of failure, recognised by code, then wording, then status: providers agree on none of the three.

use super::phrases::{GENERIC, SPECIFIC, WORDED};

/// What kind of failure an error is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// The credential was not accepted.
    Auth,
    /// The request is wrong in another way than those below.
    BadRequest,
    /// The provider refuses the content.
    ContentFilter,
    /// The prompt is too long for the model.
    ContextLength,
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
}

impl Class {
    /// The OpenAI `type` that goes with it.
    pub fn kind(self) -> &'static str {
        match self {
            Class::Auth | Class::BadRequest | Class::ContentFilter | Class::ContextLength => {
                "invalid_request_error"
            }
            Class::NotFound | Class::TooLarge => "invalid_request_error",
            Class::Overloaded | Class::Server => "server_error",
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
            | Class::NotFound
            | Class::Permission
            | Class::Server
            | Class::Timeout => None,
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
            Class::Server => 502,
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

    /// Reads what a provider said. `names` are the codes and types it gave; `status` is `None` for an error inside a success.
    pub(super) fn of(status: Option<u16>, names: &[&str], message: &str) -> Class {
        let message = message.to_lowercase();
        let named = |rules: &[Named]| {
            let name_matches = |rule: &&Named| names.iter().any(|name| rule.matches(name));
            rules.iter().find(name_matches).map(|rule| rule.0)
        };
        let worded = || {
            WORDED
                .iter()
                .find(|rule| rule.matches(status, &message))
                .map(|rule| rule.class)
        };
        let by_status = || status.map(Class::of_status);
        let generic = || named(GENERIC);
        named(SPECIFIC)
            .or_else(worded)
            .or_else(by_status)
            .or_else(generic)
            .unwrap_or(Class::Server)
    }
}

/// Codes and types of a class, in lower case; one ending in `*` begins so.
pub(super) struct Named(pub Class, pub &'static [&'static str]);

impl Named {
    fn matches(&self, name: &str) -> bool {
        let begins = |start: &str| {
            name.get(..start.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(start))
        };
        self.1.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => begins(start),
            None => name.eq_ignore_ascii_case(known),
        })
    }
}

/// Wording of a class: one of `phrases`, all parts of it, none of `unless`, under one of `statuses` (any, if empty).
pub(super) struct Worded {
    pub class: Class,
    pub phrases: &'static [&'static [&'static str]],
    pub statuses: &'static [u16],
    pub unless: &'static [&'static str],
}

impl Worded {
    /// A status not known fits all.
    fn matches(&self, status: Option<u16>, message: &str) -> bool {
        let fits =
            self.statuses.is_empty() || status.is_none_or(|status| self.statuses.contains(&status));
        let says = |phrase: &&[&str]| phrase.iter().all(|part| message.contains(part));
        fits && self.phrases.iter().any(says)
            && !self.unless.iter().any(|other| message.contains(other))
    }
}
