//! Simulated worlds, each from a seed, in which every invariant must hold.
//!
//! `SIMULATION_RUNS` says how many, `SIMULATION_SEED` where they begin. What happened in one that fails is printed.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop"
)]

use std::env;
use std::ops::Range;
use std::panic::catch_unwind;
use std::thread;

use wasm_tests::sim::{self, Report};

/// How many worlds there are, if nobody says.
const RUNS: u64 = 1_500;

#[test]
fn in_no_world_does_an_invariant_break() {
    let first = number("SIMULATION_SEED", 0);
    let runs = number("SIMULATION_RUNS", RUNS);
    let middle = first.saturating_add(runs / 2);
    let last = first.saturating_add(runs);
    let sum = thread::scope(|scope| {
        let half = scope.spawn(|| all_good(first..middle));
        let other = all_good(middle..last);
        half.join().expect("the first half").and(&other)
    });
    println!("{sum}");
    let is_telling = sum.rescued.saturating_mul(25) > sum.requests;
    assert!(runs < RUNS || is_telling, "too few were rescued: {sum}");
}

#[test]
fn a_world_follows_from_its_seed() {
    for seed in 0..5 {
        assert_eq!(sim::traced(seed).trace, sim::traced(seed).trace);
    }
}

fn number(name: &str, usual: u64) -> u64 {
    let text = env::var(name).ok();
    text.map_or(usual, |text| text.parse().expect("a whole number"))
}

fn all_good(seeds: Range<u64>) -> Report {
    seeds.fold(Report::default(), |sum, seed| sum.and(&good(seed)))
}

/// The world of this seed; what is wrong with it stops the test.
fn good(seed: u64) -> Report {
    let Ok(report) = catch_unwind(|| sim::run(seed)) else {
        panic!("the world of seed {seed} came to a sudden end");
    };
    if report.faults.is_empty() {
        return report;
    }
    let told = sim::traced(seed);
    panic!(
        "{}\n\nin the world of seed {seed}:\n{}\n\nsee it again: make simulation SEED={seed}",
        told.trace.join("\n"),
        report.faults.join("\n"),
    );
}
