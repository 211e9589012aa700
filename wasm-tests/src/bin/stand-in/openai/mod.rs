//! OpenAI's chat completions: what is refused, and how answers look.

mod check;
mod render;

pub use check::{key, prompt};
pub use render::{error, error_event, events, whole};
