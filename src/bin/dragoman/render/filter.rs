//! The module as an HTTP filter.

use serde_json::{Value, json};

use super::Bootstrap;

pub(super) fn filter(input: &Bootstrap) -> Value {
    json!({
        "name": "envoy.filters.http.wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "dragoman",
                "root_id": "dragoman",
                // Else a filter that waits for the body before routing would never be given the body.
                "allow_on_headers_stop_iteration": true,
                "failure_policy": "FAIL_RELOAD",
                "reload_config": {"backoff": {"base_interval": "0.1s", "max_interval": "5s"}},
                "vm_config": vm(input),
                "configuration": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": input.config},
            },
        },
    })
}

fn vm(input: &Bootstrap) -> Value {
    let mut vm = json!({
        "vm_id": "dragoman",
        "runtime": "envoy.wasm.runtime.v8",
        "code": {"local": {"filename": input.wasm}},
    });
    if let (Some(vm), false) = (vm.as_object_mut(), input.variables.is_empty()) {
        vm.insert(
            "environment_variables".to_owned(),
            json!({"host_env_keys": input.variables}),
        );
    }
    vm
}
