//! Formats of OpenAI's whose requests are JSON with a model and whose answers only a vendor of the same format can give.

use std::borrow::Cow;

use super::chat::{self, chunks::Chunks};
use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::wire::json::Members;

/// Embeddings, moderations, images and the like.
pub static PLAIN: Plain = Plain;

/// Embeddings, moderations, images and the like.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl ClientFormat for Plain {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let mut asked = match chat::outline(body, line) {
            Err(error) if line.format == Format::Moderations => unnamed(body, line).ok_or(error)?,
            read => read?,
        };
        if asked.format == Format::Speech {
            let framed = asked.members.get("stream_format");
            asked.stream |= framed.is_some_and(|member| member.value == b"\"sse\"");
        }
        Ok(asked)
    }

    fn voice(&self, _asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        Box::new(Chunks::new(
            wish.id.to_owned(),
            wish.created,
            wish.model,
            false,
        ))
    }
}

/// A moderation without a model, which OpenAI lets its clients leave out.
fn unnamed<'a>(body: &'a [u8], line: &'a Line) -> Option<Asked<'a>> {
    const USUAL: &str = "omni-moderation-latest";
    let members = Members::read(body).ok()?;
    members.get("model").is_none().then(|| Asked {
        format: line.format,
        body,
        members,
        model: Cow::Borrowed(USUAL),
        stream: false,
        include_usage: false,
        path: &line.path,
        method: &line.method,
        headers: &line.headers,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, body: &str) -> Result<(String, bool), ApiError> {
        let line = Line::of(format);
        let asked = PLAIN.read(body.as_bytes(), &line)?;
        Ok((asked.model.into_owned(), asked.stream))
    }

    #[test]
    fn only_a_moderation_may_leave_out_its_model() {
        let usual = ("omni-moderation-latest".to_owned(), false);
        assert_eq!(
            read(Format::Moderations, r#"{"input":"x"}"#).unwrap(),
            usual
        );
        assert!(read(Format::Moderations, r#"{"model":7}"#).is_err());
        assert!(read(Format::Moderations, "[]").is_err());
        assert!(read(Format::Embeddings, r#"{"input":"x"}"#).is_err());
    }

    #[test]
    fn speech_streams_events_when_it_is_asked_to() {
        let (_, stream) = read(Format::Speech, r#"{"model":"t","stream_format":"sse"}"#).unwrap();
        assert!(stream);
        let (_, stream) = read(Format::Speech, r#"{"model":"t","stream_format":"audio"}"#).unwrap();
        assert!(!stream);
    }
}
