//! Embeddings: OpenAI's request in Google's words, and Google's vectors in OpenAI's.

use std::borrow::Cow;

use super::Worded;
use crate::canonical::asked::Asked;
use crate::canonical::embedding::{EmbeddingRequest, answer};
use crate::canonical::error::ApiError;
use crate::provider::anthropic::fault::{bad_request, not_understood};
use crate::provider::anthropic::text::mended;
use crate::provider::{Follow, Followed, Reading};
use crate::usage::Usage;
use crate::usage::estimate::tokens_of_prompt;
use crate::value::money::decimal;
use crate::wire::json::{Array, Fault, Object, Reader, Text};

/// Words a request for the Gemini API, for any number of texts.
///
/// # Errors
/// A 400 naming what Google cannot be asked.
pub(super) fn studio(asked: &Asked<'_>, model: &str) -> Result<Worded, ApiError> {
    let wish = Wish::read(asked, "gemini")?;
    let mut body = Vec::with_capacity(asked.body.len().saturating_add(256));
    let name = format!("models/{}", model.strip_prefix("models/").unwrap_or(model));
    Object::write(&mut body, |body| {
        body.array("requests", |requests| {
            for text in &wish.texts {
                requests.object(|request| {
                    request.string("model", &name);
                    wish.write(request, *text);
                });
            }
        });
    });
    Ok((
        "batchEmbedContents",
        Some(body),
        wish.reading(model, "gemini"),
    ))
}

/// Words a request for Vertex AI: newer models take one text at a time, in the words of the Gemini API.
///
/// # Errors
/// A 400 naming what Google cannot be asked.
pub(super) fn vertex(asked: &Asked<'_>, model: &str) -> Result<Worded, ApiError> {
    let wish = Wish::read(asked, "vertex_ai")?;
    let mut body = Vec::with_capacity(asked.body.len().saturating_add(256));
    let is_newer = model.starts_with("gemini-embedding-") && !model.ends_with("-001");
    if is_newer {
        let [text] = wish.texts.as_slice() else {
            let words = format!("vertex_ai embeds one text at a time with {model}");
            return Err(bad_request("unsupported_value", "input", words));
        };
        Object::write(&mut body, |body| wish.write(body, *text));
        return Ok(("embedContent", Some(body), wish.reading(model, "vertex_ai")));
    }
    Object::write(&mut body, |body| {
        body.array("instances", |instances| {
            for text in &wish.texts {
                instances.object(|instance| {
                    instance.with("content", |out| push(*text, out));
                    wish.about(instance, ["task_type", "title"]);
                });
            }
        });
        if wish.dimensions.is_some() || wish.truncates.is_some() {
            body.object("parameters", |parameters| {
                if let Some(dimensions) = wish.dimensions {
                    parameters.number("outputDimensionality", dimensions);
                }
                if let Some(truncates) = wish.truncates {
                    parameters.raw("autoTruncate", truncates);
                }
            });
        }
    });
    Ok(("predict", Some(body), wish.reading(model, "vertex_ai")))
}

/// What a request asks for.
struct Wish<'a> {
    base64: bool,
    dimensions: Option<u64>,
    /// What the embeddings are for, and the title of the text, as JSON.
    task: Option<&'a [u8]>,
    texts: Vec<Text<'a>>,
    title: Option<&'a [u8]>,
    /// About how many tokens the texts are.
    tokens: u64,
    truncates: Option<&'a [u8]>,
}

impl<'a> Wish<'a> {
    fn read(asked: &Asked<'a>, vendor: &str) -> Result<Self, ApiError> {
        let request = EmbeddingRequest::read(&asked.members)?;
        let member = |names: [&str; 2]| {
            let found = names.iter().find_map(|name| asked.members.get(name));
            found
                .map(|member| member.value)
                .filter(|value| *value != b"null")
        };
        Ok(Self {
            base64: request.base64,
            dimensions: request.dimensions,
            task: member(["task_type", "taskType"]),
            texts: request.texts(vendor)?.to_vec(),
            title: member(["title", "title"]),
            tokens: member(["input", "input"]).map_or(0, tokens_of_prompt),
            truncates: member(["auto_truncate", "autoTruncate"]),
        })
    }

    /// Writes the members that the Gemini API wants for one text.
    fn write(&self, request: &mut Object<'_>, text: Text<'_>) {
        request.object("content", |content| {
            content.array("parts", |parts: &mut Array<'_>| {
                parts.object(|part| part.with("text", |out| push(text, out)));
            });
        });
        self.about(request, ["taskType", "title"]);
        if let Some(dimensions) = self.dimensions {
            request.number("outputDimensionality", dimensions);
        }
    }

    fn about(&self, object: &mut Object<'_>, names: [&str; 2]) {
        for (name, value) in names.iter().zip([self.task, self.title]) {
            if let Some(value) = value {
                object.raw(name, value);
            }
        }
    }

    fn reading(&self, model: &str, vendor: &'static str) -> Reading {
        Reading::Native(Box::new(Vectors {
            base64: self.base64,
            model: model.to_owned(),
            tokens: self.tokens,
            vendor,
        }))
    }
}

