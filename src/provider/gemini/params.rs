//! Which members of a request Google can honour, which nobody needs to, and which it cannot: as data.

use super::models::{Abilities, Thinking};
use crate::canonical::error::ApiError;
use crate::canonical::request::{ChatRequest, TO_GATEWAY};
use crate::provider::Target;
use crate::provider::anthropic::params::{IGNORED, refuse, same, stated};
use crate::wire::json::Member;

/// Members that the translation reads, or that say nothing to Google and change nothing in the answer.
const MAPPED: [&str; 30] = [
    "audio",
    "drop_params",
    "frequency_penalty",
    "generationConfig",
    "generation_config",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "stream",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "web_search_options",
];

/// Members of OpenAI's that Google has nothing for, and the value with which they ask for nothing.
const UNSUPPORTED: [(&str, &str); 13] = [
    ("best_of", "1"),
    ("function_call", "\"none\""),
    ("functions", "[]"),
    ("logit_bias", "{}"),
    ("moderation", ""),
    ("output_config", ""),
    ("prediction", ""),
    ("prompt_cache_key", ""),
    ("prompt_cache_options", ""),
    ("prompt_cache_retention", ""),
    ("safety_identifier", ""),
    ("store", "false"),
    ("verbosity", "\"medium\""),
];

/// Members of Google's that belong into `generationConfig`.
const IN_CONFIG: [&str; 18] = [
    "audioTimestamp",
    "candidateCount",
    "enableAffectiveDialog",
    "enableEnhancedCivicAnswers",
    "imageConfig",
    "maxOutputTokens",
    "mediaResolution",
    "modelSelectionConfig",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "routingConfig",
    "speechConfig",
    "stopSequences",
    "thinkingConfig",
    "topK",
];

/// Refuses what Google cannot honour, unless it may be dropped.
///
/// # Errors
/// A 400 naming every such member and the way to have it dropped.
pub(super) fn check(
    vendor: &str,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    abilities: &Abilities,
) -> Result<(), ApiError> {
    refuse(vendor, request, target, |member| {
        let name = member.key.decode();
        let refused = refused(&name, member, request, abilities) && !is_allowed(&name, target);
        refused.then(|| name.into_owned())
    })
}

fn refused(
    name: &str,
    member: &Member<'_>,
    request: &ChatRequest<'_>,
    abilities: &Abilities,
) -> bool {
    match name {
        "audio" => request.stream || !is_pcm(member.value),
        // Pieces of a stream say neither which of several answers they belong to nor how likely they were.
        "logprobs" => request.stream && member.value != b"false",
        "n" => request.stream && !same(member.value, "1"),
        "reasoning_effort" => abilities.thinking == Thinking::Never && member.value != b"\"none\"",
        "service_tier" => tier(member.value).is_none(),
        other => {
            let unsupported = UNSUPPORTED.iter().find(|(known, _)| *known == other);
            unsupported.is_some_and(|(_, nothing)| !same(member.value, nothing))
        }
    }
}

/// Whether the operator wants it passed on whatever is known here.
fn is_allowed(name: &str, target: &Target<'_>) -> bool {
    target.rules.allowed.iter().any(|allowed| allowed == name)
}

/// Google speaks raw samples only.
fn is_pcm(audio: &[u8]) -> bool {
    let members = crate::wire::json::Members::read(audio).unwrap_or_default();
    members
        .get("format")
        .is_none_or(|format| format.value == b"\"pcm16\"")
}

/// Google's word for a tier: an empty one leaves it to Google; `None` for a tier that it does not have.
pub(super) fn tier(value: &[u8]) -> Option<&'static str> {
    Some(match value {
        b"\"auto\"" => "",
        b"\"default\"" | b"\"standard\"" => "standard",
        b"\"flex\"" => "flex",
        b"\"priority\"" => "priority",
        _ => return None,
    })
}

/// A member of Google's own.
#[derive(Debug)]
pub(super) struct Own<'r> {
    /// Whether it belongs into `generationConfig`.
    pub in_config: bool,
    pub name: String,
    pub value: &'r [u8],
}

/// The members that neither OpenAI nor a gateway knows, under the names they have in Google's JSON.
pub(super) fn own<'r>(request: &'r ChatRequest<'_>, target: &Target<'_>) -> Vec<Own<'r>> {
    let mut own = Vec::new();
    for member in stated(request) {
        let name = member.key.decode();
        let is_unsupported = UNSUPPORTED.iter().any(|(known, _)| *known == name);
        if is_known(&name) || (is_unsupported && !is_allowed(&name, target)) {
            continue;
        }
        let name = camel(&name);
        own.push(Own {
            in_config: IN_CONFIG.contains(&name.as_str()),
            name,
            value: member.value,
        });
    }
    own
}

fn is_known(name: &str) -> bool {
    MAPPED.contains(&name) || TO_GATEWAY.contains(&name) || IGNORED.contains(&name)
}

/// `snake_case` as Google spells it.
pub(super) fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
