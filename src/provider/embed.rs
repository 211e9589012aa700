//! Embeddings of vendors with words of their own: OpenAI's request in these, and their vectors in OpenAI's answer.

use super::anthropic::fault::not_understood;
use super::anthropic::params::IGNORED;
use super::{Encoded, Follow, Followed, Reading, Target};
use crate::canonical::asked::Asked;
use crate::canonical::embedding::{self, EmbeddingRequest};
use crate::canonical::error::ApiError;
use crate::canonical::request::TO_GATEWAY;
use crate::usage::Usage;
use crate::wire::json::{Fault, Object, Reader, Text};

/// How a vendor wants to be asked for embeddings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// Members it is always sent unless the client or the deployment says otherwise, as JSON.
    pub defaults: &'static [(&'static str, &'static str)],
    /// Its name for `dimensions`.
    pub dimensions: &'static str,
    /// Its name for `input`.
    pub input: &'static str,
    /// Its own name.
    pub vendor: &'static str,
}

/// Members that are read here, or that would make vectors other than floats.
const READ: [&str; 7] = [
    "dimensions",
    "embedding_type",
    "embedding_types",
    "encoding_format",
    "input",
    "model",
    "user",
];

impl Dialect {
    /// Words a request that goes to `path`.
    ///
    /// # Errors
    /// A 400 when the request is none, or asks for what the vendor cannot embed.
    pub fn encode(
        &self,
        asked: &Asked<'_>,
        target: &Target<'_>,
        path: String,
    ) -> Result<Encoded, ApiError> {
        let request = EmbeddingRequest::read(&asked.members)?;
        let texts = request.texts(self.vendor)?;
        let mut body = Vec::with_capacity(asked.body.len().saturating_add(128));
        Object::write(&mut body, |body| {
            body.string("model", target.model);
            body.array(self.input, |array| {
                texts
                    .iter()
                    .for_each(|text| array.with(|out| text.push_to(out)));
            });
            if let Some(dimensions) = request.dimensions {
                body.number(self.dimensions, dimensions);
            }
            for member in asked.members.iter() {
                let name = member.key.decode();
                let known = [&READ[..], &TO_GATEWAY[..], &IGNORED[..]];
                let is_known = known.iter().any(|names| names.contains(&name.as_ref()));
                if !is_known && member.value != b"null" {
                    body.raw(&name, member.value);
                }
            }
            for (name, value) in self.defaults {
                let stated = asked.members.get(name);
                if stated.is_none_or(|stated| stated.value == b"null" || READ.contains(name)) {
                    match target.options.get(name) {
                        Some(value) => body.string(name, value),
                        None => body.raw(name, value.as_bytes()),
                    }
                }
            }
        });
        Ok(Encoded {
            path,
            headers: super::bearer::bearer(target.key),
            body: Some(body),
            reading: Reading::Native(Box::new(Vectors {
                base64: request.base64,
                model: target.model.to_owned(),
                vendor: self.vendor,
            })),
        })
    }
}

/// Reads the vectors of an answer, wherever the vendor has them, and words OpenAI's.
#[derive(Debug)]
struct Vectors {
    base64: bool,
    model: String,
    vendor: &'static str,
}

#[derive(Debug, Default)]
struct Stated<'a> {
    model: Option<Text<'a>>,
    usage: Option<Usage>,
    /// With the place the vendor gives them.
    vectors: Vec<(usize, &'a [u8])>,
}

impl Follow for Vectors {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        let mut stated = Stated::read(body).map_err(|fault| not_understood(&fault.to_string()))?;
        if stated.vectors.is_empty() {
            return Err(ApiError::inside(self.vendor, body));
        }
        stated.vectors.sort_by_key(|(index, _)| *index);
        let model = stated.model.map(|model| model.decode().into_owned());
        let model = model.unwrap_or_else(|| self.model.clone());
        let vectors = stated.vectors.iter().map(|(_, vector)| *vector);
        let body = embedding::answer(&model, vectors, stated.usage, self.base64)?;
        Ok(Followed {
            body: Some(body),
            usage: stated.usage,
            ..Followed::default()
        })
    }
}

impl<'a> Stated<'a> {
    fn read(json: &'a [u8]) -> Result<Self, Fault> {
        let mut stated = Self::default();
        let mut reader = Reader::new(json);
        reader.object(|reader, key| {
            match key.raw() {
                b"data" => {
                    reader.optional_array(|reader, place| stated.entry(reader, place))?;
                }
                b"embeddings" => stated.embeddings(reader)?,
                b"meta" => stated.usage = Usage::from_cohere(reader.skip()?),
                b"model" => stated.model = reader.optional_string()?,
                b"prompt_eval_count" => {
                    let digits = core::str::from_utf8(reader.skip()?).unwrap_or_default();
                    stated.usage = digits.parse().ok().map(|input| Usage {
                        input,
                        ..Usage::default()
                    });
                }
                b"usage" => stated.usage = Usage::from_openai(reader.skip()?),
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        reader.end()?;
        Ok(stated)
    }

    /// Cohere has them by type, Ollama as they are.
    fn embeddings(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        if reader.peek() == Some(b'{') {
            return reader.object(|reader, key| match key.raw() {
                b"float" => self.embeddings(reader),
                _ => reader.ignore(),
            });
        }
        reader.optional_array(|reader, place| {
            self.vectors.push((place, reader.skip()?));
            Ok(())
        })?;
        Ok(())
    }

    fn entry(&mut self, reader: &mut Reader<'a>, place: usize) -> Result<(), Fault> {
        let (mut index, mut vector) = (place, None);
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"embedding" => vector = Some(reader.skip()?),
                b"index" => {
                    let digits = core::str::from_utf8(reader.skip()?).unwrap_or_default();
                    index = digits.parse().unwrap_or(place);
                }
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        self.vectors.extend(vector.map(|vector| (index, vector)));
        Ok(())
    }
}
