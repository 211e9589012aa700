//! Embeddings and reranking by Bedrock's models, each in its maker's words and all in OpenAI's and Cohere's.

use super::addressed;
use super::ranks::{self, Documents};
use super::vectors::Vectors;
use crate::canonical::asked::Asked;
use crate::canonical::embedding::EmbeddingRequest;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::canonical::request::TO_GATEWAY;
use crate::provider::anthropic::fault::bad_request;
use crate::provider::anthropic::params::IGNORED;
use crate::provider::{Encoded, Reading, Target};
use crate::usage::estimate::tokens_of;
use crate::wire::json::{Object, Text};

/// Members of an embeddings request that are read here.
const READ: [&str; 6] = [
    "dimensions",
    "encoding_format",
    "input",
    "input_type",
    "model",
    "user",
];

/// Words a request that is not chat; `None` when Bedrock has nothing of that format.
pub(super) fn word(asked: &Asked<'_>, target: &Target<'_>) -> Option<Result<Encoded, ApiError>> {
    match asked.format {
        Format::Embeddings => Some(embed(asked, target)),
        Format::Rerank => Some(rerank(asked, target)),
        Format::Chat
        | Format::Completions
        | Format::CountTokens
        | Format::Gemini
        | Format::Images
        | Format::Messages
        | Format::Moderations
        | Format::Passthrough
        | Format::Responses
        | Format::Speech
        | Format::Transcriptions => None,
    }
}

/// In whose words embeddings are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Cohere { sized: bool },
    Nova,
    Titan { sized: bool },
    TitanImage,
}

impl Maker {
    fn of(model: &str) -> Option<Self> {
        let is = |part| model.contains(part);
        if is("cohere") {
            return Some(Self::Cohere {
                sized: is("embed-v4"),
            });
        }
        if is("nova") {
            return Some(Self::Nova);
        }
        if is("titan-embed-image") {
            return Some(Self::TitanImage);
        }
        // What a custom or a provisioned model is made of cannot be told: Titan is Amazon's own.
        let is_titan = is("titan-embed") || model.starts_with("arn:");
        is_titan.then(|| Self::Titan {
            sized: is("embed-text-v2"),
        })
    }

    /// Whether vectors may be of different lengths.
    const fn is_sized(self) -> bool {
        match self {
            Self::Cohere { sized } | Self::Titan { sized } => sized,
            Self::Nova | Self::TitanImage => true,
        }
    }
}

fn embed(asked: &Asked<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
    let request = EmbeddingRequest::read(&asked.members)?;
    let texts = request.texts("bedrock")?;
    let maker = Maker::of(target.model).ok_or_else(|| {
        let words = format!("model {} has no embeddings at bedrock", target.model);
        bad_request("unsupported_operation", "model", words)
    })?;
    let many = !matches!(maker, Maker::Cohere { .. });
    if many && texts.len() != 1 {
        let words = format!("model {} embeds one text per request", target.model);
        return Err(bad_request("unsupported_value", "input", words));
    }
    let dimensions = request.dimensions.filter(|_| maker.is_sized());
    if request.dimensions.is_some() && dimensions.is_none() && !target.drop_params {
        let words = format!("model {} has vectors of one length only", target.model);
        return Err(bad_request("unsupported_parameter", "dimensions", words));
    }
    let mut body = Vec::with_capacity(asked.body.len().saturating_add(128));
    Object::write(&mut body, |body| {
        match maker {
            Maker::Cohere { .. } => cohere(asked, texts, dimensions, body),
            Maker::Nova => nova(texts, dimensions, body),
            Maker::Titan { .. } | Maker::TitanImage => titan(maker, texts, dimensions, body),
        }
        for member in asked.members.iter() {
            let name = member.key.decode();
            let known = [&READ[..], &TO_GATEWAY[..], &IGNORED[..]];
            let is_known = known.iter().any(|names| names.contains(&name.as_ref()));
            if !is_known && member.value != b"null" {
                body.raw(&name, member.value);
            }
        }
    });
    let tokens = texts.iter().map(|text| tokens_of(text.raw()));
    let vectors = Vectors {
        base64: request.base64,
        model: target.model.to_owned(),
        tokens: tokens.fold(0, u64::saturating_add),
    };
    invoke(target, body, Reading::Native(Box::new(vectors)))
}

