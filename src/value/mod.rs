//! Plain values, so that units are types and not comments.

pub mod money;
