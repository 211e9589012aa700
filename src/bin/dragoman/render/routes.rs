//! Where a request goes: to the cluster the module named, and with retries by Envoy to the module first.

use dragoman::config::plan::Transport;
use dragoman::gateway::transport::{ATTEMPT, EXCHANGE, FINAL, RETRIES};
use serde_json::{Value, json};

use super::{Bootstrap, inner, merged};

/// To the cluster the module named; a request it did not take gets a 404, whose body the local reply gives.
pub(super) fn chosen(input: &Bootstrap) -> Value {
    let (of_answers, of_refusals) = match input.transport {
        Transport::Dispatch => (json!({}), json!({})),
        Transport::Envoy => (
            // No provider can have Envoy believe that the module has judged its answer.
            json!({"response_headers_to_remove": [FINAL]}),
            json!({"response_headers_to_add": [{"header": {"key": FINAL, "value": "1"}}]}),
        ),
    };
    let chosen = json!({
        "match": {"prefix": "/", "headers": [{"name": input.cluster_header, "present_match": true}]},
        "route": {"cluster_header": input.cluster_header, "timeout": "0s"},
        "request_headers_to_remove": of_no_providers_business(input),
    });
    let nobodys = json!({"match": {"prefix": "/"}, "direct_response": {"status": 404}});
    let routes = [merged([chosen, of_answers]), merged([nobodys, of_refusals])];
    table(json!({"routes": routes}))
}

/// To the module, again and again until it says that an answer is final. It waits as long as it sees fit before it says that one is
/// not, so Envoy's own pauses are short; they grow because a module that trapped takes a moment to come back.
pub(super) fn retried() -> Value {
    let again = json!({
        "retry_on": "connect-failure,reset,retriable-headers",
        "retriable_headers": [{"name": FINAL, "present_match": false}],
        "num_retries": RETRIES,
        "retry_back_off": {"base_interval": "0.001s", "max_interval": "0.025s"},
    });
    table(json!({
        "include_request_attempt_count": true,
        "routes": [{
            "match": {"prefix": "/"},
            "route": {"cluster": inner::NAME, "timeout": "0s", "retry_policy": again},
            "response_headers_to_remove": [FINAL],
        }],
    }))
}

/// What Envoy adds to every request, and what the parts of the gateway tell each other.
fn of_no_providers_business(input: &Bootstrap) -> Vec<&str> {
    let internal = match input.transport {
        Transport::Dispatch => &[][..],
        Transport::Envoy => &[ATTEMPT, EXCHANGE],
    };
    let always = [
        input.cluster_header.as_str(),
        "x-envoy-external-address",
        "x-envoy-internal",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-request-id",
    ];
    always.into_iter().chain(internal.iter().copied()).collect()
}

fn table(own: Value) -> Value {
    let host = merged([json!({"name": "dragoman", "domains": ["*"]}), own]);
    json!({"name": "dragoman", "virtual_hosts": [host]})
}
