//! `dragoman check`: everything that is wrong with a configuration, each with its line and column, or what it amounts to.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path as File;

use dragoman::config::{self, Checked, PLACEHOLDER};
use serde_json::Value;

use crate::source::{self, Loaded, Place, PlacedFault};
use crate::{Report, summary};

/// Checks a file. With `allow_missing`, variables that are not set are worth a warning only.
pub fn run(file: &File, allow_missing: bool, env: &dyn Fn(&str) -> Option<String>) -> Report {
    read(file, allow_missing, env).map_or_else(
        |report| report,
        |accepted| Report {
            complaints: accepted.warnings,
            good: true,
            output: summary::of(&accepted.checked.plan),
        },
    )
}

/// A file that was found good.
#[derive(Debug)]
pub struct Accepted {
    /// What it was checked into.
    pub checked: Checked,
    /// The file as written.
    pub value: Value,
    /// What is worth knowing about it, a line each.
    pub warnings: String,
}

/// Reads a file and checks it.
///
/// # Errors
/// A report of all that is wrong with it.
pub fn read(
    file: &File,
    allow_missing: bool,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Accepted, Report> {
    let name = file.display().to_string();
    let loaded = source::load(file).map_err(|faults| refused(&name, faults))?;
    let lenient = Lenient::new(&loaded, allow_missing);
    let lookup = |variable: &str| env(variable).or_else(|| lenient.stand_in(variable));
    let checked = config::read(&loaded.value, &lookup).map_err(|faults| {
        let placed = faults
            .into_iter()
            .map(|fault| PlacedFault::of(fault, &loaded.places));
        refused(&name, placed.collect())
    })?;
    let warnings = warnings(&name, &loaded, &checked, &lenient);
    drop(lenient);
    Ok(Accepted {
        checked,
        value: loaded.value,
        warnings,
    })
}

fn refused(name: &str, mut faults: Vec<PlacedFault>) -> Report {
    faults.sort_by_key(|fault| fault.place);
    let complaints = faults.iter().fold(String::new(), |mut text, fault| {
        let _ = writeln!(text, "{name}:{fault}");
        text
    });
    Report {
        complaints,
        ..Report::default()
    }
}

fn warnings(name: &str, loaded: &Loaded, checked: &Checked, lenient: &Lenient<'_>) -> String {
    let warnings = checked
        .warnings
        .iter()
        .map(|warning| (loaded.places.of(&warning.at), warning.to_string()));
    let mut warnings: Vec<(Place, String)> = warnings.chain(lenient.warnings()).collect();
    warnings.sort();
    warnings
        .iter()
        .fold(String::new(), |mut text, (place, words)| {
            let _ = writeln!(
                text,
                "{name}:{}:{}: warning: {words}",
                place.line, place.column
            );
            text
        })
}

/// Stands in for variables the file names and nobody sets.
struct Lenient<'l> {
    allowed: bool,
    loaded: &'l Loaded,
    named: std::collections::BTreeMap<String, config::Path>,
    missed: RefCell<BTreeSet<String>>,
}

impl<'l> Lenient<'l> {
    fn new(loaded: &'l Loaded, allowed: bool) -> Self {
        Lenient {
            allowed,
            loaded,
            named: config::references(&loaded.value),
            missed: RefCell::default(),
        }
    }

    fn stand_in(&self, variable: &str) -> Option<String> {
        let stands = self.allowed && self.named.contains_key(variable);
        stands.then(|| {
            self.missed.borrow_mut().insert(variable.to_owned());
            PLACEHOLDER.to_owned()
        })
    }

    fn warnings(&self) -> Vec<(Place, String)> {
        let missed = self.missed.borrow();
        let places = missed
            .iter()
            .filter_map(|name| self.named.get(name).map(|at| (name, at)));
        let words = |(name, at): (&String, &config::Path)| {
            (
                self.loaded.places.of(at),
                format!("{at}: the environment variable `{name}` is not set"),
            )
        };
        places.map(words).collect()
    }
}

#[cfg(test)]
mod tests;
