//! The module as an HTTP filter.

use dragoman::gateway::transport::OUTER;
use serde_json::{Value, json};

use super::{Bootstrap, merged};

/// The gateway.
pub(super) fn filter(input: &Bootstrap) -> Value {
    let environment = if input.variables.is_empty() {
        json!({})
    } else {
        json!({"environment_variables": {"host_env_keys": input.variables}})
    };
    let own = json!({
        // Else a filter that waits for the body before routing would never be given the body.
        "allow_on_headers_stop_iteration": true,
        "configuration": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": input.config},
    });
    plugin("dragoman", machine(input, environment), own)
}

/// What stands before the gateway where Envoy does the retrying. What the machine is configured with gives it one of its own;
/// shared data goes by the `vm_id` alone.
pub(super) fn outer(input: &Bootstrap) -> Value {
    let own = json!({"configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": OUTER}});
    plugin("dragoman_outer", machine(input, own), json!({}))
}

fn plugin(name: &str, machine: Value, own: Value) -> Value {
    let common = json!({
        "name": name,
        "root_id": name,
        "failure_policy": "FAIL_RELOAD",
        "reload_config": {"backoff": {"base_interval": "0.1s", "max_interval": "5s"}},
        "vm_config": machine,
    });
    json!({
        "name": "envoy.filters.http.wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": merged([common, own]),
        },
    })
}

fn machine(input: &Bootstrap, own: Value) -> Value {
    let common = json!({
        "vm_id": "dragoman",
        "runtime": "envoy.wasm.runtime.v8",
        "code": {"local": {"filename": input.wasm}},
    });
    merged([common, own])
}
