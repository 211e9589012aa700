//! Gemini's `generateContent` and `streamGenerateContent` as a client's format: put into chat messages for vendors that do not speak
//! it, and their answers into candidates.

mod answer;
mod config;
mod contents;
mod error;
mod fields;
mod schema;
mod seal;
mod tools;

use std::borrow::Cow;

use super::chat::{missing, not_json, wrong_type};
use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;
use crate::usage::estimate::tokens_of_prompt;
use crate::wire::json::{Members, Object};
use answer::Speaker;

/// Gemini's contents.
pub static GEMINI: Gemini = Gemini;

/// Gemini's contents.
#[derive(Clone, Copy, Debug)]
pub struct Gemini;

impl ClientFormat for Gemini {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        let members = Members::read(body).map_err(|fault| not_json(body, fault))?;
        let model = line.model.as_deref().ok_or_else(|| missing("model"))?;
        match fields::value(&members, "contents") {
            Some([b'[' | b'{', ..]) => {}
            Some(_) => return Err(wrong_type("contents", "an array of contents")),
            None if counts(&line.path) => {}
            None => return Err(missing("contents")),
        }
        Ok(Asked {
            format: line.format,
            body,
            members,
            model: Cow::Borrowed(model),
            stream: line.stream.unwrap_or(false),
            include_usage: true,
            path: &line.path,
            method: &line.method,
            headers: &line.headers,
        })
    }

    fn to_chat(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
        to_chat(asked)
    }

    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        Box::new(Speaker::new(wish, framing(asked.path)))
    }

    fn own_answer(&self, asked: &Asked<'_>) -> Option<Vec<u8>> {
        counts(asked.path).then(|| count(asked))
    }

    fn error(&self, error: &ApiError) -> Vec<u8> {
        error::whole(error)
    }
}

/// How a stream is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Elements of one JSON array.
    Array,
    /// Server-sent events.
    Events,
}

/// What the path says of it: an array, unless it asks for events.
fn framing(path: &str) -> Framing {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    if path.is_empty() || query.split('&').any(|pair| pair == "alt=sse") {
        return Framing::Events;
    }
    Framing::Array
}

/// Whether the path asks how many tokens there are.
fn counts(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.ends_with(":countTokens")
}

/// How many tokens the request is, about.
fn count(asked: &Asked<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Object::write(&mut out, |object| {
        object.number("totalTokens", tokens_of_prompt(asked.body));
    });
    out
}

fn to_chat(asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
    let members = &asked.members;
    let messages = contents::messages(members)?;
    let config = config::Config::read(members)?;
    let tools = tools::Tools::read(members)?;
    let mut out = Vec::with_capacity(asked.body.len().saturating_add(512));
    Object::write(&mut out, |chat| {
        chat.string("model", &asked.model);
        chat.raw("messages", &messages);
        if asked.stream {
            chat.raw("stream", b"true");
            chat.raw("stream_options", b"{\"include_usage\":true}");
        }
        config.write(chat);
        tools.write(chat);
        others(members, chat);
    });
    Ok(out)
}

/// Members that are put into other words, or that only Google's own service has a use for.
const KNOWN: [&str; 11] = [
    "cachedContent",
    "contents",
    "generationConfig",
    "labels",
    "model",
    "safetySettings",
    "serviceTier",
    "store",
    "systemInstruction",
    "toolConfig",
    "tools",
];

/// What a client says to the gateway.
fn others(members: &Members<'_>, chat: &mut Object<'_>) {
    for member in members.iter() {
        let name = member.key.decode();
        let known = KNOWN.iter().any(|known| fields::same(&name, known));
        let counts = members
            .get(&name)
            .is_some_and(|last| last.whole == member.whole);
        if counts && !known && member.value != b"null" {
            chat.raw(&name, member.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_an_array_unless_the_path_asks_for_events() {
        for (path, expected) in [
            ("/v1beta/models/m:streamGenerateContent", Framing::Array),
            (
                "/v1beta/models/m:streamGenerateContent?key=x",
                Framing::Array,
            ),
            (
                "/v1beta/models/m:streamGenerateContent?key=x&alt=sse",
                Framing::Events,
            ),
            ("", Framing::Events),
        ] {
            assert_eq!(framing(path), expected, "{path}");
        }
    }

    #[test]
    fn tokens_are_asked_for_by_the_path() {
        assert!(counts("/v1beta/models/m:countTokens?key=x"));
        assert!(!counts("/v1beta/models/m:generateContent?x=:countTokens"));
    }
}
