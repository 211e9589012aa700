//! What the operator wrote, checked whole before any of it takes effect.

pub mod plan;
