//! One section of the configuration: every key in it is judged by a table once, then values are simply taken.

use core::time::Duration;

use serde_json::{Map, Value};

use super::environment::{Environment, PLACEHOLDER, Text};
use super::faults::{Fault, Note, Trouble, Warning};
use super::kind::{self, Kind, Type};
use super::path::Path;
use super::schema::{self, Status, Table};
use crate::value::money::PerMillion;

/// What reading found out so far, and what it may ask.
pub(super) struct Findings<'a> {
    pub env: Environment<'a>,
    pub faults: Vec<Fault>,
    pub warnings: Vec<Warning>,
}

impl<'a> Findings<'a> {
    pub fn new(env: Environment<'a>) -> Self {
        Findings {
            env,
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub fn fault(&mut self, at: Path, trouble: Trouble) {
        self.faults.push(Fault { at, trouble });
    }

    pub fn warn(&mut self, at: Path, note: Note) {
        self.warnings.push(Warning { at, note });
    }
}

/// A section whose keys have been judged. Values that are wrong have been reported and are as good as absent.
#[derive(Clone)]
pub(super) struct Section<'v> {
    pub at: Path,
    members: Option<&'v Map<String, Value>>,
}

impl<'v> Section<'v> {
    /// Judges every key of `value`.
    pub fn open(
        value: Option<&'v Value>,
        at: Path,
        table: &Table,
        findings: &mut Findings<'_>,
    ) -> Self {
        let members = members(value, &at, findings);
        for (key, value) in members.into_iter().flatten() {
            judge(table, key, value, &at, findings);
        }
        Section { at, members }
    }

    /// The section `key` of this one.
    pub fn section(&self, key: &str, table: &Table, findings: &mut Findings<'_>) -> Section<'v> {
        Section::open(self.value(key), self.at.key(key), table, findings)
    }

    /// The entries of a map whose keys are the operator's own.
    pub fn entries(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
    ) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        members(self.value(key), &self.at.key(key), findings)
            .into_iter()
            .flatten()
    }

    /// What stands at `key`, unless it is `null` or switches its key off.
    pub fn switched_on(&self, key: &str) -> Option<&'v Value> {
        self.value(key).filter(|value| !is_off(value))
    }

    /// What stands at `key`, if it is not `null`.
    pub fn value(&self, key: &str) -> Option<&'v Value> {
        self.members
            .and_then(|members| members.get(key))
            .filter(|value| !value.is_null())
    }

    /// Whether there is such a section.
    pub const fn is_there(&self) -> bool {
        self.members.is_some()
    }

    /// Where `key` is.
    pub fn place(&self, key: &str) -> Path {
        self.at.key(key)
    }

    /// What the word at `key` stands for; another word than those is a fault.
    pub fn choice<T: Copy>(
        &self,
        key: &str,
        what: &'static str,
        known: &[(&'static str, T)],
        findings: &mut Findings<'_>,
    ) -> Option<T> {
        let word = self
            .text(key, &findings.env)
            .filter(|word| word.value != PLACEHOLDER)?;
        let found = known.iter().find(|(name, _)| *name == word.value);
        if found.is_none() {
            let names = known.iter().map(|(name, _)| *name);
            let trouble = Trouble::NoSuch {
                what,
                nearest: schema::nearest(&word.written, names),
                name: word.written,
            };
            findings.fault(self.place(key), trouble);
        }
        found.map(|(_, meaning)| *meaning)
    }

    pub fn count(&self, key: &str, env: &Environment<'_>) -> Option<u64> {
        self.take(key, env, kind::count)
    }

    pub fn credential(&self, key: &str, env: &Environment<'_>) -> Option<Text> {
        self.take(key, env, kind::credential)
    }

    pub fn flag(&self, key: &str, env: &Environment<'_>) -> Option<bool> {
        self.take(key, env, kind::flag)
    }

    pub fn name(&self, key: &str, env: &Environment<'_>) -> Option<Text> {
        self.take(key, env, kind::name)
    }

    pub fn names(&self, key: &str, env: &Environment<'_>) -> Option<Vec<Text>> {
        self.take(key, env, kind::names)
    }

    pub fn percent(&self, key: &str, env: &Environment<'_>) -> Option<u32> {
        self.take(key, env, kind::percent)
    }

    pub fn positive(&self, key: &str, env: &Environment<'_>) -> Option<u32> {
        self.take(key, env, kind::positive)
    }

    pub fn price(&self, key: &str, env: &Environment<'_>) -> Option<PerMillion> {
        self.take(key, env, kind::price)
    }

    pub fn seconds(&self, key: &str, env: &Environment<'_>) -> Option<Duration> {
        self.take(key, env, kind::seconds)
    }

    pub fn small(&self, key: &str, env: &Environment<'_>) -> Option<u32> {
        self.take(key, env, kind::small)
    }

    pub fn text(&self, key: &str, env: &Environment<'_>) -> Option<Text> {
        self.take(key, env, kind::text)
    }

    pub fn wait(&self, key: &str, env: &Environment<'_>) -> Option<Duration> {
        self.take(key, env, kind::wait)
    }

    pub fn weight(&self, key: &str, env: &Environment<'_>) -> Option<f64> {
        self.take(key, env, kind::weight)
    }

    fn take<T>(
        &self,
        key: &str,
        env: &Environment<'_>,
        read: fn(&Value, &Environment<'_>) -> Result<T, Trouble>,
    ) -> Option<T> {
        read(self.value(key)?, env).ok()
    }
}

fn members<'v>(
    value: Option<&'v Value>,
    at: &Path,
    findings: &mut Findings<'_>,
) -> Option<&'v Map<String, Value>> {
    let value = value.filter(|value| !value.is_null())?;
    if !value.is_object() {
        findings.fault(at.clone(), Type::Section.but(value));
    }
    value.as_object()
}

fn judge(table: &Table, key: &str, value: &Value, at: &Path, findings: &mut Findings<'_>) {
    let place = at.key(key);
    match table.status(key) {
        None => {
            let belongs = schema::home_of(key).filter(|section| *section != table.name);
            findings.fault(
                place,
                Trouble::Unknown {
                    nearest: table.nearest(key),
                    belongs,
                },
            );
        }
        Some(_) if value.is_null() => {}
        Some(Status::Ignored(why)) => findings.warn(place, Note::Ignored(why)),
        Some(Status::Informational) => {}
        Some(Status::Postponed(instead)) => findings.warn(place, Note::NotYet(instead)),
        Some(Status::Refused) if is_off(value) => {}
        Some(Status::Refused) => findings.fault(place, Trouble::NotYetKey),
        Some(Status::Supported(kind)) => check(kind, value, place, findings),
    }
}

fn check(kind: Kind, value: &Value, place: Path, findings: &mut Findings<'_>) {
    if let Some(trouble) = kind.trouble(value, &findings.env) {
        findings.fault(place, trouble);
    }
}

/// Whether the value switches its key off.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Bool(on) => !on,
        Value::Null => true,
        Value::Number(_) | Value::String(_) => false,
        Value::Object(members) => members.is_empty(),
    }
}
