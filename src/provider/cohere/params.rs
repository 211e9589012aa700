//! Which members of a request Cohere can honour, which nobody needs to, and which it cannot: as data.

use crate::provider::params::Params;

/// The members of a chat request.
pub(super) const PARAMS: Params = Params {
    mapped: &[
        "drop_params",
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "service_tier",
        "stop",
        "stream",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user",
    ],
    unsupported: &[
        ("audio", ""),
        ("best_of", "1"),
        ("function_call", "\"none\""),
        ("functions", "[]"),
        ("logit_bias", "{}"),
        ("logprobs", "false"),
        ("modalities", "[\"text\"]"),
        ("moderation", ""),
        ("n", "1"),
        ("prediction", ""),
        ("prompt_cache_key", ""),
        ("prompt_cache_options", ""),
        ("prompt_cache_retention", ""),
        ("safety_identifier", ""),
        ("store", "false"),
        ("top_logprobs", "0"),
        ("verbosity", "\"medium\""),
        ("web_search_options", ""),
    ],
    vendor: "cohere",
};

/// Members of which Cohere honours only some values.
pub(super) fn refuses(name: &str, value: &[u8]) -> bool {
    match name {
        "parallel_tool_calls" => value == b"false",
        "service_tier" => !matches!(value, b"\"auto\"" | b"\"default\""),
        _ => false,
    }
}
