//! The conversation in OpenAI's messages: the results of tools in messages of their own, each call answered.

use std::borrow::Cow;

use super::fields::{Fields, Words, elements, invalid};
use super::parts::{self, Part};
use super::results::{self, ToolResult};
use super::spoken::{self, Spoken};
use super::{names, system};
use crate::canonical::error::ApiError;
use crate::wire::json::{Array, Object};

/// What stands for the result that a client never got.
const NO_RESULT: &str = "[no result]";

/// One message.
#[derive(Debug)]
pub(super) enum Message<'a> {
    Assistant(Spoken<'a>),
    System(Vec<Part<'a>>),
    Tool {
        cache: Option<&'a [u8]>,
        content: Words<'a>,
        id: String,
        is_error: bool,
    },
    User(Vec<Part<'a>>),
}

/// The messages of a request, its `system` first.
///
/// # Errors
/// A 400 naming the message that cannot be told in OpenAI's format.
pub(super) fn read<'a>(request: &Fields<'a>) -> Result<Vec<Message<'a>>, ApiError> {
    let mut builder = Builder::default();
    builder.instruct(request.raw("system").unwrap_or(b"[]"), "system")?;
    let messages = elements(request.raw("messages").unwrap_or_default());
    for (index, message) in messages.into_iter().enumerate() {
        builder.take(&Fields::of(message), &format!("messages.{index}"))?;
    }
    builder.settle();
    Ok(builder.done)
}

#[derive(Debug, Default)]
struct Builder<'a> {
    done: Vec<Message<'a>>,
    /// Messages that wait until every call is answered.
    later: Vec<Message<'a>>,
    /// Ids of the calls that are not answered yet.
    open: Vec<String>,
}

impl<'a> Builder<'a> {
    fn take(&mut self, message: &Fields<'a>, at: &str) -> Result<(), ApiError> {
        let content = message.raw("content").unwrap_or_default();
        let place = format!("{at}.content");
        match message.word("role").as_ref() {
            "assistant" => {
                self.settle();
                let spoken = spoken::read(content, &place)?;
                self.open = spoken.calls.iter().map(|call| call.id.clone()).collect();
                if !spoken.is_empty() {
                    self.done.push(Message::Assistant(spoken));
                }
            }
            "system" => self.instruct(content, &place)?,
            "user" => self.user(content, &place)?,
            _ => {
                return Err(invalid(
                    at,
                    "a role must be 'user', 'assistant' or 'system'",
                ));
            }
        }
        if self.open.is_empty() {
            self.done.append(&mut self.later);
        }
        Ok(())
    }

    fn instruct(&mut self, content: &'a [u8], at: &str) -> Result<(), ApiError> {
        let parts = system::read(content, at)?;
        if !parts.is_empty() {
            self.later.push(Message::System(parts));
        }
        Ok(())
    }

    fn user(&mut self, content: &'a [u8], at: &str) -> Result<(), ApiError> {
        if !content.starts_with(b"[") {
            let parts = parts::read(content, at)?;
            self.later.push(Message::User(parts));
            return Ok(());
        }
        let (mut shown, mut said) = (Vec::new(), Vec::new());
        for (index, block) in elements(content).into_iter().enumerate() {
            let (block, at) = (Fields::of(block), format!("{at}.{index}"));
            if block.kind() == "tool_result" {
                let result = results::read(&block, &at)?;
                self.result(result, &mut shown);
            } else {
                parts::block_parts(&block, &at, &mut said)?;
            }
        }
        shown.append(&mut said);
        if !shown.is_empty() {
            self.later.push(Message::User(shown));
        }
        Ok(())
    }

    /// A result answers its call; one that answers none is something the user says.
    fn result(&mut self, result: ToolResult<'a>, shown: &mut Vec<Part<'a>>) {
        let ToolResult {
            cache,
            content,
            id,
            is_error,
            mut media,
        } = result;
        let id = names::id(id).into_owned();
        if let Some(place) = self.open.iter().position(|open| *open == id) {
            self.open.remove(place);
            self.done.push(Message::Tool {
                cache,
                content,
                id,
                is_error,
            });
        } else {
            let said = format!("Tool result ({id}): {}", content.decode());
            shown.push(Part::of(Words::Ours(said)));
        }
        shown.append(&mut media);
    }

    /// Answers the calls that nobody has answered: OpenAI wants a result for each.
    fn settle(&mut self) {
        for id in self.open.drain(..) {
            self.done.push(Message::Tool {
                cache: None,
                content: Words::Ours(NO_RESULT.to_owned()),
                id,
                is_error: false,
            });
        }
        self.done.append(&mut self.later);
    }
}

impl Message<'_> {
    /// Writes it.
    pub fn write(&self, messages: &mut Array<'_>) {
        messages.object(|message| match self {
            Self::Assistant(spoken) => {
                message.string("role", "assistant");
                spoken.write(message);
            }
            Self::System(parts) => {
                message.string("role", "system");
                parts::write(message, parts);
            }
            Self::Tool {
                cache,
                content,
                id,
                is_error,
            } => {
                message.string("role", "tool");
                message.string("tool_call_id", id);
                message.with("content", |out| content.push_to(out));
                write_marks(message, *is_error, *cache);
            }
            Self::User(parts) => {
                message.string("role", "user");
                parts::write(message, parts);
            }
        });
    }
}

/// Members that only some vendors understand.
fn write_marks(message: &mut Object<'_>, is_error: bool, cache: Option<&[u8]>) {
    if is_error {
        message.raw("is_error", b"true");
    }
    if let Some(marker) = cache {
        message.raw("cache_control", marker);
    }
}

/// One call, as the assistant made it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// JSON text.
    pub arguments: Cow<'a, str>,
    /// The id that is sent.
    pub id: String,
    /// The name that is sent.
    pub name: Cow<'a, str>,
}
