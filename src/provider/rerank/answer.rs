//! The ranks that a vendor answers with, in Cohere's form, the best first.

use super::request::{Request, number};
use crate::canonical::error::ApiError;
use crate::provider::anthropic::fault::not_understood;
use crate::provider::digest::digest;
use crate::provider::{Follow, Followed};
use crate::usage::Usage;
use crate::wire::json::{Fault, Object, Reader, Text};

/// Reads the answer to one request.
#[derive(Debug)]
pub(super) struct Ranks {
    /// The documents, where the client wants them back.
    documents: Vec<Vec<u8>>,
    top_n: Option<usize>,
    vendor: &'static str,
}

impl Ranks {
    /// Reads the answer to that request.
    pub fn new(request: &Request<'_>, vendor: &'static str) -> Self {
        let wanted = request.returns_documents;
        let documents = request.documents.iter().filter(|_| wanted);
        Self {
            documents: documents.map(|document| document.to_vec()).collect(),
            top_n: request.top_n,
            vendor,
        }
    }
}

#[derive(Debug, Default)]
struct Stated<'a> {
    id: Option<Text<'a>>,
    is_answer: bool,
    meta: Option<&'a [u8]>,
    ranks: Vec<Rank<'a>>,
    usage: Option<&'a [u8]>,
}

/// One document's.
#[derive(Debug, Default)]
struct Rank<'a> {
    /// A string or an object.
    document: Option<&'a [u8]>,
    index: usize,
    /// As the vendor spells it.
    score: &'a [u8],
    value: f64,
}

impl Follow for Ranks {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        let mut stated = Stated::read(body).map_err(|fault| not_understood(&fault.to_string()))?;
        if !stated.is_answer {
            return Err(ApiError::inside(self.vendor, body));
        }
        stated.ranks.sort_by(|a, b| b.value.total_cmp(&a.value));
        stated.ranks.truncate(self.top_n.unwrap_or(usize::MAX));
        let usage = stated
            .meta
            .and_then(Usage::from_cohere)
            .or_else(|| stated.usage.and_then(Usage::from_openai));
        Ok(Followed {
            body: Some(self.word(&stated, usage, body)),
            usage,
            ..Followed::default()
        })
    }
}

impl Ranks {
    fn word(&self, stated: &Stated<'_>, usage: Option<Usage>, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(body.len().saturating_add(128));
        Object::write(&mut out, |answer| {
            match stated.id {
                Some(id) => answer.text("id", id),
                None => answer.string("id", &format!("rerank-{:016x}", digest(&[body]))),
            }
            answer.array("results", |results| {
                for rank in &stated.ranks {
                    results.object(|result| {
                        result.number("index", u64::try_from(rank.index).unwrap_or(u64::MAX));
                        result.raw("relevance_score", rank.score);
                        let own = self.documents.get(rank.index).map(Vec::as_slice);
                        match rank.document.or(own) {
                            None => {}
                            Some(text) if text.starts_with(b"\"") => {
                                result.object("document", |document| document.raw("text", text));
                            }
                            Some(object) => result.raw("document", object),
                        }
                    });
                }
            });
            match (stated.meta, usage) {
                (Some(meta), _) => answer.raw("meta", meta),
                (None, usage) => answer.object("meta", |meta| {
                    let tokens = usage.map(|usage| usage.total());
                    meta.object("billed_units", |units| {
                        if let Some(tokens) = tokens {
                            units.number("total_tokens", tokens);
                        }
                    });
                    if let Some(tokens) = tokens {
                        meta.object("tokens", |units| units.number("input_tokens", tokens));
                    }
                }),
            }
        });
        out
    }
}

impl<'a> Stated<'a> {
    fn read(json: &'a [u8]) -> Result<Self, Fault> {
        let mut stated = Self::default();
        let mut reader = Reader::new(json);
        if reader.peek() == Some(b'[') {
            stated.list(&mut reader)?;
        } else {
            reader.object(|reader, key| {
                match key.raw() {
                    b"data" | b"results" => stated.list(reader)?,
                    b"id" => stated.id = reader.optional_string()?,
                    b"meta" => {
                        let value = reader.skip()?;
                        stated.meta = value.starts_with(b"{").then_some(value);
                    }
                    b"usage" => stated.usage = Some(reader.skip()?),
                    _ => reader.ignore()?,
                }
                Ok(())
            })?;
        }
        reader.end()?;
        Ok(stated)
    }

    fn list(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        self.is_answer = reader.optional_array(|reader, place| {
            let mut rank = Rank {
                index: place,
                score: b"0",
                ..Rank::default()
            };
            rank.read(reader)?;
            self.ranks.push(rank);
            Ok(())
        })?;
        Ok(())
    }
}

impl<'a> Rank<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        reader.object(|reader, key| {
            match key.raw() {
                b"document" | b"text" => {
                    let value = reader.skip()?;
                    let says = matches!(value.first(), Some(b'"' | b'{'));
                    self.document = says.then_some(value).or(self.document);
                }
                b"index" => self.index = number(reader.skip()?).unwrap_or(self.index),
                b"relevance_score" | b"score" => {
                    let spelled = reader.skip()?;
                    let value = core::str::from_utf8(spelled).unwrap_or_default().parse();
                    if let Ok(value) = value {
                        (self.score, self.value) = (spelled, value);
                    }
                }
                _ => reader.ignore()?,
            }
            Ok(())
        })
    }
}
