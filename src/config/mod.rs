//! What the operator wrote, checked whole before any of it takes effect.
//!
//! Bytes become a `Value` (`source`), every key is judged by a table (`schema`, `section`), every value by its kind (`kind`),
//! entries become deployments (`deployment`, `model`, `endpoint`, `headers`, `key`, `prices`, `identity`), and all together the [`plan::Plan`] (`read`).

mod deployment;
mod endpoint;
mod environment;
mod faults;
mod groups;
mod headers;
mod identity;
mod key;
mod kind;
mod model;
mod names;
mod path;
pub mod plan;
mod prices;
mod read;
mod schema;
mod section;
mod source;
#[cfg(test)]
mod tests;

pub use environment::{PLACEHOLDER, references};
pub use faults::{BadBase, Fault, Note, Trouble, Warning};
pub use kind::Type;
pub use path::{Path, Segment};
pub use read::{Checked, read};
pub use source::from_bytes;
