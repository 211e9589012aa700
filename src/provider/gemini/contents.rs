//! The conversation as Google wants it: turns of user and model, the results of calls in a turn of their own behind them.

use std::borrow::Cow;

use super::Flavor;
use super::media;
use super::models::Abilities;
use super::pairing::{Made, paired};
use super::part::{Answered, Part, What};
use crate::canonical::error::ApiError;
use crate::canonical::signature;
use crate::provider::anthropic::arguments;
use crate::provider::anthropic::fault::{Place, bad_request, invalid};
use crate::provider::anthropic::message::{self, Call, Content, Message};
use crate::provider::anthropic::names::Names;
use crate::wire::json::{Array, Object, Text};

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Model,
    /// The client's tools.
    Tools,
    User,
}

/// One turn.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    /// The calls it makes, in the order of its parts.
    pub calls: Vec<Made>,
    pub parts: Vec<Part<'a>>,
    pub who: Who,
}

/// A conversation.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    system: Vec<Part<'a>>,
    turns: Vec<Turn<'a>>,
    /// How closely everything shown is looked at, for models that have one measure for all.
    pub resolution: Option<&'static str>,
}

/// How a conversation is worded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner<'n> {
    pub abilities: Abilities,
    pub flavor: Flavor,
    pub names: &'n Names,
}

/// Puts the messages into turns.
///
/// # Errors
/// A 400 naming the message at fault, or when nobody says anything.
pub(super) fn converse<'a>(
    messages: Vec<Message<'a>>,
    manner: Manner<'_>,
) -> Result<Conversation<'a>, ApiError> {
    let mut builder = Builder {
        done: Conversation::default(),
        manner,
        silent: false,
    };
    for (index, message) in messages.into_iter().enumerate() {
        let place = Place {
            message: index,
            member: None,
        };
        builder.take(message, place)?;
    }
    let Builder {
        mut done, silent, ..
    } = builder;
    done.turns = paired(done.turns, &manner.abilities);
    match done.turns.first().map(|turn| turn.who) {
        None if silent || done.system.is_empty() => {
            let words = "messages must contain at least one user message";
            return Err(bad_request("invalid_value", "messages", words));
        }
        None => done.turns.push(Turn::user(".")),
        Some(Who::Model) => done.turns.insert(0, Turn::user("Please continue.")),
        Some(Who::Tools | Who::User) => {}
    }
    if manner.flavor == Flavor::Vertex {
        done.turns.iter_mut().for_each(caption);
    }
    Ok(done)
}

/// Vertex refuses a user's turn that shows something and says nothing.
fn caption(turn: &mut Turn<'_>) {
    if turn.who == Who::User && !turn.parts.iter().any(Part::is_text) {
        turn.parts.push(Part::ours(" ".to_owned()));
    }
}

impl Turn<'_> {
    fn user(text: &str) -> Self {
        Self {
            calls: Vec::new(),
            parts: vec![Part::ours(text.to_owned())],
            who: Who::User,
        }
    }
}

impl Conversation<'_> {
    /// Writes `contents` and `systemInstruction`.
    pub fn write(&self, body: &mut Object<'_>, abilities: &Abilities) {
        body.array("contents", |contents| {
            self.turns
                .iter()
                .for_each(|turn| turn.write(contents, abilities));
        });
        if !self.system.is_empty() {
            body.object("systemInstruction", |system| {
                system.array("parts", |parts| {
                    self.system
                        .iter()
                        .for_each(|part| part.write(parts, abilities, false));
                });
            });
        }
    }
}

impl Turn<'_> {
    fn write(&self, contents: &mut Array<'_>, abilities: &Abilities) {
        contents.object(|content| {
            let role = if self.who == Who::Model {
                "model"
            } else {
                "user"
            };
            content.string("role", role);
            content.array("parts", |parts| {
                let mut called = false;
                for part in &self.parts {
                    let is_call = matches!(part.what, What::Call { .. });
                    part.write(parts, abilities, is_call && !called);
                    called |= is_call;
                }
            });
        });
    }
}

struct Builder<'a, 'n> {
    done: Conversation<'a>,
    manner: Manner<'n>,
    /// Whether somebody other than the operator said nothing.
    silent: bool,
}

