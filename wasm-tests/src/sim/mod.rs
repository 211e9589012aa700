//! Whole worlds from one seed: many exchanges at once on several workers, with providers that fail as they like and a clock
//! that nobody waits for. What must hold in every one of them is checked while it runs.
//!
//! A run draws a configuration, providers and clients (`scenario`), lets Envoy's side of every exchange happen (`envoy`, `calls`)
//! against one store that all workers share, and watches (`attempts`, `answers`, `ends`). Everything follows from the seed, so a
//! failure is repeated by its number.

mod agenda;
mod answers;
mod attempts;
mod calls;
mod dice;
mod ends;
mod envoy;
mod fault;
mod promise;
mod run;
mod scenario;
mod script;
mod visit;
mod words;

use core::fmt;

use run::Simulation;

/// What became of a run, or of many.
#[derive(Debug, Default)]
pub struct Report {
    /// How many requests got a good answer.
    pub answered: usize,
    /// How many requests went to providers.
    pub attempts: usize,
    /// What was not as it must be.
    pub faults: Vec<String>,
    /// How many requests had to be answered, because some deployment they may go to never fails.
    pub promised: usize,
    /// How many requests there were.
    pub requests: usize,
    /// How many of those that had to be answered took more than one attempt.
    pub rescued: usize,
    /// What happened, if it was to be written down.
    pub trace: Vec<String>,
}

impl Report {
    /// The numbers of both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            attempts: self.attempts + other.attempts,
            promised: self.promised + other.promised,
            requests: self.requests + other.requests,
            rescued: self.rescued + other.rescued,
            ..Self::default()
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} requests, {} attempts, {} good answers; {} had to be answered, {} of them by another attempt than the first",
            self.requests, self.attempts, self.answered, self.promised, self.rescued
        )
    }
}

/// Runs the world of this seed.
#[must_use]
pub fn run(seed: u64) -> Report {
    Simulation::of(seed, false).run()
}

/// Runs the world of this seed, and writes down what happens.
#[must_use]
pub fn traced(seed: u64) -> Report {
    Simulation::of(seed, true).run()
}
