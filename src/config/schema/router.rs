//! The keys of `router_settings`.

use super::super::kind::Kind;
use super::{Status, Table};

/// `router_settings`.
pub(in crate::config) static ROUTER: Table = Table {
    name: "router_settings",
    rows: &[
        (Status::Supported(Kind::Text), &["routing_strategy"]),
        (
            Status::Supported(Kind::Structure),
            &[
                "allowed_fails_policy",
                "content_policy_fallbacks",
                "context_window_fallbacks",
                "default_fallbacks",
                "fallbacks",
                "model_group_alias",
                "model_group_retry_policy",
                "retry_policy",
                "routing_groups",
                "routing_strategy_args",
            ],
        ),
        (
            Status::Supported(Kind::Flag),
            &[
                "disable_cooldowns",
                "enable_pre_call_checks",
                "enable_tag_filtering",
                "tag_filtering_match_any",
            ],
        ),
        (
            Status::Supported(Kind::Positive),
            &["default_max_parallel_requests"],
        ),
        (
            Status::Supported(Kind::Seconds),
            &["timeout", "stream_timeout"],
        ),
        (
            Status::Supported(Kind::Small),
            &["allowed_fails", "max_fallbacks", "num_retries"],
        ),
        (
            Status::Supported(Kind::Wait),
            &["cooldown_time", "retry_after"],
        ),
        (
            Status::Refused,
            &[
                "optional_pre_call_checks",
                "tag_routing_prefix",
                "provider_budget_config",
                "default_litellm_params",
                "weights",
                "plugins",
                "guardrail_list",
                "router_general_settings",
                "model_group_affinity_config",
                "cache_responses",
                "caching_groups",
                "fallback_access_check",
                "fallback_budget_check",
                "model_list",
            ],
        ),
        (
            Status::Postponed("requests are not kept at one deployment"),
            &["deployment_affinity_ttl_seconds"],
        ),
        (
            Status::Ignored("a failed request goes to another deployment of its group in any case"),
            &["enable_weighted_failover"],
        ),
        (
            Status::Ignored("`num_retries` says how often a request is tried again"),
            &["max_retries"],
        ),
        (
            Status::Postponed("deployments are not probed"),
            &[
                "enable_health_check_routing",
                "health_check_staleness_threshold",
                "health_check_ignore_transient_errors",
                "background_health_check_model_groups",
            ],
        ),
        (
            Status::Postponed("requests do not queue"),
            &["default_priority", "polling_interval"],
        ),
        (
            Status::Postponed("its paths are not answered"),
            &["assistants_config", "search_tools"],
        ),
        (
            Status::Ignored("the gateway keeps its state in Envoy's shared data, not in Redis"),
            &["redis_*", "cache_kwargs"],
        ),
        (
            Status::Ignored("Envoy keeps the connections"),
            &["client_ttl"],
        ),
        (
            Status::Ignored("Envoy's log level decides"),
            &["set_verbose", "debug_level"],
        ),
        (
            Status::Ignored("alert on the metrics instead"),
            &["alerting_config"],
        ),
        (
            Status::Ignored("a configuration with a bad deployment is refused whole"),
            &["ignore_invalid_deployments"],
        ),
        (
            Status::Ignored("there are no automatic routers"),
            &["auto_router_capability_limit"],
        ),
    ],
};

/// An entry of `model_group_alias` that is a section.
pub(in crate::config) static ALIAS: Table = Table {
    name: "model_group_alias entry",
    rows: &[
        (Status::Supported(Kind::Name), &["model"]),
        (Status::Supported(Kind::Flag), &["hidden"]),
    ],
};