/// Appends a text as JSON that any reader takes.
fn push(text: Text<'_>, out: &mut Vec<u8>) {
    let mut spelled = Vec::with_capacity(text.raw().len().saturating_add(2));
    text.push_to(&mut spelled);
    match mended(&spelled) {
        Cow::Borrowed(same) => out.extend_from_slice(same),
        Cow::Owned(other) => out.extend(other),
    }
}

/// Reads the answer.
#[derive(Debug)]
struct Vectors {
    base64: bool,
    model: String,
    /// About how many tokens were embedded.
    tokens: u64,
    vendor: &'static str,
}

impl Follow for Vectors {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        let mut found = Found::default();
        let mut reader = Reader::new(body);
        let read = reader.object(|reader, key| found.member(reader, key));
        read.map_err(|fault| not_understood(&fault.to_string()))?;
        if found.failed {
            return Err(ApiError::inside(self.vendor, body));
        }
        if found.vectors.is_empty() {
            return Err(not_understood("no embeddings"));
        }
        let counted = found.usage.and_then(Usage::from_google);
        let usage = match (counted, found.tokens) {
            (Some(usage), _) => usage,
            (None, Some(input)) => Usage {
                input,
                ..Usage::default()
            },
            (None, None) => Usage::estimated(self.tokens, 0),
        };
        let body = answer(&self.model, found.vectors, Some(usage), self.base64)?;
        Ok(Followed {
            body: Some(body),
            content_type: Some("application/json"),
            usage: Some(usage),
            ..Followed::default()
        })
    }
}

/// What an answer holds, in whichever of its three forms.
#[derive(Default)]
struct Found<'a> {
    failed: bool,
    /// The sum of what each text took.
    tokens: Option<u64>,
    usage: Option<&'a [u8]>,
    vectors: Vec<&'a [u8]>,
}

