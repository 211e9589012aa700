//! How vendors speak: one file each, one trait for all, one list of them.

pub mod anthropic;
mod bearer;
pub mod cohere;
mod digest;
pub mod ollama;
pub mod openai_like;
mod params;

use core::fmt;

use crate::canonical::answer::Completion;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::value::secret::Secret;

/// One deployment, as far as a provider must know it to word a request.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The model's name at the vendor.
    pub model: &'a str,
    /// The credential, when the deployment has one.
    pub key: Option<&'a Secret>,
    /// The path of the deployment's `api_base`, without a slash at its end; may be empty.
    pub base_path: &'a str,
    /// Whether parameters the vendor cannot honour are dropped instead of refused.
    pub drop_params: bool,
    /// The most tokens the model can put out, when the price table knows.
    pub max_output: Option<u64>,
}

/// A request in a vendor's words.
#[derive(Debug)]
pub struct Encoded {
    /// Path and query.
    pub path: String,
    /// Header fields to set; the credential among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body; `None` when the client's goes out unchanged.
    pub body: Option<Vec<u8>>,
    /// How its answer is to be read.
    pub reading: Reading,
}

/// How an answer is read.
#[derive(Debug)]
pub enum Reading {
    /// The vendor speaks another format: decode it.
    Foreign(Box<dyn Decode>),
    /// The vendor answers in OpenAI's format: the bytes are scanned and passed on.
    Openai,
}

/// Reads one answer of a vendor that speaks a format of its own. Made for one attempt.
pub trait Decode: fmt::Debug {
    /// Reads a complete answer.
    ///
    /// # Errors
    /// A 502 when it is not what the vendor documents.
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError>;

    /// Reads the next bytes of a stream, cut anywhere; `last` with the final ones. A stream that
    /// ends without the vendor's terminal event simply yields no [`Piece::End`].
    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>));
}

/// A vendor.
pub trait Provider: Sync + fmt::Debug {
    /// The prefix in `provider/model`.
    fn name(&self) -> &'static str;

    /// Other names it goes by.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// The `api_base` used when the deployment has none.
    fn default_base(&self) -> Option<&'static str>;

    /// The environment variable that holds the key when the deployment has none.
    fn key_variable(&self) -> Option<&'static str>;

    /// Whether it answers in OpenAI's format.
    fn speaks_openai(&self) -> bool;

    /// Words a chat request for this vendor.
    ///
    /// # Errors
    /// A 400 when the request asks for what the vendor cannot do.
    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError>;
}

/// The vendor of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    ALL.iter()
        .copied()
        .find(|provider| provider.name() == name || provider.aliases().contains(&name))
        .or_else(|| find_row(name).map(|row| row as _))
}

/// Every vendor, those of the OpenAI-compatible table last.
pub fn all() -> impl Iterator<Item = &'static dyn Provider> {
    ALL.iter()
        .copied()
        .chain(openai_like::TABLE.iter().map(|row| row as _))
}

/// Vendors with a format of their own.
static ALL: [&dyn Provider; 3] = [&anthropic::ANTHROPIC, &cohere::COHERE, &ollama::OLLAMA];

fn find_row(name: &str) -> Option<&'static openai_like::OpenaiLike> {
    openai_like::TABLE.iter().find(|row| row.name == name)
}
