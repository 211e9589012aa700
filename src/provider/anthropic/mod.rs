//! Anthropic's Messages API: OpenAI's chat requests in its words, and its answers in OpenAI's.

pub(super) mod answer;
pub(super) mod arguments;
pub(super) mod block;
pub(super) mod dialect;
pub(super) mod event;
pub(super) mod fault;
pub(super) mod media;
pub(super) mod message;
pub(super) mod models;
pub(super) mod names;
pub(super) mod native;
pub(super) mod output;
mod pairing;
pub(super) mod params;
mod parts;
pub(super) mod reply;
mod request;
pub(super) mod sampling;
pub(super) mod schema;
mod search;
mod stream;
pub(super) mod text;
pub(super) mod thinking;
pub(super) mod tools;
mod toolset;
pub(super) mod turns;
mod user;
pub(super) mod wish;

use reply::Reply;
use stream::Stream;

use super::{Decode, Encoded, Provider, Reading, Sent, Target};
use crate::canonical::answer::Completion;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::value::secret::Secret;
use crate::wire::sse;

/// Anthropic.
pub static ANTHROPIC: Anthropic = Anthropic;

/// The vendor of Claude.
#[derive(Clone, Copy, Debug)]
pub struct Anthropic;

/// The version of the API whose words are spoken here.
const VERSION: &str = "2023-06-01";
/// The longest event read: results of the vendor's own tools arrive whole.
const MAX_EVENT: usize = 16 << 20;

impl Provider for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn default_base(&self) -> Option<&'static str> {
        Some("https://api.anthropic.com")
    }

    fn key_variable(&self) -> Option<&'static str> {
        Some("ANTHROPIC_API_KEY")
    }

    fn speaks_openai(&self) -> bool {
        false
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let worded = request::word(request, target)?;
        Ok(Encoded {
            path: path(target.base_path),
            headers: headers(target.key, VERSION, worded.betas),
            body: Some(worded.body),
            reading: Reading::Foreign(Box::new(Decoder::new(worded.reply))),
        })
    }

    fn credentials(
        &self,
        sent: &Sent<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        // The client's version counts, and its betas are not to be lost to the one that a token needs.
        let version = sent.headers.get("anthropic-version");
        let betas = sent.headers.get("anthropic-beta");
        let betas = betas.into_iter().flat_map(|betas| betas.split(','));
        let betas = betas.map(str::trim).collect();
        let mut headers = headers(target.key, version.unwrap_or(VERSION), betas);
        headers.retain(|(name, _)| *name != "content-type");
        Ok(headers)
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        native::encode(asked, target).map(Ok)
    }
}

/// A chat request in Anthropic's words, for whoever else serves its models.
#[derive(Debug)]
pub(super) struct Asks {
    /// The betas it needs, each once.
    pub betas: Vec<&'static str>,
    /// The body.
    pub body: Vec<u8>,
    /// How its answer is read.
    pub reading: Reading,
}

/// Words a chat request for whoever else serves Anthropic's models.
///
/// # Errors
/// A 400 naming what Anthropic cannot be asked.
pub(super) fn ask(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Asks, ApiError> {
    let request::Worded {
        mut betas,
        body,
        reply,
    } = request::word(request, target)?;
    betas.sort_unstable();
    betas.dedup();
    Ok(Asks {
        betas,
        body,
        reading: Reading::Foreign(Box::new(Decoder::new(reply))),
    })
}

/// The path of the endpoint; operators write the base with and without its version.
fn path(base: &str) -> String {
    if base.ends_with("/v1/messages") {
        return base.to_owned();
    }
    let base = base.strip_suffix("/v1").unwrap_or(base);
    format!("{base}/v1/messages")
}

/// The fields of the head, the credential among them. `version` is the API's whose words are spoken.
fn headers(
    key: Option<&Secret>,
    version: &str,
    mut betas: Vec<&str>,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("content-type", "application/json".to_owned()),
        ("anthropic-version", version.to_owned()),
    ];
    match key.map(Secret::expose) {
        Some(token) if token.starts_with("sk-ant-oat") => {
            headers.push(("authorization", format!("Bearer {token}")));
            betas.push("oauth-2025-04-20");
        }
        Some(key) => headers.push(("x-api-key", key.to_owned())),
        None => {}
    }
    betas.sort_unstable();
    betas.dedup();
    if !betas.is_empty() {
        headers.push(("anthropic-beta", betas.join(",")));
    }
    headers
}

/// Reads one answer.
#[derive(Debug)]
struct Decoder {
    events: sse::Decoder,
    reply: Reply,
    stream: Stream,
}

impl Decoder {
    fn new(reply: Reply) -> Self {
        Self {
            events: sse::Decoder::new(MAX_EVENT),
            reply,
            stream: Stream::default(),
        }
    }
}

impl Decode for Decoder {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        answer::read(body, &self.reply)
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self {
            events,
            reply,
            stream,
        } = self;
        let read = events.push(bytes, |event| stream.read(event.data, reply, each));
        if read.is_err() {
            stream.fail("an event is too long", each);
        }
        if last {
            events.finish(|event| stream.read(event.data, reply, each));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_version_once() {
        assert_eq!(path(""), "/v1/messages");
        assert_eq!(path("/v1"), "/v1/messages");
        assert_eq!(path("/v1/messages"), "/v1/messages");
        assert_eq!(path("/proxy/anthropic"), "/proxy/anthropic/v1/messages");
    }

    fn header(key: &str, betas: Vec<&'static str>, name: &str) -> Option<String> {
        let headers = headers(Some(&Secret::new(key.to_owned())), VERSION, betas);
        headers
            .into_iter()
            .find(|(header, _)| *header == name)
            .map(|(_, value)| value)
    }

    #[test]
    fn a_key_and_a_token_go_into_different_headers() {
        assert_eq!(
            header("sk-ant-api03-x", vec![], "x-api-key").as_deref(),
            Some("sk-ant-api03-x")
        );
        assert_eq!(header("sk-ant-api03-x", vec![], "authorization"), None);
        assert_eq!(
            header("sk-ant-oat01-x", vec![], "authorization").as_deref(),
            Some("Bearer sk-ant-oat01-x")
        );
        assert_eq!(header("sk-ant-oat01-x", vec![], "x-api-key"), None);
    }

    #[test]
    fn betas_are_named_once() {
        let betas = vec![
            "files-api-2025-04-14",
            "effort-2025-11-24",
            "files-api-2025-04-14",
        ];
        let named = header("sk-ant-oat01-x", betas, "anthropic-beta").unwrap();
        assert_eq!(
            named,
            "effort-2025-11-24,files-api-2025-04-14,oauth-2025-04-20"
        );
    }
}
