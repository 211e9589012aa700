//! What is counted. Counting decides nothing, so nothing comes back from it.

use crate::api::Operation;

/// What is counted of a request that some deployment served, or that none did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Subject {
    /// Index into the plan's deployments; `None` counts as `other`.
    pub deployment: Option<usize>,
    /// Index into the plan's groups; `None` counts as `other`.
    pub group: Option<usize>,
}

/// Kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Read from the vendor's prompt cache; part of `Input`.
    CacheRead,
    /// Written to the vendor's prompt cache; part of `Input`.
    CacheWrite,
    /// Of the prompt.
    Input,
    /// Of the answer.
    Output,
    /// Spent on reasoning; part of `Output`.
    Reasoning,
}

/// A counter and what distinguishes its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Count {
    /// Nano-dollars.
    Cost,
    /// Answers that came compressed although the gateway had to read them.
    EncodedAnswers,
    /// Requests answered.
    Requests {
        /// What was asked.
        operation: Operation,
        /// The status the client saw.
        status: u16,
    },
    /// Tokens of one kind.
    Tokens(TokenKind),
    /// Requests that nobody knows the price of.
    Unpriced,
}

/// A histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Microseconds spent inside the gateway.
    OverheadUs,
    /// Milliseconds from the request's head to the answer's last byte.
    RequestDurationMs,
    /// Milliseconds from the request's head to the first content of a streamed answer.
    TimeToFirstTokenMs,
}

/// Takes counts. The host hands them to Envoy, tests collect them.
pub trait Meter {
    /// Adds to a counter.
    fn add(&mut self, count: Count, subject: Subject, by: u64);

    /// Records a value in a histogram.
    fn observe(&mut self, measure: Measure, subject: Subject, value: u64);

    /// States the exchange's facts, a JSON object, for the access log. A later one replaces it.
    fn log(&mut self, facts: &[u8]);
}
