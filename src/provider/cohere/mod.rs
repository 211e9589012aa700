//! Cohere's API of version 2: chat in its words, its answers in OpenAI's.

mod answer;
mod messages;
mod params;
mod read;
mod request;
mod stream;

use super::bearer::bearer;
use super::embed::Dialect;
use super::rerank::Shape;
use super::{Decode, Encoded, Provider, Reading, Setting, Target};
use crate::canonical::answer::Completion;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::wire::sse;

/// Cohere.
pub static COHERE: Cohere = Cohere;

/// The vendor of Command, Embed and Rerank.
#[derive(Clone, Copy, Debug)]
pub struct Cohere;

/// Its name, which errors are read by.
const NAME: &str = "cohere";
/// The longest event read: a citation brings the documents it cites.
const MAX_EVENT: usize = 4 << 20;

impl Provider for Cohere {
    fn name(&self) -> &'static str {
        NAME
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["cohere_chat"]
    }

    fn default_base(&self) -> Option<&'static str> {
        Some("https://api.cohere.com")
    }

    fn key_variable(&self) -> Option<&'static str> {
        Some("COHERE_API_KEY")
    }

    fn speaks_openai(&self) -> bool {
        false
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        Ok(Encoded {
            path: path(target.base_path, "chat"),
            headers: bearer(target.key),
            body: Some(request::word(request, target)?),
            reading: Reading::Foreign(Box::new(Decoder::new())),
        })
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting {
            key: "input_type",
            variables: &[],
        }]
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        let path = |endpoint: &str| path(target.base_path, endpoint);
        match asked.format {
            Format::Embeddings => Some(EMBED.encode(asked, target, path("embed"))),
            Format::Rerank => Some(Shape::Cohere.encode(NAME, asked, target, path("rerank"))),
            _ => None,
        }
    }
}

/// Its models embed for a purpose, and say in which numbers.
const EMBED: Dialect = Dialect {
    defaults: &[
        ("input_type", "\"search_document\""),
        ("embedding_types", "[\"float\"]"),
    ],
    dimensions: "output_dimension",
    input: "texts",
    vendor: NAME,
};

/// The path of an endpoint; operators write the base with and without a version, or with an endpoint behind it.
fn path(base: &str, endpoint: &str) -> String {
    const ENDPOINTS: [&str; 3] = ["/chat", "/embed", "/rerank"];
    let base = ENDPOINTS
        .iter()
        .find_map(|known| base.strip_suffix(known))
        .unwrap_or(base);
    let base = ["/v1", "/v2"]
        .iter()
        .find_map(|version| base.strip_suffix(version))
        .unwrap_or(base);
    format!("{base}/v2/{endpoint}")
}

/// Reads one answer.
#[derive(Debug)]
struct Decoder {
    events: sse::Decoder,
    stream: stream::Stream,
}

impl Decoder {
    fn new() -> Self {
        Self {
            events: sse::Decoder::new(MAX_EVENT),
            stream: stream::Stream::default(),
        }
    }
}

impl Decode for Decoder {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        answer::read(body)
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self { events, stream } = self;
        let read = events.push(bytes, |event| stream.read(event.data, each));
        if read.is_err() {
            stream.fail("an event is too long", each);
        }
        if last {
            events.finish(|event| stream.read(event.data, each));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_version_once() {
        for base in ["", "/v2", "/v1", "/v2/chat", "/v2/embed"] {
            assert_eq!(path(base, "chat"), "/v2/chat", "{base}");
        }
        assert_eq!(path("/proxy/cohere", "rerank"), "/proxy/cohere/v2/rerank");
    }
}
