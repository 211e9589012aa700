//! `os.environ/NAME`: text that stands in the environment instead of in the file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::faults::Trouble;
use super::path::Path;

/// What an environment may answer for a variable that is not set, so that a file can be checked where its
/// secrets are not. It is a valid key, header value and address; numbers and flags given this way count as absent.
pub const PLACEHOLDER: &str = "https://unset.invalid";

const REFERENCE: &str = "os.environ/";

/// The variables the configuration refers to, in keys that are read or not, and where it does first.
#[must_use]
pub fn references(source: &Value) -> BTreeMap<String, Path> {
    let mut found = BTreeMap::new();
    refer(source, &Path::root(), &mut found);
    found
}

fn refer(value: &Value, at: &Path, found: &mut BTreeMap<String, Path>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, item)| refer(item, &at.index(index), found)),
        Value::Bool(_) | Value::Null | Value::Number(_) => {}
        Value::Object(members) => members
            .iter()
            .for_each(|(key, member)| refer(member, &at.key(key), found)),
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(REFERENCE) {
                found.entry(name.to_owned()).or_insert_with(|| at.clone());
            }
        }
    }
}

/// The variables a configuration can name: those it sets itself, then those of the process.
pub(super) struct Environment<'a> {
    own: Option<&'a Map<String, Value>>,
    outer: &'a dyn Fn(&str) -> Option<String>,
    asked: RefCell<BTreeSet<String>>,
    used: RefCell<BTreeSet<String>>,
}

/// Text of the configuration, with what stands for it in messages.
pub(super) struct Text {
    /// As in the file: `os.environ/NAME`, not the variable's value.
    pub written: String,
    /// What it means.
    pub value: String,
}

impl Text {
    /// Text that stands for itself, as keys do.
    pub fn literal(text: &str) -> Text {
        Text {
            written: text.to_owned(),
            value: text.to_owned(),
        }
    }
}

impl<'a> Environment<'a> {
    /// The `environment_variables` of a configuration in front of the process's.
    pub fn new(own: Option<&'a Value>, outer: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Environment {
            own: own.and_then(Value::as_object),
            outer,
            asked: RefCell::default(),
            used: RefCell::default(),
        }
    }

    /// What `written` means: itself, or the variable it refers to.
    pub fn resolve(&self, written: &str) -> Result<Text, Trouble> {
        let value = match written.strip_prefix(REFERENCE) {
            Some(name) => self
                .variable(name)
                .ok_or_else(|| Trouble::Unset(name.to_owned()))?,
            None => written.to_owned(),
        };
        Ok(Text {
            written: written.to_owned(),
            value,
        })
    }

    /// The value of a variable; `None` when neither the file nor the process sets it.
    pub fn variable(&self, name: &str) -> Option<String> {
        match self.own.and_then(|own| own.get_key_value(name)) {
            Some((_, value)) => {
                self.used.borrow_mut().insert(name.to_owned());
                self.own_value(name, value)
            }
            None => self.outer_value(name),
        }
    }

    /// The variables of the process that were asked for.
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }

    /// Where the file sets variables that nothing in it asked for.
    pub fn unused(&self) -> Vec<Path> {
        let used = self.used.borrow();
        let names = self
            .own
            .into_iter()
            .flat_map(Map::keys)
            .filter(|name| !used.contains(*name));
        names
            .map(|name| Path::root().key("environment_variables").key(name))
            .collect()
    }

    /// Follows references from entry to entry, then to the process. An entry that leads back to itself means the process's
    /// variable, as in `KEY: os.environ/KEY`.
    fn own_value(&self, name: &str, value: &Value) -> Option<String> {
        let (mut seen, mut value) = (vec![name.to_owned()], value);
        loop {
            let text = match value {
                Value::Array(_) | Value::Null | Value::Object(_) => return None,
                Value::Bool(_) | Value::Number(_) => return Some(value.to_string()),
                Value::String(text) => text,
            };
            let Some(other) = text.strip_prefix(REFERENCE) else {
                return Some(text.clone());
            };
            let entry = self
                .own
                .and_then(|own| own.get(other))
                .filter(|_| !seen.iter().any(|name| name == other));
            let Some(entry) = entry else {
                return self.outer_value(other);
            };
            self.used.borrow_mut().insert(other.to_owned());
            seen.push(other.to_owned());
            value = entry;
        }
    }

    fn outer_value(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        (self.outer)(name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outer(name: &str) -> Option<String> {
        (name == "OUTER").then(|| "outside".to_owned())
    }

    #[test]
    fn the_file_s_value_wins_over_the_process_s() {
        let own = json!({"OUTER": "inside"});
        let environment = Environment::new(Some(&own), &outer);
        assert_eq!(environment.variable("OUTER").as_deref(), Some("inside"));
        assert!(environment.asked().is_empty());
    }

    #[test]
    fn a_reference_is_followed_through_the_file_then_to_the_process() {
        let own = json!({"A": "os.environ/B", "B": "os.environ/A", "C": "os.environ/D", "D": "4", "OUTER": "os.environ/OUTER", "E": "os.environ/OUTER"});
        let environment = Environment::new(Some(&own), &outer);
        assert_eq!(environment.variable("A"), None);
        assert_eq!(environment.variable("C").as_deref(), Some("4"));
        assert_eq!(environment.variable("OUTER").as_deref(), Some("outside"));
        assert_eq!(environment.variable("E").as_deref(), Some("outside"));
    }

    #[test]
    fn entries_nothing_asks_for_are_known() {
        let own = json!({"A": 1, "B": true});
        let environment = Environment::new(Some(&own), &outer);
        assert_eq!(environment.variable("B").as_deref(), Some("true"));
        assert_eq!(
            environment.unused(),
            [Path::root().key("environment_variables").key("A")]
        );
    }

    #[test]
    fn messages_show_the_reference_not_the_value() {
        let environment = Environment::new(None, &outer);
        let text = environment
            .resolve("os.environ/OUTER")
            .unwrap_or_else(|_| panic!("is set"));
        assert_eq!(
            (text.written.as_str(), text.value.as_str()),
            ("os.environ/OUTER", "outside")
        );
    }
}
