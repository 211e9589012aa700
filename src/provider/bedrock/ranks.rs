//! Documents ranked by how well they answer a question: Cohere's format on the client's side, one of two on Bedrock's.

use std::borrow::Cow;

use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::provider::anthropic::fault::{invalid, not_understood};
use crate::provider::{Follow, Followed, Target, aws};
use crate::usage::Usage;
use crate::usage::estimate::tokens_of;
use crate::wire::json::{Array, Fault, Members, Object, Reader, Text, push_string};

/// A request.
#[derive(Debug)]
pub(super) struct Documents<'a> {
    query: Text<'a>,
    returns: bool,
    texts: Vec<Cow<'a, str>>,
    tokens: u64,
    top: Option<u64>,
}

/// Whether the deployment's address is that of the service that only ranks.
pub(super) fn is_agent(target: &Target<'_>) -> bool {
    target.authority.starts_with("bedrock-agent-runtime")
}

impl<'a> Documents<'a> {
    /// Reads a request.
    ///
    /// # Errors
    /// A 400 naming what is missing.
    pub fn read(asked: &Asked<'a>) -> Result<Self, ApiError> {
        let value = |name: &str| asked.members.get(name).map(|member| member.value);
        let query = value("query").and_then(|json| Reader::new(json).string().ok());
        let query = query.ok_or_else(|| invalid("query", "'query' must be a string"))?;
        let list = value("documents").unwrap_or_default();
        let texts = texts(list)
            .map_err(|_| invalid("documents", "'documents' must be an array of texts"))?;
        Ok(Self {
            query,
            returns: value("return_documents") == Some(b"true"),
            texts,
            tokens: tokens_of(list).saturating_add(tokens_of(query.raw())),
            top: asked.member("top_n")?,
        })
    }

    /// What reads the answer.
    pub fn ranks(&self) -> Ranks {
        let texts = self.texts.iter().map(|text| text.clone().into_owned());
        Ranks {
            texts: if self.returns {
                texts.collect()
            } else {
                Vec::new()
            },
            tokens: self.tokens,
        }
    }

    /// Writes it as the model itself wants it.
    pub fn write(&self, model: &str, body: &mut Vec<u8>) {
        Object::write(body, |body| {
            body.text("query", self.query);
            body.array("documents", |array: &mut Array<'_>| {
                let push = |text: &Cow<'_, str>| array.with(|out| push_string(out, text));
                self.texts.iter().for_each(push);
            });
            if let Some(top) = self.top {
                body.number("top_n", top);
            }
            if model.contains("cohere") {
                body.number("api_version", 2);
            }
        });
    }

    /// Writes it as the service that only ranks wants it.
    pub fn write_for_agent(&self, target: &Target<'_>, body: &mut Vec<u8>) {
        let all = u64::try_from(self.texts.len()).unwrap_or(u64::MAX);
        Object::write(body, |body| {
            body.array("queries", |array| {
                array.object(|query| {
                    query.string("type", "TEXT");
                    query.object("textQuery", |inner| inner.text("text", self.query));
                });
            });
            body.array("sources", |array| {
                for text in &self.texts {
                    array.object(|source| {
                        source.string("type", "INLINE");
                        source.object("inlineDocumentSource", |inner| {
                            inner.string("type", "TEXT");
                            inner.object("textDocument", |inner| inner.string("text", text));
                        });
                    });
                }
            });
            body.object("rerankingConfiguration", |outer| {
                outer.string("type", "BEDROCK_RERANKING_MODEL");
                outer.object("bedrockRerankingConfiguration", |config| {
                    config.number(
                        "numberOfResults",
                        self.top.unwrap_or(all).clamp(1, all.max(1)),
                    );
                    config.object("modelConfiguration", |model| {
                        model.string("modelArn", &arn(target));
                    });
                });
            });
        });
    }
}

fn arn(target: &Target<'_>) -> String {
    if target.model.starts_with("arn:") {
        return target.model.to_owned();
    }
    let region = aws::region(target).unwrap_or("us-east-1");
    format!(
        "arn:aws:bedrock:{region}::foundation-model/{}",
        target.model
    )
}

