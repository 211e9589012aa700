//! The conversation as Anthropic wants it: turns of user and assistant, each call answered in the turn behind it.

use super::arguments;
use super::block::{Block, ToolResult, What, Words};
use super::dialect::Dialect;
use super::fault::{Place, bad_request, invalid};
use super::message::{Call, Message};
use super::names::{Ids, Names};
use super::pairing::{Made, answer_calls};
use super::parts;
use crate::canonical::error::ApiError;

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::provider) enum Role {
    Assistant,
    System,
    User,
}

impl Role {
    /// Anthropic's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// One turn.
#[derive(Debug)]
pub(in crate::provider) struct Turn<'a> {
    pub role: Role,
    pub blocks: Vec<Block<'a>>,
    /// The calls that the turn behind it must answer.
    pub calls: Vec<Made>,
}

/// A conversation.
#[derive(Debug, Default)]
pub(in crate::provider) struct Conversation<'a> {
    pub system: Vec<Block<'a>>,
    pub turns: Vec<Turn<'a>>,
}

/// How a conversation may look, which depends on the model and the request.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Manner<'n> {
    pub dialect: &'static Dialect,
    /// System messages may stand between others.
    pub mid_system: bool,
    pub names: &'n Names,
}

/// Puts the messages into turns.
///
/// # Errors
/// A 400 naming the message at fault, or when there is nobody to answer.
pub(in crate::provider) fn converse<'a>(
    messages: Vec<Message<'a>>,
    manner: Manner<'_>,
) -> Result<Conversation<'a>, ApiError> {
    let mut builder = Builder {
        done: Conversation::default(),
        ids: Ids::default(),
        manner,
        waiting: Vec::new(),
    };
    for (index, message) in messages.into_iter().enumerate() {
        builder.take(
            message,
            Place {
                message: index,
                member: None,
            },
        )?;
    }
    builder.flush(true);
    let mut conversation = builder.done;
    answer_calls(&mut conversation.turns);
    match conversation.turns.first().map(|turn| turn.role) {
        None => Err(bad_request(
            "invalid_value",
            "messages",
            "messages must contain at least one user message",
        )),
        Some(Role::User | Role::System) => Ok(conversation),
        Some(Role::Assistant) => {
            conversation.turns.insert(0, go_on());
            Ok(conversation)
        }
    }
}

impl Conversation<'_> {
    /// Whether it calls tools.
    pub fn has_calls(&self) -> bool {
        self.turns.iter().any(|turn| !turn.calls.is_empty())
    }

    /// Whether tools were called and none of its reasoning is there to be sent back.
    pub fn lacks_thoughts(&self) -> bool {
        let thought =
            |block: &Block<'_>| matches!(block.what, What::Redacted(_) | What::Thinking { .. });
        self.has_calls() && !self.turns.iter().flat_map(|turn| &turn.blocks).any(thought)
    }

    /// Makes an assistant's last word one that Anthropic goes on from, or asks it to go on.
    pub fn settle_last(&mut self, may_prefill: bool) {
        let Some(turn) = self
            .turns
            .last_mut()
            .filter(|turn| turn.role == Role::Assistant)
        else {
            return;
        };
        if !may_prefill {
            self.turns.push(go_on());
            return;
        }
        if let Some(Block {
            what: What::Text(words),
            ..
        }) = turn.blocks.last_mut()
        {
            let text = words.decode();
            let trimmed = text.trim_end();
            if trimmed.len() < text.len() {
                *words = Words::Ours(trimmed.to_owned());
            }
        }
    }

    /// All blocks, system first.
    pub fn blocks(&self) -> impl Iterator<Item = &Block<'_>> {
        self.system
            .iter()
            .chain(self.turns.iter().flat_map(|turn| &turn.blocks))
    }
}

fn go_on() -> Turn<'static> {
    Turn {
        role: Role::User,
        blocks: vec![Block::ours("Please continue.")],
        calls: Vec::new(),
    }
}

struct Builder<'a, 'n> {
    done: Conversation<'a>,
    ids: Ids,
    manner: Manner<'n>,
    /// System messages that must not stand before the end of the user's turn.
    waiting: Vec<Block<'a>>,
}

