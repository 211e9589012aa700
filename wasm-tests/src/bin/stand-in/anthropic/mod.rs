//! Anthropic's messages: what is refused, and how answers look.

mod blocks;
mod check;
mod messages;
mod models;
mod render;
mod schema;
mod thinking;
mod tools;

pub use check::{Caller, caller, prompt};
pub use render::{error, error_event, events, whole};
