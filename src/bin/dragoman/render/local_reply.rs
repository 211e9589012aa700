//! Envoy's own answers in OpenAI's form: those the module never sees, because the provider cut the connection while
//! it held the response headers, a request was no HTTP, or it trapped; and, so that they are alike, those it does see.
//!
//! They are told apart by Envoy's response code details. The module's own answers have none and match nothing here.
//! Response flags would not do: an answer of the module that replaces a failed connection still carries that flag.

use serde_json::{Value, json};

use super::cel::when;

pub(super) fn local_reply_config() -> Value {
    let mappers: Vec<Value> = REPLIES.iter().map(mapper).collect();
    json!({"mappers": mappers})
}

/// What a client is told.
struct Reply {
    /// Which of Envoy's answers it replaces; the first that is true counts.
    when: &'static str,
    /// The status, unless Envoy's is kept.
    status: Option<u16>,
    kind: &'static str,
    code: Option<&'static str>,
    message: &'static str,
}

const INVALID: &str = "invalid_request_error";
const SERVER: &str = "server_error";

const REPLIES: &[Reply] = &[
    Reply {
        when: "response.code_details == 'direct_response' || response.code_details == 'route_not_found'",
        status: None,
        kind: INVALID,
        code: None,
        message: "Invalid URL (%REQ(:METHOD)% %REQ(:PATH)%)",
    },
    Reply {
        when: "response.code_details == 'request_payload_too_large'",
        status: None,
        kind: INVALID,
        code: Some("request_too_large"),
        message: "The request body is larger than this gateway takes.",
    },
    Reply {
        when: "response.code_details in ['response_timeout', 'upstream_per_try_timeout', 'stream_idle_timeout', \
               'upstream_max_stream_duration_reached']",
        status: Some(504),
        kind: "timeout",
        code: Some("upstream_timeout"),
        message: "The model provider did not answer in time.",
    },
    Reply {
        when: "response.code_details in ['no_healthy_upstream', 'cluster_not_found', \
               'maintenance_mode'] || response.code_details.contains('{overflow')",
        status: Some(503),
        kind: SERVER,
        code: Some("upstream_unavailable"),
        message: "The model provider cannot be reached now.",
    },
    Reply {
        when: "response.code_details == 'response_payload_too_large'",
        status: Some(502),
        kind: SERVER,
        code: Some("upstream_too_large"),
        message: "The model provider's answer is longer than this gateway takes.",
    },
    Reply {
        when: "response.code_details.startsWith('upstream_')",
        status: Some(502),
        kind: SERVER,
        code: Some("upstream_reset"),
        message: "The connection to the model provider failed.",
    },
    Reply {
        when: "response.code_details != '' && response.code >= 500",
        status: None,
        kind: SERVER,
        code: Some("internal_error"),
        message: "The gateway could not answer this request.",
    },
    Reply {
        when: "response.code_details != ''",
        status: None,
        kind: INVALID,
        code: None,
        message: "%LOCAL_REPLY_BODY%",
    },
];

fn mapper(reply: &Reply) -> Value {
    let body = json!({"error": {
        "message": reply.message,
        "type": reply.kind,
        "param": null,
        "code": reply.code,
    }});
    let mut mapper = json!({
        "filter": when(reply.when),
        "body_format_override": {"json_format": body, "content_type": "application/json"},
    });
    if let (Some(mapper), Some(status)) = (mapper.as_object_mut(), reply.status) {
        mapper.insert("status_code".to_owned(), json!(status));
    }
    mapper
}
