//! Google's parts: what turns are made of.

use std::borrow::Cow;

use super::models::Abilities;
use crate::wire::json::{Array, Object, Text, push_string};

/// What a call without a signature is sent with, so that a model that insists on one takes it.
const UNSIGNED: &str = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=";

/// One part.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// How closely it is to be looked at.
    pub resolution: Option<&'static str>,
    /// Google's signature of the reasoning behind it.
    pub signature: Option<Cow<'a, str>>,
    pub what: What<'a>,
}

/// What a part holds.
#[derive(Debug)]
pub(super) enum What<'a> {
    /// A call of a tool; `args` is a JSON object.
    Call {
        args: Vec<u8>,
        id: String,
        name: String,
    },
    /// Something that Google fetches, or has.
    File {
        kind: Option<Cow<'a, str>>,
        uri: Cow<'a, str>,
    },
    /// Something in base64 that needs no escapes.
    Inline {
        data: Cow<'a, [u8]>,
        kind: Cow<'a, str>,
    },
    /// What a tool answered.
    Result(Answered<'a>),
    /// Text.
    Text(Words<'a>),
}

/// What a tool answered.
#[derive(Debug)]
pub(super) struct Answered<'a> {
    /// The id of the call: the client's, until it is known which call it is.
    pub id: String,
    pub is_error: bool,
    /// The tool's name, once that is known.
    pub name: String,
    /// What it shows.
    pub shown: Vec<Part<'a>>,
    pub text: Cow<'a, str>,
}

/// Text of ours or of the client's.
#[derive(Debug)]
pub(super) enum Words<'a> {
    Ours(String),
    Theirs(Text<'a>),
}

impl<'a> Part<'a> {
    pub const fn new(what: What<'a>) -> Self {
        Self {
            resolution: None,
            signature: None,
            what,
        }
    }

    /// A part that says `text`.
    pub const fn ours(text: String) -> Self {
        Self::new(What::Text(Words::Ours(text)))
    }

    /// A part that says the client's text; `None` when that is empty.
    pub fn theirs(text: Text<'a>) -> Option<Self> {
        // Google refuses texts with this character.
        if memchr::memmem::find(text.raw(), b"\\u0000").is_some() {
            let said = text.decode().replace('\0', "");
            return (!said.is_empty()).then(|| Self::ours(said));
        }
        (!text.raw().is_empty()).then(|| Self::new(What::Text(Words::Theirs(text))))
    }

    /// Whether it is text.
    pub const fn is_text(&self) -> bool {
        matches!(self.what, What::Text(_))
    }

    /// Writes it. `unsigned` says that it is the first call of its turn.
    pub fn write(&self, parts: &mut Array<'_>, abilities: &Abilities, first_call: bool) {
        parts.object(|part| {
            match &self.what {
                What::Call { args, id, name } => part.object("functionCall", |call| {
                    if abilities.ids() {
                        call.string("id", id);
                    }
                    call.string("name", name);
                    call.raw("args", args);
                }),
                What::File { kind, uri } => part.object("fileData", |file| {
                    if let Some(kind) = kind {
                        file.string("mimeType", kind);
                    }
                    file.string("fileUri", uri);
                }),
                What::Inline { data, kind } => part.object("inlineData", |inline| {
                    inline.string("mimeType", kind);
                    inline.with("data", |out| {
                        out.push(b'"');
                        out.extend_from_slice(data);
                        out.push(b'"');
                    });
                }),
                What::Result(answered) => {
                    part.object("functionResponse", |result| {
                        answered.write(result, abilities)
                    });
                }
                What::Text(Words::Ours(text)) => part.string("text", text),
                What::Text(Words::Theirs(text)) => part.text("text", *text),
            }
            self.write_rest(part, abilities, first_call);
        });
    }

    fn write_rest(&self, part: &mut Object<'_>, abilities: &Abilities, first_call: bool) {
        match &self.signature {
            Some(signature) => part.string("thoughtSignature", signature),
            None if first_call && abilities.ids() => part.string("thoughtSignature", UNSIGNED),
            None => {}
        }
        if let (Some(level), true) = (self.resolution, abilities.resolution_by_part()) {
            part.object("mediaResolution", |object| object.string("level", level));
        }
    }
}

impl Answered<'_> {
    fn write(&self, result: &mut Object<'_>, abilities: &Abilities) {
        if abilities.ids() {
            result.string("id", &self.id);
        }
        result.string("name", &self.name);
        let is_object = crate::wire::json::Members::read(self.text.as_bytes()).is_ok();
        result.with("response", |out| match (self.is_error, is_object) {
            (false, true) => out.extend_from_slice(self.text.as_bytes()),
            (is_error, is_object) => Object::write(out, |response| {
                let key = if is_error { "error" } else { "output" };
                response.with(key, |out| {
                    if is_object {
                        out.extend_from_slice(self.text.as_bytes());
                    } else {
                        push_string(out, &self.text);
                    }
                });
            }),
        });
        if abilities.results_show() && !self.shown.is_empty() {
            result.array("parts", |parts| {
                self.shown
                    .iter()
                    .for_each(|part| part.write(parts, abilities, false));
            });
        }
    }
}
