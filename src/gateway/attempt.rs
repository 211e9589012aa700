//! One attempt: a deployment is picked and the request worded for it.

use core::time::Duration;

use super::effect::Effect;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::config::plan::{Deployment, Plan};
use crate::provider::{Encoded, Reading, Target};
use crate::usage::estimate::tokens_of;
use crate::value::head::Head;
use crate::value::secret::Secret;

/// How much of a prompt is looked at to guess how many tokens it has.
const SAMPLE: usize = 512;

/// A request that went to a deployment.
#[derive(Debug)]
pub struct Attempt {
    /// Index into the plan's deployments.
    pub deployment: usize,
    /// How its answer is read.
    pub reading: Reading,
    /// Whether the client wants the usage chunk.
    pub include_usage: bool,
    /// About how many tokens the prompt has, should the vendor not say.
    pub input_tokens: u64,
    /// Whether the client wants a stream.
    pub stream: bool,
}

/// Words the request for the deployment and says how to send it.
///
/// # Errors
/// What the provider cannot do, as a 400.
pub fn start(
    request: &ChatRequest<'_>,
    index: usize,
    client: &Head,
    plan: &Plan,
) -> Result<(Attempt, Effect), ApiError> {
    let deployment = plan
        .deployments
        .get(index)
        .ok_or_else(|| super::refuse::no_deployment(&request.model))?;
    let encoded = deployment.provider.encode(request, &target(deployment))?;
    let Encoded {
        path,
        headers,
        body,
        reading,
    } = encoded;
    let mut head = Head::new();
    head.push(":method", "POST");
    head.push(
        ":scheme",
        if deployment.endpoint.tls {
            "https"
        } else {
            "http"
        },
    );
    head.push(":authority", deployment.endpoint.authority.as_str());
    head.push(":path", path);
    for (name, value) in client.pairs() {
        head.push(name, value);
    }
    let length = body.as_ref().map_or(request.json.len(), Vec::len);
    head.set("content-type", "application/json");
    head.set("content-length", length.to_string());
    for (name, value) in headers {
        head.set(name, value);
    }
    for (name, value) in &deployment.extra_headers {
        head.set(name, value.expose());
    }
    for (name, value) in limits(deployment, plan, request.stream) {
        head.set(name, value.to_string());
    }
    head.set(&plan.cluster_header, deployment.endpoint.cluster.as_str());
    let attempt = Attempt {
        deployment: index,
        reading,
        include_usage: request.include_usage,
        input_tokens: input_tokens(request),
        stream: request.stream,
    };
    Ok((attempt, Effect::Forward { head, body }))
}

/// What must never reach the client or a log: the deployment's credentials, those among its own
/// header fields included.
#[must_use]
pub fn secrets(deployment: &Deployment) -> Vec<&Secret> {
    const TELLING: [&str; 5] = ["auth", "cookie", "key", "secret", "token"];
    // Short values are words like `true`: blacking them out would hide more than it protects.
    let telling = deployment.extra_headers.iter().filter(|(name, value)| {
        value.expose().len() >= 8 && TELLING.iter().any(|word| name.contains(word))
    });
    deployment
        .api_key
        .iter()
        .chain(telling.map(|(_, value)| value))
        .collect()
}

fn target(deployment: &Deployment) -> Target<'_> {
    Target {
        model: &deployment.model,
        key: deployment.api_key.as_ref(),
        base_path: &deployment.endpoint.base_path,
        drop_params: deployment.drop_params,
        max_output: deployment
            .prices
            .as_ref()
            .and_then(|prices| prices.max_output),
    }
}

/// Envoy's router headers for the time limits that are set, in milliseconds: one for the whole
/// answer, the deployment's own before the general one as LiteLLM has it, and for streams one for the
/// time until the answer's head.
fn limits(
    deployment: &Deployment,
    plan: &Plan,
    stream: bool,
) -> impl Iterator<Item = (&'static str, u64)> {
    const WHOLE: &str = "x-envoy-upstream-rq-timeout-ms";
    const HEAD: &str = "x-envoy-upstream-rq-per-try-timeout-ms";
    let whole = deployment.timeout.or(plan.timeout);
    let head = deployment.stream_timeout.filter(|_| stream);
    let millis = |limit: Duration| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX).max(1);
    [(WHOLE, whole), (HEAD, head)]
        .into_iter()
        .filter_map(move |(name, limit)| limit.map(|limit| (name, millis(limit))))
}

/// A guess from a sample of the messages: exact counting would cost more than it is worth for a
/// number that is only used when the vendor does not state its own.
pub fn input_tokens(request: &ChatRequest<'_>) -> u64 {
    let messages = request
        .members
        .get("messages")
        .map_or(&[][..], |member| member.value);
    let sample = messages.get(..SAMPLE).unwrap_or(messages);
    let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let scaled = tokens_of(sample).saturating_mul(wide(messages.len()));
    scaled.checked_div(wide(sample.len())).unwrap_or_default()
}
