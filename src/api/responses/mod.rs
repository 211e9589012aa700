//! `POST /v1/responses`: OpenAI's newer format. For vendors that do not speak it, it is put into chat messages and their answers into
//! its items and events. Nothing is kept between two requests, so what refers to an earlier answer is refused with the way round it.

mod answer;
mod echo;
mod events;
mod input;
mod item;
mod request;
mod speaker;
mod tools;

use super::chat;
use super::look::value;
use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;
use events::Events;
use speaker::Speaker;

/// OpenAI's responses.
pub static RESPONSES: Responses = Responses;

/// OpenAI's responses.
#[derive(Clone, Copy, Debug)]
pub struct Responses;

impl ClientFormat for Responses {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let asked = chat::outline(body, line)?;
        match value(&asked.members, "input") {
            None | Some([b'"' | b'[', ..]) => Ok(asked),
            Some(_) => Err(chat::wrong_type("input", "a string or an array of items")),
        }
    }

    fn to_chat(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
        request::to_chat(asked)
    }

    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        Box::new(Speaker::new(asked, wish))
    }

    fn error_event(&self, error: &ApiError) -> Vec<u8> {
        let mut out = Vec::new();
        Events::default().error(error, &mut out);
        out
    }
}