impl<'a> Builder<'a, '_> {
    fn take(&mut self, mut message: Message<'a>, at: Place) -> Result<(), ApiError> {
        let (content, dialect) = (at.member("content"), self.manner.dialect);
        let role = message.role.map(|role| role.decode()).unwrap_or_default();
        match role.as_ref() {
            "assistant" => self.assistant(&mut message, at)?,
            "developer" | "system" => {
                let blocks = parts::system(&mut message, content, dialect)?;
                self.system(blocks);
            }
            "function" | "tool" => self.result(&mut message, at)?,
            "user" => {
                let blocks = parts::shown(&mut message, content, dialect)?;
                self.say(Role::User, blocks);
            }
            _ => return Err(invalid(at.member("role"), format!("unknown role '{role}'"))),
        }
        Ok(())
    }

    fn assistant(&mut self, message: &mut Message<'a>, at: Place) -> Result<(), ApiError> {
        let mut blocks = parts::spoken(message, at.member("content"), self.manner.dialect)?;
        let mut made = Vec::new();
        for (index, call) in core::mem::take(&mut message.calls).into_iter().enumerate() {
            self.call(
                &call,
                &mut blocks,
                &mut made,
                at.element("tool_calls", index),
            )?;
        }
        if let (Some(block), true) = (
            blocks.last_mut(),
            message.cache.is_some() && !made.is_empty(),
        ) {
            block.cache = message.cache;
        }
        if !blocks.is_empty() {
            self.flush(false);
            self.say(Role::Assistant, blocks);
        }
        if let Some(turn) = self.done.turns.last_mut() {
            turn.calls.append(&mut made);
        }
        Ok(())
    }

    fn call(
        &mut self,
        call: &Call<'a>,
        blocks: &mut Vec<Block<'a>>,
        made: &mut Vec<Made>,
        at: Place,
    ) -> Result<(), ApiError> {
        let name = call
            .name
            .ok_or_else(|| invalid(at, "a tool call must have a name"))?;
        let theirs = call.id.unwrap_or(name).decode();
        let inputs = match (call.input, call.arguments) {
            (Some(text), _) => vec![free_text(&text.decode())],
            (None, text) => {
                let text = text.map(|text| text.decode()).unwrap_or_default();
                let fault = || {
                    invalid(
                        format!("{at}.function.arguments"),
                        "tool call arguments must be JSON",
                    )
                };
                arguments::inputs(&text, self.manner.dialect.wraps).ok_or_else(fault)?
            }
        };
        for input in inputs {
            let id = self.ids.give(&theirs, self.manner.dialect.id);
            made.push(Made {
                id: id.clone(),
                theirs: theirs.clone().into_owned(),
            });
            let name = self.manner.names.sent(name.decode());
            blocks.push(Block::new(What::ToolUse { id, input, name }));
        }
        Ok(())
    }

    fn result(&mut self, message: &mut Message<'a>, at: Place) -> Result<(), ApiError> {
        let id = message.tool_call_id.or(message.name);
        let id = id.ok_or_else(|| {
            invalid(
                at.member("tool_call_id"),
                "a tool message must name its call",
            )
        })?;
        let content = parts::answered(message, at.member("content"), self.manner.dialect)?;
        let result = ToolResult {
            id: id.decode().into_owned(),
            content,
            is_error: message.is_error,
        };
        self.say(
            Role::User,
            vec![Block {
                cache: message.cache,
                what: What::ToolResult(result),
            }],
        );
        Ok(())
    }

    fn system(&mut self, mut blocks: Vec<Block<'a>>) {
        let last = self.done.turns.last().map(|turn| turn.role);
        match last {
            None => self.done.system.append(&mut blocks),
            Some(_) if !self.manner.mid_system => self.instruct(blocks),
            Some(Role::System) => self.say(Role::System, blocks),
            Some(Role::User) if !self.follows_calls() => self.say(Role::System, blocks),
            Some(Role::Assistant | Role::User) => self.waiting.append(&mut blocks),
        }
    }

    /// Whether the last turn may still be given results of the calls before it.
    fn follows_calls(&self) -> bool {
        let before = self.done.turns.iter().rev().nth(1);
        before.is_some_and(|turn| !turn.calls.is_empty())
    }

    /// Lets the waiting system messages stand behind the user's turn; at the end of a conversation without
    /// one the user says them.
    fn flush(&mut self, at_end: bool) {
        let waiting = core::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return;
        }
        match self.done.turns.last().map(|turn| turn.role) {
            Some(Role::User | Role::System) => self.say(Role::System, waiting),
            Some(Role::Assistant) | None if at_end => self.instruct(waiting),
            Some(Role::Assistant) | None => self.waiting = waiting,
        }
    }

    /// Says what the operator wrote in the user's turn.
    fn instruct(&mut self, mut blocks: Vec<Block<'a>>) {
        for block in &mut blocks {
            if let What::Text(Words::Theirs(text)) = block.what {
                block.what = What::Text(Words::Instruction(text));
            }
        }
        self.say(Role::User, blocks);
    }

    fn say(&mut self, role: Role, mut blocks: Vec<Block<'a>>) {
        if blocks.is_empty() {
            return;
        }
        match self.done.turns.last_mut() {
            Some(turn) if turn.role == role => turn.blocks.append(&mut blocks),
            Some(_) | None => self.done.turns.push(Turn {
                role,
                blocks,
                calls: Vec::new(),
            }),
        }
    }
}

/// The free text of a custom tool as the input of the function that stands for it.
fn free_text(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len().saturating_add(16));
    crate::wire::json::Object::write(&mut out, |object| object.string("input", text));
    out
}
