//! Plain values that every layer shares.

pub mod head;
pub mod rng;
pub mod secret;
pub mod time;
