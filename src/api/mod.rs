//! How clients speak: which requests are the gateway's, one file per API.

pub mod chat;
pub mod completions;
pub mod gemini;
pub mod health;
mod look;
pub mod merged;
pub mod messages;
pub mod models;
pub mod plain;
pub mod rerank;
pub mod responses;
mod talk;
pub mod through;
pub mod transcriptions;

use core::fmt;
use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::canonical::answer::Completion;
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::canonical::piece::Piece;

/// A format in which clients ask.
pub trait ClientFormat: Sync + fmt::Debug {
    /// Reads what a request says before anything else is known: the model, whether it wants a stream.
    ///
    /// # Errors
    /// A 400 when it lacks what every request of the format has.
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError>;

    /// The same request in OpenAI's chat format, `model` and `stream` included, for a vendor that does not speak this one.
    ///
    /// # Errors
    /// A 400 when that cannot be said.
    fn to_chat(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
        Err(unsupported(asked))
    }

    /// What words the answer of a vendor that does not speak this format. Made for one attempt.
    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice>;

    /// The answer that the gateway gives by itself where the vendor has none.
    fn own_answer(&self, _asked: &Asked<'_>) -> Option<Vec<u8>> {
        None
    }

    /// An error, as JSON.
    fn error(&self, error: &ApiError) -> Vec<u8> {
        error.to_json()
    }

    /// The event that tells a client of a failure after its stream began.
    fn error_event(&self, error: &ApiError) -> Vec<u8> {
        [b"data: ", self.error(error).as_slice(), b"\n\n"].concat()
    }
}

/// What an answer is given that its vendor has left out.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The id.
    pub id: &'a str,
    /// When it was made, in seconds since the epoch.
    pub created: u64,
    /// The model.
    pub model: &'a str,
}

/// Words one answer in a client's format, whole or piece by piece.
pub trait Voice: fmt::Debug {
    /// The complete answer.
    fn whole(&mut self, completion: &Completion) -> Vec<u8>;

    /// Appends what the piece says to `out`. Nothing is said after the end; a failure is not for it to tell.
    fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>);

    /// How a stream that has failed ends, where that depends on what was said before; else [`ClientFormat::error_event`] tells it.
    fn failed(&mut self, _error: &ApiError) -> Option<Vec<u8>> {
        None
    }

    /// The media type of a stream.
    fn media_type(&self) -> &'static str {
        EVENT_STREAM
    }
}

/// The media type of server-sent events.
pub const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// The format of that name.
#[must_use]
pub fn client(format: Format) -> &'static dyn ClientFormat {
    match format {
        Format::Chat => &chat::CHAT,
        Format::Completions => &completions::COMPLETIONS,
        Format::CountTokens | Format::Messages => &messages::MESSAGES,
        Format::Gemini => &gemini::GEMINI,
        Format::Rerank => &rerank::RERANK,
        Format::Responses => &responses::RESPONSES,
        Format::Embeddings | Format::Images | Format::Moderations | Format::Speech => &plain::PLAIN,
        Format::Passthrough => &through::THROUGH,
        Format::Transcriptions => &transcriptions::TRANSCRIPTIONS,
    }
}

/// No vendor of the model does that.
fn unsupported(asked: &Asked<'_>) -> ApiError {
    let words = format!(
        "the deployment of '{}' does not support {}",
        asked.model,
        asked.format.as_str()
    );
    ApiError::new(400, Class::BadRequest, words).with_code("unsupported_operation")
}

/// What a client asks the gateway for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// An answer of a provider's.
    Ask {
        /// What is asked, in whose format.
        format: Format,
        /// The model, where the path names it.
        model: Option<Cow<'a, str>>,
        /// Whether a stream is wanted, where the path says so.
        stream: Option<bool>,
    },
    /// Whether the gateway runs.
    Liveliness,
    /// One model.
    Model {
        /// Its name.
        id: Cow<'a, str>,
    },
    /// The models there are.
    Models,
    /// Whether the gateway can serve.
    Readiness,
    /// Whatever it is, for a vendor and in its own words.
    Through {
        /// Path and query at the vendor.
        path: &'a str,
        /// The vendor.
        vendor: &'static str,
    },
}

/// What is asked, as metrics and logs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// An answer of a provider's.
    Ask(Format),
    /// A health probe.
    Health,
    /// The models.
    Models,
}

impl Operation {
    /// Its name in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask(format) => format.as_str(),
            Self::Health => "health",
            Self::Models => "models",
        }
    }

    /// The format in which it is answered.
    #[must_use]
    pub const fn format(self) -> Format {
        match self {
            Self::Ask(format) => format,
            Self::Health | Self::Models => Format::Chat,
        }
    }
}

impl Route<'_> {
    /// What is asked.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Ask { format, .. } => Operation::Ask(*format),
            Self::Liveliness | Self::Readiness => Operation::Health,
            Self::Model { .. } | Self::Models => Operation::Models,
            Self::Through { .. } => Operation::Ask(Format::Passthrough),
        }
    }
}

/// Whose request it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// Somebody else's: it passes through untouched.
    Foreign,
    /// The gateway's.
    Ours(Route<'a>),
    /// The gateway's path, but not a way to ask for it.
    WrongMethod {
        /// The method to use.
        allow: &'static str,
        /// What it is the path of.
        operation: Operation,
    },
}

