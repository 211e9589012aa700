//! Header fields that outer and inner listener tell each other things by.

/// Marks an answer as final.
pub const FINAL: &str = "x-dragoman-final";
