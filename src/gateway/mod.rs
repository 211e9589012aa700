//! The data path: one exchange from a client's request to the last byte of its answer.
//!
//! An [`Exchange`] is told what happens ([`Event`](event::Event)) and says the one thing to do about it
//! ([`Effect`](effect::Effect)). It asks nobody for the time, for chance or for state: they are in its [`Context`].
//!
//! ```text
//! Arrived ─ admit ─┬─ somebody else's ──────────────────────────────► Pass
//!                  ├─ models, health, refusals ─────────────────────► Respond
//!                  └─ Hold … Request ─ attempt ─┬─ mock, refusals ──► Respond
//!                                               └─ Forward
//! Head ─┬─ an error ─ Hold … Chunk ─────────────────────────────────► Respond
//!       ├─ whole ──── Hold … Chunk ─ relay::whole ─ settle ─────────► Release
//!       └─ stream ─── Hold … Chunk ─ relay ─ first content ─────────► Release, then Emit or Pass … settle
//! ```

pub mod admit;
pub mod attempt;
pub mod book;
pub mod effect;
pub mod event;
mod exchange;
#[cfg(test)]
mod fixture;
pub mod heads;
pub mod meter;
pub mod refuse;
pub mod relay;
pub mod select;
pub mod settle;
pub mod transport;

pub use exchange::Exchange;

use crate::config::plan::Plan;
use crate::state::{Desk, Store};
use crate::value::rng::Rng;
use crate::value::time::Timestamp;
use meter::Meter;

/// What an exchange may use besides itself.
pub struct Context<'a> {
    /// The time.
    pub now: Timestamp,
    /// The worker's randomness.
    pub rng: &'a mut Rng,
    /// Takes counts.
    pub meter: &'a mut dyn Meter,
    /// What the operator configured.
    pub plan: &'a Plan,
    /// What all workers know together.
    pub store: &'a dyn Store,
    /// This worker's part of it.
    pub desk: &'a mut Desk,
}
