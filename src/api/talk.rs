//! The messages of a chat, made item by item from formats that have no such messages: what an assistant says and calls between two
//! turns of others becomes one message, and what results show is shown by the user, because a tool may only speak.

use std::borrow::Cow;

use super::look::push_joined;
use crate::wire::json::{Array, Object, Text, compact, push_string, quote};

/// Messages being made.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    /// Ids of all calls so far.
    called: Vec<Cow<'a, str>>,
    /// Whether the texts of one turn are pieces of one text.
    joined: bool,
    out: Vec<u8>,
    /// What results have shown, for the user's next message.
    shown: Vec<Part<'a>>,
    turn: Turn<'a>,
}

/// What the assistant says and does at one go.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    pub calls: Vec<Call<'a>>,
    pub content: Vec<Part<'a>>,
    pub reasoning: Vec<Text<'a>>,
    /// How many of the texts of `reasoning` are in blocks.
    pub signed: usize,
    /// Elements of `thinking_blocks`, as JSON.
    pub thinking: Vec<Cow<'a, [u8]>>,
}

/// A part of a message.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Audio {
        data: Text<'a>,
        format: &'static str,
    },
    File {
        data: Option<Address<'a>>,
        id: Option<Text<'a>>,
        name: Option<Text<'a>>,
    },
    Image {
        detail: Option<&'static str>,
        url: Address<'a>,
    },
    Refusal(Text<'a>),
    Text(Text<'a>),
    /// Text of our own.
    Words(String),
}

/// Where something is.
#[derive(Debug)]
pub(super) enum Address<'a> {
    /// In base64 of either alphabet.
    Data { kind: Cow<'a, str>, data: Text<'a> },
    /// At a URL.
    Url(Text<'a>),
}

/// A call of a tool.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub arguments: Arguments<'a>,
    pub id: Cow<'a, str>,
    pub name: Text<'a>,
    /// Gemini's signature.
    pub signature: Option<Text<'a>>,
}

