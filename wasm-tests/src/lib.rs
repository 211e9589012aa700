//! Everything that tests the module.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that meets the unexpected should stop"
)]

pub mod golden;
#[cfg(test)]
mod readme;
#[cfg(not(target_family = "wasm"))]
pub mod sim;
pub mod world;
