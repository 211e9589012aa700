//! Answers that Envoy made in an upstream's place, and why.

use crate::gateway::event::Local;
use crate::value::head::Head;

/// Why Envoy answered, by its response code details; `None` when an upstream did.
pub fn local(details: &[u8]) -> Option<Local> {
    let details = core::str::from_utf8(details).unwrap_or_default();
    let has = |word: &str| details.contains(word);
    match details {
        "" | "via_upstream" => None,
        _ if has("cluster_not_found") => Some(Local::NoCluster),
        _ if has("overflow") => Some(Local::Unavailable),
        _ if has("timeout") => Some(Local::Timeout),
        _ if has("connection_failure") => Some(Local::Connect),
        _ if has("before_response_started") => Some(Local::Reset),
        _ => Some(Local::Unavailable),
    }
}

/// The same for a call of the gateway's own. It has no details: Envoy's own answers are known by a header that it adds to all others,
/// and one that broke off has no head at all.
pub fn of_call(head: &Head, body: &[u8]) -> Option<Local> {
    if head.status().is_none() {
        return Some(Local::Reset);
    }
    if head.get("x-envoy-upstream-service-time").is_some() {
        return None;
    }
    let has = |words: &[u8]| memchr::memmem::find(body, words).is_some();
    match head.status() {
        Some(504) => Some(Local::Timeout),
        Some(503) if has(b"connection failure") => Some(Local::Connect),
        Some(503) if has(b"disconnect/reset") => Some(Local::Reset),
        Some(503) => Some(Local::Unavailable),
        _ => None,
    }
}
