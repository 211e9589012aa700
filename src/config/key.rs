//! The key a deployment presents: its own, else the one in its provider's variable, as in LiteLLM.

use super::endpoint::Base;
use super::faults::Note;
use super::kind;
use super::plan::Endpoint;
use super::section::{Findings, Section};
use crate::provider::Provider;
use crate::value::secret::Secret;

/// Header fields that carry a key.
const CREDENTIALS: [&str; 4] = ["api-key", "authorization", "x-api-key", "x-goog-api-key"];

/// A deployment as far as its key goes.
pub(super) struct Bearer<'a> {
    /// Where it is.
    pub endpoint: &'a Endpoint,
    /// Its `extra_headers`.
    pub extra_headers: &'a [(String, Secret)],
    /// Its `litellm_params`.
    pub params: &'a Section<'a>,
    /// Its vendor.
    pub provider: &'static dyn Provider,
}

impl Bearer<'_> {
    /// The key; `None` when there is none, which is told if the vendor wants one.
    pub fn key(&self, findings: &mut Findings<'_>) -> Option<Secret> {
        if self.params.value("api_key").is_some() {
            let own = self.params.credential("api_key", &findings.env);
            return own.map(|key| Secret::new(key.value));
        }
        let variable = self.provider.key_variable();
        let found = variable.and_then(|name| findings.env.variable(name));
        let found = found.filter(|key| kind::is_sendable(key));
        if let Some(note) = self.note(variable, found.is_some()) {
            findings.warn(self.params.at.clone(), note);
        }
        found.map(Secret::new)
    }

    /// A vendor with a public address wants a key there, and its key is for that address only.
    fn note(&self, variable: Option<&'static str>, found: bool) -> Option<Note> {
        let usual = Base::parse(self.provider.default_base()?).ok()?;
        if !usual.tls || self.needs_none() {
            return None;
        }
        let is_own_host = usual.host == self.endpoint.host;
        match (found, is_own_host) {
            (false, true) => Some(Note::NoKey(variable)),
            (true, false) => variable.map(Note::KeyElsewhere),
            (false, false) | (true, true) => None,
        }
    }

    /// Whether it works without a key of the provider's.
    pub fn needs_none(&self) -> bool {
        let is_credential = |(name, _): &(String, Secret)| CREDENTIALS.contains(&name.as_str());
        self.params.value("mock_response").is_some() || self.extra_headers.iter().any(is_credential)
    }
}