/// What a tool is called with.
#[derive(Debug)]
pub(super) enum Arguments<'a> {
    /// The text of a tool that takes only text.
    Input(Text<'a>),
    /// An object.
    Json(&'a [u8]),
    /// An object, as text.
    Text(Text<'a>),
}

impl<'a> Talk<'a> {
    /// No messages yet. `joined` when the texts of a turn are pieces of one text.
    pub fn new(joined: bool) -> Self {
        Self {
            called: Vec::new(),
            joined,
            out: Vec::new(),
            shown: Vec::new(),
            turn: Turn::default(),
        }
    }

    /// A message of one who instructs.
    pub fn instruct(&mut self, role: &str, texts: &[Text<'_>]) {
        self.show();
        self.message(role, |message| {
            message.with("content", |out| push_joined(out, texts, r"\n\n"));
        });
    }

    /// A message of the user's.
    pub fn user(&mut self, parts: Vec<Part<'a>>) {
        let mut all = core::mem::take(&mut self.shown);
        all.extend(parts);
        self.said("user", &all);
    }

    /// A message in another role.
    pub fn said_by(&mut self, role: &str, parts: &[Part<'_>]) {
        self.show();
        self.said(role, parts);
    }

    /// The assistant's turn, to be added to.
    pub fn turn(&mut self) -> &mut Turn<'a> {
        if !self.shown.is_empty() {
            self.show();
        }
        &mut self.turn
    }

    /// The assistant calls a tool.
    pub fn call(&mut self, call: Call<'a>) {
        self.called.push(call.id.clone());
        self.turn().calls.push(call);
    }

    /// The assistant's turn is over.
    pub fn close(&mut self) {
        let turn = core::mem::take(&mut self.turn);
        if turn.content.is_empty() && turn.calls.is_empty() {
            return;
        }
        let joined = self.joined;
        self.append(|message| {
            message.raw("role", b"\"assistant\"");
            turn.write(joined, message);
        });
    }

    /// What a call gave. What nobody called for is told by the user.
    pub fn result(&mut self, id: &str, parts: Vec<Part<'a>>) {
        self.close();
        let spoken = |part: &Part<'_>| matches!(part, Part::Text(_) | Part::Words(_));
        let (mut texts, shown): (Vec<_>, Vec<_>) = parts.into_iter().partition(spoken);
        if !self.called.iter().any(|known| known == id) {
            texts.insert(0, Part::Words(format!("Tool result ({id}):")));
            texts.extend(shown);
            return self.user(texts);
        }
        for part in &shown {
            let kind = match part {
                Part::Audio { .. } => "sound",
                Part::File { .. } => "file",
                Part::Image { .. } | Part::Refusal(_) | Part::Text(_) | Part::Words(_) => "image",
            };
            texts.push(Part::Words(format!(
                "[{kind} attached in the next message]"
            )));
        }
        self.shown.extend(shown);
        self.append(|message| {
            message.raw("role", b"\"tool\"");
            message.string("tool_call_id", id);
            message.with("content", |out| push_texts(out, &texts, r"\n"));
        });
    }

    /// The array of messages.
    pub fn finish(mut self) -> Vec<u8> {
        self.show();
        self.close();
        [b"[", self.out.as_slice(), b"]"].concat()
    }

    /// The user shows what results have shown.
    fn show(&mut self) {
        if !self.shown.is_empty() {
            self.user(Vec::new());
        }
    }

    fn said(&mut self, role: &str, parts: &[Part<'_>]) {
        self.message(role, |message| {
            message.with("content", |out| push_content(out, parts, false));
        });
    }

    fn message(&mut self, role: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.close();
        self.append(|message| {
            message.string("role", role);
            fill(message);
        });
    }

    fn append(&mut self, fill: impl FnOnce(&mut Object<'_>)) {
        if !self.out.is_empty() {
            self.out.push(b',');
        }
        Object::write(&mut self.out, fill);
    }
}

impl Turn<'_> {
    fn write(&self, joined: bool, message: &mut Object<'_>) {
        match self.content.as_slice() {
            [] => message.raw("content", b"null"),
            parts => message.with("content", |out| push_content(out, parts, joined)),
        }
        if !self.reasoning.is_empty() {
            let between = if joined { "" } else { r"\n\n" };
            message.with("reasoning_content", |out| {
                push_joined(out, &self.reasoning, between);
            });
        }
        if !self.thinking.is_empty() {
            message.array("thinking_blocks", |blocks| {
                for block in &self.thinking {
                    blocks.with(|out| out.extend_from_slice(block));
                }
            });
        }
        if !self.calls.is_empty() {
            message.array("tool_calls", |calls| {
                self.calls.iter().for_each(|call| call.write(calls));
            });
        }
    }
}

impl Call<'_> {
    fn write(&self, calls: &mut Array<'_>) {
        calls.object(|call| {
            call.string("id", &self.id);
            call.raw("type", b"\"function\"");
            call.object("function", |function| {
                function.text("name", self.name);
                function.with("arguments", |out| self.arguments.push_to(out));
            });
            if let Some(signature) = self.signature {
                call.object("extra_content", |extra| {
                    extra.object("google", |google| {
                        google.text("thought_signature", signature);
                    });
                });
            }
        });
    }
}

impl Arguments<'_> {
    fn push_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Input(text) => {
                let mut json = Vec::new();
                Object::write(&mut json, |object| object.text("input", *text));
                push_string(out, &String::from_utf8_lossy(&json));
            }
            Self::Json(json) => push_string(out, &String::from_utf8_lossy(&compact(json))),
            Self::Text(text) => text.push_to(out),
        }
    }
}

/// Text alone is a string; anything else is an array of parts.
fn push_content(out: &mut Vec<u8>, parts: &[Part<'_>], joined: bool) {
    let is_text = |part: &Part<'_>| matches!(part, Part::Text(_) | Part::Words(_));
    if (parts.len() == 1 || joined) && parts.iter().all(is_text) {
        return push_texts(out, parts, "");
    }
    Array::write(out, |list| parts.iter().for_each(|part| part.write(list)));
}

/// The texts among the parts as one string.
fn push_texts(out: &mut Vec<u8>, parts: &[Part<'_>], between: &str) {
    out.push(b'"');
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(between.as_bytes());
        }
        match part {
            Part::Text(text) => out.extend_from_slice(text.raw()),
            Part::Words(words) => {
                let quoted = quote(words);
                let inner = quoted.strip_prefix(b"\"").unwrap_or_default();
                out.extend_from_slice(inner.strip_suffix(b"\"").unwrap_or_default());
            }
            Part::Audio { .. } | Part::File { .. } | Part::Image { .. } | Part::Refusal(_) => {}
        }
    }
    out.push(b'"');
}

