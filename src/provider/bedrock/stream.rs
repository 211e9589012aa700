//! Converse's events, each read into the pieces of an answer that it tells.

use super::said::{Said, finish};
use crate::canonical::answer::{Citation, ThinkingBlock};
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::provider::anthropic::fault::not_understood;
use crate::provider::anthropic::reply::Reply;
use crate::usage::Usage;
use crate::wire::event_stream::Frame;
use crate::wire::json::{Fault, Reader, Text};

/// Takes the pieces.
pub(super) type Each<'e> = &'e mut dyn FnMut(Piece<'_>);

/// What a stream has said so far, as far as later events need it.
#[derive(Debug, Default)]
pub(super) struct Stream {
    block: Open,
    /// Calls of the client's tools.
    calls: u32,
    /// Characters of content.
    characters: usize,
    /// Fields of the model's own that came with the end.
    fields: Option<Vec<u8>>,
    /// Whether the forced tool has been called.
    formed: bool,
    /// The number of the open block, as spelled.
    number: Vec<u8>,
    over: bool,
    stopped: bool,
}

/// The block whose deltas are coming.
#[derive(Debug, Default)]
enum Open {
    /// The forced tool's input, which is the content.
    Form { empty: bool },
    /// None, or one that says nothing to clients.
    #[default]
    Other,
    /// Text that began after so many characters, and what it cites: told when its end is known.
    Text { start: usize, cited: Vec<Citation> },
    /// Reasoning, told whole at its end so that clients can send it back as it is.
    Thinking { signature: String, thinking: String },
    /// A call of a client's tool.
    Tool { index: u32, empty: bool },
}

#[derive(Debug, Default)]
struct Event<'a> {
    fields: Option<&'a [u8]>,
    number: &'a [u8],
    reason: Option<Text<'a>>,
    said: Said<'a>,
    usage: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    fn read(payload: &'a [u8]) -> Result<Self, Fault> {
        let mut event = Self::default();
        let mut reader = Reader::new(payload);
        reader.object(|reader, key| {
            match key.raw() {
                b"additionalModelResponseFields" => event.fields = Some(reader.skip()?),
                b"contentBlockIndex" => event.number = reader.skip()?,
                b"delta" | b"start" => event.said = Said::read(reader)?,
                b"stopReason" => event.reason = reader.optional_string()?,
                b"usage" => event.usage = Some(reader.skip()?),
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        reader.end()?;
        Ok(event)
    }
}

impl Stream {
    /// Reads one frame.
    pub fn read(&mut self, frame: &Frame<'_>, reply: &Reply, each: Each<'_>) {
        if self.over {
            return;
        }
        match frame.header(":message-type") {
            Some("exception") => {
                let name = frame.header(":exception-type").unwrap_or_default();
                self.failed(ApiError::exception("bedrock", name, frame.payload), each);
            }
            Some("error") => {
                let name = frame.header(":error-code").unwrap_or_default();
                let words = frame.header(":error-message").unwrap_or_default();
                self.failed(ApiError::exception("bedrock", name, words.as_bytes()), each);
            }
            Some(_) | None => {
                let kind = frame.header(":event-type").unwrap_or_default();
                self.event(kind, frame.payload, reply, each);
            }
        }
    }

    /// The stream cannot be read any further.
    pub fn fail(&mut self, what: &str, each: Each<'_>) {
        self.failed(not_understood(what), each);
    }

    /// The bytes have ended. Usage may be missing then, but nothing of the answer.
    pub fn end(&mut self, each: Each<'_>) {
        if self.stopped && !self.over {
            self.over = true;
            each(Piece::End);
        }
    }

    fn failed(&mut self, error: ApiError, each: Each<'_>) {
        if !self.over {
            self.over = true;
            each(Piece::Failed(error));
        }
    }

    fn event(&mut self, kind: &str, payload: &[u8], reply: &Reply, each: Each<'_>) {
        const KNOWN: [&str; 6] = [
            "contentBlockDelta",
            "contentBlockStart",
            "contentBlockStop",
            "messageStart",
            "messageStop",
            "metadata",
        ];
        if !KNOWN.contains(&kind) {
            return;
        }
        let event = match Event::read(payload) {
            Ok(event) => event,
            Err(fault) => return self.fail(&format!("{kind}: {fault}"), each),
        };
        match kind {
            "contentBlockDelta" => {
                self.turn_to(event.number, each);
                self.delta(&event.said, each);
            }
            "contentBlockStart" => {
                self.turn_to(event.number, each);
                self.close(each);
                self.open(&event.said, reply, each);
            }
            "contentBlockStop" => self.close(each),
            "messageStart" => each(Piece::Start {
                id: None,
                model: None,
            }),
            "messageStop" => self.stop(&event, each),
            _ => self.account(&event, each),
        }
    }

    /// A block whose end was lost ends where the next begins.
    fn turn_to(&mut self, number: &[u8], each: Each<'_>) {
        if self.number != number {
            self.close(each);
            self.number.clear();
            self.number.extend_from_slice(number);
        }
    }

    fn open(&mut self, said: &Said<'_>, reply: &Reply, each: Each<'_>) {
        let Some(tool) = said.tool.as_ref().filter(|tool| !tool.is_vendors) else {
            return;
        };
        let name = tool.name.map(|name| name.decode()).unwrap_or_default();
        if reply.is_form(&name) {
            // Only the first form is content: two texts in a row are no JSON.
            if !self.formed {
                self.block = Open::Form { empty: true };
            }
            self.formed = true;
            return;
        }
        let index = self.calls;
        self.calls = index.saturating_add(1);
        let id = tool.id.map(|id| id.decode()).unwrap_or_default();
        each(Piece::ToolStart {
            index,
            id: &id,
            name: reply.name_of(&name),
        });
        self.block = Open::Tool { index, empty: true };
    }

    fn delta(&mut self, said: &Said<'_>, each: Each<'_>) {
        if let Some(fragment) = said.input.and_then(|json| Reader::new(json).string().ok()) {
            self.fragment(&fragment.decode(), each);
        }
        if let Some(data) = said.redacted {
            let data = data.decode().into_owned();
            each(Piece::Thinking(ThinkingBlock::Redacted { data }));
        }
        if said.reasoning.is_some() || said.signature.is_some() {
            self.thought(said, each);
        }
        if !said.text.is_empty() || !said.cited.is_empty() {
            self.text(said, each);
        }
    }

    fn fragment(&mut self, fragment: &str, each: Each<'_>) {
        match &mut self.block {
            _ if fragment.is_empty() => {}
            Open::Form { empty } => {
                *empty = false;
                each(Piece::Content(fragment));
            }
            Open::Tool { index, empty } => {
                *empty = false;
                let index = *index;
                each(Piece::ToolArguments { index, fragment });
            }
            Open::Other | Open::Text { .. } | Open::Thinking { .. } => {}
        }
    }

    fn thought(&mut self, said: &Said<'_>, each: Each<'_>) {
        if !matches!(self.block, Open::Thinking { .. }) {
            self.close(each);
            self.block = Open::Thinking {
                signature: String::new(),
                thinking: String::new(),
            };
        }
        let Open::Thinking {
            signature,
            thinking,
        } = &mut self.block
        else {
            return;
        };
        if let Some(text) = said.signature {
            signature.push_str(&text.decode());
        }
        let text = said.reasoning.map(|text| text.decode()).unwrap_or_default();
        if !text.is_empty() {
            thinking.push_str(&text);
            each(Piece::Reasoning(&text));
        }
    }

    fn text(&mut self, said: &Said<'_>, each: Each<'_>) {
        if !matches!(self.block, Open::Text { .. }) {
            self.close(each);
            self.block = Open::Text {
                start: self.characters,
                cited: Vec::new(),
            };
        }
        for text in said.text.iter().map(Text::decode) {
            if !text.is_empty() {
                self.characters = self.characters.saturating_add(text.chars().count());
                each(Piece::Content(&text));
            }
        }
        if let Open::Text { start, cited } = &mut self.block {
            let sources = said.cited.iter();
            cited.extend(sources.filter_map(|source| source.cited(*start, *start)));
        }
    }

    fn close(&mut self, each: Each<'_>) {
        match core::mem::take(&mut self.block) {
            Open::Form { empty: true } => each(Piece::Content("{}")),
            Open::Tool { index, empty: true } => each(Piece::ToolArguments {
                index,
                fragment: "{}",
            }),
            Open::Text { cited, .. } => {
                let end = self.characters;
                let whole = |one| Piece::Citation(Citation { end, ..one });
                cited.into_iter().for_each(|one| each(whole(one)));
            }
            Open::Thinking {
                signature,
                thinking,
            } if !signature.is_empty() => each(Piece::Thinking(ThinkingBlock::Signed {
                signature,
                thinking,
            })),
            Open::Form { empty: false }
            | Open::Other
            | Open::Thinking { .. }
            | Open::Tool { empty: false, .. } => {}
        }
    }

    fn stop(&mut self, event: &Event<'_>, each: Each<'_>) {
        self.close(each);
        self.stopped = true;
        self.fields = event.fields.map(<[u8]>::to_vec);
        let reason = event
            .reason
            .map(|reason| reason.decode())
            .unwrap_or_default();
        each(Piece::Finish(finish(&reason, self.calls > 0)));
    }

    /// Usage comes behind the end of the message, and is the last there is.
    fn account(&mut self, event: &Event<'_>, each: Each<'_>) {
        let fields = self.fields.as_deref();
        let usage = event
            .usage
            .and_then(|json| Usage::from_converse(json, fields));
        if let Some(usage) = usage {
            each(Piece::Usage(usage));
        }
        self.end(each);
    }
}
