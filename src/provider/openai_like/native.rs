//! The operations besides chat that compatible vendors have: the client's body with the model's name changed, and an
//! answer that goes back as it comes.

use super::follow::Follower;
use super::form;
use crate::canonical::asked::Asked;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::canonical::request::TO_GATEWAY;
use crate::provider::{Encoded, Reading};
use crate::wire::json::{Splice, quote};

/// Where an operation is, below the vendor's base; `None` for what is none of OpenAI's.
pub(in crate::provider) const fn path(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::Chat => "/chat/completions",
        Format::Completions => "/completions",
        Format::Embeddings => "/embeddings",
        Format::Images => "/images/generations",
        Format::Moderations => "/moderations",
        Format::Rerank => "/rerank",
        Format::Responses => "/responses",
        Format::Speech => "/audio/speech",
        Format::Transcriptions => "/audio/transcriptions",
        Format::CountTokens | Format::Gemini | Format::Messages | Format::Passthrough => {
            return None;
        }
    })
}

/// The request for the vendor: `model` in the client's body, everything else as it is.
///
/// # Errors
/// A 400 when a form has no part that names the model.
pub(in crate::provider) fn encode(
    asked: &Asked<'_>,
    model: &str,
    path: String,
    mut headers: Vec<(&'static str, String)>,
    provider: &'static str,
) -> Result<Encoded, ApiError> {
    let body = if asked.format == Format::Transcriptions {
        let media = asked.headers.get("content-type").unwrap_or_default();
        headers.push(("content-type", media.to_owned()));
        let body = form::with_model(asked.body, media, model).ok_or_else(|| {
            ApiError::new(400, Class::BadRequest, "the form has no part named 'model'")
                .with_param("model")
        })?;
        Some(body)
    } else {
        json(asked, model)
    };
    Ok(Encoded {
        path,
        headers,
        body,
        reading: Reading::Native(Box::new(Follower::new(asked.format, provider))),
    })
}

/// The client's object with another model, and without what is said to the gateway.
fn json(asked: &Asked<'_>, model: &str) -> Option<Vec<u8>> {
    let members = &asked.members;
    let mut splice = Splice::new(asked.body, members);
    let last = members.get("model");
    for member in members.iter() {
        let is_earlier =
            member.key.is("model") && last.is_some_and(|last| last.whole != member.whole);
        if is_earlier || TO_GATEWAY.iter().any(|name| member.key.is(name)) {
            splice.remove(member);
        }
    }
    let wanted = quote(model);
    match last {
        Some(member) if member.value == wanted => {}
        Some(member) => splice.replace(member, wanted),
        None => splice.add("model", &wanted),
    }
    splice.apply()
}
