//! The table itself. Bases and key variables are LiteLLM's (`get_llm_provider_logic`), except where
//! the vendor's documentation has moved on; quirks are what each vendor documents that it refuses.

use super::quirks::Quirks;
use super::ways::{
    ARK, DATABRICKS, DEEPSEEK, FIREWORKS, GATEWAY, GLM, GROQ, LM_STUDIO, MISTRAL, MOONSHOT,
    OLDER_LIMIT, OPENAI, OPENROUTER, OWN_HOST, PERPLEXITY, QWEN, SILICON, XAI,
};
use super::{OpenaiLike, Operations};
use crate::provider::Setting;

const COMPLETIONS: Operations = Operations {
    completions: true,
    responses: false,
};

const fn row(
    name: &'static str,
    base: &'static str,
    key: &'static str,
    quirks: &'static Quirks,
) -> OpenaiLike {
    OpenaiLike {
        base: Some(base),
        quirks,
        ..own_host(name, key)
    }
}

/// A server whose address only its operator knows.
const fn own_host(name: &'static str, key: &'static str) -> OpenaiLike {
    OpenaiLike {
        name,
        aliases: &[],
        auth: None,
        base: None,
        key: Some(key),
        bare_path: "",
        operations: Operations {
            completions: false,
            responses: false,
        },
        settings: &[],
        quirks: &OWN_HOST,
    }
}

impl OpenaiLike {
    /// The same vendor, with legacy completions.
    const fn completing(self) -> Self {
        Self {
            operations: COMPLETIONS,
            ..self
        }
    }

    /// The same vendor, by other names, too.
    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same vendor, with keys of its own.
    const fn with(self, settings: &'static [Setting]) -> Self {
        Self { settings, ..self }
    }
}

