//! A complete answer of Cohere, read into the answer it is.

use super::{NAME, read};
use crate::canonical::answer::{Completion, ToolCall};
use crate::canonical::error::ApiError;
use crate::provider::anthropic::fault::not_understood;
use crate::usage::Usage;
use crate::wire::json::{Reader, Text};

/// Reads an answer.
///
/// # Errors
/// The vendor's own error when the body is one, a 502 when it is no answer at all.
pub(super) fn read(body: &[u8]) -> Result<Completion, ApiError> {
    let mut stated = Stated::default();
    let mut reader = Reader::new(body);
    let result = reader.object(|reader, key| {
        match key.raw() {
            b"error" => stated.error = reader.optional_string()?,
            b"finish_reason" => stated.finish = reader.optional_string()?,
            b"id" => stated.id = reader.optional_string()?,
            b"message" if reader.peek() == Some(b'{') => {
                stated.message = Some(read::message(reader)?);
            }
            b"usage" => stated.usage = Usage::from_cohere(reader.skip()?),
            _ => reader.ignore()?,
        }
        Ok(())
    });
    result
        .and_then(|()| reader.end())
        .map_err(|fault| not_understood(&fault.to_string()))?;
    let Some(message) = stated.message.take() else {
        let words = memchr::memmem::find(body, b"\"message\"");
        return Err(match words {
            Some(_) => ApiError::inside(NAME, body),
            None => not_understood("no `message`"),
        });
    };
    stated.completion(message)
}

#[derive(Default)]
struct Stated<'a> {
    error: Option<Text<'a>>,
    finish: Option<Text<'a>>,
    id: Option<Text<'a>>,
    message: Option<read::Message<'a>>,
    usage: Option<Usage>,
}

impl<'a> Stated<'a> {
    fn completion(self, message: read::Message<'a>) -> Result<Completion, ApiError> {
        let finish = read::finish(self.finish, self.error, !message.calls.is_empty())?;
        let mut completion = Completion {
            citations: message.citations,
            finish: Some(finish),
            id: self.id.map(|id| id.decode().into_owned()),
            usage: self.usage,
            ..Completion::default()
        };
        let texts = message.parts.iter().filter_map(|part| part.text);
        for text in message.plan.into_iter().chain(texts) {
            add(&mut completion.content, text);
        }
        for thinking in message.parts.iter().filter_map(|part| part.thinking) {
            add(&mut completion.reasoning, thinking);
        }
        let text = |text: Option<Text<'_>>| text.map(|text| text.decode().into_owned());
        let calls = message.calls.into_iter().map(|call| ToolCall {
            id: text(call.id).unwrap_or_default(),
            name: text(call.name).unwrap_or_default(),
            arguments: text(call.arguments)
                .filter(|arguments| !arguments.is_empty())
                .unwrap_or_else(|| "{}".to_owned()),
        });
        completion.tool_calls.extend(calls);
        Ok(completion)
    }
}

fn add(whole: &mut Option<String>, text: Text<'_>) {
    if !text.raw().is_empty() {
        whole.get_or_insert_default().push_str(&text.decode());
    }
}
