//! Which members of a request Anthropic can honour, which nobody needs to, and which it cannot: as data.

use std::borrow::Cow;

use super::fault::bad_request;
use super::models::{Abilities, Thinking};
use crate::canonical::error::ApiError;
use crate::canonical::request::{ChatRequest, TO_GATEWAY};
use crate::provider::Target;
use crate::wire::json::Member;

/// Members that the translation reads.
const MAPPED: [&str; 21] = [
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
    "drop_params",
];

/// Members for other gateways, or that change nothing in the answer: never refused, never sent.
pub(in crate::provider) const IGNORED: [&str; 24] = [
    "additional_drop_params",
    "allowed_openai_params",
    "api_base",
    "api_key",
    "api_version",
    "base_url",
    "cache",
    "caching",
    "client",
    "custom_llm_provider",
    "extra_body",
    "extra_headers",
    "guardrails",
    "include_server_side_tool_invocations",
    "input_cost_per_token",
    "litellm_call_id",
    "litellm_session_id",
    "litellm_trace_id",
    "max_retries",
    "no-log",
    "organization",
    "output_cost_per_token",
    "stream_options",
    "user_config",
];

/// Members of OpenAI's that Anthropic has nothing for, and the value with which they ask for nothing.
const UNSUPPORTED: [(&str, &str); 20] = [
    ("audio", ""),
    ("frequency_penalty", "0"),
    ("function_call", "\"none\""),
    ("functions", "[]"),
    ("logit_bias", "{}"),
    ("logprobs", "false"),
    ("modalities", "[\"text\"]"),
    ("moderation", ""),
    ("n", "1"),
    ("prediction", ""),
    ("presence_penalty", "0"),
    ("prompt_cache_key", ""),
    ("prompt_cache_options", ""),
    ("prompt_cache_retention", ""),
    ("safety_identifier", ""),
    ("seed", ""),
    ("store", "false"),
    ("top_logprobs", "0"),
    ("verbosity", "\"medium\""),
    ("best_of", "1"),
];

/// Members of Anthropic's own that are still in beta.
const BETAS: [(&str, &str); 4] = [
    ("context_management", "context-management-2025-06-27"),
    ("mcp_servers", "mcp-client-2025-11-20"),
    ("output_format", "structured-outputs-2025-11-13"),
    ("speed", "fast-mode-2026-02-01"),
];

/// Refuses what Anthropic cannot honour, unless it may be dropped.
///
/// # Errors
/// A 400 naming every such member and the way to have it dropped.
pub(super) fn check(
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    abilities: &Abilities,
) -> Result<(), ApiError> {
    refuse("anthropic", request, target, |member| {
        refused(member, abilities)
    })
}

/// Refuses a request for the members that `refused` names, unless they may be dropped.
///
/// # Errors
/// A 400 naming every such member and the way to have it dropped.
pub(in crate::provider) fn refuse(
    vendor: &str,
    request: &ChatRequest<'_>,
    target: &Target<'_>,
    refused: impl Fn(&Member<'_>) -> Option<String>,
) -> Result<(), ApiError> {
    let asked = request
        .members
        .get("drop_params")
        .is_some_and(|member| member.value == b"true");
    if target.drop_params || asked {
        return Ok(());
    }
    let refused: Vec<String> = stated(request).filter_map(refused).collect();
    let Some(first) = refused.first() else {
        return Ok(());
    };
    let message = format!(
        "{vendor} does not support {} for model {}; set `drop_params: true` in `litellm_settings` or in the deployment's \
         `litellm_params` to have such parameters dropped",
        refused.join(", "),
        target.model,
    );
    Err(bad_request("unsupported_parameter", first, message))
}

/// A member that Anthropic is given as it is.
#[derive(Debug)]
pub(in crate::provider) struct Forwarded<'r> {
    pub name: Cow<'r, str>,
    pub value: &'r [u8],
}

/// The members that are forwarded: those that neither OpenAI nor a gateway knows.
pub(in crate::provider) fn forwarded<'r>(
    request: &'r ChatRequest<'_>,
) -> impl Iterator<Item = Forwarded<'r>> {
    let named = stated(request).map(|member| Forwarded {
        name: member.key.decode(),
        value: member.value,
    });
    named.filter(|member| !is_known(&member.name))
}

fn is_known(name: &str) -> bool {
    MAPPED.contains(&name)
        || TO_GATEWAY.contains(&name)
        || IGNORED.contains(&name)
        || UNSUPPORTED.iter().any(|(known, _)| *known == name)
}

/// The beta that a forwarded member needs.
pub(in crate::provider) fn beta(name: &str) -> Option<&'static str> {
    BETAS
        .iter()
        .find(|(member, _)| *member == name)
        .map(|(_, beta)| *beta)
}

/// Members that say something; of several with one name the last.
pub(in crate::provider) fn stated<'r, 'a>(
    request: &'r ChatRequest<'a>,
) -> impl Iterator<Item = &'r Member<'a>> {
    let last = |member: &Member<'a>| {
        let name = member.key.decode();
        request
            .members
            .get(&name)
            .is_some_and(|last| last.whole == member.whole)
    };
    request
        .members
        .iter()
        .filter(move |member| member.value != b"null" && last(member))
}

fn refused(member: &Member<'_>, abilities: &Abilities) -> Option<String> {
    let name = member.key.decode();
    let refused = match name.as_ref() {
        "reasoning_effort" => abilities.thinking == Thinking::Never && member.value != b"\"none\"",
        "service_tier" => !matches!(
            member.value,
            b"\"auto\"" | b"\"default\"" | b"\"standard_only\""
        ),
        "temperature" | "top_p" => !abilities.sampling && !same(member.value, "1"),
        "top_k" => !abilities.sampling,
        other => {
            let unsupported = UNSUPPORTED
                .iter()
                .find(|(unsupported, _)| *unsupported == other);
            unsupported.is_some_and(|(_, nothing)| !same(member.value, nothing))
        }
    };
    refused.then(|| name.into_owned())
}

/// Whether the value is `wanted`, however the number or the array is spelled.
pub(in crate::provider) fn same(value: &[u8], wanted: &str) -> bool {
    let compact = crate::wire::json::compact(value);
    let number = |text: &[u8]| {
        core::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse::<f64>().ok())
    };
    let numbers = (number(&compact), number(wanted.as_bytes()));
    compact.as_ref() == wanted.as_bytes()
        || matches!(numbers, (Some(a), Some(b)) if (a - b).abs() < f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::anthropic::models;
    use crate::wire::json::Members;

    #[test]
    fn what_is_said_to_the_gateway_is_neither_refused_nor_sent() {
        let said: Vec<String> = TO_GATEWAY
            .iter()
            .map(|name| format!(r#""{name}":["x"]"#))
            .collect();
        let json = format!("{{{}}}", said.join(","));
        let request = ChatRequest {
            json: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "m".into(),
            stream: false,
            include_usage: false,
        };
        let target = Target::of_model("claude-haiku-4-5");
        assert!(check(&request, &target, &models::of(target.model)).is_ok());
        assert_eq!(forwarded(&request).count(), 0);
    }
}
