//! A YAML file as the configuration it means, with the line and column of everything in it.

use core::fmt;
use std::collections::HashMap;
use std::path::Path as File;

use dragoman::config::{Fault, Path};
use serde_json::Value;

use crate::yaml::{self, BadYaml, Content, Node};

/// A configuration and where its parts are.
#[derive(Debug)]
pub struct Loaded {
    /// Where.
    pub places: Places,
    /// What.
    pub value: Value,
}

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Place {
    /// The beginning of the file.
    pub const START: Place = Place { line: 1, column: 1 };
}

/// Where everything is: members of sections at their keys.
#[derive(Debug, Default)]
pub struct Places(HashMap<Path, Place>);

impl Places {
    /// The place of `path`, or of the nearest thing around it that there is.
    pub fn of(&self, path: &Path) -> Place {
        let mut next = Some(path.clone());
        while let Some(path) = next {
            if let Some(place) = self.0.get(&path) {
                return *place;
            }
            next = path.parent();
        }
        Place::START
    }
}

/// A fault with its place. Shown after the file's name: `LINE:COLUMN: words`.
#[derive(Debug, PartialEq, Eq)]
pub struct PlacedFault {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

impl PlacedFault {
    /// A fault of a configuration that was read from a file.
    pub fn of(fault: Fault, places: &Places) -> PlacedFault {
        PlacedFault {
            place: places.of(&fault.at),
            problem: Problem::Config(fault),
        }
    }
}

impl fmt::Display for PlacedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.place.line, self.place.column)?;
        match &self.problem {
            Problem::Config(fault) => fault.fmt(f),
            Problem::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Problem::Yaml(bad) => bad.fmt(f),
        }
    }
}

/// What can be wrong with a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is no good configuration.
    Config(Fault),
    /// It cannot be read.
    Unreadable(std::io::ErrorKind),
    /// It is no good YAML.
    Yaml(BadYaml),
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read or is not YAML that a configuration can be written in.
pub fn load(file: &File) -> Result<Loaded, Vec<PlacedFault>> {
    let unreadable = |error: std::io::Error| {
        vec![PlacedFault {
            place: Place::START,
            problem: Problem::Unreadable(error.kind()),
        }]
    };
    parse(&std::fs::read(file).map_err(unreadable)?)
}

/// Reads the bytes of a file.
///
/// # Errors
/// When they are not YAML that a configuration can be written in.
pub fn parse(bytes: &[u8]) -> Result<Loaded, Vec<PlacedFault>> {
    let node = yaml::read(bytes)?;
    let mut places = Places::default();
    let value = settle(node, Path::root(), &mut places);
    Ok(Loaded { places, value })
}

/// The value of a node; its place and those in it are noted.
fn settle(node: Node, at: Path, places: &mut Places) -> Value {
    places.0.entry(at.clone()).or_insert(node.place);
    match node.content {
        Content::List(items) => {
            let items = items.into_iter().enumerate();
            Value::Array(
                items
                    .map(|(index, item)| settle(item, at.index(index), places))
                    .collect(),
            )
        }
        Content::Map(members) => {
            let members = members.into_iter().map(|member| {
                let path = at.key(&member.key);
                places.0.insert(path.clone(), member.place);
                (member.key, settle(member.value, path, places))
            });
            Value::Object(members.collect())
        }
        Content::Scalar(value) => value,
    }
}