impl<'a> Found<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"embedding" => self.embedding(reader),
            b"embeddings" if reader.peek() == Some(b'[') => {
                reader.array(|reader, _| self.embedding(reader))
            }
            b"error" => {
                self.failed = reader.skip()? != b"null";
                Ok(())
            }
            b"predictions" => {
                reader.optional_array(|reader, _| {
                    reader.optional_object(|reader, key| {
                        if key.is("embeddings") {
                            return self.embedding(reader);
                        }
                        reader.ignore()
                    })?;
                    Ok(())
                })?;
                Ok(())
            }
            b"usageMetadata" => {
                self.usage = Some(reader.skip()?);
                Ok(())
            }
            _ => reader.ignore(),
        }
    }

    fn embedding(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"statistics" => {
                    reader.optional_object(|reader, key| {
                        let value = reader.skip()?;
                        if key.is("token_count") || key.is("tokenCount") {
                            let text = core::str::from_utf8(value).unwrap_or_default();
                            let more = decimal(text, 0).unwrap_or_default();
                            let sum = self.tokens.unwrap_or_default().saturating_add(more);
                            self.tokens = Some(sum);
                        }
                        Ok(())
                    })?;
                }
                b"values" => self.vectors.push(reader.skip()?),
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::canonical::asked::Line;
    use crate::canonical::format::Format;
    use crate::provider::gemini::GEMINI;
    use crate::provider::gemini::vertex::VERTEX;
    use crate::provider::{Encoded, Options, Provider, Target};
    use crate::value::secret::Secret;
    use crate::wire::json::Members;

    fn encoded(provider: &dyn Provider, model: &str, json: &str) -> Result<Encoded, ApiError> {
        let line = Line::of(Format::Embeddings);
        let asked = Asked {
            format: Format::Embeddings,
            body: json.as_bytes(),
            members: Members::read(json.as_bytes()).unwrap(),
            model: "group".into(),
            stream: false,
            include_usage: false,
            path: "",
            method: "POST",
            headers: &line.headers,
        };
        let project = Secret::new("p".to_owned());
        let options: Options = [("vertex_project", project)].into_iter().collect();
        let target = Target {
            options: &options,
            ..Target::of_model(model)
        };
        provider.native(&asked, &target).unwrap()
    }

    fn sent(provider: &dyn Provider, model: &str, json: &str) -> (String, Value) {
        let encoded = encoded(provider, model, json).unwrap();
        let body = serde_json::from_slice(&encoded.body.unwrap()).unwrap();
        let verb = encoded.path.rsplit(':').next().unwrap().to_owned();
        (verb, body)
    }

    fn told(provider: &dyn Provider, model: &str, request: &str, body: &str) -> Value {
        let encoded = encoded(provider, model, request).unwrap();
        let Reading::Native(mut follow) = encoded.reading else {
            panic!("embeddings are no conversation");
        };
        let followed = follow.whole(body.as_bytes()).unwrap();
        serde_json::from_slice(&followed.body.unwrap()).unwrap()
    }

    #[test]
    fn the_gemini_api_is_sent_all_texts_at_once() {
        let request = r#"{"model":"g","input":["a","b\ud83d"],"dimensions":3,"task_type":"RETRIEVAL_QUERY","user":"u"}"#;
        let one = |text: &str| {
            json!({"model": "models/gemini-embedding-001", "content": {"parts": [{"text": text}]},
                "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 3})
        };
        assert_eq!(
            sent(&GEMINI, "gemini-embedding-001", request),
            (
                "batchEmbedContents".to_owned(),
                json!({"requests": [one("a"), one("b\u{fffd}")]})
            )
        );
    }

    #[test]
    fn vertex_is_sent_instances_or_one_text() {
        let request =
            r#"{"model":"g","input":["a","b"],"dimensions":3,"auto_truncate":false,"title":"t"}"#;
        assert_eq!(
            sent(&VERTEX, "text-embedding-005", request),
            (
                "predict".to_owned(),
                json!({"instances": [{"content": "a", "title": "t"}, {"content": "b", "title": "t"}],
                    "parameters": {"outputDimensionality": 3, "autoTruncate": false}})
            )
        );
        assert_eq!(
            sent(
                &VERTEX,
                "gemini-embedding-2",
                r#"{"model":"g","input":"a"}"#
            ),
            (
                "embedContent".to_owned(),
                json!({"content": {"parts": [{"text": "a"}]}})
            )
        );
        assert!(encoded(&VERTEX, "gemini-embedding-2", request).is_err());
    }

    #[test]
    fn tokens_are_not_taken_for_text() {
        let refused = encoded(&GEMINI, "m", r#"{"model":"g","input":[1,2]}"#).unwrap_err();
        assert_eq!(
            (refused.status, refused.param.as_deref()),
            (400, Some("input"))
        );
    }

    #[test]
    fn vectors_are_told_as_openai_tells_them() {
        let request = r#"{"model":"g","input":["hello you","b"]}"#;
        let answer = told(
            &GEMINI,
            "m",
            request,
            r#"{"embeddings":[{"values":[1.0,-2.0]},{"values":[0.5,1e-7]}]}"#,
        );
        let usage = answer["usage"]["prompt_tokens"].as_u64().unwrap();
        assert!(
            usage > 0,
            "an estimate stands in for what Google does not count"
        );
        assert_eq!(
            answer["data"],
            json!([{"object": "embedding", "index": 0, "embedding": [1.0, -2.0]},
                {"object": "embedding", "index": 1, "embedding": [0.5, 1e-7]}])
        );
        let one = told(
            &VERTEX,
            "gemini-embedding-2",
            r#"{"model":"g","input":"a"}"#,
            r#"{"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}"#,
        );
        assert_eq!(one["usage"], json!({"prompt_tokens": 4, "total_tokens": 4}));
    }

    #[test]
    fn vertex_counts_what_each_text_took() {
        let answer = told(
            &VERTEX,
            "text-embedding-005",
            r#"{"model":"g","input":["a","b"],"encoding_format":"base64"}"#,
            r#"{"predictions":[{"embeddings":{"values":[1.0,-2.0],"statistics":{"token_count":4,"truncated":false}}},
                {"embeddings":{"statistics":{"token_count":3.0},"values":[1.0,-2.0]}}],"metadata":{"billableCharacterCount":12}}"#,
        );
        assert_eq!(
            answer["usage"],
            json!({"prompt_tokens": 7, "total_tokens": 7})
        );
        assert_eq!(answer["data"][1]["embedding"], "AACAPwAAAMA=");
        assert_eq!(answer["model"], "text-embedding-005");
    }

    #[test]
    fn what_holds_no_vectors_is_a_failure() {
        let follow = |body: &str| {
            let encoded = encoded(&GEMINI, "m", r#"{"model":"g","input":"a"}"#).unwrap();
            let Reading::Native(mut follow) = encoded.reading else {
                panic!("embeddings are no conversation");
            };
            follow.whole(body.as_bytes()).unwrap_err().status
        };
        assert_eq!(follow("{}"), 502);
        assert_eq!(follow("[]"), 502);
        let error = r#"{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}"#;
        assert_eq!(follow(error), 429);
    }
}
