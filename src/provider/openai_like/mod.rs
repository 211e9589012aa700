//! Every vendor that speaks OpenAI's chat format: one table, one way of asking.
//! The body is spliced, so that whatever the gateway has no business with arrives as sent.

pub mod decode;
mod edit;
mod follow;
mod messages;
mod models;
pub(super) mod native;
mod quirks;
mod refuse;
mod table;
mod tools;
mod ways;

use std::borrow::Cow;

use super::{Encoded, Options, Provider, Reading, Sent, Setting, Target, rerank};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::request::ChatRequest;
use edit::Wording;

pub(super) use models::completes;
pub(super) use quirks::Family;
pub use quirks::Quirks;
pub(super) use table::OLLAMA;
pub use table::TABLE;
pub(super) use ways::{FOUNDRY, OPENAI};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OpenaiLike {
    /// The prefix in `provider/model`.
    pub name: &'static str,
    /// Other prefixes that mean it.
    pub aliases: &'static [&'static str],
    /// The header field for the key, where it is not a bearer token.
    pub auth: Option<&'static str>,
    /// The default `api_base`; `None` when only the operator can know it. A setting's name in braces stands for its text.
    pub base: Option<&'static str>,
    /// The environment variable that LiteLLM reads the key from.
    pub key: Option<&'static str>,
    /// The path to assume when the operator's `api_base` has none.
    pub bare_path: &'static str,
    /// Which operations it has.
    pub operations: Operations,
    /// The keys that only this vendor understands.
    pub settings: &'static [Setting],
    /// What the vendor is known to refuse.
    pub quirks: &'static Quirks,
}

/// Which of OpenAI's operations a vendor has besides chat. Those it may have are asked of it, and the refusal is its own;
/// but what can be asked by chat is asked so unless the vendor is known to have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Legacy completions.
    pub completions: bool,
    /// Responses.
    pub responses: bool,
}

impl Provider for OpenaiLike {
    fn name(&self) -> &'static str {
        self.name
    }

    fn aliases(&self) -> &'static [&'static str] {
        self.aliases
    }

    fn default_base(&self) -> Option<&'static str> {
        self.base.filter(|base| !base.contains('{'))
    }

    fn base(&self, options: &Options) -> Option<Cow<'static, str>> {
        let own = options
            .get("api_base")
            .map(|base| Cow::Owned(base.to_owned()));
        own.or_else(|| filled(self.base?, options))
    }

    fn settings(&self) -> &'static [Setting] {
        self.settings
    }

    fn key_variable(&self) -> Option<&'static str> {
        self.key
    }

    fn speaks_openai(&self) -> bool {
        true
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let route = Route {
            headers: self.headers(target),
            model: Some(target.model),
            path: self.path(target.base_path, Format::Chat),
        };
        encode_chat(request, target, (self.name, self.quirks), route)
    }

    fn credentials(
        &self,
        _sent: &Sent<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        Ok(self.headers(target))
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        if let Some(encoded) = rerank::beside(self.name, asked, target) {
            return Some(encoded);
        }
        let has = match asked.format {
            Format::Chat => false,
            Format::Completions => {
                self.operations.completions && models::completes(self.quirks.family, target.model)
            }
            Format::Responses => self.operations.responses,
            other => native::path(other).is_some(),
        };
        has.then(|| {
            let path = self.path(target.base_path, asked.format);
            let route = Route {
                headers: self.headers(target),
                model: Some(target.model),
                path,
            };
            native::encode(asked, route, (self.name, self.quirks))
        })
    }
}

/// Where a request goes.
#[derive(Debug)]
pub(super) struct Route<'a> {
    /// Header fields to set.
    pub headers: Vec<(&'static str, String)>,
    /// The model, as the body is to name it; `None` where the path does.
    pub model: Option<&'a str>,
    /// Path and query.
    pub path: String,
}

/// Words a chat request for a vendor with these quirks.
///
/// # Errors
/// A 400 naming what the vendor refuses.
pub(super) fn encode_chat(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    (provider, quirks): (&'static str, &Quirks),
    route: Route<'_>,
) -> Result<Encoded, ApiError> {
    let wording = Wording {
        model: route.model,
        provider,
        quirks,
    };
    let reading = if edit::is_foreign(request, quirks) {
        Reading::Foreign(decode::new(provider))
    } else {
        Reading::Openai
    };
    Ok(Encoded {
        path: route.path,
        headers: route.headers,
        body: edit::body(request, &wording, target)?,
        reading,
    })
}

impl OpenaiLike {
    fn headers(&self, target: &Target<'_>) -> Vec<(&'static str, String)> {
        let mut headers = Vec::with_capacity(2);
        if let Some(key) = target.key {
            headers.push(match self.auth {
                Some(name) => (name, key.expose().to_owned()),
                None => ("authorization", format!("Bearer {}", key.expose())),
            });
        }
        if let Some(organization) = target.options.get("organization") {
            headers.push(("openai-organization", organization.to_owned()));
        }
        headers
    }

    /// The path of an operation; operators also write down that of chat as their base.
    fn path(&self, base: &str, format: Format) -> String {
        const CHAT: &str = "/chat/completions";
        let base = if base.is_empty() {
            self.bare_path
        } else {
            base
        };
        let root = base.strip_suffix(CHAT).unwrap_or(base);
        [root, native::path(format).unwrap_or(CHAT)].concat()
    }
}

/// The address with what stands in braces; `None` when that is not known.
fn filled(base: &'static str, options: &Options) -> Option<Cow<'static, str>> {
    let Some((before, rest)) = base.split_once('{') else {
        return Some(Cow::Borrowed(base));
    };
    let (name, after) = rest.split_once('}')?;
    Some(Cow::Owned([before, options.get(name)?, after].concat()))
}

#[cfg(test)]
mod tests;
