//! The codes and wordings by which providers' failures are recognised, as data: a new one is a line here and a line in the tests.

use super::Class;
use super::signs::{Named, Worded};

/// Names that leave no doubt. Bare numbers are GLM's (four digits from 11 to 13) and MiniMax's.
pub(super) const SPECIFIC: &[Named] = &[
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
    Named(Class::BadRequest, &["string_above_max_length"]),
    Named(Class::NotFound, &["deploymentnotfound", "model_not_found"]),
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
pub(super) const GENERIC: &[Named] = &[
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

/// In this order: a prompt that is too long is often told as too many tokens, which is also how limits are told.
pub(super) const WORDED: &[Worded] = &[
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
        unless: &["invalid 'user'", "tokens per min"],
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
