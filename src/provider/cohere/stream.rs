//! Cohere's events, each read into the pieces of an answer that it tells.

use super::NAME;
use super::read::{self, Message, number};
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::provider::anthropic::fault::not_understood;
use crate::usage::Usage;
use crate::wire::json::{Fault, Reader, Text};

/// Takes the pieces.
type Each<'e> = &'e mut dyn FnMut(Piece<'_>);

/// What a stream has said so far, as far as later events need it.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// The calls so far; ours are counted in this order.
    calls: Vec<Open>,
    over: bool,
}

/// A call that was begun.
#[derive(Debug)]
struct Open {
    /// Whether it has no arguments yet.
    empty: bool,
    /// The vendor's number.
    index: usize,
}

#[derive(Debug, Default)]
struct Event<'a> {
    error: Option<Text<'a>>,
    /// Whether it reports a failure beside all else.
    failed: bool,
    finish: Option<Text<'a>>,
    id: Option<Text<'a>>,
    index: usize,
    kind: Option<Text<'a>>,
    message: Message<'a>,
    usage: Option<Usage>,
}

impl Stream {
    /// Reads one event's data.
    pub fn read(&mut self, data: &[u8], each: Each<'_>) {
        if self.over || data.trim_ascii_start().starts_with(b"[DONE]") {
            return;
        }
        match Event::read(data) {
            Ok(event) => self.take(&event, data, each),
            Err(fault) => self.fail(&fault.to_string(), each),
        }
    }

    /// The stream cannot be read any further.
    pub fn fail(&mut self, what: &str, each: Each<'_>) {
        if !self.over {
            self.over = true;
            each(Piece::Failed(not_understood(what)));
        }
    }

    fn take(&mut self, event: &Event<'_>, data: &[u8], each: Each<'_>) {
        let kind = event.kind.map(|kind| kind.decode()).unwrap_or_default();
        match kind.as_ref() {
            "message-start" => {
                let id = event.id.map(|id| id.decode());
                each(Piece::Start {
                    id: id.as_deref(),
                    model: None,
                });
                self.say(&event.message, event.index, each);
            }
            "message-end" => self.end(event, each),
            "tool-call-start" => {
                self.begin(event, each);
                self.say(&event.message, event.index, each);
            }
            "tool-call-end" => self.close(event.index, each),
            "debug" => {}
            "" | "error" if event.failed => {
                self.over = true;
                each(Piece::Failed(ApiError::inside(NAME, data)));
            }
            // Deltas, and events to come.
            _ => self.say(&event.message, event.index, each),
        }
    }

    fn say(&mut self, message: &Message<'_>, index: usize, each: Each<'_>) {
        let text = |text: Option<Text<'_>>| text.map(|text| text.decode().into_owned());
        if let Some(plan) = message.plan.filter(|plan| !plan.raw().is_empty()) {
            each(Piece::Content(&plan.decode()));
        }
        for part in &message.parts {
            if let Some(thinking) = text(part.thinking).filter(|text| !text.is_empty()) {
                each(Piece::Reasoning(&thinking));
            }
            if let Some(text) = text(part.text).filter(|text| !text.is_empty()) {
                each(Piece::Content(&text));
            }
        }
        for call in &message.calls {
            if let Some(fragment) = text(call.arguments).filter(|text| !text.is_empty()) {
                self.argue(index, &fragment, each);
            }
        }
        for citation in &message.citations {
            each(Piece::Citation(citation.clone()));
        }
    }

    fn begin(&mut self, event: &Event<'_>, each: Each<'_>) {
        for call in &event.message.calls {
            let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
            self.calls.push(Open {
                empty: true,
                index: event.index,
            });
            let text = |text: Option<Text<'_>>| text.map(|text| text.decode().into_owned());
            each(Piece::ToolStart {
                index,
                id: &text(call.id).unwrap_or_default(),
                name: &text(call.name).unwrap_or_default(),
            });
        }
    }

    fn argue(&mut self, index: usize, fragment: &str, each: Each<'_>) {
        if let Some((ours, call)) = self.call(index) {
            call.empty = false;
            each(Piece::ToolArguments {
                index: ours,
                fragment,
            });
        }
    }

    /// A call without arguments has none, which is not the same as text that is no JSON.
    fn close(&mut self, index: usize, each: Each<'_>) {
        if self.call(index).is_some_and(|(_, call)| call.empty) {
            self.argue(index, "{}", each);
        }
    }

    /// The latest call of that number, and how we count it.
    fn call(&mut self, index: usize) -> Option<(u32, &mut Open)> {
        let mut calls = self.calls.iter_mut().enumerate().rev();
        let (ours, call) = calls.find(|(_, call)| call.index == index)?;
        Some((u32::try_from(ours).unwrap_or(u32::MAX), call))
    }

    fn end(&mut self, event: &Event<'_>, each: Each<'_>) {
        self.over = true;
        if let Some(usage) = event.usage {
            each(Piece::Usage(usage));
        }
        match read::finish(event.finish, event.error, !self.calls.is_empty()) {
            Ok(reason) => {
                each(Piece::Finish(reason));
                each(Piece::End);
            }
            Err(error) => each(Piece::Failed(error)),
        }
    }
}

impl<'a> Event<'a> {
    fn read(data: &'a [u8]) -> Result<Self, Fault> {
        let mut event = Self::default();
        let mut reader = Reader::new(data);
        reader.object(|reader, key| {
            match key.raw() {
                b"delta" => event.delta(reader)?,
                b"id" => event.id = reader.optional_string()?,
                b"index" => event.index = number(reader.skip()?),
                b"message" | b"error" => event.failed |= reader.skip()? != b"null",
                b"type" => event.kind = reader.optional_string()?,
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        reader.end()?;
        Ok(event)
    }

    fn delta(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"error" => self.error = reader.optional_string()?,
                b"finish_reason" => self.finish = reader.optional_string()?,
                b"message" => self.message = read::message(reader)?,
                b"usage" => self.usage = Usage::from_cohere(reader.skip()?),
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        Ok(())
    }
}
