//! One attempt: the request worded for a deployment, and what is known of it while it is under way.

use core::time::Duration;

use std::borrow::Cow;

use super::params;
use super::select::Pick;
use crate::api::{self, Voice, chat};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::{Deployment, Plan};
use crate::provider::{Encoded, Provider, Reading, Target, tagged, through};
use crate::usage::estimate::tokens_of_prompt;
use crate::usage::prices::Prices;
use crate::value::head::Head;
use crate::value::secret::Secret;
use crate::value::time::Timestamp;
use crate::wire::json::Members;

/// A request that went to a deployment.
#[derive(Debug)]
pub struct Attempt {
    /// When it went.
    pub began: Timestamp,
    /// When it must be over: the deployment's `timeout`.
    pub ends: Option<Timestamp>,
    /// When its first content must have come: `stream_timeout`, for streams.
    pub first_by: Option<Timestamp>,
    /// Whether the client wants the usage chunk.
    pub include_usage: bool,
    /// About how many tokens the prompt has, should the vendor not say.
    pub input_tokens: u64,
    /// The choice it follows from.
    pub pick: Pick,
    /// What it costs, where the plan could not know: a deployment for any model.
    pub prices: Option<Prices>,
    /// The vendor's name.
    pub provider: &'static str,
    /// How its answer is read.
    pub reading: Reading,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// The token that was shown, where one was fetched.
    pub token: Option<Secret>,
    /// What words its answer for the client; `None` where the vendor's own words go out.
    pub voice: Option<Box<dyn Voice>>,
}

impl Attempt {
    /// When something must have happened, before there is content.
    #[must_use]
    pub fn limit(&self) -> Option<Timestamp> {
        earlier(self.ends, self.first_by)
    }
}

/// The earlier of two times, either of which may be never.
#[must_use]
pub fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, None) => one,
        (None, other) => other,
    }
}

/// A request in its vendor's words.
#[derive(Debug)]
pub struct Worded {
    /// The head: the routing header names the cluster.
    pub head: Head,
    /// The body; `None` when the client's goes out unchanged.
    pub body: Option<Vec<u8>>,
    /// How its answer is read.
    pub reading: Reading,
    /// Whether its answer has to be worded for the client.
    pub foreign: bool,
}

/// How a request is worded.
#[derive(Clone, Copy, Debug)]
pub struct Wording<'a> {
    /// The client's head, as far as providers may see it.
    pub client: &'a Head,
    /// The deployment.
    pub deployment: &'a Deployment,
    /// The model's name at the vendor.
    pub model: &'a str,
    /// Whether parameters the vendor cannot honour are dropped whatever the deployment says: a fallback adapts.
    pub adapt: bool,
    /// How long the client's body is, where the request goes on before it is complete: `Some(None)` if nobody knows.
    pub flows: Option<Option<usize>>,
    /// The time.
    pub now: Timestamp,
    /// The token that was fetched for it, in place of a key.
    pub token: Option<&'a Secret>,
}

/// Words the request for a deployment.
///
/// # Errors
/// What the provider cannot do, as a 400.
pub fn word(asked: &Asked<'_>, wording: &Wording<'_>, plan: &Plan) -> Result<Worded, ApiError> {
    let deployment = wording.deployment;
    let Encoded {
        path,
        headers,
        body,
        reading,
    } = encode(asked, wording)?;
    // OpenAI's words are passed on only to a client that speaks them and is to have them as they are, with nothing to be
    // told apart in them.
    let is_worded_anew = asked.format != Format::Chat
        || deployment.rules.merge_reasoning
        || deployment.think_tags.is_some();
    let reading = if is_worded_anew {
        reading.anew(deployment.provider.name())
    } else {
        reading
    };
    let reading = match (reading, deployment.think_tags) {
        (Reading::Foreign(decode), Some(tag)) => Reading::Foreign(tagged(decode, tag)),
        (reading, _) => reading,
    };
    let foreign = matches!(reading, Reading::Foreign(_));
    let mut head = Head::new();
    let is_through = asked.format == Format::Passthrough;
    let method = if is_through { asked.method } else { "POST" };
    head.push(":method", method);
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
    for (name, value) in wording.client.pairs() {
        head.push(name, value);
    }
    if !is_through {
        head.set("content-type", "application/json");
    }
    let held = asked.body.len();
    let sent = body.as_ref().map_or(held, Vec::len);
    let length = match wording.flows {
        Some(declared) => declared.map(|all| all.saturating_sub(held).saturating_add(sent)),
        None => Some(sent),
    };
    if let Some(length) = length {
        head.set("content-length", length.to_string());
    }
    for (name, value) in headers {
        head.set(name, value);
    }
    for (name, value) in &deployment.extra_headers {
        head.set(name, value.expose());
    }
    head.set(&plan.cluster_header, deployment.endpoint.cluster.as_str());
    Ok(Worded {
        head,
        body,
        reading,
        foreign,
    })
}

