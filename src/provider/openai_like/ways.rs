//! The ways of single vendors, each as it differs from the plain one.

use super::quirks::{Answers, Effort, Family, Messages, Quirks, Replay, Schema, Strict, Tools};

const MESSAGES: Messages = Messages {
    cache_control: false,
    developer: false,
    drop: &[],
    flatten: false,
    replay: Replay::Keep,
    strict: Strict::Lenient,
};

const PLAIN: Quirks = Quirks {
    answers: Answers::Openai,
    drop: &[],
    effort: Effort::Native,
    family: Family::Other,
    messages: MESSAGES,
    refuse: &[],
    rename: &[],
    schema: Schema::Any,
    stream_options: true,
    tools: Tools::Native,
};

/// Most small hosts know only the older name.
pub(super) const OLDER_LIMIT: Quirks = Quirks {
    rename: &[("max_completion_tokens", "max_tokens")],
    ..PLAIN
};

/// What others say to each other through a gateway is kept.
const CACHING: Messages = Messages {
    cache_control: true,
    ..MESSAGES
};

pub(super) const OWN_HOST: Quirks = Quirks {
    messages: CACHING,
    ..OLDER_LIMIT
};

/// OpenAI refuses members it does not know, wherever they stand.
pub(in crate::provider) const OPENAI: Quirks = Quirks {
    family: Family::Openai,
    messages: Messages {
        developer: true,
        replay: Replay::Strip,
        strict: Strict::Signed,
        ..MESSAGES
    },
    ..PLAIN
};

/// Models of others at Azure.
pub(in crate::provider) const FOUNDRY: Quirks = Quirks {
    messages: Messages {
        replay: Replay::Strip,
        strict: Strict::Signed,
        ..MESSAGES
    },
    ..OPENAI
};

pub(super) const DATABRICKS: Quirks = Quirks {
    answers: Answers::Parts,
    ..OLDER_LIMIT
};

/// DeepSeek wants its thoughts back, and knows of JSON but not of schemas.
pub(super) const DEEPSEEK: Quirks = Quirks {
    effort: Effort::Thinking,
    messages: Messages {
        flatten: true,
        replay: Replay::Always,
        ..MESSAGES
    },
    schema: Schema::Untyped,
    ..OLDER_LIMIT
};

pub(super) const FIREWORKS: Quirks = Quirks {
    tools: Tools::Fireworks,
    ..OLDER_LIMIT
};

/// Zhipu and its like: thinking is on or off.
pub(super) const GLM: Quirks = Quirks {
    effort: Effort::Thinking,
    messages: CACHING,
    ..OLDER_LIMIT
};

pub(super) const GROQ: Quirks = Quirks {
    drop: &["logprobs", "top_logprobs", "logit_bias"],
    messages: Messages {
        replay: Replay::Strip,
        strict: Strict::Nulls,
        ..MESSAGES
    },
    refuse: &[("n", "1")],
    ..PLAIN
};

pub(super) const LM_STUDIO: Quirks = Quirks {
    schema: Schema::Typed,
    ..OWN_HOST
};

/// Mistral refuses members it does not know (422 `extra_forbidden`) and sends usage unasked.
pub(super) const MISTRAL: Quirks = Quirks {
    answers: Answers::Parts,
    drop: &[
        "logit_bias",
        "moderation",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "store",
        "user",
        "verbosity",
        "web_search_options",
    ],
    messages: Messages {
        drop: &["annotations", "audio", "function_call", "name", "refusal"],
        replay: Replay::Strip,
        strict: Strict::Mistral,
        ..MESSAGES
    },
    refuse: &[
        ("audio", ""),
        ("function_call", "\"none\""),
        ("functions", ""),
        ("modalities", "[\"text\"]"),
    ],
    rename: &[
        ("max_completion_tokens", "max_tokens"),
        ("seed", "random_seed"),
    ],
    stream_options: false,
    tools: Tools::Mistral,
    ..PLAIN
};

pub(super) const MOONSHOT: Quirks = Quirks {
    drop: &["functions"],
    family: Family::Kimi,
    messages: Messages {
        flatten: true,
        replay: Replay::WithCalls,
        ..MESSAGES
    },
    tools: Tools::Moonshot,
    ..OLDER_LIMIT
};

pub(super) const OPENROUTER: Quirks = Quirks {
    effort: Effort::Xhigh,
    messages: Messages {
        developer: true,
        ..CACHING
    },
    ..PLAIN
};

/// Perplexity searches; it calls no tools. It counts every stream unasked.
pub(super) const PERPLEXITY: Quirks = Quirks {
    drop: &["tool_choice", "parallel_tool_calls"],
    refuse: &[("tools", "")],
    stream_options: false,
    ..OLDER_LIMIT
};

/// Volcengine's Ark.
pub(super) const ARK: Quirks = Quirks {
    effort: Effort::Thinking,
    ..OLDER_LIMIT
};

pub(super) const SILICON: Quirks = Quirks {
    effort: Effort::EnableThinking,
    ..OLDER_LIMIT
};

pub(super) const QWEN: Quirks = Quirks {
    effort: Effort::EnableThinking,
    messages: CACHING,
    ..PLAIN
};

/// Another gateway: it knows every vendor's ways itself.
pub(super) const GATEWAY: Quirks = Quirks {
    messages: Messages {
        developer: true,
        ..CACHING
    },
    ..PLAIN
};

pub(super) const XAI: Quirks = Quirks {
    drop: &["web_search_options"],
    family: Family::Grok,
    messages: Messages {
        drop: &["name"],
        ..MESSAGES
    },
    tools: Tools::Xai,
    ..OLDER_LIMIT
};