impl<'a> Builder<'a, '_> {
    fn take(&mut self, mut message: Message<'a>, at: Place) -> Result<(), ApiError> {
        let role = message.role.map(|role| role.decode()).unwrap_or_default();
        match role.as_ref() {
            "assistant" => self.assistant(message, at)?,
            "developer" | "system" => {
                let parts = self.parts(&mut message, at.member("content"))?;
                if !parts.iter().all(Part::is_text) {
                    let words = "system messages hold only text";
                    return Err(bad_request(
                        "unsupported_content",
                        at.member("content"),
                        words,
                    ));
                }
                self.done.system.extend(parts);
            }
            "function" | "tool" => self.result(message, at)?,
            "user" => {
                let parts = self.parts(&mut message, at.member("content"))?;
                self.say(Who::User, parts);
            }
            _ => return Err(invalid(at.member("role"), format!("unknown role '{role}'"))),
        }
        Ok(())
    }

    /// What a message says and shows.
    fn parts(&mut self, message: &mut Message<'a>, at: Place) -> Result<Vec<Part<'a>>, ApiError> {
        let parts = match core::mem::take(&mut message.content) {
            Content::Nothing => return Ok(Vec::new()),
            Content::Odd => {
                let words = "content must be a string or an array of parts";
                return Err(invalid(at, words));
            }
            Content::Parts(parts) => parts,
            Content::Text(text) => return Ok(Part::theirs(text).into_iter().collect()),
        };
        let mut made = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            made.extend(self.part(part, at.element("content", index))?);
        }
        Ok(made)
    }

    fn part(&mut self, part: &message::Part<'a>, at: Place) -> Result<Option<Part<'a>>, ApiError> {
        let words = "a content part must be an object with a 'type'";
        let kind = part.kind.ok_or_else(|| invalid(at, words))?.decode();
        match kind.as_ref() {
            "refusal" => return Ok(part.refusal.and_then(Part::theirs)),
            "text" => return Ok(part.text.and_then(Part::theirs)),
            // Reasoning goes back only as a signature.
            "redacted_thinking" | "thinking" => return Ok(None),
            _ => {}
        }
        let Some(what) = media::shown(part, &kind, at, self.manner.flavor)? else {
            let words = format!("gemini does not take '{kind}' parts here");
            return Err(bad_request("unsupported_content", at, words));
        };
        let resolution = part.detail.and_then(|detail| resolution(&detail.decode()));
        if self.done.resolution != Some(CLOSE) {
            self.done.resolution = resolution.or(self.done.resolution);
        }
        Ok(Some(Part {
            resolution,
            ..Part::new(what)
        }))
    }

    fn assistant(&mut self, mut message: Message<'a>, at: Place) -> Result<(), ApiError> {
        let signature = googles(&message);
        let mut parts = self.parts(&mut message, at.member("content"))?;
        parts.extend(message.refusal.and_then(Part::theirs));
        let mut made = Vec::new();
        let text = parts.len().checked_sub(1);
        for (index, call) in message.calls.iter().enumerate() {
            self.call(call, &mut parts, &mut made, at.element("tool_calls", index))?;
        }
        let told = parts.iter().any(|part| part.signature == signature);
        if let Some(part) = text.and_then(|at| parts.get_mut(at)).filter(|_| !told) {
            part.signature = signature;
        }
        self.say(Who::Model, parts);
        if let Some(turn) = self.done.turns.last_mut() {
            turn.calls.append(&mut made);
        }
        Ok(())
    }

    fn call(
        &self,
        call: &Call<'a>,
        parts: &mut Vec<Part<'a>>,
        made: &mut Vec<Made>,
        at: Place,
    ) -> Result<(), ApiError> {
        let unnamed = || invalid(at, "a tool call must have a name");
        let name = call.name.ok_or_else(unnamed)?;
        let theirs = call.id.unwrap_or(name).decode();
        let (theirs, behind) = signature::split(&theirs);
        let stated = call.signature.map(|signature| signature.decode());
        let mut signature = stated.or_else(|| behind.map(|text| Cow::Owned(text.to_owned())));
        let name = self.manner.names.sent(name.decode());
        for args in inputs(call, at)? {
            let id = free(theirs, made);
            made.push(Made {
                id: id.clone(),
                name: name.clone().into_owned(),
                theirs: theirs.to_owned(),
            });
            parts.push(Part {
                signature: signature.take(),
                ..Part::new(What::Call {
                    args,
                    id,
                    name: name.clone().into_owned(),
                })
            });
        }
        Ok(())
    }

    fn result(&mut self, mut message: Message<'a>, at: Place) -> Result<(), ApiError> {
        let id = message.tool_call_id.or(message.name);
        let unnamed = || {
            invalid(
                at.member("tool_call_id"),
                "a tool message must name its call",
            )
        };
        let id = id.ok_or_else(unnamed)?.decode();
        let text = match message.content {
            Content::Text(text) => Some(text.decode()),
            Content::Nothing | Content::Odd | Content::Parts(_) => None,
        };
        let (text, shown) = match text {
            Some(text) => (text, Vec::new()),
            None => self.told(&mut message, at)?,
        };
        let answered = Answered {
            id: signature::split(&id).0.to_owned(),
            is_error: message.is_error,
            name: String::new(),
            shown,
            text,
        };
        self.say(Who::Tools, vec![Part::new(What::Result(answered))]);
        Ok(())
    }

    /// The text of a result in parts, and what it shows.
    fn told(
        &mut self,
        message: &mut Message<'a>,
        at: Place,
    ) -> Result<(Cow<'a, str>, Vec<Part<'a>>), ApiError> {
        let parts = self.parts(message, at.member("content"))?;
        let mut text = Vec::new();
        let mut shown = Vec::new();
        for part in parts {
            match part.what {
                What::Text(super::part::Words::Theirs(said)) => text.push(said.decode()),
                What::Text(super::part::Words::Ours(said)) => text.push(Cow::Owned(said)),
                _ => shown.push(part),
            }
        }
        Ok((Cow::Owned(text.join("\n")), shown))
    }

    fn say(&mut self, who: Who, mut parts: Vec<Part<'a>>) {
        if parts.is_empty() {
            self.silent |= who != Who::Model;
            return;
        }
        match self.done.turns.last_mut() {
            Some(turn) if turn.who == who => turn.parts.append(&mut parts),
            Some(_) | None => self.done.turns.push(Turn {
                calls: Vec::new(),
                parts,
                who,
            }),
        }
    }
}

