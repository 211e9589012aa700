//! The keys of the sections inside `router_settings` and `dragoman` that say how a request is tried and tried again.

use super::super::kind::Kind;
use super::{Status, Table};

/// `retry_policy`, and each entry of `model_group_retry_policy`.
pub(in crate::config) static RETRY_POLICY: Table = Table {
    name: "retry_policy",
    rows: &[(
        Status::Supported(Kind::Small),
        &[
            "AuthenticationErrorRetries",
            "BadRequestErrorRetries",
            "ContentPolicyViolationErrorRetries",
            "DefaultRetries",
            "InternalServerErrorRetries",
            "NotFoundErrorRetries",
            "RateLimitErrorRetries",
            "ServiceUnavailableErrorRetries",
            "TimeoutErrorRetries",
        ],
    )],
};

/// `allowed_fails_policy`, the router's and a deployment's.
pub(in crate::config) static ALLOWED_FAILS_POLICY: Table = Table {
    name: "allowed_fails_policy",
    rows: &[(
        Status::Supported(Kind::Small),
        &[
            "AuthenticationErrorAllowedFails",
            "BadGatewayErrorAllowedFails",
            "BadRequestErrorAllowedFails",
            "ContentPolicyViolationErrorAllowedFails",
            "InternalServerErrorAllowedFails",
            "NotFoundErrorAllowedFails",
            "RateLimitErrorAllowedFails",
            "ServiceUnavailableErrorAllowedFails",
            "TimeoutErrorAllowedFails",
        ],
    )],
};

/// `routing_strategy_args`, the router's and a routing group's.
pub(in crate::config) static STRATEGY_ARGS: Table = Table {
    name: "routing_strategy_args",
    rows: &[
        (Status::Supported(Kind::Seconds), &["ttl"]),
        (Status::Supported(Kind::Weight), &["lowest_latency_buffer"]),
        (
            Status::Ignored("a measurement counts less the older it is, there is no list of them"),
            &["max_latency_list_size"],
        ),
        (
            Status::Ignored("the mean time to first token decides"),
            &["ttft_percentile"],
        ),
    ],
};

/// An entry of `routing_groups`.
pub(in crate::config) static ROUTING_GROUP: Table = Table {
    name: "routing_groups entry",
    rows: &[
        (Status::Supported(Kind::Name), &["group_name"]),
        (Status::Supported(Kind::Names), &["models"]),
        (Status::Supported(Kind::Text), &["routing_strategy"]),
        (
            Status::Supported(Kind::Structure),
            &["routing_strategy_args"],
        ),
        (Status::Refused, &["model_priorities"]),
    ],
};

/// `retry_budget`, where it is a section.
pub(in crate::config) static RETRY_BUDGET: Table = Table {
    name: "retry_budget",
    rows: &[
        (Status::Supported(Kind::Percent), &["percent"]),
        (Status::Supported(Kind::Small), &["floor"]),
    ],
};
