//! How vendors speak: one file each, one trait for all, one list of them.

pub mod anthropic;
pub mod aws;
pub mod azure;
mod bearer;
pub mod bedrock;
pub mod cohere;
mod digest;
mod embed;
pub mod gemini;
pub mod grant;
pub mod ollama;
pub mod openai_like;
mod params;
mod rerank;
pub mod retrieval;
pub mod rs256;
pub mod sagemaker;
mod tagged;
pub mod through;

pub use tagged::tagged;

use core::fmt;

use std::borrow::Cow;

use crate::canonical::answer::Completion;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::canonical::seen::Seen;
use crate::usage::Usage;
use crate::value::head::Head;
use crate::value::secret::Secret;
use crate::value::time::Timestamp;
use grant::Grant;

/// One deployment, as far as a provider must know it to word a request.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The model's name at the vendor.
    pub model: &'a str,
    /// The credential, when the deployment has one.
    pub key: Option<&'a Secret>,
    /// The path of the deployment's `api_base`, without a slash at its end; may be empty.
    pub base_path: &'a str,
    /// The host of its `api_base`, with the port where it is not the scheme's own.
    pub authority: &'a str,
    /// Whether parameters the vendor cannot honour are dropped instead of refused.
    pub drop_params: bool,
    /// The most tokens the model can put out, when the price table knows.
    pub max_output: Option<u64>,
    /// What the deployment says that only its vendor understands.
    pub options: &'a Options,
    /// The time, for signatures.
    pub now: Timestamp,
    /// What the operator wants done about parameters.
    pub rules: &'a Rules,
}

static NO_OPTIONS: Options = Options(Vec::new());
static NO_RULES: Rules = Rules {
    allowed: Vec::new(),
    dropped: Vec::new(),
    extra_body: Vec::new(),
    merge_reasoning: false,
    modify: false,
};

impl<'a> Target<'a> {
    /// A deployment of which nothing is known but its model.
    #[must_use]
    pub fn of_model(model: &'a str) -> Self {
        Self {
            model,
            key: None,
            base_path: "",
            authority: "",
            drop_params: false,
            max_output: None,
            options: &NO_OPTIONS,
            now: Timestamp::default(),
            rules: &NO_RULES,
        }
    }
}

/// A key of a deployment that only its vendor understands.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name in `litellm_params`.
    pub key: &'static str,
    /// The environment variables that stand in for it, the first that is set.
    pub variables: &'static [&'static str],
}

/// What a deployment has besides its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Has {
    /// An address.
    pub base: bool,
    /// A key, or a reason not to need one.
    pub key: bool,
}

/// What a deployment says that only its vendor understands, by key. Any of it may be a secret.
#[derive(Clone, Debug, Default)]
pub struct Options(Vec<(&'static str, Secret)>);

impl Options {
    /// The text of that key; `None` when neither the file nor the environment has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == key);
        found.map(|(_, text)| text.expose())
    }

    /// All of it.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.0.iter().map(|(key, text)| (*key, text))
    }
}

impl FromIterator<(&'static str, Secret)> for Options {
    fn from_iter<I: IntoIterator<Item = (&'static str, Secret)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// What the operator wants done about a request's parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// `allowed_openai_params`: passed on whatever is known of the vendor.
    pub allowed: Vec<String>,
    /// `additional_drop_params`: left out whatever is known of the vendor. Paths, such as `tools[*].function.strict`.
    pub dropped: Vec<String>,
    /// `extra_body`: members for the vendor's body, each with its value, JSON.
    pub extra_body: Vec<(String, String)>,
    /// `merge_reasoning_content_in_choices`: whether reasoning is told as content, between tags.
    pub merge_reasoning: bool,
    /// `modify_params`: whether a request may be mended so that the vendor takes it.
    pub modify: bool,
}

impl Rules {
    /// Whether the parameter is passed on whatever is known of the vendor.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == name)
    }
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
    /// The vendor answers in the format of the client: its words are passed on, and followed.
    Native(Box<dyn Follow>),
    /// The vendor answers in OpenAI's format: the bytes are scanned and passed on.
    Openai,
}

impl Reading {
    /// The same where the answer is to be worded anew for the client: OpenAI's words are read, too.
    #[must_use]
    pub fn anew(self, provider: &'static str) -> Self {
        match self {
            Self::Openai => Self::Foreign(openai_like::decode::new(provider)),
            other => other,
        }
    }
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

/// Follows an answer that reaches the client in the vendor's own words, or nearly. Made for one attempt.
pub trait Follow: fmt::Debug {
    /// Reads a complete answer.
    ///
    /// # Errors
    /// The error the vendor reports inside a success, or a 502 when it is not what the vendor documents.
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError>;

