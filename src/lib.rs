//! Dragoman: an LLM gateway as one Wasm module inside stock Envoy.
//!
//! A client's request in OpenAI's chat format becomes a request to the provider of one deployment, and the provider's answer
//! becomes an answer in OpenAI's format, whole or as a stream; tokens and money are counted on the way. When a provider fails,
//! another is asked before the client notices. All of it is decided by a machine that is told what happens and says the one thing
//! to do about it, without clock, chance or input of its own. Only `host` knows Envoy, and it does what the machine says.
//!
//! ```text
//! client ─► Envoy ─► host ── Event ──► gateway ── Effect ──► host ─► Envoy ─► provider
//!                     │ is             │ asks
//!                     │   ┌────────┬───┴────┬─────────┬─────────┐
//!                     │ config    api    routing  provider    policy
//!                     ▼                     │         canonical, usage
//!                   Store ◄──────────── state
//!                  wire and value lie under all of them
//! ```
//!
//! In the order in which a request meets them:
//!
//! 1. `host` (Envoy only): callbacks become events, effects become host calls.
//! 2. [`gateway`]: the data path, a file or folder for each step.
//! 3. [`config`]: the operator's file, checked whole, as the plan that every step works from.
//! 4. [`api`]: how clients speak, and what they say to the gateway itself.
//! 5. [`state`]: what all workers know together: who is busy, fast, used up or at rest.
//! 6. [`routing`]: which deployment serves a request.
//! 7. [`provider`]: how vendors speak.
//! 8. [`canonical`]: the language between clients and vendors; errors among it, and what kind of failure each is.
//! 9. [`policy`]: what is done about a failure: again, elsewhere, or no further; and which deployments rest.
//! 10. [`usage`]: what an answer took and what that costs; names of metrics.
//! 11. [`wire`] and [`value`]: framing without meaning, and plain values.
//!
//! Layers look down only: `host` > `gateway` > `config` > `api` and `provider` > `canonical`, `policy`, `routing` and `usage` >
//! `state` and `wire` > `value`.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::string_slice))]

pub mod api;
pub mod canonical;
pub mod config;
pub mod gateway;
pub mod policy;
pub mod provider;
pub mod routing;
pub mod state;
pub mod usage;
pub mod value;
pub mod wire;

#[cfg(target_os = "wasi")]
mod host;
