//! Whole worlds from one seed: many exchanges at once on several workers, with providers that fail as they like and a clock
//! that nobody waits for. What must hold in every one of them is checked while it runs.
//!
//! A run draws a configuration, providers and clients ([`scenario`]), lets Envoy's side of every exchange happen ([`envoy`])
//! against one store that all workers share, and watches ([`attempts`], [`answers`], [`ends`]). Everything follows from the
//! seed, so a failure is repeated by its number.

mod agenda;
mod answers;
mod attempts;
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

use run::Simulation;

/// What became of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// How many requests went to providers.
    pub attempts: usize,
    /// How many requests got a good answer.
    pub answered: usize,
    /// What was not as it must be.
    pub faults: Vec<String>,
    /// How many requests were promised an answer because some deployment they may go to never fails.
    pub promised: usize,
    /// How many of those had to be tried more than once.
    pub rescued: usize,
    /// How many requests there were.
    pub requests: usize,
    /// The run's number.
    pub seed: u64,
    /// What happened, if it was to be written down.
    pub trace: Vec<String>,
}

impl Report {
    const fn of(seed: u64) -> Self {
        Self {
            attempts: 0,
            answered: 0,
            faults: Vec::new(),
            promised: 0,
            rescued: 0,
            requests: 0,
            seed,
            trace: Vec::new(),
        }
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
