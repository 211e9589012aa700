//! One JSON object per request and line on stdout.
//!
//! The module leaves its facts, a JSON object, in the filter state `wasm.dragoman` when the request ends (a property set
//! in `on_log` is seen here, also after the client hung up; one set in `on_done` is not). A `json_format` would print that
//! object as one escaped string, so the line is a text format into which it is spliced. A text format escapes nothing:
//! only values no client or provider can word may stand in it. Envoy's response code details are not among them, as they
//! quote the names in a provider's certificate. Requests the module did not see are logged by a second, escaped format.

use serde_json::{Value, json};

use super::cel::when;

pub(super) fn access_log() -> Value {
    let seen = "'wasm.dragoman' in filter_state";
    json!([
        stdout(
            seen,
            json!({"text_format_source": {"inline_string": SEEN}, "omit_empty_values": true})
        ),
        stdout(
            &format!("!({seen})"),
            json!({"json_format": unseen(), "omit_empty_values": true})
        ),
    ])
}

const SEEN: &str = concat!(
    r#"{"time":"%START_TIME%","status":%RESPONSE_CODE%,"flags":"%RESPONSE_FLAGS%","duration_ms":%DURATION%,"#,
    r#""bytes_in":%BYTES_RECEIVED%,"bytes_out":%BYTES_SENT%,"protocol":"%PROTOCOL%","#,
    r#""client":"%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%","upstream":"%UPSTREAM_HOST%","#,
    r#""dragoman":%FILTER_STATE(wasm.dragoman:PLAIN)%}"#,
    "\n"
);

fn unseen() -> Value {
    json!({
        "time": "%START_TIME%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "duration_ms": "%DURATION%",
        "bytes_in": "%BYTES_RECEIVED%",
        "bytes_out": "%BYTES_SENT%",
        "protocol": "%PROTOCOL%",
        "client": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
        "method": "%REQ(:METHOD)%",
        "path": "%REQ(:PATH)%",
    })
}

fn stdout(condition: &str, format: Value) -> Value {
    json!({
        "name": "envoy.access_loggers.stdout",
        "filter": when(condition),
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": format,
        },
    })
}
