//! The codes and wordings by which providers' failures are recognised, as data: a new one is a line here and a line in the tests.

use super::Class;
use super::signs::{Named, Worded};

/// Who answers with GLM's numbers, and who may pass them on.
const GLM: &[&str] = &["litellm_proxy", "openai", "openrouter", "zai"];
/// Who answers with MiniMax's numbers, and who may pass them on.
const MINIMAX: &[&str] = &["litellm_proxy", "minimax", "openai", "openrouter"];

const fn anybody(class: Class, names: &'static [&'static str]) -> Named {
    only(&[], class, names)
}

const fn only(
    providers: &'static [&'static str],
    class: Class,
    names: &'static [&'static str],
) -> Named {
    Named {
        class,
        names,
        providers,
    }
}

/// Names that leave no doubt, once it is known who uses them: GLM's 1002 is a bad credential, MiniMax's is a limit.
pub(super) const SPECIFIC: &[Named] = &[
    anybody(
        Class::ContextLength,
        &["context_length_exceeded", "exceed_context_size_error"],
    ),
    anybody(
        Class::ContentFilter,
        &[
            "content_filter",
            "content_policy_violation",
            "data_inspection_failed",
            "datainspectionfailed",
            "responsibleaipolicyviolation",
            "sensitive*",
        ],
    ),
    anybody(
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
        ],
    ),
    anybody(
        Class::Quota,
        &[
            "arrearage",
            "billing_error",
            "exceeded_current_quota_error",
            "insufficient_quota",
            "servicequotaexceeded*",
        ],
    ),
    anybody(
        Class::Overloaded,
        &[
            "modelnotreadyexception",
            "overloaded",
            "overloaded_error",
            "serviceunavailableexception",
            "unavailable",
        ],
    ),
    anybody(
        Class::RateLimit,
        &[
            "429",
            "rate_limit_error",
            "rate_limit_exceeded",
            "ratelimitreached",
            "resource_exhausted",
            "throttling*",
        ],
    ),
    anybody(Class::BadRequest, &["string_above_max_length"]),
    anybody(Class::NotFound, &["deploymentnotfound", "model_not_found"]),
    anybody(
        Class::Timeout,
        &[
            "deadline_exceeded",
            "modeltimeoutexception",
            "timeout_error",
        ],
    ),
    only(MINIMAX, Class::Timeout, &["1001"]),
    only(MINIMAX, Class::RateLimit, &["1002"]),
    only(MINIMAX, Class::Auth, &["1004"]),
    only(MINIMAX, Class::Quota, &["1008"]),
    only(MINIMAX, Class::ContentFilter, &["1026", "1027"]),
    only(MINIMAX, Class::ContextLength, &["1039"]),
    only(GLM, Class::Auth, &["1000", "1001", "1002", "1003", "1004"]),
    only(GLM, Class::Quota, &["1113", "1308", "1310"]),
    only(GLM, Class::NotFound, &["1211"]),
    only(GLM, Class::ContextLength, &["1261"]),
    only(GLM, Class::ContentFilter, &["1301"]),
    only(GLM, Class::RateLimit, &["1302", "1303", "1305"]),
    only(GLM, Class::Overloaded, &["1312"]),
];

/// Names that only say something when no status does.
pub(super) const GENERIC: &[Named] = &[
    anybody(
        Class::BadRequest,
        &[
            "badrequesterror",
            "bad_request",
            "invalid_argument",
            "invalid_request_error",
            "validationexception",
        ],
    ),
    only(MINIMAX, Class::BadRequest, &["2013"]),
    anybody(
        Class::NotFound,
        &[
            "not_found",
            "not_found_error",
            "notfounderror",
            "resourcenotfoundexception",
        ],
    ),
    anybody(
        Class::Permission,
        &[
            "accessdeniedexception",
            "permission_denied",
            "permission_error",
            "unsupported_country_region_territory",
        ],
    ),
    anybody(Class::TooLarge, &["request_too_large"]),
];

/// In this order: a prompt that is too long is often told as too many tokens, which is also how limits are told.
pub(super) const WORDED: &[Worded] = &[
    Worded {
        class: Class::ContextLength,
        phrases: &[
            &["current length is", "while limit is"],
            &["contextwindowexceedederror"],
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
        providers: &[],
        statuses: &[],
        unless: &["invalid 'user'", "tokens per min"],
    },
    Worded {
        class: Class::ContextLength,
        phrases: &[&["too many tokens"]],
        providers: &[],
        statuses: &[400, 413, 422],
        unless: &["tokens per min"],
    },
    Worded {
        class: Class::ContextLength,
        phrases: &[&["length limit exceeded"]],
        providers: &["huggingface"],
        statuses: &[],
        unless: &[],
    },
    Worded {
        class: Class::ContentFilter,
        phrases: &[
            &["as a result of", "safety system"],
            &["content filtering policy"],
            &["content management policy"],
            &["content_filter_policy"],
            &["content_policy_violation"],
            &["contentpolicyviolationerror"],
            &["responsibleaipolicyviolation"],
            &["the model produced invalid content"],
            &["the response was blocked."],
            &["violating our usage policy"],
        ],
        providers: &[],
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
        providers: &[],
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
        providers: &[],
        statuses: &[],
        unless: &[],
    },
    Worded {
        class: Class::Overloaded,
        phrases: &[&["capacity"]],
        providers: &[],
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
        providers: &[],
        statuses: &[400, 413, 422, 429, 500, 502, 503],
        unless: &[],
    },
    Worded {
        class: Class::Overloaded,
        phrases: &[&["overloaded"], &["temporarily out of capacity"]],
        providers: &[],
        statuses: &[429, 500, 502, 503, 529],
        unless: &[],
    },
    Worded {
        class: Class::Timeout,
        phrases: &[
            &["a timeout occurred"],
            &["read operation timed out"],
            &["request timed out"],
            &["timed out generating response"],
        ],
        providers: &[],
        statuses: &[408, 500, 502, 503],
        unless: &[],
    },
    Worded {
        class: Class::TooLarge,
        phrases: &[&["request payload size exceeds"]],
        providers: &[],
        statuses: &[400, 413],
        unless: &[],
    },
];