/// The answer the gateway gives by itself, where the vendor has none of that kind.
#[must_use]
pub fn own_answer(asked: &Asked<'_>, wording: &Wording<'_>) -> Option<Vec<u8>> {
    if asked.format == Format::Chat {
        return None;
    }
    let answer = api::client(asked.format).own_answer(asked)?;
    let provider = wording.deployment.provider;
    // What is Google's own of a request for contents would generate them instead of counting.
    let counts = asked.format == Format::Gemini;
    let asks = !counts && provider.native(asked, &target(wording)).is_some();
    (!asks).then_some(answer)
}

/// The request in the vendor's words, with what operator and client want done about its parameters.
fn encode(asked: &Asked<'_>, wording: &Wording<'_>) -> Result<Encoded, ApiError> {
    if asked.format == Format::Passthrough {
        return through::encode(wording.deployment.provider, asked, &target(wording));
    }
    let rules = params::rules(asked, &wording.deployment.rules);
    let target = Target {
        rules: &rules,
        ..target(wording)
    };
    let provider = wording.deployment.provider;
    let mut encoded = match params::without(asked.body, &rules.dropped) {
        None => spoken(asked, provider, &target)?,
        Some(body) => {
            let trimmed = Asked {
                body: &body,
                members: Members::read(&body).unwrap_or_default(),
                ..asked.clone()
            };
            let encoded = spoken(&trimmed, provider, &target)?;
            with_body(encoded, &body)
        }
    };
    let body = encoded.body.as_deref().unwrap_or(asked.body);
    if let Some(extended) = params::with(body, &rules.extra_body) {
        encoded.body = Some(extended);
        return provider.resigned(encoded, &target);
    }
    Ok(encoded)
}

/// The request in the vendor's words: of its own format where it knows that, else by way of chat.
fn spoken(
    asked: &Asked<'_>,
    provider: &dyn Provider,
    target: &Target<'_>,
) -> Result<Encoded, ApiError> {
    if asked.format == Format::Chat {
        return provider.encode(&asked.as_chat(), target);
    }
    if let Some(encoded) = provider.native(asked, target) {
        return encoded;
    }
    let json = api::client(asked.format).to_chat(asked)?;
    let json = params::without(&json, &target.rules.dropped).unwrap_or(json);
    let request = chat::read(&json, Some(Cow::Borrowed(&*asked.model)))?;
    let encoded = provider.encode(&request, target)?;
    Ok(with_body(encoded, &json))
}

/// The same with that body where the vendor takes it as it is.
fn with_body(encoded: Encoded, body: &[u8]) -> Encoded {
    Encoded {
        body: encoded.body.or_else(|| Some(body.to_vec())),
        ..encoded
    }
}

/// What must never reach the client or a log: the deployment's credentials, those among its own
/// header fields included.
#[must_use]
pub fn secrets(deployment: &Deployment) -> Vec<&Secret> {
    const TELLING: [&str; 5] = ["auth", "cookie", "key", "secret", "token"];
    // The id of a key and the JSON around one are not secrets as they stand, and are seen in signatures.
    const SECRET_OPTIONS: [&str; 3] = ["secret", "session_token", "ad_token"];
    // Short values are words like `true`: blacking them out would hide more than it protects.
    let telling = deployment.extra_headers.iter().filter(|(name, value)| {
        value.expose().len() >= 8 && TELLING.iter().any(|word| name.contains(word))
    });
    let options = deployment.options.iter();
    let options = options.filter(|(key, text)| {
        text.expose().len() >= 8 && SECRET_OPTIONS.iter().any(|word| key.contains(word))
    });
    deployment
        .api_key
        .iter()
        .chain(telling.map(|(_, value)| value))
        .chain(options.map(|(_, text)| text))
        .collect()
}

fn target<'a>(wording: &Wording<'a>) -> Target<'a> {
    let deployment = wording.deployment;
    Target {
        model: wording.model,
        key: wording.token.or(deployment.api_key.as_ref()),
        base_path: &deployment.endpoint.base_path,
        authority: &deployment.endpoint.authority,
        drop_params: deployment.drop_params || wording.adapt,
        max_output: deployment
            .prices
            .as_ref()
            .and_then(|prices| prices.max_output),
        options: &deployment.options,
        now: wording.now,
        rules: &deployment.rules,
    }
}

/// The time that long after `now`, if there is a limit.
#[must_use]
pub fn until(now: Timestamp, limit: Option<Duration>) -> Option<Timestamp> {
    limit.map(|limit| now.after(limit))
}

/// Members that make up a prompt, whatever the format.
const PROMPT: [&str; 9] = [
    "contents",
    "documents",
    "input",
    "instructions",
    "messages",
    "prompt",
    "query",
    "system",
    "systemInstruction",
];

/// About how many tokens the prompt has.
#[must_use]
pub fn input_tokens(asked: &Asked<'_>) -> u64 {
    let of = |name: &&str| asked.members.get(name);
    let parts = PROMPT.iter().filter_map(of);
    parts.fold(0, |sum: u64, part| {
        sum.saturating_add(tokens_of_prompt(part.value))
    })
}
