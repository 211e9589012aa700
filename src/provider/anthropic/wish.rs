//! What a request asks of the model's reasoning, in OpenAI's words and in Anthropic's own.

use std::borrow::Cow;

use serde::Deserialize;

use super::fault::invalid;
use super::thinking::{Effort, Stated, StatedKind, Wish};
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;

/// Reads `reasoning_effort` and `thinking`. `unsigned` as in [`Wish`].
///
/// # Errors
/// A 400 when one of them is not what its format says.
pub(in crate::provider) fn wish<'a>(
    request: &ChatRequest<'a>,
    max_tokens: Option<u64>,
    unsigned: bool,
) -> Result<Wish<'a>, ApiError> {
    Ok(Wish {
        effort: effort(request)?,
        max_tokens,
        thinking: thinking(request)?,
        unsigned,
    })
}

pub(in crate::provider) fn effort(request: &ChatRequest<'_>) -> Result<Option<Effort>, ApiError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Spelled<'a> {
        Object { effort: Option<Cow<'a, str>> },
        Word(Cow<'a, str>),
    }
    let word = match request.member::<Spelled<'_>>("reasoning_effort")? {
        Some(Spelled::Object { effort: Some(word) } | Spelled::Word(word)) => word,
        Some(Spelled::Object { effort: None }) | None => return Ok(None),
    };
    let unknown = || {
        invalid(
            "reasoning_effort",
            format!("unknown reasoning_effort '{word}'"),
        )
    };
    Effort::named(&word).map(Some).ok_or_else(unknown)
}

fn thinking<'a>(request: &ChatRequest<'a>) -> Result<Option<Stated<'a>>, ApiError> {
    #[derive(Deserialize)]
    struct Members<'a> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'a, str>,
        budget_tokens: Option<u64>,
    }
    let Some(stated) = request.member::<Members<'_>>("thinking")? else {
        return Ok(None);
    };
    let kind = match stated.kind.as_ref() {
        "adaptive" => StatedKind::Adaptive,
        "disabled" => StatedKind::Disabled,
        "enabled" => StatedKind::Enabled,
        _ => StatedKind::Other,
    };
    let json = request
        .members
        .get("thinking")
        .map(|member| member.value)
        .unwrap_or_default();
    Ok(Some(Stated {
        budget: stated.budget_tokens,
        json,
        kind,
    }))
}
