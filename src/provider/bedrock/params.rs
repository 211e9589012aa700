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
    refuse("bedrock", request, target, |member| {
        refused(member, traits).filter(|name| !target.rules.allows(name))
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
    target: &'r Target<'_>,
    to_model: bool,
) -> impl Iterator<Item = (Cow<'r, str>, &'r [u8])> {
    let named = stated(request).map(|member| (member.key.decode(), member.value));
    named.filter(move |(name, _)| {
        let name = name.as_ref();
        CONVERSES.contains(&name) != to_model && !(to_model && is_known(name, target))
    })
}

/// Whether the member is read here or means nothing to a model. What the operator allows whatever is known of the vendor is passed on.
fn is_known(name: &str, target: &Target<'_>) -> bool {
    let is_allowed = target.rules.allows(name);
    MAPPED.contains(&name)
        || TO_GATEWAY.contains(&name)
        || IGNORED.contains(&name)
        || !is_allowed && UNSUPPORTED.iter().any(|(known, _)| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Rules;
    use crate::provider::bedrock::models;
    use crate::wire::json::Members;

    #[test]
    fn what_the_operator_allows_is_passed_on_to_the_model() {
        let json = br#"{"seed":7,"logprobs":true}"#;
        let request = ChatRequest {
            json,
            members: Members::read(json).unwrap(),
            model: "group".into(),
            stream: false,
            include_usage: false,
        };
        let allowed = |names: &[&str]| Rules {
            allowed: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Rules::default()
        };
        let (both, one) = (allowed(&["seed", "logprobs"]), allowed(&["seed"]));
        let target = |rules| Target {
            rules,
            ..Target::of_model("meta.llama3-3-70b-instruct-v1:0")
        };
        let traits = models::of("meta.llama3-3-70b-instruct-v1:0");
        assert!(check(&request, &target(&both), &traits).is_ok());
        let refused = check(&request, &target(&one), &traits).unwrap_err();
        assert_eq!(refused.param.as_deref(), Some("logprobs"));
        let passed = target(&one);
        let passed: Vec<_> = forwarded(&request, &passed, true).collect();
        assert_eq!(passed, [(Cow::Borrowed("seed"), &b"7"[..])]);
    }

    #[test]
    fn a_tier_has_bedrocks_name() {
        assert_eq!(tier(b"\"auto\""), Some("default"));
        assert_eq!(tier(b"\"scale\""), None);
    }
}
