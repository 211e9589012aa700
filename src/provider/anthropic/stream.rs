//! Anthropic's events, each read into the pieces of an answer that it tells.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::event::{Block, finish, refusal};
use super::fault::{Stated, not_understood};
use super::reply::Reply;
use super::text::{Str, mended};
use crate::canonical::answer::{Citation, ThinkingBlock};
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::usage::Anthropic as Counters;

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
    counters: Counters,
    /// Whether the forced tool has been called.
    formed: bool,
    over: bool,
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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
    #[serde(borrow)]
    delta: Option<Block<'a>>,
    #[serde(borrow)]
    error: Option<Stated<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    message: Option<Head<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// The message that `message_start` announces.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// Only what kind of event it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
}

impl Stream {
    /// Reads one event's data.
    pub fn read(&mut self, data: &[u8], reply: &Reply, each: Each<'_>) {
        if self.over {
            return;
        }
        let data = mended(data);
        match serde_json::from_slice::<Event<'_>>(&data) {
            Ok(Event {
                kind: None,
                error: Some(_),
                ..
            }) => {
                self.over = true;
                each(Piece::Failed(ApiError::inside("anthropic", &data)));
            }
            Ok(event) => self.take(event, reply, each),
            Err(error) if matters(&data) => self.fail(&error.to_string(), each),
            Err(_) => {}
        }
    }

    /// The stream cannot be read any further.
    pub fn fail(&mut self, what: &str, each: Each<'_>) {
        if !self.over {
            self.over = true;
            each(Piece::Failed(not_understood(what)));
        }
    }

    fn take(&mut self, event: Event<'_>, reply: &Reply, each: Each<'_>) {
        match event.kind.as_ref().map_or("", Str::as_str) {
            "message_start" => self.start(&event.message.unwrap_or_default(), each),
            "content_block_start" => {
                self.open(event.content_block.unwrap_or_default(), reply, each)
            }
            "content_block_delta" => self.delta(&event.delta.unwrap_or_default(), each),
            "content_block_stop" => self.close(each),
            "message_delta" => self.stop(&event.delta.unwrap_or_default(), event.usage, each),
            "message_stop" => {
                self.over = true;
                each(Piece::End);
            }
            "error" => {
                self.over = true;
                each(Piece::Failed(event.error.unwrap_or_default().translate()));
            }
            // "ping", and events to come.
            _ => {}
        }
    }

    fn start(&mut self, head: &Head<'_>, each: Each<'_>) {
        let id = head.id.as_ref().map(Str::as_str);
        let model = head.model.as_ref().map(Str::as_str);
        each(Piece::Start { id, model });
        self.count(head.usage, each);
    }

    fn count(&mut self, usage: Option<&RawValue>, each: Each<'_>) {
        if let Some(json) = usage {
            self.counters.overlay(json.get().as_bytes());
            if let Some(usage) = self.counters.usage() {
                each(Piece::Usage(usage));
            }
        }
    }

    fn open(&mut self, block: Block<'_>, reply: &Reply, each: Each<'_>) {
        // A block whose end was lost ends where the next begins.
        self.close(each);
        self.block = match block.is() {
            "text" => Open::Text {
                start: self.characters,
                cited: Vec::new(),
            },
            "thinking" => Open::Thinking {
                signature: String::new(),
                thinking: String::new(),
            },
            "tool_use" => self.call(&block, reply, each),
            "redacted_thinking" => {
                let data = block.data.clone().map(Str::into_string).unwrap_or_default();
                each(Piece::Thinking(ThinkingBlock::Redacted { data }));
                Open::Other
            }
            _ => Open::Other,
        };
        self.delta(&block, each);
    }

    fn call(&mut self, block: &Block<'_>, reply: &Reply, each: Each<'_>) -> Open {
        let name = block.name.as_ref().map_or("", Str::as_str);
        if reply.is_form(name) {
            // Only the first form is content: two texts in a row are no JSON.
            let first = !self.formed;
            self.formed = true;
            return if first {
                Open::Form { empty: true }
            } else {
                Open::Other
            };
        }
        let index = self.calls;
        self.calls = index.saturating_add(1);
        let id = block.id.as_ref().map_or("", Str::as_str);
        each(Piece::ToolStart {
            index,
            id,
            name: reply.name_of(name),
        });
        Open::Tool { index, empty: true }
    }

    /// What a delta, or the start of a block, adds to the open block.
    fn delta(&mut self, delta: &Block<'_>, each: Each<'_>) {
        match &mut self.block {
            Open::Form { empty } => {
                if let Some(fragment) = some(&delta.partial_json) {
                    *empty = false;
                    each(Piece::Content(fragment));
                }
            }
            Open::Other => {}
            Open::Text { start, cited } => {
                if let Some(text) = some(&delta.text) {
                    self.characters = self.characters.saturating_add(text.chars().count());
                    each(Piece::Content(text));
                }
                cited.extend(
                    delta
                        .citation
                        .as_ref()
                        .and_then(|source| source.cited(*start, *start)),
                );
            }
            Open::Thinking {
                signature,
                thinking,
            } => {
                signature.push_str(some(&delta.signature).unwrap_or_default());
                if let Some(text) = some(&delta.thinking) {
                    thinking.push_str(text);
                    each(Piece::Reasoning(text));
                }
            }
            Open::Tool { index, empty } => {
                if let Some(fragment) = some(&delta.partial_json) {
                    *empty = false;
                    each(Piece::ToolArguments {
                        index: *index,
                        fragment,
                    });
                }
            }
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
                cited
                    .into_iter()
                    .for_each(|one| each(Piece::Citation(Citation { end, ..one })));
            }
            Open::Thinking {
                signature,
                thinking,
            } => {
                each(Piece::Thinking(ThinkingBlock::Signed {
                    signature,
                    thinking,
                }));
            }
            Open::Form { empty: false } | Open::Other | Open::Tool { empty: false, .. } => {}
        }
    }

    fn stop(&mut self, delta: &Block<'_>, usage: Option<&RawValue>, each: Each<'_>) {
        self.close(each);
        let reason = some(&delta.stop_reason);
        if let Some(explanation) = refusal(reason, delta.stop_details.as_ref()) {
            each(Piece::Refusal(explanation));
        }
        if reason.is_some() {
            each(Piece::Finish(finish(reason, self.calls > 0)));
        }
        self.count(usage, each);
    }
}

fn some<'t>(text: &'t Option<Str<'_>>) -> Option<&'t str> {
    text.as_ref()
        .map(Str::as_str)
        .filter(|text| !text.is_empty())
}

/// Whether an event that cannot be read would have said something: it is of a known type, or no JSON at all.
fn matters(data: &[u8]) -> bool {
    const KNOWN: [&str; 7] = [
        "content_block_delta",
        "content_block_start",
        "content_block_stop",
        "error",
        "message_delta",
        "message_start",
        "message_stop",
    ];
    let kind = serde_json::from_slice::<Kind<'_>>(data);
    kind.is_ok_and(|event| KNOWN.contains(&event.kind.unwrap_or_default().as_str()))
        || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_err()
}
