//! The keys of `router_settings`.

use super::super::kind::Kind;
use super::{Status, Table};

/// `router_settings`.
pub(in crate::config) static ROUTER: Table = Table {
    name: "router_settings",
    rows: &[
        (Status::Supported(Kind::Text), &["routing_strategy"]),
        (Status::Supported(Kind::Structure), &["model_group_alias"]),
        (
            Status::Supported(Kind::Seconds),
            &["timeout", "stream_timeout"],
        ),
        (
            Status::Refused,
            &[
                "fallbacks",
                "default_fallbacks",
                "context_window_fallbacks",
                "content_policy_fallbacks",
                "enable_pre_call_checks",
                "optional_pre_call_checks",
                "enable_tag_filtering",
                "tag_filtering_match_any",
                "tag_routing_prefix",
                "provider_budget_config",
                "default_litellm_params",
                "default_max_parallel_requests",
                "routing_groups",
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
            Status::Postponed("nothing is tried again yet"),
            &[
                "num_retries",
                "max_retries",
                "max_fallbacks",
                "retry_after",
                "retry_policy",
                "model_group_retry_policy",
                "enable_weighted_failover",
            ],
        ),
        (
            Status::Postponed("nothing is cooled down yet"),
            &[
                "allowed_fails",
                "allowed_fails_policy",
                "cooldown_time",
                "disable_cooldowns",
                "deployment_affinity_ttl_seconds",
            ],
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
            Status::Ignored("simple-shuffle has no arguments"),
            &["routing_strategy_args"],
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