fn cohere(asked: &Asked<'_>, texts: &[Text<'_>], dimensions: Option<u64>, body: &mut Object<'_>) {
    body.array("texts", |array| {
        let push = |text: &Text<'_>| array.with(|out| text.push_to(out));
        texts.iter().for_each(push);
    });
    let stated = asked.members.get("input_type").map(|member| member.value);
    let stated = stated.filter(|value| value.starts_with(b"\""));
    body.raw("input_type", stated.unwrap_or(b"\"search_document\""));
    if let Some(dimensions) = dimensions {
        body.number("output_dimension", dimensions);
    }
}

fn titan(maker: Maker, texts: &[Text<'_>], dimensions: Option<u64>, body: &mut Object<'_>) {
    let Some(text) = texts.first() else { return };
    let is_image = maker == Maker::TitanImage;
    let decoded = text.decode();
    let image = decoded.strip_prefix("data:image/").filter(|_| is_image);
    match image.and_then(|url| url.split_once(";base64,")) {
        Some((_, data)) => body.string("inputImage", data),
        None => body.text("inputText", *text),
    }
    match dimensions {
        Some(length) if is_image => body.object("embeddingConfig", |config| {
            config.number("outputEmbeddingLength", length);
        }),
        Some(length) => body.number("dimensions", length),
        None => {}
    }
}

fn nova(texts: &[Text<'_>], dimensions: Option<u64>, body: &mut Object<'_>) {
    body.string("schemaVersion", "nova-multimodal-embed-v1");
    body.string("taskType", "SINGLE_EMBEDDING");
    body.object("singleEmbeddingParams", |params| {
        params.string("embeddingPurpose", "GENERIC_INDEX");
        params.number("embeddingDimension", dimensions.unwrap_or(3_072));
        if let Some(text) = texts.first() {
            params.object("text", |object| {
                object.text("value", *text);
                object.string("truncationMode", "END");
            });
        }
    });
}

fn rerank(asked: &Asked<'_>, target: &Target<'_>) -> Result<Encoded, ApiError> {
    let documents = Documents::read(asked)?;
    let ranks = Reading::Native(Box::new(documents.ranks()));
    let mut body = Vec::with_capacity(asked.body.len().saturating_add(128));
    if ranks::is_agent(target) {
        documents.write_for_agent(target, &mut body);
        return super::signed(target, format!("{}/rerank", target.base_path), body, ranks);
    }
    documents.write(target.model, &mut body);
    invoke(target, body, ranks)
}

fn invoke(target: &Target<'_>, body: Vec<u8>, reading: Reading) -> Result<Encoded, ApiError> {
    let path = addressed(target, "invoke")?;
    super::signed(target, path, body, reading)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::asked::Line;
    use crate::wire::json::Members;

    fn worded(
        format: Format,
        model: &str,
        authority: &str,
        json: &str,
    ) -> Result<(String, String), ApiError> {
        let line = Line::of(format);
        let asked = Asked {
            format,
            body: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "group".into(),
            stream: false,
            include_usage: false,
            path: &line.path,
            method: "POST",
            headers: &line.headers,
        };
        let target = Target {
            authority,
            ..Target::of_model(model)
        };
        let encoded = word(&asked, &target).unwrap()?;
        Ok((
            encoded.path,
            String::from_utf8(encoded.body.unwrap()).unwrap(),
        ))
    }

    fn embedded(model: &str, json: &str) -> String {
        worded(Format::Embeddings, model, "", json).unwrap().1
    }

    #[test]
    fn each_maker_is_asked_in_its_own_words() {
        for (model, json, expected) in [
            (
                "amazon.titan-embed-text-v1",
                r#"{"input":"a"}"#,
                r#"{"inputText":"a"}"#,
            ),
            (
                "amazon.titan-embed-text-v2:0",
                r#"{"model":"group","input":["a\n"],"dimensions":256,"normalize":true,"user":"u"}"#,
                r#"{"inputText":"a\n","dimensions":256,"normalize":true}"#,
            ),
            (
                "amazon.titan-embed-image-v1",
                r#"{"input":"data:image/png;base64,AAAA","dimensions":384}"#,
                r#"{"inputImage":"AAAA","embeddingConfig":{"outputEmbeddingLength":384}}"#,
            ),
            (
                "cohere.embed-english-v3",
                r#"{"input":["a","b"],"input_type":"search_query","truncate":"END"}"#,
                r#"{"texts":["a","b"],"input_type":"search_query","truncate":"END"}"#,
            ),
            (
                "us.cohere.embed-v4:0",
                r#"{"input":"a","dimensions":512}"#,
                r#"{"texts":["a"],"input_type":"search_document","output_dimension":512}"#,
            ),
            (
                "amazon.nova-2-multimodal-embeddings-v1:0",
                r#"{"input":"a"}"#,
                r#"{"schemaVersion":"nova-multimodal-embed-v1","taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"GENERIC_INDEX","embeddingDimension":3072,"text":{"value":"a","truncationMode":"END"}}}"#,
            ),
        ] {
            assert_eq!(embedded(model, json), expected, "{model}");
        }
    }

    #[test]
    fn a_model_is_invoked_by_its_path() {
        let (path, _) = worded(
            Format::Embeddings,
            "cohere.embed-v4:0",
            "",
            r#"{"input":"a"}"#,
        )
        .unwrap();
        assert_eq!(path, "/model/cohere.embed-v4%3A0/invoke");
    }

    #[test]
    fn what_a_model_cannot_embed_is_refused() {
        for (model, json, param) in [
            (
                "amazon.titan-embed-text-v2:0",
                r#"{"input":["a","b"]}"#,
                "input",
            ),
            (
                "amazon.titan-embed-text-v2:0",
                r#"{"input":[1,2]}"#,
                "input",
            ),
            (
                "amazon.titan-embed-text-v1",
                r#"{"input":"a","dimensions":256}"#,
                "dimensions",
            ),
            (
                "cohere.embed-english-v3",
                r#"{"input":"a","dimensions":256}"#,
                "dimensions",
            ),
            (
                "meta.llama3-3-70b-instruct-v1:0",
                r#"{"input":"a"}"#,
                "model",
            ),
        ] {
            let error = worded(Format::Embeddings, model, "", json).unwrap_err();
            assert_eq!(
                (error.status, error.param.as_deref()),
                (400, Some(param)),
                "{model} {json}"
            );
        }
    }

    #[test]
    fn documents_are_ranked_by_a_model_or_by_the_agent_runtime() {
        let json = r#"{"query":"q","documents":["a",{"text":"b"},{"title":"c"}],"top_n":2}"#;
        let (path, body) = worded(Format::Rerank, "cohere.rerank-v3-5:0", "", json).unwrap();
        assert_eq!(path, "/model/cohere.rerank-v3-5%3A0/invoke");
        assert_eq!(
            body,
            r#"{"query":"q","documents":["a","b","{\"title\":\"c\"}"],"top_n":2,"api_version":2}"#
        );
        let host = "bedrock-agent-runtime.us-west-2.amazonaws.com";
        let (path, body) = worded(
            Format::Rerank,
            "cohere.rerank-v3-5:0",
            host,
            r#"{"query":"q","documents":["a"],"top_n":1}"#,
        )
        .unwrap();
        assert_eq!(path, "/rerank");
        assert_eq!(
            body,
            r#"{"queries":[{"type":"TEXT","textQuery":{"text":"q"}}],"sources":[{"type":"INLINE","inlineDocumentSource":{"type":"TEXT","textDocument":{"text":"a"}}}],"rerankingConfiguration":{"type":"BEDROCK_RERANKING_MODEL","bedrockRerankingConfiguration":{"numberOfResults":1,"modelConfiguration":{"modelArn":"arn:aws:bedrock:us-west-2::foundation-model/cohere.rerank-v3-5:0"}}}}"#
        );
    }
}