/// Google's signature of the message's text, wherever clients keep it.
fn googles<'a>(message: &Message<'a>) -> Option<Cow<'a, str>> {
    let block = message.thinking.iter().rev().find_map(|block| {
        let signature = block.signature?.decode();
        signature::to_google(&signature).map(|text| Cow::Owned(text.to_owned()))
    });
    block.or_else(|| message.signature.map(|signature| signature.decode()))
}

/// The objects that a call's arguments stand for.
fn inputs(call: &Call<'_>, at: Place) -> Result<Vec<Vec<u8>>, ApiError> {
    if let Some(text) = call.input {
        let mut args = Vec::new();
        Object::write(&mut args, |object| object.text("input", text));
        return Ok(vec![args]);
    }
    let text = call.arguments.map(|text: Text<'_>| text.decode());
    let broken = || {
        let param = format!("{at}.function.arguments");
        invalid(param, "tool call arguments must be JSON")
    };
    arguments::inputs(&text.unwrap_or_default(), true).ok_or_else(broken)
}

/// An id like `wanted` that no call of the turn has.
fn free(wanted: &str, made: &[Made]) -> String {
    let taken = |id: &str| made.iter().any(|call| call.id == id);
    let numbered = (2_u32..).map(|number| format!("{wanted}_{number}"));
    let mut ids = core::iter::once(wanted.to_owned()).chain(numbered);
    ids.find(|id| !taken(id)).unwrap_or_default()
}

/// The closest look.
const CLOSE: &str = "MEDIA_RESOLUTION_HIGH";

/// Google's word for how closely to look.
fn resolution(detail: &str) -> Option<&'static str> {
    match detail {
        "high" => Some(CLOSE),
        "low" => Some("MEDIA_RESOLUTION_LOW"),
        "medium" => Some("MEDIA_RESOLUTION_MEDIUM"),
        _ => None,
    }
}
