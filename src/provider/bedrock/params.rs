//! Which members of a request Bedrock's models can honour, and which go to the model beside Converse's own: as data.

use std::borrow::Cow;

use super::models::{Family, Traits};
use crate::canonical::error::ApiError;
use crate::canonical::request::{ChatRequest, TO_GATEWAY};
use crate::provider::Target;
use crate::provider::anthropic::params::{IGNORED, UNSUPPORTED, refuse, same, stated};
use crate::wire::json::Member;

/// Members that the translation reads, or that change nothing in the answer.
const MAPPED: [&str; 23] = [
    "additionalModelRequestFields",
    "anthropic_beta",
    "drop_params",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "output_config",
    "parallel_tool_calls",
    "reasoning_effort",
    "response_format",
    "service_tier",
    "stop",
    "stream",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "user",
    "web_search_options",
];

/// Members of Converse's own.
const CONVERSES: [&str; 6] = [
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
    "serviceTier",
];

/// Refuses what the model cannot honour, unless it may be dropped.
///
/// # Errors
/// A 400 naming every such member and the way to have it dropped.
pub(super) fn check(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    traits: &Traits,
) -> Result<(), ApiError> {
    let asked = request.members.get("drop_params");
    if target.drop_params || asked.is_some_and(|member| member.value == b"true") {
        return Ok(());
    }
    refuse("bedrock", target.model, request, |member| {
        refused(member, traits)
    })
}

fn refused(member: &Member<'_>, traits: &Traits) -> Option<String> {
    let name = member.key.decode();
    let refused = match name.as_ref() {
        "output_config" | "thinking" => traits.family != Family::Claude,
        "reasoning_effort" => !traits.reasons() && member.value != b"\"none\"",
        "service_tier" => tier(member.value).is_none(),
        "temperature" | "top_p" => !traits.samples() && !same(member.value, "1"),
        "top_k" => !traits.samples(),
        "web_search_options" => true,
        other => {
            let known = UNSUPPORTED.iter().find(|(name, _)| *name == other);
            known.is_some_and(|(_, nothing)| !same(member.value, nothing))
        }
    };
    refused.then(|| name.into_owned())
}

/// Bedrock's word for a `service_tier`.
pub(super) fn tier(value: &[u8]) -> Option<&'static str> {
    Some(match value {
        b"\"auto\"" | b"\"default\"" => "default",
        b"\"flex\"" => "flex",
        b"\"fast\"" | b"\"priority\"" => "priority",
        b"\"reserved\"" => "reserved",
        _ => return None,
    })
}

/// Members that are forwarded as they are: Converse's own, or (`to_model`) those that only the model may know.
pub(super) fn forwarded<'r>(
    request: &'r ChatRequest<'_>,
    to_model: bool,
) -> impl Iterator<Item = (Cow<'r, str>, &'r [u8])> {
    let named = stated(request).map(|member| (member.key.decode(), member.value));
    named.filter(move |(name, _)| {
        let name = name.as_ref();
        CONVERSES.contains(&name) != to_model && !(to_model && is_known(name))
    })
}

fn is_known(name: &str) -> bool {
    MAPPED.contains(&name)
        || TO_GATEWAY.contains(&name)
        || IGNORED.contains(&name)
        || UNSUPPORTED.iter().any(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_has_bedrocks_name() {
        assert_eq!(tier(b"\"auto\""), Some("default"));
        assert_eq!(tier(b"\"scale\""), None);
    }
}
