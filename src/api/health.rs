//! Whether the gateway runs, in LiteLLM's words, for probes written for it.

/// The answer to `/health/liveliness`.
pub const ALIVE: &[u8] = b"\"I'm alive!\"";

/// The answer to `/health/readiness`: a loaded configuration is all the gateway needs.
#[must_use]
pub fn ready(deployments: usize) -> Vec<u8> {
    let status = serde_json::json!({
        "status": "healthy",
        "deployments": deployments,
        "version": env!("CARGO_PKG_VERSION"),
    });
    status.to_string().into_bytes()
}
