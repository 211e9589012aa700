//! Reranking as Cohere's clients ask for it, and everybody's since: `/rerank` below any version.

use super::chat::{self, chunks::Chunks};
use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::{ApiError, Class};

/// Reranking.
pub static RERANK: Rerank = Rerank;

/// Reranking.
#[derive(Clone, Copy, Debug)]
pub struct Rerank;

impl ClientFormat for Rerank {
    /// The answer is never streamed, whatever the request says.
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let asked = chat::outline(body, line)?;
        let first = |name: &str| asked.members.get(name)?.value.first();
        for (name, begins, what) in [("query", b'"', "a string"), ("documents", b'[', "an array")] {
            if first(name) != Some(&begins) {
                let words = format!("'{name}' must be {what}");
                let error = ApiError::new(400, Class::BadRequest, words);
                return Err(error.with_code("invalid_value").with_param(name));
            }
        }
        Ok(Asked {
            stream: false,
            include_usage: false,
            ..asked
        })
    }

    fn voice(&self, _asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        let id = wish.id.to_owned();
        Box::new(Chunks::new(id, wish.created, wish.model, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::format::Format;

    fn fault(json: &str) -> Option<String> {
        let line = Line::of(Format::Rerank);
        let read = RERANK.read(json.as_bytes(), &line);
        read.err().map(|error| error.param.unwrap_or_default())
    }

    #[test]
    fn model_query_and_documents_are_required() {
        assert_eq!(
            fault(r#"{"model":"m","query":"q","documents":["d"]}"#),
            None
        );
        for (json, param) in [
            (r#"{"query":"q","documents":["d"]}"#, "model"),
            (r#"{"model":"m","documents":["d"]}"#, "query"),
            (r#"{"model":"m","query":["q"],"documents":["d"]}"#, "query"),
            (r#"{"model":"m","query":"q"}"#, "documents"),
            (r#"{"model":"m","query":"q","documents":"d"}"#, "documents"),
        ] {
            assert_eq!(fault(json).as_deref(), Some(param), "{json}");
        }
    }

    #[test]
    fn nothing_is_streamed() {
        let line = Line::of(Format::Rerank);
        let json = br#"{"model":"m","query":"q","documents":["d"],"stream":true}"#;
        assert!(!RERANK.read(json, &line).unwrap().stream);
    }
}
