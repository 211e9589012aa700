//! A stand-in for the vendors, because tests, the demo and benchmarks must not depend on anybody's service.
//!
//! It answers in the formats of OpenAI, Anthropic, Google and AWS, refuses what they refuse, and misbehaves on
//! demand (see `behaviour`). A request passes `serve` → `handle` → the vendor's module (check, then a
//! neutral `answer`, then its rendering) → `script` (the faults) → `play` (the bytes and pauses).

#[cfg(not(target_family = "wasm"))]
mod admin;
#[cfg(not(target_family = "wasm"))]
mod answer;
#[cfg(not(target_family = "wasm"))]
mod anthropic;
#[cfg(not(target_family = "wasm"))]
mod bedrock;
#[cfg(not(target_family = "wasm"))]
mod behaviour;
#[cfg(not(target_family = "wasm"))]
mod fast;
#[cfg(not(target_family = "wasm"))]
mod format;
#[cfg(not(target_family = "wasm"))]
mod frame;
#[cfg(not(target_family = "wasm"))]
mod gemini;
#[cfg(not(target_family = "wasm"))]
mod handle;
#[cfg(not(target_family = "wasm"))]
mod openai;
#[cfg(not(target_family = "wasm"))]
mod operations;
#[cfg(not(target_family = "wasm"))]
mod play;
#[cfg(not(target_family = "wasm"))]
mod record;
#[cfg(not(target_family = "wasm"))]
mod refusal;
#[cfg(not(target_family = "wasm"))]
mod reply;
#[cfg(not(target_family = "wasm"))]
mod sample;
#[cfg(not(target_family = "wasm"))]
mod script;
#[cfg(not(target_family = "wasm"))]
mod serve;
#[cfg(not(target_family = "wasm"))]
mod socket;

#[cfg(not(target_family = "wasm"))]
fn main() -> std::io::Result<()> {
    let options = <serve::Options as clap::Parser>::parse();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve::run(options))
}

/// A test build for wasm compiles every target of the package; a server has nothing to do there.
#[cfg(target_family = "wasm")]
fn main() {}