const fn setting(key: &'static str, variables: &'static [&'static str]) -> Setting {
    Setting { key, variables }
}

/// What Ollama speaks below `/v1`, where its own format is not asked for.
pub(in crate::provider) static OLLAMA: OpenaiLike = OpenaiLike {
    bare_path: "/v1",
    ..row(
        "ollama",
        "http://localhost:11434",
        "OLLAMA_API_KEY",
        &OLDER_LIMIT,
    )
};

/// The vendors, in alphabetical order.
#[rustfmt::skip]
pub static TABLE: [OpenaiLike; 59] = [
    row("ai21_chat", "https://api.ai21.com/studio/v1", "AI21_API_KEY", &OLDER_LIMIT).also(&["ai21"]),
    row("aiml", "https://api.aimlapi.com/v1", "AIML_API_KEY", &OLDER_LIMIT),
    row("baseten", "https://inference.baseten.co/v1", "BASETEN_API_KEY", &OLDER_LIMIT),
    row("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", &OLDER_LIMIT),
    row("chutes", "https://llm.chutes.ai/v1", "CHUTES_API_KEY", &OLDER_LIMIT),
    row("cloudflare", "https://api.cloudflare.com/client/v4/accounts/{account_id}/ai/v1", "CLOUDFLARE_API_KEY", &OLDER_LIMIT).with(&[setting("account_id", &["CLOUDFLARE_ACCOUNT_ID"])]),
    row("codestral", "https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY", &MISTRAL),
    row("cometapi", "https://api.cometapi.com/v1", "COMETAPI_KEY", &OLDER_LIMIT),
    row("dashscope", "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", &QWEN),
    OpenaiLike { bare_path: "/serving-endpoints", quirks: &DATABRICKS, ..own_host("databricks", "DATABRICKS_API_KEY") }.with(&[setting("api_base", &["DATABRICKS_API_BASE"])]),
    row("deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY", &OLDER_LIMIT).completing(),
    row("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY", &DEEPSEEK),
    row("featherless_ai", "https://api.featherless.ai/v1", "FEATHERLESS_AI_API_KEY", &OLDER_LIMIT).completing(),
    row("fireworks_ai", "https://api.fireworks.ai/inference/v1", "FIREWORKS_AI_API_KEY", &FIREWORKS).completing(),
    row("friendliai", "https://api.friendli.ai/serverless/v1", "FRIENDLI_TOKEN", &OLDER_LIMIT).completing(),
    row("github", "https://models.github.ai/inference", "GITHUB_API_KEY", &OPENAI),
    row("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", &GROQ),
    own_host("hosted_vllm", "HOSTED_VLLM_API_KEY").completing().also(&["vllm"]).with(&[setting("api_base", &["HOSTED_VLLM_API_BASE"])]),
    row("huggingface", "https://router.huggingface.co/v1", "HF_TOKEN", &OLDER_LIMIT),
    row("hyperbolic", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY", &OLDER_LIMIT).completing(),
    row("inception", "https://api.inceptionlabs.ai/v1", "INCEPTION_API_KEY", &OLDER_LIMIT),
    row("lambda_ai", "https://api.lambda.ai/v1", "LAMBDA_API_KEY", &OLDER_LIMIT).completing(),
    OpenaiLike { quirks: &GATEWAY, ..own_host("litellm_proxy", "LITELLM_PROXY_API_KEY") }.completing().with(&[setting("api_base", &["LITELLM_PROXY_API_BASE"])]),
    row("llamafile", "http://127.0.0.1:8080/v1", "LLAMAFILE_API_KEY", &OWN_HOST).completing(),
    row("lm_studio", "http://localhost:1234/v1", "LM_STUDIO_API_KEY", &LM_STUDIO).completing().with(&[setting("api_base", &["LM_STUDIO_API_BASE"])]),
    row("meta_llama", "https://api.llama.com/compat/v1", "LLAMA_API_KEY", &OLDER_LIMIT),
    row("minimax", "https://api.minimax.io/v1", "MINIMAX_API_KEY", &OWN_HOST),
    row("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", &MISTRAL),
    row("modelscope", "https://api-inference.modelscope.cn/v1", "MODELSCOPE_API_KEY", &OLDER_LIMIT),
    row("moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", &MOONSHOT),
    row("morph", "https://api.morphllm.com/v1", "MORPH_API_KEY", &OLDER_LIMIT),
    row("nebius", "https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY", &OLDER_LIMIT).completing(),
    row("novita", "https://api.novita.ai/v3/openai", "NOVITA_API_KEY", &OLDER_LIMIT).completing(),
    row("nscale", "https://inference.api.nscale.com/v1", "NSCALE_API_KEY", &OLDER_LIMIT),
    row("nvidia_nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY", &OLDER_LIMIT).completing(),
    OpenaiLike { operations: Operations { completions: true, responses: true }, ..row("openai", "https://api.openai.com/v1", "OPENAI_API_KEY", &OPENAI) }.also(&["text-completion-openai"]).with(&[setting("organization", &["OPENAI_ORGANIZATION"])]),
    own_host("openai_like", "OPENAI_LIKE_API_KEY").completing().also(&["custom_openai"]),
    row("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY", &OPENROUTER).completing(),
    row("perplexity", "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY", &PERPLEXITY),
    row("poe", "https://api.poe.com/v1", "POE_API_KEY", &OLDER_LIMIT),
    row("qianfan", "https://qianfan.baidubce.com/v2", "QIANFAN_API_KEY", &OLDER_LIMIT),
    row("qwencloud", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", &QWEN),
    row("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY", &OLDER_LIMIT),
    OpenaiLike { auth: Some("api-subscription-key"), ..row("sarvam", "https://api.sarvam.ai/v1", "SARVAM_API_KEY", &OLDER_LIMIT) },
    row("scaleway", "https://api.scaleway.ai/v1", "SCW_SECRET_KEY", &OLDER_LIMIT),
    row("siliconflow", "https://api.siliconflow.cn/v1", "SILICONFLOW_API_KEY", &SILICON),
    row("stepfun", "https://api.stepfun.com/v1", "STEPFUN_API_KEY", &OLDER_LIMIT),
    row("tencent", "https://api.hunyuan.cloud.tencent.com/v1", "HUNYUAN_API_KEY", &OLDER_LIMIT).also(&["hunyuan"]),
    row("together_ai", "https://api.together.xyz/v1", "TOGETHERAI_API_KEY", &OLDER_LIMIT).completing(),
    row("v0", "https://api.v0.dev/v1", "V0_API_KEY", &OLDER_LIMIT),
    row("veniceai", "https://api.venice.ai/api/v1", "VENICE_AI_API_KEY", &OLDER_LIMIT),
    row("vercel_ai_gateway", "https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY", &GATEWAY),
    row("volcengine", "https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_KEY", &ARK),
    row("wandb", "https://api.inference.wandb.ai/v1", "WANDB_API_KEY", &OLDER_LIMIT),
    row("xai", "https://api.x.ai/v1", "XAI_API_KEY", &XAI),
    row("xiaomi_mimo", "https://api.xiaomimimo.com/v1", "XIAOMI_MIMO_API_KEY", &OLDER_LIMIT),
    own_host("xinference", "XINFERENCE_API_KEY").completing(),
    row("zai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY", &GLM),
    row("zhipu", "https://open.bigmodel.cn/api/paas/v4", "ZHIPU_API_KEY", &GLM),
];
