//! The vectors that Bedrock's models answer with, each in its maker's words.

use crate::canonical::embedding;
use crate::canonical::error::ApiError;
use crate::provider::anthropic::fault::not_understood;
use crate::provider::{Follow, Followed};
use crate::usage::Usage;
use crate::wire::json::{Fault, Reader, Text};

/// Reads vectors and words OpenAI's answer.
#[derive(Debug)]
pub(super) struct Vectors {
    /// Whether they are wanted in base64.
    pub base64: bool,
    pub model: String,
    /// About how many tokens the texts have: most makers tell only in a header.
    pub tokens: u64,
}

impl Follow for Vectors {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        let mut found = Found::default();
        let mut reader = Reader::new(body);
        reader
            .object(|reader, key| found.member(reader, key))
            .and_then(|()| reader.end())
            .map_err(|fault| not_understood(&fault.to_string()))?;
        if found.vectors.is_empty() {
            return Err(not_understood("no embeddings"));
        }
        let usage = match found.tokens {
            Some(input) => Usage {
                input,
                ..Usage::default()
            },
            None => Usage::estimated(self.tokens, 0),
        };
        let vectors = found.vectors.into_iter();
        let body = embedding::answer(&self.model, vectors, Some(usage), self.base64)?;
        Ok(Followed {
            body: Some(body),
            usage: Some(usage),
            ..Followed::default()
        })
    }
}

#[derive(Debug, Default)]
struct Found<'a> {
    tokens: Option<u64>,
    vectors: Vec<&'a [u8]>,
}

impl<'a> Found<'a> {
    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"embedding" => self.vectors.push(reader.skip()?),
            b"embeddings" => self.several(reader)?,
            b"embeddingsByType" if self.vectors.is_empty() => {
                reader.optional_object(|reader, key| match key.raw() {
                    b"float" => {
                        self.vectors.push(reader.skip()?);
                        Ok(())
                    }
                    _ => reader.ignore(),
                })?;
            }
            b"inputTextTokenCount" => {
                let digits = core::str::from_utf8(reader.skip()?).unwrap_or_default();
                self.tokens = digits.parse().ok();
            }
            _ => reader.ignore()?,
        }
        Ok(())
    }

    /// A list of vectors, a list of objects with one each, or such lists by type.
    fn several(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        if reader.peek() == Some(b'{') {
            return reader.object(|reader, key| match key.raw() {
                b"float" => self.several(reader),
                _ => reader.ignore(),
            });
        }
        reader.optional_array(|reader, _| {
            if reader.peek() == Some(b'{') {
                return reader.object(|reader, key| self.member(reader, key));
            }
            self.vectors.push(reader.skip()?);
            Ok(())
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, base64: bool) -> Result<String, ApiError> {
        let mut vectors = Vectors {
            base64,
            model: "m".to_owned(),
            tokens: 7,
        };
        let followed = vectors.whole(json.as_bytes())?;
        Ok(String::from_utf8(followed.body.unwrap()).unwrap())
    }

    fn answer(data: &str, tokens: u64) -> String {
        format!(
            r#"{{"object":"list","data":[{data}],"model":"m","usage":{{"prompt_tokens":{tokens},"total_tokens":{tokens}}}}}"#
        )
    }

    #[test]
    fn vectors_are_found_where_each_maker_has_them() {
        let one = answer(
            r#"{"object":"embedding","index":0,"embedding":[1.0,-2.0]}"#,
            5,
        );
        let guessed = one.replace(":5", ":7");
        for (json, expected) in [
            (r#"{"embedding":[1.0,-2.0],"inputTextTokenCount":5}"#, &one),
            (
                r#"{"embedding":[1.0,-2.0],"embeddingsByType":{"float":[1.0,-2.0]},"inputTextTokenCount":5}"#,
                &one,
            ),
            (
                r#"{"embeddingsByType":{"binary":[1],"float":[1.0,-2.0]},"inputTextTokenCount":5}"#,
                &one,
            ),
            (
                r#"{"embeddings":[[1.0,-2.0]],"response_type":"embeddings_floats"}"#,
                &guessed,
            ),
            (
                r#"{"embeddings":{"int8":[[1]],"float":[[1.0,-2.0]]}}"#,
                &guessed,
            ),
            (
                r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[1.0,-2.0]}]}"#,
                &guessed,
            ),
        ] {
            assert_eq!(&read(json, false).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn t63_vectors_are_packed_where_that_is_wanted() {
        let packed = read(r#"{"embedding":[1.0,-2.0],"inputTextTokenCount":5}"#, true).unwrap();
        assert!(packed.contains(r#""embedding":"AACAPwAAAMA=""#), "{packed}");
    }

    #[test]
    fn an_answer_without_vectors_is_a_502() {
        for json in ["", "[]", "{}", r#"{"message":"m"}"#, r#"{"embeddings":[]}"#] {
            assert_eq!(read(json, false).unwrap_err().status, 502, "{json}");
        }
    }
}
