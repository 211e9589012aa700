//! The data path: one exchange from a client's request to the last byte of its answer.
//!
//! An [`Exchange`] is told what happens ([`Event`](event::Event)) and says the one thing to do about it
//! ([`Effect`](effect::Effect)). It asks nobody for the time, for chance or for state: they are in its [`Context`].
//!
//! ```text
//! Arrived ─ admit ─┬─ somebody else's ───────────────────────► Pass
//!                  ├─ models, health, refusals ──────────────► Respond
//!                  └─ a chat ─ Hold … Request ───────────────► attempt
//!
//! attempt ─ select ─┬─ nobody can be asked ──────────────────► policy
//!                   ├─ a mock ───────────────────────────────► Respond
//!                   ├─ Envoy holds the request ──────────────► Forward … Head
//!                   └─ Envoy has sent it on before ──────────► Dispatch … Answer
//!
//! Head ───┬─ an error ─ Hold … Chunk ────────────────────────► policy
//!         ├─ whole ──── Hold … Chunk ─ relay::whole ─┬─ bad ─► policy
//!         │                                          └─ good ► settle, Release
//!         └─ stream ─── Hold … Chunk ─ relay ─┬─ failed ─────► policy
//!                                             └─ content ────► Release, then Emit or Pass … settle, or broken
//! Answer ─┬─ bad ────────────────────────────────────────────► policy
//!         └─ good, and whole ────────────────────────────────► settle, Respond
//!
//! policy ─┬─ no further ─────────────────────────────────────► Respond: the last failure
//!         └─ at once or Hold … Woke ─┬─ dispatch ────────────► attempt
//!                                    └─ envoy ───────────────► Respond, not final … Arrived … Request, attempt
//! broken ─┬─ to be gone on with ─────────────────────────────► Dispatch … Answer, Emit what it adds
//!         └─ else ───────────────────────────────────────────► settle, Emit the error … Woke, Close
//!
//! Woke ───┬─ an attempt's time limit, before content ────────► policy
//!         ├─ or after it ────────────────────────────────────► broken
//!         ├─ the whole request's ────────────────────────────► Respond, or Emit the error
//!         └─ no content yet, and hedged ─────────────────────► Dispatch besides: the first content answers
//! Closed ─┬─ envoy, and the client has got nothing ──────────► policy … Arrived … Request, attempt
//!         └─ else ───────────────────────────────────────────► settle what can still be counted
//! ```
//!
//! Steps have files of their own: [`admit`], [`select`], [`attempt`], [`relay`], [`settle`], [`refuse`]. `exchange` holds the states
//! and takes the events to them; [`book`] keeps what later choices are made by; [`transport`] is what the two listeners agree on; [`tokens`] are
//! what some providers want to be shown.

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
mod params;
pub mod refuse;
pub mod relay;
pub mod select;
pub mod settle;
pub mod tokens;
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
