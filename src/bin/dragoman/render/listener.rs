//! Where clients connect, and what happens to a request before and after the module.

use serde_json::{Value, json};

use super::{
    Bootstrap, access_log::access_log, address, filter::filter, local_reply::local_reply_config,
};

pub(super) fn listener(input: &Bootstrap) -> Value {
    json!({
        "name": "dragoman",
        "address": address(&input.listen.ip().to_string(), input.listen.port()),
        // The module reads a request whole before it knows where to send it, so Envoy must be willing to keep it.
        "per_connection_buffer_limit_bytes": input.max_body,
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": connection_manager(input),
        }]}],
    })
}

fn connection_manager(input: &Bootstrap) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "dragoman",
        "codec_type": "AUTO",
        "use_remote_address": true,
        "skip_xff_append": true,
        "generate_request_id": true,
        "early_header_mutation_extensions": [without_steering(input)],
        "http2_protocol_options": http2(input.max_body),
        "request_headers_timeout": "30s",
        "request_timeout": "300s",
        // A model may think for long before it says anything; this only ends streams whose client is gone for good.
        "stream_idle_timeout": "3600s",
        "access_log": access_log(),
        "local_reply_config": local_reply_config(),
        "http_filters": [filter(input), router()],
        "route_config": routes(input),
    })
}

/// Before anything looks at a request: no client chooses a cluster, a timeout, or whom it claims to come from.
fn without_steering(input: &Bootstrap) -> Value {
    json!({
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [
                {"remove": input.cluster_header},
                {"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}},
                {"remove_on_match": {"key_matcher": {"prefix": "x-forwarded-"}}},
            ],
        },
    })
}

/// An HTTP/2 stream is buffered up to its window, not up to the listener's limit: with Envoy's default window a body of
/// 20 MB was refused although the listener allowed 32 MiB.
fn http2(max_body: u32) -> Value {
    let window = max_body.clamp(65_535, 2_147_483_647);
    json!({"initial_stream_window_size": window, "initial_connection_window_size": window})
}

fn router() -> Value {
    json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": true,
        },
    })
}

/// To the cluster the module named; a request it did not take gets a 404, whose body the local reply gives.
fn routes(input: &Bootstrap) -> Value {
    let chosen = json!({
        "match": {"prefix": "/", "headers": [{"name": input.cluster_header, "present_match": true}]},
        "route": {"cluster_header": input.cluster_header, "timeout": "0s"},
        // Envoy adds these to every request; a provider has no business with them.
        "request_headers_to_remove": [
            input.cluster_header,
            "x-envoy-external-address",
            "x-envoy-internal",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-request-id",
        ],
    });
    json!({
        "name": "dragoman",
        "virtual_hosts": [{
            "name": "dragoman",
            "domains": ["*"],
            "routes": [chosen, {"match": {"prefix": "/"}, "direct_response": {"status": 404}}],
        }],
    })
}
