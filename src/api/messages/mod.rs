//! `POST /v1/messages` and `/v1/messages/count_tokens`: Anthropic's requests in, its messages and events out.

mod answer;
mod count;
mod events;
mod fault;
mod fields;
mod names;
mod parts;
mod pending;
mod request;
mod results;
mod spoken;
mod system;
mod tools;
mod turns;

use super::chat::outline;
use super::{ClientFormat, Voice, Wish};
use crate::canonical::answer::Completion;
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::canonical::piece::Piece;
use answer::Manner;
use events::Events;
use fields::Fields;

/// Anthropic's messages, and the counting of their tokens.
pub static MESSAGES: Messages = Messages;

/// Anthropic's messages, and the counting of their tokens.
#[derive(Clone, Copy, Debug)]
pub struct Messages;

impl ClientFormat for Messages {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let mut asked = outline(body, line)?;
        asked.stream &= asked.format == Format::Messages;
        asked.include_usage = false;
        let messages = asked.members.get("messages").map(|member| member.value);
        if !messages.is_some_and(|messages| messages.starts_with(b"[")) {
            return Err(required("messages", "an array of messages is required"));
        }
        if asked.format == Format::Messages && asked.members.get("max_tokens").is_none() {
            return Err(required("max_tokens", "Field required"));
        }
        Ok(asked)
    }

    fn to_chat(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
        request::word(&Fields::asked(asked), &asked.model, asked.stream)
    }

    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        let tools = asked.members.get("tools").map(|member| member.value);
        let manner = Manner {
            id: wish.id.to_owned(),
            model: asked.model.clone().into_owned(),
            renamed: names::renamed(tools.unwrap_or_default()),
        };
        Box::new(Message {
            events: Events::new(manner.clone()),
            manner,
        })
    }

    fn own_answer(&self, asked: &Asked<'_>) -> Option<Vec<u8>> {
        let counts = asked.format == Format::CountTokens;
        counts.then(|| count::answer(count::estimate(&Fields::asked(asked))))
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        fault::body(error)
    }

    fn error_event(&self, error: &ApiError) -> Vec<u8> {
        fault::stream_event(error)
    }
}

/// Words one answer as a message.
#[derive(Debug)]
struct Message {
    events: Events,
    manner: Manner,
}

impl Voice for Message {
    fn whole(&mut self, completion: &Completion) -> Vec<u8> {
        answer::encode(completion, &self.manner)
    }

    fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        self.events.push(piece, out);
    }
}

fn required(name: &str, words: &str) -> ApiError {
    ApiError::new(400, Class::BadRequest, format!("{name}: {words}"))
        .with_code("missing_required_parameter")
        .with_param(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, format: Format) -> Result<(String, bool), ApiError> {
        let line = Line::of(format);
        let asked = MESSAGES.read(json.as_bytes(), &line)?;
        Ok((asked.model.into_owned(), asked.stream))
    }

    #[test]
    fn what_every_request_must_have_is_named_when_it_lacks() {
        for (json, param) in [
            (r#"{"messages":[],"max_tokens":1}"#, "model"),
            (r#"{"model":"m","max_tokens":1}"#, "messages"),
            (
                r#"{"model":"m","max_tokens":1,"messages":"hi"}"#,
                "messages",
            ),
            (r#"{"model":"m","messages":[]}"#, "max_tokens"),
        ] {
            let error = read(json, Format::Messages).unwrap_err();
            assert_eq!(
                (error.status, error.param.as_deref()),
                (400, Some(param)),
                "{json}"
            );
        }
    }

    #[test]
    fn a_count_needs_no_limit_and_is_never_a_stream() {
        let json = r#"{"model":"m","messages":[],"stream":true}"#;
        assert_eq!(
            read(json, Format::CountTokens).unwrap(),
            ("m".to_owned(), false)
        );
    }

    #[test]
    fn only_a_count_is_answered_without_a_vendor() {
        let json =
            br#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hello"}]}"#;
        for (format, own) in [(Format::CountTokens, true), (Format::Messages, false)] {
            let line = Line::of(format);
            let asked = MESSAGES.read(json, &line).unwrap();
            assert_eq!(MESSAGES.own_answer(&asked).is_some(), own);
        }
    }
}