/// Whose request this is, by method and path alone.
#[must_use]
pub fn route<'a>(method: &str, path: &'a str) -> Entry<'a> {
    let bare = path.split(['?', '#']).next().unwrap_or_default();
    let Some(route) = by_path(bare).or_else(|| through(path)) else {
        return Entry::Foreign;
    };
    let operation = route.operation();
    let allow = match operation {
        Operation::Ask(_) => "POST",
        Operation::Health | Operation::Models => "GET",
    };
    match method {
        // Preflight requests are for a CORS filter to answer.
        "OPTIONS" => Entry::Foreign,
        _ if operation == Operation::Ask(Format::Passthrough) => Entry::Ours(route),
        "HEAD" if allow == "GET" => Entry::Ours(route),
        _ if method == allow => Entry::Ours(route),
        _ => Entry::WrongMethod { allow, operation },
    }
}

/// Where each format is asked for, below an optional `/v1`.
const PATHS: [(&str, Format); 9] = [
    ("/audio/speech", Format::Speech),
    ("/audio/transcriptions", Format::Transcriptions),
    ("/chat/completions", Format::Chat),
    ("/completions", Format::Completions),
    ("/embeddings", Format::Embeddings),
    ("/images/generations", Format::Images),
    ("/moderations", Format::Moderations),
    ("/rerank", Format::Rerank),
    ("/responses", Format::Responses),
];

fn by_path(path: &str) -> Option<Route<'_>> {
    let below = path.strip_prefix("/v1").unwrap_or(path);
    let ask = |format| Route::Ask {
        format,
        model: None,
        stream: None,
    };
    if let Some((_, format)) = PATHS.iter().find(|(known, _)| *known == below) {
        return Some(ask(*format));
    }
    let route = match path {
        "/v1/messages" => ask(Format::Messages),
        "/v1/messages/count_tokens" => ask(Format::CountTokens),
        "/v2/rerank" => ask(Format::Rerank),
        "/v1/models" | "/models" => Route::Models,
        "/health/liveliness" | "/health/liveness" => Route::Liveliness,
        "/health/readiness" => Route::Readiness,
        _ => return by_model(path),
    };
    Some(route)
}

/// Paths of a vendor's own.
fn through(path: &str) -> Option<Route<'_>> {
    let (vendor, path) = through::vendor(path)?;
    Some(Route::Through { path, vendor })
}

/// Paths that name a model.
fn by_model(path: &str) -> Option<Route<'_>> {
    if let Some((model, format)) = azure(path) {
        return Some(Route::Ask {
            format,
            model: Some(model),
            stream: None,
        });
    }
    if let Some((model, stream)) = gemini(path) {
        return Some(Route::Ask {
            format: Format::Gemini,
            model: Some(model),
            stream: Some(stream),
        });
    }
    let id = path
        .strip_prefix("/v1/models/")
        .or_else(|| path.strip_prefix("/models/"))?;
    Some(Route::Model { id: decode(id)? })
}

/// The paths of Azure's clients.
fn azure(path: &str) -> Option<(Cow<'_, str>, Format)> {
    let rest = path.strip_prefix("/openai/deployments/")?;
    let known = |(below, format): &(&str, Format)| Some((rest.strip_suffix(below)?, *format));
    let (model, format) = PATHS.iter().find_map(known)?;
    Some((decode(model)?, format))
}

/// The paths of Gemini's clients: the model, and whether a stream is wanted.
fn gemini(path: &str) -> Option<(Cow<'_, str>, bool)> {
    let rest = ["/v1beta/models/", "/v1/models/", "/models/"]
        .iter()
        .find_map(|head| path.strip_prefix(head))?;
    let (model, verb) = rest.rsplit_once(':')?;
    let stream = match verb {
        "countTokens" | "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return None,
    };
    Some((decode(model)?, stream))
}

/// A path segment's text; `None` when it is empty or not UTF-8.
fn decode(segment: &str) -> Option<Cow<'_, str>> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_paths_are_known_by_method() {
        let chat = |model: Option<&'static str>| {
            Entry::Ours(Route::Ask {
                format: Format::Chat,
                model: model.map(Cow::Borrowed),
                stream: None,
            })
        };
        for (method, path, entry) in [
            ("POST", "/v1/chat/completions", chat(None)),
            ("POST", "/chat/completions?key=x", chat(None)),
            (
                "POST",
                "/openai/deployments/a%2Fb%20c/chat/completions?api-version=1",
                chat(Some("a/b c")),
            ),
            ("GET", "/v1/models", Entry::Ours(Route::Models)),
            (
                "GET",
                "/models/openai/gpt-4",
                Entry::Ours(Route::Model {
                    id: "openai/gpt-4".into(),
                }),
            ),
            ("GET", "/health/liveliness", Entry::Ours(Route::Liveliness)),
            ("HEAD", "/health/readiness", Entry::Ours(Route::Readiness)),
            (
                "GET",
                "/v1/chat/completions",
                Entry::WrongMethod {
                    allow: "POST",
                    operation: Operation::Ask(Format::Chat),
                },
            ),
            (
                "POST",
                "/v1/models",
                Entry::WrongMethod {
                    allow: "GET",
                    operation: Operation::Models,
                },
            ),
            ("OPTIONS", "/v1/chat/completions", Entry::Foreign),
            (
                "DELETE",
                "/openai/v1/files/f?x=y",
                Entry::Ours(Route::Through {
                    path: "/v1/files/f?x=y",
                    vendor: "openai",
                }),
            ),
            ("OPTIONS", "/openai/v1/files", Entry::Foreign),
            ("POST", "/v1/chat/completions/", Entry::Foreign),
            ("GET", "/v1/models/", Entry::Foreign),
            ("GET", "/v1/models/%ff", Entry::Foreign),
            (
                "POST",
                "/openai/deployments//chat/completions",
                Entry::Foreign,
            ),
            ("GET", "/", Entry::Foreign),
        ] {
            assert_eq!(route(method, path), entry, "{method} {path}");
        }
    }
}
