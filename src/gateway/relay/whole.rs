//! Complete answers: checked, counted, and worded for the client.

use super::malformed;
use crate::api::chat::chunks::Chunks;
use crate::api::chat::{answer, replay};
use crate::canonical::answer::{Completion, FinishReason};
use crate::canonical::error::ApiError;
use crate::canonical::scan;
use crate::provider::Reading;
use crate::usage::Usage;

/// How the client wants it.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Whether it asked for a stream.
    pub stream: bool,
    /// Whether it asked for the usage chunk.
    pub include_usage: bool,
    /// The id to give an answer that has none.
    pub id: &'a str,
    /// The time to give an answer that has none, in seconds.
    pub created: u64,
    /// The model to name in an answer that names none.
    pub model: &'a str,
}

/// An answer for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its body; `None` when the vendor's goes out unchanged.
    pub body: Option<Vec<u8>>,
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
    wish: &Wish<'_>,
) -> Result<Answer, ApiError> {
    match reading {
        Reading::Foreign(decode) => {
            let completion = decode.whole(body)?;
            let usage = completion.usage;
            let withheld = completion.finish == Some(FinishReason::ContentFilter);
            let body = if wish.stream {
                streamed(&completion, wish)
            } else {
                answer::encode(&completion, wish.id, wish.created, wish.model)
            };
            Ok(Answer {
                body: Some(body),
                usage,
                tier: None,
                withheld,
            })
        }
        Reading::Openai => openai(provider, body, wish),
    }
}

/// A complete answer told as a stream.
#[must_use]
pub fn streamed(completion: &Completion, wish: &Wish<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Chunks::new(
        wish.id.to_owned(),
        wish.created,
        wish.model,
        wish.include_usage,
    )
    .whole(completion, &mut out);
    out
}

fn openai(provider: &str, body: &[u8], wish: &Wish<'_>) -> Result<Answer, ApiError> {
    let found = scan::whole(body).map_err(|_| malformed("it is not a JSON object"))?;
    if found.failed {
        return Err(ApiError::inside(provider, body));
    }
    if !found.choices {
        return Err(malformed("it has no choices"));
    }
    let tier = found.service_tier.map(|tier| tier.decode().into_owned());
    let usage = found.usage.and_then(Usage::from_openai);
    let body = if wish.stream {
        let stream =
            replay::stream(body, wish.include_usage).ok_or_else(|| malformed("its choices"))?;
        Some(stream)
    } else {
        None
    };
    Ok(Answer {
        body,
        usage,
        tier,
        withheld: found.withheld,
    })
}
