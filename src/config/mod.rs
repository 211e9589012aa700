//! What the operator wrote, checked whole before any of it takes effect.
//!
//! Bytes become a `Value` (`source`), every key is judged by a table (`schema`, `section`), every value by its kind (`kind`),
//! entries become deployments (`deployment`, `model`, `endpoint`, `headers`, `key`, `facts`, `prices`, `identity`), deployments become groups
//! with names (`groups`, `strategy`, `pattern`, `directory`, `names`), groups get rules (`rules`, `fallbacks`), and with what holds for
//! all (`settings`, `options`) they are the [`plan::Plan`] (`read`).

mod deployment;
mod directory;
mod endpoint;
mod environment;
mod facts;
mod fallbacks;
mod faults;
mod groups;
mod headers;
mod identity;
mod key;
mod kind;
mod mode;
mod model;
mod names;
mod options;
mod parameters;
mod path;
mod pattern;
pub mod plan;
mod prices;
mod read;
mod rules;
mod schema;
mod section;
mod settings;
mod source;
mod strategy;
#[cfg(test)]
mod tests;

pub use environment::{PLACEHOLDER, references};
pub use faults::{BadBase, Fault, Note, Trouble, Warning};
pub use kind::Type;
pub use path::{Path, Segment};
pub use pattern::{Pattern, fill};
pub use read::{Checked, read};
pub use source::from_bytes;
