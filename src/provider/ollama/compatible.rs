//! What Ollama wants otherwise where it speaks OpenAI's format.

use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::provider::openai_like::OLLAMA;
use crate::provider::{Encoded, Provider, Target};
use crate::wire::json::{Members, Splice};

/// Words a request for `/v1/chat/completions`.
///
/// # Errors
/// None of its own.
pub(super) fn encode(request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
    let Some(edited) = edited(request) else {
        return OLLAMA.encode(request, target);
    };
    let Ok(members) = Members::read(&edited) else {
        return OLLAMA.encode(request, target);
    };
    let request = ChatRequest {
        json: &edited,
        members,
        model: request.model.clone(),
        stream: request.stream,
        include_usage: request.include_usage,
    };
    let encoded = OLLAMA.encode(&request, target)?;
    let body = encoded.body.unwrap_or_else(|| edited.clone());
    Ok(Encoded {
        body: Some(body),
        ..encoded
    })
}

/// The request with the efforts that Ollama knows, and with arguments that are JSON: it refuses others.
fn edited(request: &ChatRequest<'_>) -> Option<Vec<u8>> {
    const EMPTY: &[u8] = br#""arguments":"""#;
    let mut splice = Splice::new(request.json, &request.members);
    if let Some(member) = request.members.get("reasoning_effort") {
        let known: Option<&[u8]> = match member.value {
            b"\"minimal\"" => Some(b"\"low\""),
            b"\"max\"" | b"\"xhigh\"" => Some(b"\"high\""),
            _ => None,
        };
        if let Some(known) = known {
            splice.replace(member, known.to_vec());
        }
    }
    if let Some(member) = request.members.get("messages") {
        for at in memchr::memmem::find_iter(member.value, EMPTY) {
            let end = at.saturating_add(EMPTY.len());
            splice.replace_within(member, at..end, br#""arguments":"{}""#.to_vec());
        }
    }
    splice.apply()
}