impl Part<'_> {
    fn write(&self, list: &mut Array<'_>) {
        list.object(|part| match self {
            Self::Audio { data, format } => {
                part.raw("type", b"\"input_audio\"");
                part.object("input_audio", |audio| {
                    audio.with("data", |out| {
                        out.push(b'"');
                        push_base64(out, *data);
                        out.push(b'"');
                    });
                    audio.string("format", format);
                });
            }
            Self::File { data, id, name } => {
                part.raw("type", b"\"file\"");
                part.object("file", |file| {
                    name.iter().for_each(|name| file.text("filename", *name));
                    if let Some(data) = data {
                        file.with("file_data", |out| data.push_to(out));
                    }
                    id.iter().for_each(|id| file.text("file_id", *id));
                });
            }
            Self::Image { detail, url } => {
                part.raw("type", b"\"image_url\"");
                part.object("image_url", |image| {
                    image.with("url", |out| url.push_to(out));
                    detail
                        .iter()
                        .for_each(|detail| image.string("detail", detail));
                });
            }
            Self::Refusal(text) => {
                part.raw("type", b"\"refusal\"");
                part.text("refusal", *text);
            }
            Self::Text(text) => {
                part.raw("type", b"\"text\"");
                part.text("text", *text);
            }
            Self::Words(words) => {
                part.raw("type", b"\"text\"");
                part.string("text", words);
            }
        });
    }
}

impl Address<'_> {
    fn push_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Data { kind, data } => {
                push_string(out, &format!("data:{kind};base64,"));
                out.pop();
                push_base64(out, *data);
                out.push(b'"');
            }
            Self::Url(url) => url.push_to(out),
        }
    }
}

/// Base64 of either alphabet in the one that data URLs have: Google's clients send the other.
fn push_base64(out: &mut Vec<u8>, data: Text<'_>) {
    out.extend(data.raw().iter().map(|byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    }));
}

#[cfg(test)]
mod tests {
    use super::super::look::as_text;
    use super::*;

    fn text(json: &str) -> Text<'_> {
        as_text(json.as_bytes()).unwrap()
    }

    fn call<'a>(id: &'a str) -> Call<'a> {
        Call {
            arguments: Arguments::Json(b"{ \"a\" : 1.10 }"),
            id: id.into(),
            name: text(r#""f""#),
            signature: None,
        }
    }

    fn made(talk: Talk<'_>) -> String {
        String::from_utf8(talk.finish()).unwrap()
    }

    #[test]
    fn what_an_assistant_says_and_calls_is_one_message() {
        let mut talk = Talk::new(false);
        talk.turn().content.push(Part::Text(text(r#""hi""#)));
        talk.call(call("c1"));
        talk.result("c1", vec![Part::Text(text(r#""r""#))]);
        assert_eq!(
            made(talk),
            concat!(
                r#"[{"role":"assistant","content":"hi","tool_calls":[{"id":"c1","type":"function","#,
                r#""function":{"name":"f","arguments":"{\"a\":1.10}"}}]},"#,
                r#"{"role":"tool","tool_call_id":"c1","content":"r"}]"#
            )
        );
    }

    #[test]
    fn what_results_show_is_shown_by_the_user_after_all_of_them() {
        let image = || Part::Image {
            detail: None,
            url: Address::Data {
                kind: "image/png".into(),
                data: text(r#""a-_b""#),
            },
        };
        let mut talk = Talk::new(false);
        talk.call(call("c1"));
        talk.call(call("c2"));
        talk.result("c1", vec![image()]);
        talk.result("c2", vec![]);
        talk.user(vec![Part::Text(text(r#""go""#))]);
        let made = made(talk);
        let end = concat!(
            r#"{"role":"tool","tool_call_id":"c1","content":"[image attached in the next message]"},"#,
            r#"{"role":"tool","tool_call_id":"c2","content":""},"#,
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,a+/b"}},"#,
            r#"{"type":"text","text":"go"}]}]"#
        );
        assert!(made.ends_with(end), "{made}");
    }

    #[test]
    fn a_result_that_nobody_called_for_is_told_by_the_user() {
        let mut talk = Talk::new(false);
        talk.result("x", vec![Part::Text(text(r#""r""#))]);
        assert_eq!(
            made(talk),
            r#"[{"role":"user","content":[{"type":"text","text":"Tool result (x):"},{"type":"text","text":"r"}]}]"#
        );
    }

    #[test]
    fn reasoning_that_nothing_followed_is_left_out() {
        let mut talk = Talk::new(false);
        talk.turn().reasoning.push(text(r#""hm""#));
        talk.user(vec![Part::Text(text(r#""hi""#))]);
        assert_eq!(made(talk), r#"[{"role":"user","content":"hi"}]"#);
    }
}
