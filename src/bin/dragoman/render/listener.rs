//! Where clients connect, and what happens to a request before and after the module.

use dragoman::config::plan::Transport;
use dragoman::gateway::transport::PREFIX;
use serde_json::{Value, json};

use super::{
    Bootstrap, access_log::access_log, address, filter, inner, local_reply::local_reply_config,
    merged, routes,
};

/// All of them: with retries by Envoy there is one behind the one where clients connect.
pub(super) fn listeners(input: &Bootstrap) -> Vec<Value> {
    match input.transport {
        Transport::Dispatch => vec![listener(
            input,
            filter::filter(input),
            routes::chosen(input),
        )],
        Transport::Envoy => vec![
            listener(input, filter::outer(input), routes::retried()),
            inner::listener(input),
        ],
    }
}

fn listener(input: &Bootstrap, filter: Value, routes: Value) -> Value {
    let own = json!({
        "codec_type": "AUTO",
        "use_remote_address": true,
        "skip_xff_append": true,
        "generate_request_id": true,
        "early_header_mutation_extensions": [without_steering(input)],
        "http2_protocol_options": http2(input.max_body),
        "request_headers_timeout": "30s",
        "request_timeout": "300s",
        "access_log": access_log(input.transport),
    });
    json!({
        "name": "dragoman",
        "address": address(&input.listen.ip().to_string(), input.listen.port()),
        // The module reads a request whole before it knows where to send it, and who tries a request again must have kept it.
        "per_connection_buffer_limit_bytes": input.max_body,
        "filter_chains": filter_chains("dragoman", own, filter, routes),
    })
}

/// A connection manager with its `own` options and those that all of them have.
pub(super) fn filter_chains(name: &str, own: Value, filter: Value, routes: Value) -> Value {
    let common = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
    });
    let more = json!({
        // A model may think for long before it says anything; this only ends streams whose client is gone for good.
        "stream_idle_timeout": "3600s",
        "local_reply_config": local_reply_config(),
        "http_filters": [filter, router()],
        "route_config": routes,
    });
    let manager = merged([common, own, more]);
    json!([{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}])
}

/// Before anything looks at a request: no client chooses a cluster, a timeout, or whom it claims to come from, nor speaks for
/// another part of the gateway.
fn without_steering(input: &Bootstrap) -> Value {
    json!({
        "name": "envoy.http.early_header_mutation.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": [
                {"remove": input.cluster_header},
                {"remove_on_match": {"key_matcher": {"prefix": PREFIX}}},
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
