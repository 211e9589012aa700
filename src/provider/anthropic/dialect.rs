//! What vendors with Anthropic's turns and blocks do not have in common.

use core::fmt;

use super::block::Block;
use super::fault::{Place, bad_request};
use super::message::Part;
use crate::canonical::error::ApiError;

/// How a vendor wants the things that a conversation is made of.
pub(in crate::provider) struct Dialect {
    /// The id it takes for a call that the client knows by this one.
    pub id: fn(&str) -> String,
    /// Its name, for refusals.
    pub name: &'static str,
    /// The block of a part of that type which is not text.
    pub show: for<'a> fn(&str, &Part<'a>, Place) -> Result<Block<'a>, ApiError>,
    /// Whether arguments that are no object are kept in one.
    pub wraps: bool,
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Dialect {
    /// A 400 for a part that has no place in a message.
    pub fn unsupported(&self, kind: &str, at: Place) -> ApiError {
        let words = format!("{} does not take '{kind}' parts here", self.name);
        bad_request("unsupported_content", at, words)
    }
}
