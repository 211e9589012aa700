//! `POST /v1/completions`: OpenAI's legacy format. For vendors that only chat, the prompt is what a user says.

mod answer;

use super::chat::{self, missing};
use super::look::{as_text, elements, is_true, unsupported, value};
use super::{ClientFormat, Voice, Wish};
use crate::canonical::asked::{Asked, Line};
use crate::canonical::error::ApiError;
use crate::wire::json::{Members, Object, Text};
use answer::Teller;

/// OpenAI's legacy completions.
pub static COMPLETIONS: Completions = Completions;

/// OpenAI's legacy completions.
#[derive(Clone, Copy, Debug)]
pub struct Completions;

impl ClientFormat for Completions {
    fn read<'a>(&self, body: &'a [u8], line: &'a Line) -> Result<Asked<'a>, ApiError> {
        chat::outline(body, line)
    }

    fn to_chat(&self, asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
        to_chat(asked)
    }

    fn voice(&self, asked: &Asked<'_>, wish: &Wish<'_>) -> Box<dyn Voice> {
        let echo = is_true(value(&asked.members, "echo"));
        let prompt = value(&asked.members, "prompt").and_then(only_text);
        let echo = prompt
            .filter(|_| echo)
            .map(|prompt| prompt.decode().into_owned());
        Box::new(Teller::new(
            wish,
            asked.include_usage,
            echo.unwrap_or_default(),
        ))
    }
}

/// Members that a chat has in other words, or not at all.
const KNOWN: [&str; 9] = [
    "best_of",
    "echo",
    "logprobs",
    "model",
    "n",
    "prompt",
    "stream",
    "stream_options",
    "suffix",
];

fn to_chat(asked: &Asked<'_>) -> Result<Vec<u8>, ApiError> {
    let members = &asked.members;
    let prompt = prompt(members)?;
    check(members)?;
    let mut out = Vec::with_capacity(asked.body.len().saturating_add(256));
    Object::write(&mut out, |chat| {
        chat.string("model", &asked.model);
        chat.array("messages", |messages| {
            messages.object(|message| {
                message.raw("role", b"\"user\"");
                message.text("content", prompt);
            });
        });
        if asked.stream {
            chat.raw("stream", b"true");
            chat.raw("stream_options", b"{\"include_usage\":true}");
        }
        for member in members.iter() {
            let name = member.key.decode();
            let counts = members
                .get(&name)
                .is_some_and(|last| last.whole == member.whole);
            if counts && member.value != b"null" && !KNOWN.contains(&name.as_ref()) {
                chat.raw(&name, member.value);
            }
        }
    });
    Ok(out)
}

fn prompt<'a>(members: &Members<'a>) -> Result<Text<'a>, ApiError> {
    let prompt = value(members, "prompt").ok_or_else(|| missing("prompt"))?;
    only_text(prompt).ok_or_else(|| {
        let words = "'prompt' must be one text for this model, whose provider only chats: send a request for each of several, and text \
                     instead of tokens";
        unsupported("prompt", words)
    })
}

/// The one text that a prompt is.
fn only_text(prompt: &[u8]) -> Option<Text<'_>> {
    as_text(prompt).or_else(|| match elements(prompt).as_slice() {
        [one] => as_text(one),
        _ => None,
    })
}

/// Members that a provider which only chats cannot honour, and the values with which they ask for nothing.
const REFUSED: [(&str, &[&[u8]]); 4] = [
    ("best_of", &[b"1"]),
    ("logprobs", &[]),
    ("n", &[b"1"]),
    ("suffix", &[b"\"\""]),
];

fn check(members: &Members<'_>) -> Result<(), ApiError> {
    let asks = |name: &str, nothing: &[&[u8]]| {
        value(members, name).is_some_and(|value| !nothing.contains(&value))
    };
    match REFUSED.iter().find(|(name, nothing)| asks(name, nothing)) {
        Some((name, _)) => {
            let words =
                format!("'{name}' is not supported for this model: its provider only chats");
            Err(unsupported(name, words))
        }
        None => Ok(()),
    }
}
