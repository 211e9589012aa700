//! The operations besides chat that compatible vendors have: the client's body with the model's name changed, and an
//! answer that goes back as it comes.

use super::edit::metadata;
use super::follow::Follower;
use super::{Quirks, Route};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::request::TO_GATEWAY;
use crate::provider::{Encoded, Reading};
use crate::wire::json::{Splice, quote};
use crate::wire::multipart::{self, Search};

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
/// None yet: a vendor refuses by itself what it does not know.
pub(in crate::provider) fn encode(
    asked: &Asked<'_>,
    route: Route<'_>,
    (provider, quirks): (&'static str, &Quirks),
) -> Result<Encoded, ApiError> {
    let Route {
        mut headers,
        model,
        path,
    } = route;
    let model = model.unwrap_or(&asked.model);
    let body = if asked.format == Format::Transcriptions {
        let media = asked.headers.get("content-type").unwrap_or_default();
        headers.push(("content-type", media.to_owned()));
        form(asked.body, media, model)
    } else {
        json(asked, model, quirks)
    };
    Ok(Encoded {
        path,
        headers,
        body,
        reading: Reading::Native(Box::new(Follower::new(asked.format, provider))),
    })
}

/// The form, as far as it is there, with another model; `None` where it names that one, or the path alone does.
fn form(body: &[u8], media: &str, model: &str) -> Option<Vec<u8>> {
    let boundary = multipart::boundary(media)?;
    let Search::Found(place) = multipart::find(body, boundary, "model") else {
        return None;
    };
    let other = body.get(place.clone()) != Some(model.as_bytes());
    other.then(|| multipart::replaced(body, &place, model))
}

/// The client's object with another model, and without what is said to the gateway.
fn json(asked: &Asked<'_>, model: &str, quirks: &Quirks) -> Option<Vec<u8>> {
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
    metadata(members, &mut splice);
    let wanted = quote(model);
    match last {
        Some(member) if member.value == wanted => {}
        Some(member) => splice.replace(member, wanted),
        None => splice.add("model", &wanted),
    }
    let is_embedding = asked.format == Format::Embeddings;
    let changes = if is_embedding { quirks.embeddings } else { &[] };
    for (ours, theirs) in changes {
        match members.get(ours) {
            Some(member) if theirs.is_empty() => splice.remove(member),
            Some(member) => splice.rename(member, theirs),
            None => {}
        }
    }
    splice.apply()
}
