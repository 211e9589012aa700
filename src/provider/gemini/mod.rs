//! Google's Gemini API: OpenAI's chat requests in its words, and its answers in OpenAI's. Vertex AI speaks the same.

mod answer;
mod claude;
mod contents;
mod embed;
mod frame;
mod generation;
mod media;
mod models;
mod native;
mod pairing;
mod params;
mod part;
mod reply;
mod request;
mod schema;
mod sources;
mod stream;
mod thinking;
mod tools;
pub mod vertex;

use stream::Stream;

use super::anthropic::fault::{bad_request, not_understood};
use super::{Decode, Encoded, Provider, Reading, Sent, Target};
use crate::canonical::answer::Completion;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::value::secret::Secret;
use crate::wire::sse;

/// Gemini in AI Studio.
pub static GEMINI: Gemini = Gemini;

/// Google's Gemini API.
#[derive(Clone, Copy, Debug)]
pub struct Gemini;

/// Which of Google's services speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavor {
    /// The Gemini API.
    Studio,
    /// Vertex AI.
    Vertex,
}

impl Flavor {
    /// The provider's name.
    pub const fn vendor(self) -> &'static str {
        match self {
            Self::Studio => "gemini",
            Self::Vertex => "vertex_ai",
        }
    }
}

/// The version of the API that has every feature.
const VERSION: &str = "/v1beta";
/// The longest event read: images arrive whole.
const MAX_EVENT: usize = 16 << 20;

impl Provider for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn default_base(&self) -> Option<&'static str> {
        Some("https://generativelanguage.googleapis.com")
    }

    fn key_variable(&self) -> Option<&'static str> {
        Some("GEMINI_API_KEY")
    }

    fn speaks_openai(&self) -> bool {
        false
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let (body, reading) = chat(request, target, Flavor::Studio)?;
        Ok(Encoded {
            path: path(target, verb(request.stream))?,
            headers: headers(target.key),
            body: Some(body),
            reading,
        })
    }

    fn credentials(
        &self,
        _sent: &Sent<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        let mut headers = headers(target.key);
        headers.retain(|(name, _)| *name != "content-type");
        Ok(headers)
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        let worded = match asked.format {
            Format::Embeddings => embed::studio(asked, target.model),
            Format::Gemini => Ok(passed(asked, Flavor::Studio)),
            _ => return None,
        };
        let encoded = worded.and_then(|(verb, body, reading)| {
            Ok(Encoded {
                path: path(target, verb)?,
                headers: headers(target.key),
                body,
                reading,
            })
        });
        Some(encoded)
    }
}

/// What is asked in another format than chat: the verb, the body unless it is the client's, and how the answer is read.
type Worded = (&'static str, Option<Vec<u8>>, Reading);

/// A request in Google's own format, passed on.
fn passed(asked: &Asked<'_>, flavor: Flavor) -> Worded {
    let follow = native::Content::new(flavor.vendor());
    let reading = Reading::Native(Box::new(follow));
    (native::verb(asked), native::body(asked), reading)
}

/// The body of a chat request, and how its answer is to be read.
///
/// # Errors
/// A 400 naming what Google cannot be asked.
pub(super) fn chat(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    flavor: Flavor,
) -> Result<(Vec<u8>, Reading), ApiError> {
    let (body, reply) = request::word(request, target, flavor)?;
    let decoder = Decoder {
        events: sse::Decoder::new(MAX_EVENT),
        stream: Stream::new(flavor.vendor(), reply),
        vendor: flavor.vendor(),
    };
    Ok((body, Reading::Foreign(Box::new(decoder))))
}

/// What is asked of a model. Without `alt` a stream would be one JSON array.
pub(super) const fn verb(stream: bool) -> &'static str {
    if stream {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    }
}

/// The path of what is asked of the model; operators write the base with and without its version.
fn path(target: &Target<'_>, verb: &str) -> Result<String, ApiError> {
    let base = target.base_path;
    let version = if is_versioned(base) { "" } else { VERSION };
    let model = target.model;
    let folder = if model.starts_with("models/") || model.starts_with("tunedModels/") {
        ""
    } else {
        "models/"
    };
    let name = model.split_once('/').map_or(model, |(folder, name)| {
        if matches!(folder, "models" | "tunedModels") {
            name
        } else {
            model
        }
    });
    check_name(name)?;
    Ok(format!("{base}{version}/{folder}{model}:{verb}"))
}

/// Whether a path ends with a version of the API.
pub(super) fn is_versioned(base: &str) -> bool {
    let last = base.rsplit('/').next().unwrap_or_default();
    matches!(last, "v1" | "v1alpha" | "v1beta" | "v1beta1")
}

/// Refuses a model's name that would lead somewhere else.
///
/// # Errors
/// A 400 naming the model.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let odd = |c: char| {
        matches!(c, '/' | '?' | '&' | '#' | '%' | '\\') || c.is_whitespace() || c.is_control()
    };
    if name.is_empty() || name.contains("..") || name.contains(odd) {
        let words = format!("'{name}' is not the name of a model");
        return Err(bad_request("invalid_value", "model", words));
    }
    Ok(())
}

fn headers(key: Option<&Secret>) -> Vec<(&'static str, String)> {
    let key = key.map(|key| ("x-goog-api-key", key.expose().to_owned()));
    let kind = ("content-type", "application/json".to_owned());
    core::iter::once(kind).chain(key).collect()
}

/// Reads one answer.
#[derive(Debug)]
struct Decoder {
    events: sse::Decoder,
    stream: Stream,
    vendor: &'static str,
}

impl Decode for Decoder {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        answer::read(body, self.vendor, self.stream.reply())
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self { events, stream, .. } = self;
        let read = events.push(bytes, |event| stream.read(event.data, each));
        if read.is_err() {
            stream.fail(not_understood("an event is too long"), each);
        }
        if last {
            events.finish(|event| stream.read(event.data, each));
            stream.end(each);
        }
    }
}
