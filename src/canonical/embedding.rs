//! Embeddings in OpenAI's format: what a request asks for and how an answer is worded, once for all vendors that have them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::{ApiError, Class};
use crate::usage::Usage;
use crate::wire::json::{Fault, Members, Object, Reader, Text};

/// What is to be embedded: one embedding for each element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Texts.
    Texts(Vec<Text<'a>>),
    /// Token numbers: JSON arrays.
    Tokens(Vec<&'a [u8]>),
}

/// A request for embeddings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddingRequest<'a> {
    /// Whether vectors are wanted as base64 of little-endian floats instead of as arrays.
    pub base64: bool,
    /// How long a vector shall be.
    pub dimensions: Option<u64>,
    /// What is to be embedded.
    pub input: Input<'a>,
}

impl<'a> EmbeddingRequest<'a> {
    /// Reads the members of a request.
    ///
    /// # Errors
    /// A 400 naming the member that is missing or not what OpenAI's format says.
    pub fn read(members: &Members<'a>) -> Result<Self, ApiError> {
        let value = |name: &str| members.get(name).map(|member| member.value);
        let stated = |name: &str| value(name).filter(|value| *value != b"null");
        let input = stated("input").ok_or_else(|| invalid("input", "'input' is missing"))?;
        let wrong = "'input' must be a string, an array of strings, or an array of token arrays";
        let input = read_input(input).map_err(|_| invalid("input", wrong))?;
        Ok(Self {
            base64: match stated("encoding_format") {
                None | Some(b"\"float\"") => false,
                Some(b"\"base64\"") => true,
                Some(_) => {
                    let words = "'encoding_format' must be 'float' or 'base64'";
                    return Err(invalid("encoding_format", words));
                }
            },
            dimensions: match stated("dimensions") {
                None => None,
                Some(digits) => Some(
                    number(digits)
                        .filter(|number| *number > 0)
                        .ok_or_else(|| invalid("dimensions", "'dimensions' must be a number"))?,
                ),
            },
            input,
        })
    }

    /// The texts, for a vendor that takes nothing else.
    ///
    /// # Errors
    /// A 400 when tokens are to be embedded.
    pub fn texts(&self, vendor: &str) -> Result<&[Text<'a>], ApiError> {
        match &self.input {
            Input::Texts(texts) => Ok(texts),
            Input::Tokens(_) => {
                let words =
                    format!("{vendor} embeds texts, not token numbers: send 'input' as text");
                Err(invalid("input", &words).with_code("unsupported_value"))
            }
        }
    }
}

/// Words an answer: `vectors` are JSON arrays of numbers in the order of the inputs.
///
/// # Errors
/// A 502 when a vector is not such an array and base64 is wanted.
pub fn answer<'v>(
    model: &str,
    vectors: impl IntoIterator<Item = &'v [u8]>,
    usage: Option<Usage>,
    base64: bool,
) -> Result<Vec<u8>, ApiError> {
    let mut out = Vec::with_capacity(1 << 12);
    let mut fault = None;
    Object::write(&mut out, |object| {
        object.raw("object", b"\"list\"");
        object.array("data", |data| {
            for (index, vector) in vectors.into_iter().enumerate() {
                data.object(|entry| {
                    entry.raw("object", b"\"embedding\"");
                    entry.number("index", u64::try_from(index).unwrap_or(u64::MAX));
                    match base64.then(|| packed(vector)) {
                        None => entry.raw("embedding", vector),
                        Some(Ok(packed)) => entry.string("embedding", &packed),
                        Some(Err(wrong)) => fault = Some(wrong),
                    }
                });
            }
        });
        object.string("model", model);
        let tokens = usage.map_or(0, |usage| usage.input);
        object.object("usage", |object| {
            object.number("prompt_tokens", tokens);
            object.number("total_tokens", tokens);
        });
    });
    match fault {
        None => Ok(out),
        Some(fault) => {
            let words = format!("the provider's answer was not understood: a vector: {fault}");
            let error = ApiError::new(502, Class::Malformed, words);
            Err(error.with_code("upstream_invalid_response"))
        }
    }
}

