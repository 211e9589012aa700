//! The golden fixtures, natively and as wasm.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that meets the unexpected should stop"
)]

use std::sync::LazyLock;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use wasm_tests::golden::{self, Outcome};

#[cfg(not(target_arch = "wasm32"))]
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

/// All fixtures, run once.
fn outcome() -> &'static Outcome {
    static OUTCOME: LazyLock<Outcome> = LazyLock::new(golden::run);
    &OUTCOME
}

#[test]
fn every_fixture_is_translated_as_it_says() {
    let outcome = outcome();
    assert!(outcome.run > 0, "no fixtures");
    let count = outcome.failures.len();
    assert!(
        outcome.failures.is_empty(),
        "{count} of {} failed:\n{}",
        outcome.run,
        outcome.failures.join("\n")
    );
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_fixture_on_disk_is_in_the_module() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
    let mut on_disk = Vec::new();
    for provider in std::fs::read_dir(root).expect("golden") {
        let provider = provider.expect("a folder");
        for file in std::fs::read_dir(provider.path()).expect("a folder of fixtures") {
            let (folder, file) = (provider.file_name(), file.expect("a fixture").file_name());
            on_disk.push(format!(
                "{}/{}",
                folder.to_string_lossy(),
                file.to_string_lossy()
            ));
        }
    }
    on_disk.sort();
    let mut in_module = golden::names();
    in_module.sort();
    assert_eq!(
        in_module, on_disk,
        "touch wasm-tests/src/golden/mod.rs to embed new fixtures"
    );
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn readme_counts_the_fixtures_that_pass() {
    const MARKS: (&str, &str) = ("<!-- fixtures: make matrix -->\n", "<!-- /fixtures -->");
    let readme = std::fs::read_to_string(README).expect("README");
    let (before, rest) = readme.split_once(MARKS.0).expect("a place for the table");
    let (told, after) = rest.split_once(MARKS.1).expect("its end");
    let table = outcome().table();
    if std::env::var_os("WRITE_MATRIX").is_some() {
        let whole = [before, MARKS.0, &table, MARKS.1, after].concat();
        std::fs::write(README, whole).expect("README");
    } else {
        assert_eq!(told, table, "README is behind: make matrix");
    }
}