    /// Takes note of one event of a stream: its name, if it has one, and its data.
    fn event(&mut self, _name: Option<&[u8]>, _data: &[u8], _seen: &mut Seen) {}
}

/// What is known of a complete answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// The body for the client; `None` when the vendor's goes out unchanged.
    pub body: Option<Vec<u8>>,
    /// Its media type, where it is not the vendor's.
    pub content_type: Option<&'static str>,
    /// Which tier served it.
    pub tier: Option<String>,
    /// What it took, if the vendor says so.
    pub usage: Option<Usage>,
    /// Whether its vendor withheld content.
    pub withheld: bool,
}

/// A request as it is sent to a vendor that its client has worded for it.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// Its body.
    pub body: &'a [u8],
    /// What its client says in its head for the vendor.
    pub headers: &'a Head,
    /// Its method.
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
}

/// A vendor.
pub trait Provider: Sync + fmt::Debug {
    /// The prefix in `provider/model`.
    fn name(&self) -> &'static str;

    /// Other prefixes that mean it.
    fn aliases(&self) -> &'static [&'static str] {
        &[]
    }

    /// The `api_base` used when the deployment has none.
    fn default_base(&self) -> Option<&'static str>;

    /// The `api_base` used when the deployment has none, as far as its own settings tell it.
    fn base(&self, _options: &Options) -> Option<Cow<'static, str>> {
        self.default_base().map(Cow::Borrowed)
    }

    /// The same for a deployment of that model, whose name may tell.
    fn base_for(&self, _model: &str, options: &Options) -> Option<Cow<'static, str>> {
        self.base(options)
    }

    /// What a deployment of that model must say and does not, in words.
    fn lack(&self, _model: &str, _options: &Options, _has: &Has) -> Option<&'static str> {
        None
    }

    /// The keys of `litellm_params` that only this vendor understands.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    /// The environment variable that holds the key when the deployment has none.
    fn key_variable(&self) -> Option<&'static str>;

    /// The token that must be fetched before it can be asked, as far as its settings say so.
    ///
    /// # Errors
    /// The setting that is wrong, and what is wrong with it.
    fn grant(&self, _options: &Options) -> Result<Option<Grant>, (&'static str, &'static str)> {
        Ok(None)
    }

    /// Whether it answers in OpenAI's format.
    fn speaks_openai(&self) -> bool;

    /// Words a chat request for this vendor.
    ///
    /// # Errors
    /// A 400 when the request asks for what the vendor cannot do.
    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError>;

    /// The same request after its body was changed: a vendor whose requests are signed signs it again.
    ///
    /// # Errors
    /// When it cannot be signed.
    fn resigned(&self, encoded: Encoded, _target: &Target<'_>) -> Result<Encoded, ApiError> {
        Ok(encoded)
    }

    /// Words a request of another format for this vendor; `None` when it does not know that format. What it is in the end, a
    /// conversation or not, is the gateway's to say: one that this vendor does not know is translated to chat.
    fn native(
        &self,
        _asked: &Asked<'_>,
        _target: &Target<'_>,
    ) -> Option<Result<Encoded, ApiError>> {
        None
    }

    /// The header fields that prove to the vendor who asks, for a request that its client has worded.
    ///
    /// # Errors
    /// What the deployment lacks for it.
    fn credentials(
        &self,
        _sent: &Sent<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        let bearer = |key: &Secret| ("authorization", format!("Bearer {}", key.expose()));
        Ok(target.key.map(bearer).into_iter().collect())
    }
}

/// The vendor of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    all().find(|provider| provider.name() == name || provider.aliases().contains(&name))
}

/// Every vendor, those of the OpenAI-compatible table last.
pub fn all() -> impl Iterator<Item = &'static dyn Provider> {
    ALL.iter()
        .copied()
        .chain(openai_like::TABLE.iter().map(|row| row as _))
}

/// Vendors with a format of their own.
static ALL: [&dyn Provider; 12] = [
    &anthropic::ANTHROPIC,
    &azure::AZURE,
    &azure::AZURE_AI,
    &bedrock::BEDROCK,
    &cohere::COHERE,
    &gemini::GEMINI,
    &gemini::vertex::VERTEX,
    &ollama::OLLAMA,
    &retrieval::INFINITY,
    &retrieval::JINA,
    &retrieval::VOYAGE,
    &sagemaker::SAGEMAKER,
];
