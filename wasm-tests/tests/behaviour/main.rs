//! What the gateway does, rule by rule, natively and as wasm in Node.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected should stop"
)]

mod access;
mod accounts;
mod answers;
mod aws;
mod deadlines;
mod failures;
mod fallbacks;
mod hedging;
mod held;
mod leaving;
mod messages;
mod midstream;
mod mocks;
mod names;
mod operations;
mod parameters;
mod requests;
mod retries;
mod scenario;
mod spoken;
mod streams;
mod through;
mod tokens;
mod told;
mod vendors;
mod ways_in;

/// What marks a rule: a test of the harness that runs it.
#[cfg(not(target_arch = "wasm32"))]
use core::prelude::v1::test as rule;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as rule;
