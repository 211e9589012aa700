//! AWS Bedrock: OpenAI's chat requests in Converse's words, and its answers, whole or in binary frames, in OpenAI's.

mod answer;
mod blocks;
mod effort;
mod media;
mod models;
mod params;
mod ranks;
mod request;
mod retrieval;
mod said;
mod stream;
mod tools;
mod vectors;

use std::borrow::Cow;

use self::stream::Stream;
use super::anthropic::reply::Reply;
use super::{Decode, Encoded, Has, Options, Provider, Reading, Sent, Setting, Target, aws};
use crate::canonical::answer::Completion;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::canonical::request::ChatRequest;
use crate::wire::event_stream;

/// Bedrock.
pub static BEDROCK: Bedrock = Bedrock;

/// AWS's house of other vendors' models.
#[derive(Clone, Copy, Debug)]
pub struct Bedrock;

/// The content type of a stream.
const FRAMES: &str = "application/vnd.amazon.eventstream";
/// An address of the operator's own.
const ENDPOINT: Setting = aws::setting(
    "aws_bedrock_runtime_endpoint",
    &["AWS_BEDROCK_RUNTIME_ENDPOINT"],
);

impl Provider for Bedrock {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["bedrock_converse"]
    }

    fn default_base(&self) -> Option<&'static str> {
        None
    }

    fn base(&self, options: &Options) -> Option<Cow<'static, str>> {
        self.base_for("", options)
    }

    fn base_for(&self, model: &str, options: &Options) -> Option<Cow<'static, str>> {
        if let Some(own) = options.get(ENDPOINT.key) {
            return Some(Cow::Owned(own.to_owned()));
        }
        aws::base("bedrock-runtime", without_route(model), options)
    }

    fn lack(&self, model: &str, options: &Options, has: &Has) -> Option<&'static str> {
        aws::lack(without_route(model), options, has)
    }

    fn key_variable(&self) -> Option<&'static str> {
        Some("AWS_BEARER_TOKEN_BEDROCK")
    }

    fn settings(&self) -> &'static [Setting] {
        const { &[aws::ID, aws::SECRET, aws::TOKEN, aws::REGION, ENDPOINT] }
    }

    fn speaks_openai(&self) -> bool {
        false
    }

    fn encode(&self, request: &ChatRequest<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
        let target = &Target {
            model: plain_model(target.model),
            ..*target
        };
        let (body, reply) = request::word(request, target)?;
        let operation = if request.stream {
            "converse-stream"
        } else {
            "converse"
        };
        let reading = Reading::Foreign(Box::new(Decoder::new(reply)));
        let mut encoded = signed(target, addressed(target, operation)?, body, reading)?;
        if request.stream {
            encoded.headers.push(("accept", FRAMES.to_owned()));
        }
        Ok(encoded)
    }

    fn resigned(&self, encoded: Encoded, target: &Target<'_>) -> Result<Encoded, ApiError> {
        aws::resigned("bedrock", encoded, target)
    }

    fn credentials(
        &self,
        sent: &Sent<'_>,
        target: &Target<'_>,
    ) -> Result<Vec<(&'static str, String)>, ApiError> {
        let media = sent.headers.get("content-type");
        let media = media.map(|media| ("content-type", media.to_owned()));
        let headers: Vec<_> = media.into_iter().collect();
        let request = aws::Request {
            service: "bedrock",
            method: sent.method,
            path: sent.path,
            headers: &headers,
            body: sent.body,
        };
        aws::sign(&request, target)
    }

    fn native(&self, asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
        let target = &Target {
            model: plain_model(target.model),
            ..*target
        };
        retrieval::word(asked, target)
    }
}

/// LiteLLM's sub-routes and regions in front of a model are not part of its name.
fn plain_model(model: &str) -> &str {
    let model = without_route(model);
    if model.starts_with("arn:") || aws::region_of_model(model).is_none() {
        return model;
    }
    model.split_once('/').map_or(model, |(_, model)| model)
}

fn without_route(model: &str) -> &str {
    let route = ["converse/", "converse_like/", "invoke/"]
        .iter()
        .find_map(|route| model.strip_prefix(route));
    route.unwrap_or(model)
}

/// The path of an operation on the model.
fn addressed(target: &Target<'_>, operation: &str) -> Result<String, ApiError> {
    let segment = aws::segment(target.model)?;
    Ok(format!("{}/model/{segment}/{operation}", target.base_path))
}

/// A request with the header fields that prove who asks.
fn signed(
    target: &Target<'_>,
    path: String,
    body: Vec<u8>,
    reading: Reading,
) -> Result<Encoded, ApiError> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    let request = aws::Request {
        service: "bedrock",
        method: "POST",
        path: &path,
        headers: &headers,
        body: &body,
    };
    let proof = aws::sign(&request, target)?;
    headers.extend(proof);
    Ok(Encoded {
        path,
        headers,
        body: Some(body),
        reading,
    })
}

/// Reads one answer.
#[derive(Debug)]
struct Decoder {
    frames: event_stream::Decoder,
    reply: Reply,
    stream: Stream,
}

impl Decoder {
    fn new(reply: Reply) -> Self {
        Self {
            frames: event_stream::Decoder::default(),
            reply,
            stream: Stream::default(),
        }
    }
}

impl Decode for Decoder {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        answer::read(body, &self.reply)
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self {
            frames,
            reply,
            stream,
        } = self;
        let read = frames.push(bytes, |frame| stream.read(&frame, reply, each));
        if let Err(fault) = read {
            stream.fail(&fault.to_string(), each);
        }
        if last && !frames.holds_bytes() {
            stream.end(each);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_and_regions_are_not_part_of_a_models_name() {
        for (model, plain) in [
            ("anthropic.claude-3", "anthropic.claude-3"),
            ("converse/us.anthropic.claude-3", "us.anthropic.claude-3"),
            ("us-east-1/anthropic.claude-3", "anthropic.claude-3"),
            (
                "converse/us-west-2/anthropic.claude-3",
                "anthropic.claude-3",
            ),
            ("invoke/anthropic.claude-3", "anthropic.claude-3"),
            (
                "arn:aws:bedrock:us-west-2:1:imported-model/abc",
                "arn:aws:bedrock:us-west-2:1:imported-model/abc",
            ),
        ] {
            assert_eq!(plain_model(model), plain, "{model}");
        }
    }
}
