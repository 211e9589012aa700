//! Kinds of failure, recognised by code, then wording, then status: providers agree on none of the three.

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
            408 | 504 => Class::Timeout,
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
struct Named(Class, &'static [&'static str]);

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

/// Names that leave no doubt. Bare numbers are GLM's (four digits from 11 to 13) and MiniMax's.
const SPECIFIC: &[Named] = &[
    Named(
        Class::ContextLength,
        &[
            "context_length_exceeded",
            "exceed_context_size_error",
            "1261",
        ],
    ),
    Named(
        Class::ContentFilter,
        &[
            "content_filter",
            "content_policy_violation",
            "data_inspection_failed",
            "datainspectionfailed",
            "responsibleaipolicyviolation",
            "sensitive*",
            "1301",
            "1026",
            "1027",
        ],
    ),
    Named(
        Class::Auth,
        &[
            "authentication_error",
            "api_key_invalid",
            "expiredtokenexception",
            "invalid_api_key",
            "invalid_client",
            "invalid_grant",
            "invalidapikey",
            "invalidsignatureexception",
            "missingauthenticationtoken*",
            "unauthenticated",
            "unrecognizedclientexception",
            "1004",
        ],
    ),
    Named(
        Class::Quota,
        &[
            "arrearage",
            "billing_error",
            "insufficient_quota",
            "servicequotaexceeded*",
            "1113",
            "1308",
            "1310",
            "1008",
        ],
    ),
    Named(
        Class::Overloaded,
        &[
            "modelnotreadyexception",
            "overloaded",
            "overloaded_error",
            "serviceunavailableexception",
            "unavailable",
            "1312",
        ],
    ),
    Named(
        Class::RateLimit,
        &[
            "rate_limit_error",
            "rate_limit_exceeded",
            "ratelimitreached",
            "resource_exhausted",
            "throttling*",
            "1002",
        ],
    ),
    Named(
        Class::Timeout,
        &[
            "deadline_exceeded",
            "modeltimeoutexception",
            "timeout_error",
        ],
    ),
];

/// Names that only say something when no status does.
const GENERIC: &[Named] = &[
    Named(
        Class::BadRequest,
        &[
            "badrequesterror",
            "bad_request",
            "invalid_argument",
            "invalid_request_error",
            "validationexception",
            "2013",
        ],
    ),
    Named(
        Class::NotFound,
        &[
            "model_not_found",
            "not_found",
            "not_found_error",
            "notfounderror",
            "resourcenotfoundexception",
        ],
    ),
    Named(
        Class::Permission,
        &[
            "accessdeniedexception",
            "permission_denied",
            "permission_error",
        ],
    ),
    Named(Class::TooLarge, &["request_too_large"]),
];

/// Wording of a class: one of `phrases`, all parts of it, none of `unless`, under one of `statuses` (any, if empty).
struct Worded {
    class: Class,
    phrases: &'static [&'static [&'static str]],
    statuses: &'static [u16],
    unless: &'static [&'static str],
}

impl Worded {
    /// A status not known fits all.
    fn matches(&self, status: Option<u16>, message: &str) -> bool {
        let fits =
            self.statuses.is_empty() || status.is_none_or(|status| self.statuses.contains(&status));
        let says = |phrase: &&[&str]| phrase.iter().all(|part| message.contains(part));
        fits && self.phrases.iter().any(|phrase| says(phrase))
            && !self.unless.iter().any(|other| message.contains(other))
    }
}

/// In this order: a prompt that is too long is often told as too many tokens, which is also how limits are told.
const WORDED: &[Worded] = &[
    Worded {
        class: Class::ContextLength,
        phrases: &[
            &["current length is", "while limit is"],
            &["exceed context limit"],
            &["exceed model maximum"],
            &["exceeds the available context size"],
            &["exceeds the context window"],
            &["exceeds the maximum number of tokens allowed"],
            &["expected maxlength:"],
            &["input is too long"],
            &["input length and `max_tokens` exceed"],
            &["input text length should not exceed"],
            &["input tokens exceed the configured limit"],
            &["is longer than the model's context length"],
            &["length limit exceeded"],
            &["longer than the maximum model length"],
            &["maximum context length"],
            &["maximum context limit"],
            &["maximum input length is", "tokens"],
            &["maximum prompt length is"],
            &["prompt has too many tokens"],
            &["prompt is too long"],
            &["prompt: length"],
            &["range of input length should be"],
            &["reduce the length of the messages"],
            &["string too long. expected a string with maximum length"],
            &["too many input tokens"],
            &["total length of all messages is too long"],
            &["`inputs` tokens + `max_new_tokens` must be"],
        ],
        statuses: &[],
        unless: &[
            "invalid 'user'",
            "string_above_max_length",
            "tokens per min",
        ],
    },
    Worded {
        class: Class::ContextLength,
        phrases: &[&["too many tokens"]],
        statuses: &[400, 413, 422],
        unless: &["tokens per min"],
    },
    Worded {
        class: Class::ContentFilter,
        phrases: &[
            &["as a result of", "safety system"],
            &["content filtering policy"],
            &["content management policy"],
            &["content_filter_policy"],
            &["content_policy_violation"],
            &["responsibleaipolicyviolation"],
            &["the model produced invalid content"],
            &["the response was blocked."],
            &["violating our usage policy"],
        ],
        statuses: &[],
        unless: &[],
    },
    Worded {
        class: Class::Auth,
        phrases: &[
            &["api key not valid"],
            &["invalid api key"],
            &["incorrect api key"],
            &["request signature we calculated"],
            &["security token", "expired"],
            &["security token", "invalid"],
        ],
        statuses: &[400, 401, 403],
        unless: &[],
    },
    Worded {
        class: Class::Quota,
        phrases: &[
            &["billing hard limit"],
            &["credit balance is too low"],
            &["insufficient balance"],
            &["insufficient credits"],
            &["insufficient_quota"],
        ],
        statuses: &[],
        unless: &[],
    },
    Worded {
        class: Class::Overloaded,
        phrases: &[&["capacity"]],
        statuses: &[498],
        unless: &[],
    },
    Worded {
        class: Class::RateLimit,
        phrases: &[
            &["quota exceeded"],
            &["rate limit"],
            &["rate-limit"],
            &["rate_limit"],
            &["ratelimit"],
            &["resource exhausted"],
            &["service tier capacity exceeded"],
            &["throttl"],
            &["tokens per min"],
            &["too many requests"],
        ],
        statuses: &[400, 413, 422, 429, 500, 502, 503],
        unless: &[],
    },
    Worded {
        class: Class::Overloaded,
        phrases: &[&["overloaded"]],
        statuses: &[429, 500, 502, 503, 529],
        unless: &[],
    },
];
