//! What one worker keeps of the shared state: its place among the workers, and what it has under way.

/// One worker's part of the shared state, for one configuration.
#[derive(Debug, Default)]
pub struct Desk {}
