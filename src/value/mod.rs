//! Plain values, so that units are types and not comments.

pub mod head;
pub mod money;
pub mod rng;
pub mod secret;
pub mod time;
