//! The gateway behind the gateway's door: with retries by Envoy the module stands at a listener that only Envoy itself can reach,
//! and each attempt of a request comes there as a request of its own.
//!
//! HTTP/2 runs between the two. Over HTTP/1.1 the end of a stream that broke off was passed on a second late, and a client
//! that had left could not be told from a provider that had.

use serde_json::{Value, json};

use super::{Bootstrap, clusters, filter, listener::filter_chains, routes};

/// What the inner listener is called, and the cluster that leads to it.
pub(super) const NAME: &str = "dragoman_inner";

/// Envoy's largest window. All requests of a worker share a connection; with less, clients that do not read could keep the
/// others' answers from coming.
const WIDEST: u32 = 2_147_483_647;

/// How much of an answer is under way to one client that does not read.
const STREAM: u32 = 262_144;

/// Room for the fields that the module and Envoy add to a message of the largest size that clients and providers may send.
const FIELDS: u32 = 200;
const HEADERS_KB: u32 = 120;

pub(super) fn listener(input: &Bootstrap) -> Value {
    let own = json!({
        "codec_type": "HTTP2",
        "generate_request_id": false,
        "common_http_protocol_options": {"max_headers_count": FIELDS},
        "max_request_headers_kb": HEADERS_KB,
        "http2_protocol_options": http2(input.max_body.clamp(65_535, WIDEST)),
    });
    json!({
        "name": NAME,
        "internal_listener": {},
        "per_connection_buffer_limit_bytes": input.max_body,
        "filter_chains": filter_chains(NAME, own, filter::filter(input), routes::chosen(input)),
    })
}

pub(super) fn cluster() -> Value {
    let endpoint = json!({"address": {"envoy_internal_address": {"server_listener_name": NAME}}});
    json!({
        "name": NAME,
        "type": "STATIC",
        "circuit_breakers": clusters::circuit_breakers(),
        "load_assignment": {"cluster_name": NAME, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "common_http_protocol_options": {"max_headers_count": FIELDS, "max_response_headers_kb": HEADERS_KB},
            "explicit_http_config": {"http2_protocol_options": http2(STREAM)},
        }},
    })
}

/// What lets Envoy listen to itself.
pub(super) fn extension() -> Value {
    json!({
        "name": "envoy.bootstrap.internal_listener",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        },
    })
}

fn http2(stream: u32) -> Value {
    json!({"initial_stream_window_size": stream, "initial_connection_window_size": WIDEST})
}
