//! The keys of a deployment's `model_info`.

use super::super::kind::Kind;
use super::deployment::{OTHER_PRICES, PRICES, UNREAD_PRICES};
use super::{Status, Table};

/// `model_info`.
pub(in crate::config) static MODEL_INFO: Table = Table {
    name: "model_info",
    rows: &[
        (Status::Supported(Kind::Name), &["id", "base_model", "mode"]),
        (Status::Supported(Kind::Price), PRICES),
        (Status::Supported(Kind::Count), &["order"]),
        (
            Status::Supported(Kind::Flag),
            &[
                "supports_assistant_prefill",
                "supports_function_calling",
                "supports_prompt_caching",
                "supports_reasoning",
                "supports_response_schema",
                "supports_vision",
            ],
        ),
        (Status::Supported(Kind::Positive), &["max_input_tokens"]),
        (Status::Supported(Kind::Small), &["allowed_fails"]),
        (
            Status::Supported(Kind::Structure),
            &["allowed_fails_policy"],
        ),
        (Status::Supported(Kind::Wait), &["cooldown_time"]),
        (
            Status::Informational,
            &[
                "key",
                "description",
                "litellm_provider",
                "max_tokens",
                "max_output_tokens",
                "supports_*",
                "supported_*",
                "metadata",
                "rpm",
                "tpm",
                "tier",
                "created_*",
                "updated_*",
                "source",
                "deprecation_date",
                "db_model",
                "prompt_cache_min_tokens",
                "thinking_always_on",
                "reasoning_effort_levels",
                "default_reasoning_effort",
                "token_count_*",
                "provider_specific_entry",
                "display_name",
                "notes",
            ],
        ),
        (
            Status::Refused,
            &[
                "access_groups",
                "access_via_team_ids",
                "access_windows",
                "allow_fail_open",
                "blocked",
                "cost_per_ptu_per_hour",
                "direct_access",
                "enable_tag_filtering",
                "internal_router_model",
                "member_auto_router",
                "ptu_*",
                "team_id",
                "team_public_model_name",
                "use_openai_responses_path",
                "vertex_ai_audio_api",
                "bedrock_*",
            ],
        ),
        (Status::Refused, UNREAD_PRICES),
        (
            Status::Ignored("only requests with tokens are priced"),
            OTHER_PRICES,
        ),
        (
            Status::Postponed("deployments are not probed"),
            &["health_check_*", "disable_background_health_check"],
        ),
        (
            Status::Postponed("`/v1/models` lists the group all the same"),
            &["discoverable"],
        ),
        (
            Status::Ignored("there is one environment: what this file says"),
            &["supported_environments"],
        ),
        (
            Status::Ignored("only chat is answered"),
            &[
                "uses_embed_content",
                "web_search_billing_unit",
                "search_free_requests",
            ],
        ),
    ],
};
