//! Complete answers: checked, counted, and worded for the client.

use super::{broken, malformed};
use crate::api::Voice;
use crate::api::chat::replay;
use crate::canonical::answer::{Completion, FinishReason};
use crate::canonical::error::ApiError;
use crate::canonical::piece::pieces;
use crate::canonical::scan;
use crate::canonical::tidy::{self, Tidy};
use crate::provider::Reading;
use crate::usage::Usage;

/// The media type of a stream.
pub const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
const JSON: &str = "application/json";

/// How the client wants it.
#[derive(Debug)]
pub struct Wants<'a> {
    /// Whether it asked for a stream.
    pub stream: bool,
    /// Whether it asked for the usage chunk.
    pub include_usage: bool,
    /// What words the answer, where the vendor's own words will not do.
    pub voice: Option<&'a mut (dyn Voice + 'static)>,
}

/// An answer for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its body; `None` when the vendor's goes out unchanged.
    pub body: Option<Vec<u8>>,
    /// Its media type, where it is not the vendor's.
    pub content_type: Option<&'static str>,
    /// What it took, if the vendor says so.
    pub usage: Option<Usage>,
    /// Which tier served it.
    pub tier: Option<String>,
    /// Whether its vendor withheld content.
    pub withheld: bool,
}

/// Reads the answer of the vendor of that name and words it for the client.
///
/// # Errors
/// The error the vendor reports inside a 200, or a 502 when the answer is not what it documents.
pub fn read(
    reading: &mut Reading,
    provider: &str,
    body: &[u8],
    wants: Wants<'_>,
) -> Result<Answer, ApiError> {
    match reading {
        Reading::Foreign(decode) => {
            let completion = decode.whole(body)?;
            let voice = wants.voice.ok_or_else(|| malformed("nobody can word it"))?;
            Ok(foreign(&completion, voice, wants.stream))
        }
        Reading::Native(follow) => {
            let followed = follow.whole(body)?;
            Ok(Answer {
                body: followed.body,
                content_type: followed.content_type,
                usage: followed.usage,
                tier: followed.tier,
                withheld: followed.withheld,
            })
        }
        Reading::Openai => openai(provider, body, &wants),
    }
}

fn foreign(completion: &Completion, voice: &mut dyn Voice, stream: bool) -> Answer {
    let (content_type, body) = if stream {
        (EVENT_STREAM, streamed(completion, voice))
    } else {
        (JSON, voice.whole(completion))
    };
    Answer {
        body: Some(body),
        content_type: Some(content_type),
        usage: completion.usage,
        tier: None,
        withheld: completion.finish == Some(FinishReason::ContentFilter),
    }
}

/// A complete answer told as a stream.
#[must_use]
pub fn streamed(completion: &Completion, voice: &mut dyn Voice) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces(completion) {
        voice.push(&piece, &mut out);
    }
    out
}

fn openai(provider: &str, body: &[u8], wants: &Wants<'_>) -> Result<Answer, ApiError> {
    let found = scan::whole(body).map_err(|_| malformed("it is not a JSON object"))?;
    if found.failed {
        return Err(ApiError::inside(provider, body));
    }
    if !found.choices {
        return Err(malformed("it has no choices"));
    }
    let tier = found.service_tier.map(|tier| tier.decode().into_owned());
    let usage = found.usage.and_then(Usage::from_openai);
    if let Some(reason) = found.broken {
        return Err(broken(&reason.decode()));
    }
    let is_odd = found.odd
        || found
            .usage
            .is_some_and(|usage| tidy::usage(usage).is_some());
    let plain = is_odd.then(|| Tidy::default().edit(body)).flatten();
    let body = if wants.stream {
        let whole = plain.as_deref().unwrap_or(body);
        let stream =
            replay::stream(whole, wants.include_usage).ok_or_else(|| malformed("its choices"))?;
        Some(stream)
    } else {
        plain
    };
    Ok(Answer {
        content_type: wants.stream.then_some(EVENT_STREAM),
        body,
        usage,
        tier,
        withheld: found.withheld,
    })
}
