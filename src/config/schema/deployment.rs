//! The keys of an entry of `model_list`.

use super::super::kind::Kind;
use super::{Status, Table};

/// An entry itself.
pub(in crate::config) static ENTRY: Table = Table {
    name: "model_list entry",
    rows: &[
        (Status::Supported(Kind::Name), &["model_name"]),
        (
            Status::Supported(Kind::Structure),
            &["litellm_params", "model_info", "dragoman"],
        ),
    ],
};

/// Our own options of a deployment.
pub(in crate::config) static DEPLOYMENT_OPTIONS: Table = Table {
    name: "dragoman",
    rows: &[
        (Status::Supported(Kind::Name), &["cluster", "think_tags"]),
        (Status::Supported(Kind::Flag), &["prefill"]),
    ],
};

/// `litellm_params`.
pub(in crate::config) static PARAMS: Table = Table {
    name: "litellm_params",
    rows: &[
        (
            Status::Supported(Kind::Text),
            &[
                "model",
                "api_base",
                "base_url",
                "mock_response",
                "custom_llm_provider",
                "aws_bedrock_runtime_endpoint",
                "aws_region_name",
                "model_id",
                "input_type",
                "vertex_credentials",
                "vertex_location",
                "vertex_project",
                "account_id",
                "api_version",
                "azure_ad_token",
                "organization",
            ],
        ),
        (
            Status::Supported(Kind::Credential),
            &[
                "api_key",
                "aws_access_key_id",
                "aws_secret_access_key",
                "aws_session_token",
            ],
        ),
        (Status::Supported(Kind::Weight), &["weight"]),
        (Status::Supported(Kind::Count), &["order", "rpm", "tpm"]),
        (Status::Supported(Kind::Names), &["tags"]),
        (
            Status::Supported(Kind::Positive),
            &["max_parallel_requests"],
        ),
        (
            Status::Supported(Kind::Small),
            &["max_retries", "num_retries"],
        ),
        (Status::Supported(Kind::Wait), &["cooldown_time"]),
        (
            Status::Supported(Kind::Seconds),
            &["timeout", "stream_timeout"],
        ),
        (Status::Supported(Kind::Structure), &["extra_headers"]),
        (
            Status::Supported(Kind::Flag),
            &["drop_params", "merge_reasoning_content_in_choices"],
        ),
        (
            Status::Supported(Kind::Names),
            &["additional_drop_params", "allowed_openai_params"],
        ),
        (Status::Supported(Kind::Structure), &["extra_body"]),
        (Status::Supported(Kind::Price), PRICES),
        (
            Status::Refused,
            &[
                "allowed_model_region",
                "azure_*",
                "client_id",
                "client_secret",
                "configurable_clientside_auth_params",
                "custom_prompt_dict",
                "extra_query",
                "headers",
                "litellm_credential_name",
                "litellm_system_prompt",
                "mock_tool_calls",
                "project",
                "prompt_id",
                "prompt_variables",
                "provider_affinity_header",
                "region_name",
                "tag_regex",
                "tenant_id",
                "use_chat_completions_api",
                "use_litellm_proxy",
                "use_xai_oauth",
                "fireworks_forward_user_id",
                "guardrails",
                "model_info",
                "vector_store_id",
                "vector_store_ids",
            ],
        ),
        (
            Status::Refused,
            &[
                "max_budget",
                "budget_duration",
                "itpm",
                "otpm",
                "default_api_key_tpm_limit",
                "default_api_key_rpm_limit",
                "max_file_size_mb",
            ],
        ),
        (
            Status::Refused,
            &[
                "adaptive_router_*",
                "anthropic_*",
                "auto_router_*",
                "aws_*",
                "bedrock_*",
                "complexity_router_*",
                "gcs_bucket_name",
                "bucket_name",
                "milvus_*",
                "openai_identity_*",
                "openai_service_account_id",
                "quality_router_*",
                "s3_*",
                "valkey_*",
                "vector_bucket_name",
                "index_name",
                "embedding_model",
                "vertex_*",
                "watsonx_*",
            ],
        ),
        (Status::Refused, REQUEST_DEFAULTS),
        (Status::Refused, UNREAD_PRICES),
        (
            Status::Ignored("only requests with tokens are priced"),
            OTHER_PRICES,
        ),
        (
            Status::Postponed("the router's `retry_policy` holds for it"),
            &["retry_policy"],
        ),
        (
            Status::Ignored("`max_fallbacks` bounds the fallbacks"),
            &["fallbacks_depth"],
        ),
        (
            Status::Postponed("`timeout` and `stream_timeout` hold for every tier"),
            &["timeout_by_service_tier", "stream_timeout_by_service_tier"],
        ),
        (
            Status::Postponed("pass-through paths are not answered"),
            &["use_in_pass_through"],
        ),
        (
            Status::Postponed("streams are not kept alive by comments"),
            &["keepalive_seconds", "allow_client_keepalive_override"],
        ),
        (
            Status::Ignored("Envoy keeps the connections"),
            &[
                "client_ttl",
                "ssl_verify",
                "http_client",
                "use_aiohttp_transport",
            ],
        ),
        (
            Status::Ignored("the gateway calls nobody back"),
            &[
                "litellm_trace_id",
                "litellm_call_id",
                "logger_fn",
                "verbose",
                "set_verbose",
                "no-log",
            ],
        ),
    ],
};

/// Prices of tokens that are read, in `litellm_params` or in `model_info`.
pub(super) const PRICES: &[&str] = &[
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "cache_creation_input_token_cost_above_1hr",
    "input_cost_per_audio_token",
    "output_cost_per_audio_token",
    "output_cost_per_reasoning_token",
];

/// Prices of tokens by tier, size or kind that a deployment cannot state yet.
pub(super) const UNREAD_PRICES: &[&str] = &[
    "input_cost_per_token_*",
    "output_cost_per_token_*",
    "cache_read_input_*",
    "cache_creation_input_*",
    "input_cost_per_audio_token_batches",
    "input_cost_per_image_token*",
    "output_cost_per_image_token*",
    "input_cost_per_video_token*",
    "output_cost_per_video_token",
    "output_cost_per_reasoning_token_*",
    "off_peak_pricing",
    "tiered_pricing",
    "citation_cost_per_token",
    "regional_processing_uplift_multiplier_*",
    "regional_endpoint_uplift_multiplier",
    "search_context_cost_per_query",
    "google_maps_grounding_cost_per_query",
];

/// Prices of what a chat request does not use.
pub(super) const OTHER_PRICES: &[&str] = &[
    "cost_per_second",
    "input_cost_per_second",
    "output_cost_per_second*",
    "input_cost_per_pixel",
    "output_cost_per_pixel",
    "input_cost_per_character*",
    "output_cost_per_character*",
    "input_cost_per_query",
    "input_cost_per_image",
    "input_cost_per_image_above_128k_tokens",
    "output_cost_per_image",
    "output_cost_per_image_512",
    "output_cost_per_image_1024",
    "output_cost_per_image_1536",
    "input_cost_per_audio_per_second*",
    "output_cost_per_audio_per_second",
    "input_cost_per_video_per_second*",
    "output_cost_per_video_per_second",
    "output_vector_size",
    "ocr_cost_per_*",
    "annotation_cost_per_*",
];

/// Members of a request that LiteLLM fills in from the deployment when the client leaves them out.
const REQUEST_DEFAULTS: &[&str] = &[
    "audio",
    "context_management",
    "frequency_penalty",
    "function_call",
    "functions",
    "include_server_side_tool_invocations",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "safety_settings",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
    "cache_control_injection_points",
    "dimensions",
    "encoding_format",
];