/// The documents as texts: an object is its `text`, if it has nothing else, or its JSON.
fn texts(json: &[u8]) -> Result<Vec<Cow<'_, str>>, Fault> {
    let mut texts = Vec::new();
    let mut reader = Reader::new(json);
    reader.array(|reader, _| {
        if reader.peek() == Some(b'"') {
            texts.push(reader.string()?.decode());
            return Ok(());
        }
        let object = reader.skip()?;
        let members = Members::read(object)?;
        let mut list = members.iter();
        let text = match (list.next(), list.next()) {
            (Some(only), None) if only.key.is("text") => Reader::new(only.value).string().ok(),
            _ => None,
        };
        texts.push(match text {
            Some(text) => text.decode(),
            None => String::from_utf8_lossy(object),
        });
        Ok(())
    })?;
    Ok(texts)
}

/// Reads ranks and words Cohere's answer.
#[derive(Debug)]
pub(super) struct Ranks {
    /// The documents, if they are to come back.
    texts: Vec<String>,
    /// About how many tokens the request has: nobody tells.
    tokens: u64,
}

impl Follow for Ranks {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        let mut results = read(body).map_err(|fault| not_understood(&fault.to_string()))?;
        results.sort_by(|one, other| other.score.total_cmp(&one.score));
        let usage = Usage::estimated(self.tokens, 0);
        let mut out = Vec::with_capacity(body.len().saturating_add(64));
        Object::write(&mut out, |answer| {
            let digest = aws::fingerprint(&String::from_utf8_lossy(body));
            answer.string("id", &format!("rerank-{digest}"));
            answer.array("results", |array| {
                for result in &results {
                    array.object(|object| {
                        object.number("index", u64::try_from(result.index).unwrap_or(0));
                        object.raw("relevance_score", result.spelled);
                        if let Some(text) = self.texts.get(result.index) {
                            object.object("document", |document| document.string("text", text));
                        }
                    });
                }
            });
            answer.object("meta", |meta| {
                meta.object("tokens", |tokens| {
                    tokens.number("input_tokens", self.tokens)
                });
            });
        });
        Ok(Followed {
            body: Some(out),
            usage: Some(usage),
            ..Followed::default()
        })
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Rank<'a> {
    index: usize,
    score: f64,
    spelled: &'a [u8],
}

fn read(body: &[u8]) -> Result<Vec<Rank<'_>>, Fault> {
    let mut results = None;
    let mut reader = Reader::new(body);
    reader.object(|reader, key| {
        if !key.is("results") {
            return reader.ignore();
        }
        let mut list = Vec::new();
        reader.array(|reader, _| {
            let mut rank = Rank::default();
            reader.object(|reader, key| {
                let value = reader.skip()?;
                let text = core::str::from_utf8(value).unwrap_or_default();
                match key.raw() {
                    b"index" => rank.index = text.parse().unwrap_or_default(),
                    b"relevanceScore" | b"relevance_score" => {
                        rank.score = text.parse().unwrap_or_default();
                        rank.spelled = value;
                    }
                    _ => {}
                }
                Ok(())
            })?;
            list.push(rank);
            Ok(())
        })?;
        results = Some(list);
        Ok(())
    })?;
    reader.end()?;
    results.ok_or(Fault::Unexpected { at: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str, texts: &[&str]) -> Result<String, ApiError> {
        let mut ranks = Ranks {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            tokens: 3,
        };
        let body = ranks.whole(json.as_bytes())?.body.unwrap();
        let body = String::from_utf8(body).unwrap();
        let (_, tail) = body.split_once(r#","results":"#).unwrap();
        Ok(tail.to_owned())
    }

    #[test]
    fn the_best_comes_first_in_both_spellings() {
        let expected = r#"[{"index":1,"relevance_score":0.90},{"index":0,"relevance_score":0.1}],"meta":{"tokens":{"input_tokens":3}}}"#;
        for json in [
            r#"{"results":[{"index":0,"relevance_score":0.1},{"index":1,"relevance_score":0.90}]}"#,
            r#"{"results":[{"index":0,"relevanceScore":0.1},{"index":1,"relevanceScore":0.90}],"nextToken":"x"}"#,
        ] {
            assert_eq!(answer(json, &[]).unwrap(), expected);
        }
    }

    #[test]
    fn documents_come_back_where_they_are_wanted() {
        let told = answer(
            r#"{"results":[{"index":1,"relevance_score":0.9}]}"#,
            &["a", "b"],
        )
        .unwrap();
        assert!(
            told.starts_with(r#"[{"index":1,"relevance_score":0.9,"document":{"text":"b"}}]"#),
            "{told}"
        );
    }

    #[test]
    fn an_answer_without_results_is_a_502() {
        for json in ["", "{}", r#"{"message":"m"}"#, r#"{"results":7}"#] {
            assert_eq!(answer(json, &[]).unwrap_err().status, 502, "{json}");
        }
    }
}
