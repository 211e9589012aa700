//! Dragoman: an LLM gateway as one Wasm module inside stock Envoy.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::string_slice))]

pub mod api;
pub mod canonical;
pub mod config;
pub mod gateway;
pub mod provider;
pub mod routing;
pub mod usage;
pub mod value;
pub mod wire;

#[cfg(target_os = "wasi")]
mod host;
