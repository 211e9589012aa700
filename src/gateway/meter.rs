//! What is counted. Counting decides nothing, so nothing comes back from it.

use crate::usage::metrics::{Counter, Gauge, Histogram};

/// Whom a count concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Subject {
    /// Index into the plan's deployments; `None` counts as `other`.
    pub deployment: Option<usize>,
    /// Index into the plan's groups; `None` counts as `other`.
    pub group: Option<usize>,
}

/// Takes counts. The host hands them to Envoy, tests collect them.
pub trait Meter {
    /// Adds to a counter.
    fn add(&mut self, counter: Counter, subject: Subject, by: u64);

    /// States what a gauge shows.
    fn gauge(&mut self, gauge: Gauge, subject: Subject, value: u64);

    /// Records a value in a histogram.
    fn observe(&mut self, histogram: Histogram, subject: Subject, value: u64);

    /// States the exchange's facts for the access log: the members of a JSON object, each with a
    /// comma behind it. Called once, when the exchange is over.
    fn log(&mut self, facts: &[u8]);
}
