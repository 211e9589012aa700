//! Thousands of simulated worlds, each from a seed, in which all invariants must hold.
//!
//! `SIMULATION_RUNS` says how many, `SIMULATION_SEED` where they begin: with a seed and one run, what happened is printed.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop"
)]

use std::env;
use std::panic::catch_unwind;

use wasm_tests::sim::{self, Report};

/// How many worlds there are, if nobody says.
const RUNS: u64 = 1_000;

fn number(name: &str, usual: u64) -> u64 {
    let text = env::var(name).ok();
    text.map_or(usual, |text| text.parse().expect("a whole number"))
}

/// The run of this seed; what is wrong with it stops the test.
fn good(seed: u64) -> Report {
    let report = catch_unwind(|| sim::run(seed)).unwrap_or_else(|_| {
        panic!("seed {seed}: stopped, see above");
    });
    if report.faults.is_empty() {
        return report;
    }
    let told = sim::traced(seed);
    panic!(
        "seed {seed}\n{}\n\n{}\n\nagain: SIMULATION_SEED={seed} SIMULATION_RUNS=1 make simulation",
        told.trace.join("\n"),
        report.faults.join("\n"),
    );
}

#[test]
fn in_no_world_does_any_invariant_break() {
    let first = number("SIMULATION_SEED", 0);
    let runs = number("SIMULATION_RUNS", RUNS);
    let mut sum = Report::default();
    for seed in first..first.saturating_add(runs) {
        let report = good(seed);
        sum.attempts += report.attempts;
        sum.answered += report.answered;
        sum.promised += report.promised;
        sum.rescued += report.rescued;
        sum.requests += report.requests;
    }
    println!("{sum:?}");
    assert!(
        runs < 100 || sum.rescued * 20 > sum.requests,
        "too few requests are rescued for this to tell anything: {sum:?}"
    );
}

#[test]
fn a_world_follows_from_its_seed() {
    for seed in 0..5 {
        assert_eq!(sim::traced(seed).trace, sim::traced(seed).trace);
    }
}
