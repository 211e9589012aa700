//! Which members of a request Ollama can honour, which nobody needs to, and which it cannot: as data.

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
        "min_p",
        "model",
        "options",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "repetition_penalty",
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
    vendor: "ollama",
};

/// Members of Ollama's own that stand beside its `options`; whatever else it is sent is an option.
pub(super) const OWN: [&str; 5] = ["format", "keep_alive", "shift", "think", "truncate"];

/// OpenAI's members that are options, under Ollama's names.
pub(super) const OPTIONS: [(&str, &str); 8] = [
    ("frequency_penalty", "frequency_penalty"),
    ("min_p", "min_p"),
    ("presence_penalty", "presence_penalty"),
    ("repetition_penalty", "repeat_penalty"),
    ("seed", "seed"),
    ("temperature", "temperature"),
    ("top_k", "top_k"),
    ("top_p", "top_p"),
];

/// Members of which Ollama honours only some values. It cannot be made to call a tool.
pub(super) fn refuses(name: &str, value: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(value, word).is_some();
    match name {
        "parallel_tool_calls" => value == b"false",
        "service_tier" => !matches!(value, b"\"auto\"" | b"\"default\""),
        "tool_choice" => {
            let free = has(b"\"allowed_tools\"") && !has(b"\"required\"");
            !free && !matches!(value, b"\"auto\"" | b"\"none\"")
        }
        _ => false,
    }
}
