//! Configurations nobody would write: read or refused, never a panic.

use dragoman::config::{from_bytes, read};
use proptest::prelude::any;
use serde_json::{Value, json};

use crate::always;
use crate::mutate::{bytes, harmed, twisted};

fn good() -> Value {
    json!({
        "model_list": [
            {"model_name": "gpt", "litellm_params": {"model": "openai/gpt-4o", "api_key": "os.environ/KEY", "api_base": "https://x.example:8443/v1",
                "weight": 2, "rpm": 10, "tpm": 1000, "timeout": 1.5, "stream_timeout": 3, "extra_headers": {"X-A": "b"},
                "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "drop_params": true, "tags": ["t"], "order": 1, "num_retries": 1, "max_parallel_requests": 3},
                "model_info": {"id": "a", "allowed_fails_policy": {"TimeoutErrorAllowedFails": 1}, "cooldown_time": 1}, "dragoman": {"prefill": true}},
            {"model_name": "claude", "litellm_params": {"model": "anthropic/claude-haiku-4-5", "api_key": "k", "mock_response": "hi"}},
            {"model_name": "openai/*", "litellm_params": {"model": "openai/*"}},
        ],
        "router_settings": {"routing_strategy": "latency-based-routing", "routing_strategy_args": {"ttl": 9}, "timeout": 5,
            "routing_groups": [{"group_name": "g", "models": ["claude"], "routing_strategy": "least-busy"}],
            "fallbacks": [{"gpt": ["claude", "openai/x"]}, {"*": "g"}], "default_fallbacks": ["a"], "context_window_fallbacks": {"openai/y": "b"},
            "retry_policy": {"TimeoutErrorRetries": 1}, "model_group_retry_policy": {"openai/*": {"DefaultRetries": 0}}, "enable_tag_filtering": true,
            "model_group_alias": {"a": "gpt", "b": {"model": "gpt", "hidden": true}}},
        "litellm_settings": {"drop_params": true, "request_timeout": 7},
        "general_settings": {"master_key": "os.environ/MASTER"},
        "environment_variables": {"KEY": "v"},
        "dragoman": {"cluster_template": "outbound|{port}||{host}", "max_body_bytes": 1000, "cluster_header": "x-c", "retry_budget": {"percent": 5, "floor": 1},
            "midstream": "continue", "hedge_after": 1, "retry_transport": "envoy", "stream_idle_timeout": 3},
    })
}

#[test]
fn the_configuration_to_twist_is_good() {
    assert!(read(&good(), &|_| Some("v".to_owned())).is_ok());
}

#[test]
fn any_configuration_is_read_or_refused_with_every_fault() {
    let values = (twisted(vec![good()], 4), any::<Option<String>>());
    always(2000, values, |(config, variable)| {
        if let Err(faults) = read(&config, &|_| variable.clone()) {
            assert!(!faults.is_empty());
            assert!(faults.iter().all(|fault| !fault.to_string().is_empty()));
        }
    });
}

#[test]
fn any_bytes_are_a_configuration_or_refused() {
    let json = good().to_string();
    let values = proptest::prop_oneof![bytes(), harmed(vec![json], 4)];
    always(1500, values, |bytes| {
        if let Ok(config) = from_bytes(&bytes) {
            let _ = read(&config, &|_| None);
        }
    });
}
