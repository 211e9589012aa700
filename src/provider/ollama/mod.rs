//! Ollama: its own `/api/chat`, which streams JSON lines, and below `/v1` the format of OpenAI.

mod answer;
mod compatible;
mod line;
mod messages;
mod params;
mod request;
mod time;

use super::bearer::bearer;
use super::embed::Dialect;
use super::{Decode, Encoded, Provider, Reading, Target};
use crate::canonical::answer::Completion;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::wire::lines;

/// Ollama.
pub static OLLAMA: Ollama = Ollama;

/// A server of open models.
#[derive(Clone, Copy, Debug)]
pub struct Ollama;

/// Its name, which errors are read by.
const NAME: &str = "ollama";
/// The longest line read.
const MAX_LINE: usize = 4 << 20;

impl Provider for Ollama {
    fn name(&self) -> &'static str {
        NAME
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["ollama_chat"]
    }

    fn default_base(&self) -> Option<&'static str> {
        Some("http://localhost:11434")
    }

    fn key_variable(&self) -> Option<&'static str> {
        Some("OLLAMA_API_KEY")
    }

    fn speaks_openai(&self) -> bool {
        false
    }

    /// The base tells the format: `/v1` is OpenAI's.
    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        if is_compatible(target.base_path) {
            return compatible::encode(request, target);
        }
        Ok(Encoded {
            path: path(target.base_path, "chat"),
            headers: bearer(target.key),
            body: Some(request::word(request, target)?),
            reading: Reading::Foreign(Box::new(Decoder::new())),
        })
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        if is_compatible(target.base_path) {
            return super::openai_like::OLLAMA.native(asked, target);
        }
        match asked.format {
            Format::Embeddings => {
                Some(EMBED.encode(asked, target, path(target.base_path, "embed")))
            }
            _ => None,
        }
    }
}

/// Its `/api/embed`.
const EMBED: Dialect = Dialect {
    defaults: &[],
    dimensions: "dimensions",
    input: "input",
    vendor: NAME,
};

fn is_compatible(base: &str) -> bool {
    base.ends_with("/v1") || base.ends_with("/v1/chat/completions")
}

/// The path of an endpoint; operators write the base with and without `/api`, or with an endpoint behind it.
fn path(base: &str, endpoint: &str) -> String {
    const ENDPOINTS: [&str; 4] = ["/chat", "/embed", "/embeddings", "/generate"];
    let api = ENDPOINTS
        .iter()
        .find_map(|known| base.strip_suffix(known)?.strip_suffix("/api"));
    let base = api.or(base.strip_suffix("/api")).unwrap_or(base);
    format!("{base}/api/{endpoint}")
}

/// Reads one answer.
#[derive(Debug)]
struct Decoder {
    answer: answer::Answer,
    lines: lines::Decoder,
}

impl Decoder {
    fn new() -> Self {
        Self {
            answer: answer::Answer::default(),
            lines: lines::Decoder::new(MAX_LINE),
        }
    }
}

impl Decode for Decoder {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        answer::whole(body)
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self { answer, lines } = self;
        if lines.push(bytes, |line| answer.read(line, each)).is_err() {
            answer.fail("a line is too long", each);
        }
        if last {
            lines.finish(|line| answer.read(line, each));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_api_once() {
        for base in ["", "/api", "/api/chat", "/api/generate"] {
            assert_eq!(path(base, "chat"), "/api/chat", "{base}");
        }
        assert_eq!(path("/ollama", "embed"), "/ollama/api/embed");
    }

    #[test]
    fn the_base_tells_the_format() {
        assert!(is_compatible("/v1") && is_compatible("/ollama/v1"));
        assert!(!is_compatible("") && !is_compatible("/api"));
    }
}