fn read_input(json: &[u8]) -> Result<Input<'_>, Fault> {
    let mut reader = Reader::new(json);
    if reader.peek() == Some(b'"') {
        return Ok(Input::Texts(vec![reader.string()?]));
    }
    let (mut texts, mut tokens) = (Vec::new(), Vec::new());
    let mut numbers = false;
    reader.array(|reader, _| {
        match reader.peek() {
            Some(b'"') => texts.push(reader.string()?),
            Some(b'[') => tokens.push(reader.skip()?),
            Some(b'0'..=b'9') => {
                numbers = true;
                reader.ignore()?;
            }
            // What is none of these is asked for as a string, so that the reader says what is wrong and where.
            Some(_) | None => texts.push(reader.string()?),
        }
        Ok(())
    })?;
    match (texts.is_empty(), tokens.is_empty(), numbers) {
        (false, true, false) => Ok(Input::Texts(texts)),
        (true, false, false) => Ok(Input::Tokens(tokens)),
        (true, true, true) => Ok(Input::Tokens(vec![json])),
        _ => Err(Fault::Unexpected { at: 0 }),
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// The numbers of a JSON array as base64 of little-endian floats.
fn packed(vector: &[u8]) -> Result<String, Fault> {
    let mut bytes = Vec::with_capacity(vector.len() / 2);
    let mut reader = Reader::new(vector);
    reader.array(|reader, _| {
        let at = reader.at();
        let text = core::str::from_utf8(reader.skip()?).unwrap_or_default();
        let number: f32 = text.parse().map_err(|_| Fault::Unexpected { at })?;
        bytes.extend_from_slice(&number.to_le_bytes());
        Ok(())
    })?;
    reader.end()?;
    Ok(STANDARD.encode(bytes))
}

fn invalid(param: &str, words: &str) -> ApiError {
    ApiError::new(400, Class::BadRequest, words)
        .with_code("invalid_value")
        .with_param(param)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<EmbeddingRequest<'_>, ApiError> {
        EmbeddingRequest::read(&Members::read(json.as_bytes()).unwrap())
    }

    fn texts(json: &str) -> Vec<String> {
        let request = read(json).unwrap();
        let texts = request.texts("x").unwrap();
        texts
            .iter()
            .map(|text| text.decode().into_owned())
            .collect()
    }

    fn worded(vectors: &[&str], base64: bool) -> String {
        let usage = Usage {
            input: 7,
            ..Usage::default()
        };
        let vectors = vectors.iter().map(|vector| vector.as_bytes());
        String::from_utf8(answer("m", vectors, Some(usage), base64).unwrap()).unwrap()
    }

    #[test]
    fn input_is_a_text_texts_tokens_or_lists_of_tokens() {
        assert_eq!(texts(r#"{"input":"a\n"}"#), ["a\n"]);
        assert_eq!(texts(r#"{"input":["a","b"]}"#), ["a", "b"]);
        let tokens = |json| read(json).unwrap().input;
        assert_eq!(
            tokens(r#"{"input":[1, 2]}"#),
            Input::Tokens(vec![b"[1, 2]"])
        );
        assert_eq!(
            tokens(r#"{"input":[[1],[2,3]]}"#),
            Input::Tokens(vec![b"[1]", b"[2,3]"])
        );
    }

    #[test]
    fn what_is_no_input_is_refused_by_name() {
        for json in [
            "{}",
            r#"{"input":null}"#,
            r#"{"input":[]}"#,
            r#"{"input":7}"#,
            r#"{"input":["a",1]}"#,
            r#"{"input":["a",[1]]}"#,
            r#"{"input":[null]}"#,
        ] {
            let error = read(json).unwrap_err();
            assert_eq!(
                (error.status, error.param.as_deref()),
                (400, Some("input")),
                "{json}"
            );
        }
    }

    #[test]
    fn format_and_dimensions_are_what_openai_allows() {
        let request = read(r#"{"input":"a","encoding_format":"base64","dimensions":256}"#).unwrap();
        assert_eq!((request.base64, request.dimensions), (true, Some(256)));
        let plain = read(r#"{"input":"a","encoding_format":null,"dimensions":null}"#).unwrap();
        assert_eq!((plain.base64, plain.dimensions), (false, None));
        for (member, json) in [
            (
                "encoding_format",
                r#"{"input":"a","encoding_format":"int8"}"#,
            ),
            ("dimensions", r#"{"input":"a","dimensions":0}"#),
            ("dimensions", r#"{"input":"a","dimensions":"x"}"#),
        ] {
            assert_eq!(read(json).unwrap_err().param.as_deref(), Some(member));
        }
    }

    #[test]
    fn a_vendor_without_tokens_refuses_them_by_its_name() {
        let request = read(r#"{"input":[1]}"#).unwrap();
        assert!(
            request
                .texts("cohere")
                .unwrap_err()
                .message
                .contains("cohere")
        );
    }

    #[test]
    fn vectors_keep_the_vendors_spelling() {
        assert_eq!(
            worded(&["[1.10,-2e-3]", "[0]"], false),
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.10,-2e-3]},{"object":"embedding","index":1,"embedding":[0]}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}"#
        );
    }

    #[test]
    fn t63_base64_is_of_little_endian_floats() {
        assert!(worded(&["[1.0, -2.0]"], true).contains(r#""embedding":"AACAPwAAAMA=""#));
    }

    #[test]
    fn a_vector_that_is_none_cannot_be_packed() {
        for vector in ["{}", "[null]", "[\"1\"]", "[1"] {
            let error = answer("m", [vector.as_bytes()], None, true).unwrap_err();
            assert_eq!(error.status, 502, "{vector}");
        }
    }
}
