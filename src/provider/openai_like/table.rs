//! The table itself. Bases and key variables are LiteLLM's (`get_llm_provider_logic`), except where
//! the vendor's documentation has moved on; quirks are what each vendor documents that it refuses.

use super::{OpenaiLike, Quirks};

const PLAIN: Quirks = Quirks {
    drop: &[],
    rename: &[],
    stream_options: true,
    developer: false,
};

/// Most small hosts know only the older name.
const OLDER_LIMIT: Quirks = Quirks {
    rename: &[("max_completion_tokens", "max_tokens")],
    ..PLAIN
};

const fn row(
    name: &'static str,
    base: &'static str,
    key: &'static str,
    quirks: Quirks,
) -> OpenaiLike {
    OpenaiLike {
        name,
        base: Some(base),
        key: Some(key),
        bare_path: "",
        quirks,
    }
}

const fn own_host(
    name: &'static str,
    base: Option<&'static str>,
    key: Option<&'static str>,
) -> OpenaiLike {
    OpenaiLike {
        name,
        base,
        key,
        bare_path: "",
        quirks: OLDER_LIMIT,
    }
}

/// What Ollama speaks below `/v1`, where its own format is not asked for.
pub(in crate::provider) static OLLAMA: OpenaiLike = own_host(
    "ollama",
    Some("http://localhost:11434"),
    Some("OLLAMA_API_KEY"),
);

const GROQ: Quirks = Quirks {
    drop: &["logprobs", "top_logprobs", "logit_bias"],
    ..PLAIN
};

/// Mistral refuses members it does not know (422 `extra_forbidden`) and sends usage unasked.
const MISTRAL: Quirks = Quirks {
    drop: &[
        "user",
        "store",
        "logit_bias",
        "modalities",
        "verbosity",
        "web_search_options",
        "safety_identifier",
    ],
    rename: &[
        ("max_completion_tokens", "max_tokens"),
        ("seed", "random_seed"),
    ],
    stream_options: false,
    developer: false,
};

const XAI: Quirks = Quirks {
    drop: &["web_search_options"],
    ..OLDER_LIMIT
};

const MOONSHOT: Quirks = Quirks {
    drop: &["functions"],
    ..OLDER_LIMIT
};

const KNOWS_DEVELOPER: Quirks = Quirks {
    developer: true,
    ..PLAIN
};

/// The vendors, in alphabetical order.
pub static TABLE: [OpenaiLike; 48] = [
    row(
        "ai21_chat",
        "https://api.ai21.com/studio/v1",
        "AI21_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "aiml",
        "https://api.aimlapi.com/v1",
        "AIML_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "baseten",
        "https://inference.baseten.co/v1",
        "BASETEN_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "cerebras",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "chutes",
        "https://llm.chutes.ai/v1",
        "CHUTES_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "codestral",
        "https://codestral.mistral.ai/v1",
        "CODESTRAL_API_KEY",
        MISTRAL,
    ),
    row(
        "cometapi",
        "https://api.cometapi.com/v1",
        "COMETAPI_KEY",
        OLDER_LIMIT,
    ),
    row(
        "dashscope",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
        PLAIN,
    ),
    row(
        "deepinfra",
        "https://api.deepinfra.com/v1/openai",
        "DEEPINFRA_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "deepseek",
        "https://api.deepseek.com",
        "DEEPSEEK_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "featherless_ai",
        "https://api.featherless.ai/v1",
        "FEATHERLESS_AI_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "fireworks_ai",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_AI_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "friendliai",
        "https://api.friendli.ai/serverless/v1",
        "FRIENDLI_TOKEN",
        OLDER_LIMIT,
    ),
    row(
        "github",
        "https://models.github.ai/inference",
        "GITHUB_API_KEY",
        KNOWS_DEVELOPER,
    ),
    row(
        "groq",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        GROQ,
    ),
    own_host("hosted_vllm", None, Some("HOSTED_VLLM_API_KEY")),
    row(
        "huggingface",
        "https://router.huggingface.co/v1",
        "HF_TOKEN",
        OLDER_LIMIT,
    ),
    row(
        "hyperbolic",
        "https://api.hyperbolic.xyz/v1",
        "HYPERBOLIC_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "inception",
        "https://api.inceptionlabs.ai/v1",
        "INCEPTION_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "lambda_ai",
        "https://api.lambda.ai/v1",
        "LAMBDA_API_KEY",
        OLDER_LIMIT,
    ),
    own_host("litellm_proxy", None, Some("LITELLM_PROXY_API_KEY")),
    own_host(
        "llamafile",
        Some("http://127.0.0.1:8080/v1"),
        Some("LLAMAFILE_API_KEY"),
    ),
    own_host(
        "lm_studio",
        Some("http://localhost:1234/v1"),
        Some("LM_STUDIO_API_KEY"),
    ),
    row(
        "meta_llama",
        "https://api.llama.com/compat/v1",
        "LLAMA_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "minimax",
        "https://api.minimax.io/v1",
        "MINIMAX_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        MISTRAL,
    ),
    row(
        "modelscope",
        "https://api-inference.modelscope.cn/v1",
        "MODELSCOPE_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "moonshot",
        "https://api.moonshot.ai/v1",
        "MOONSHOT_API_KEY",
        MOONSHOT,
    ),
    row(
        "morph",
        "https://api.morphllm.com/v1",
        "MORPH_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "nebius",
        "https://api.studio.nebius.ai/v1",
        "NEBIUS_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "novita",
        "https://api.novita.ai/v3/openai",
        "NOVITA_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "nscale",
        "https://inference.api.nscale.com/v1",
        "NSCALE_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "nvidia_nim",
        "https://integrate.api.nvidia.com/v1",
        "NVIDIA_NIM_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "openai",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        KNOWS_DEVELOPER,
    ),
    row(
        "openrouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        KNOWS_DEVELOPER,
    ),
    row(
        "perplexity",
        "https://api.perplexity.ai",
        "PERPLEXITYAI_API_KEY",
        OLDER_LIMIT,
    ),
    row("poe", "https://api.poe.com/v1", "POE_API_KEY", OLDER_LIMIT),
    row(
        "qwencloud",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "DASHSCOPE_API_KEY",
        PLAIN,
    ),
    row(
        "sambanova",
        "https://api.sambanova.ai/v1",
        "SAMBANOVA_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "together_ai",
        "https://api.together.xyz/v1",
        "TOGETHERAI_API_KEY",
        OLDER_LIMIT,
    ),
    row("v0", "https://api.v0.dev/v1", "V0_API_KEY", OLDER_LIMIT),
    row(
        "vercel_ai_gateway",
        "https://ai-gateway.vercel.sh/v1",
        "VERCEL_AI_GATEWAY_API_KEY",
        PLAIN,
    ),
    row(
        "volcengine",
        "https://ark.cn-beijing.volces.com/api/v3",
        "VOLCENGINE_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "wandb",
        "https://api.inference.wandb.ai/v1",
        "WANDB_API_KEY",
        OLDER_LIMIT,
    ),
    row("xai", "https://api.x.ai/v1", "XAI_API_KEY", XAI),
    own_host("xinference", None, Some("XINFERENCE_API_KEY")),
    row(
        "xiaomi_mimo",
        "https://api.xiaomimimo.com/v1",
        "XIAOMI_MIMO_API_KEY",
        OLDER_LIMIT,
    ),
    row(
        "zai",
        "https://api.z.ai/api/paas/v4",
        "ZAI_API_KEY",
        OLDER_LIMIT,
    ),
];
