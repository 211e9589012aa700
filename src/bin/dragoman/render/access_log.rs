//! One JSON object per request and line on stdout.
//!
//! The module leaves its facts in the filter state `wasm.dragoman` when the request ends (a property set in `on_log` is
//! seen here, also after the client hung up; one set in `on_done` is not). They are the members of a JSON object, each
//! with a comma behind it, spliced into the line as they are: a `json_format` would print them as one escaped string. A
//! request that never reached the module leaves nothing, and the line is whole without it. A text format escapes
//! nothing, so only values no client or provider can word stand in it: what they can word is among the module's facts.

use dragoman::config::plan::Transport;
use serde_json::{Value, json};

pub(super) fn access_log(transport: Transport) -> Value {
    let line = match transport {
        Transport::Dispatch => format!("{LINE},\"upstream\":\"%UPSTREAM_HOST%\"}}\n"),
        // What Envoy has for an upstream where the log is written is the gateway itself.
        Transport::Envoy => format!("{LINE}}}\n"),
    };
    json!([{
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"text_format_source": {"inline_string": line}, "omit_empty_values": true},
        },
    }])
}

const LINE: &str = concat!(
    r#"{"time":"%START_TIME%",%FILTER_STATE(wasm.dragoman:PLAIN)%"status":%RESPONSE_CODE%,"flags":"%RESPONSE_FLAGS%","#,
    r#""duration_ms":%DURATION%,"bytes_in":%BYTES_RECEIVED%,"bytes_out":%BYTES_SENT%,"protocol":"%PROTOCOL%","#,
    r#""client":"%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%""#,
);
