//! An answer as text completions, whole or in chunks.

use crate::api::chat::answer::write_usage;
use crate::api::{Voice, Wish};
use crate::canonical::answer::{Completion, FinishReason};
use crate::canonical::piece::Piece;
use crate::usage::Usage;
use crate::wire::json::Object;

/// Words one answer.
#[derive(Debug)]
pub(super) struct Teller {
    created: u64,
    /// What is said first: the prompt, where it is to be repeated.
    echo: String,
    ended: bool,
    finished: bool,
    id: String,
    include_usage: bool,
    model: String,
    usage: Option<Usage>,
}

impl Teller {
    /// `echo` is said before anything else.
    pub fn new(wish: &Wish<'_>, include_usage: bool, echo: String) -> Self {
        Self {
            created: wish.created,
            echo,
            ended: false,
            finished: false,
            id: named(wish.id),
            include_usage,
            model: wish.model.to_owned(),
            usage: None,
        }
    }

    fn begin(&mut self, id: Option<&str>, model: Option<&str>) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if let Some(id) = id.filter(|id| !id.is_empty() && id.bytes().all(plain)) {
            self.id = named(id);
        }
        if let Some(model) = model {
            self.model = model.to_owned();
        }
    }

    fn head(&self, object: &mut Object<'_>) {
        object.string("id", &self.id);
        object.raw("object", b"\"text_completion\"");
        object.number("created", self.created);
        object.string("model", &self.model);
    }

    fn said(&mut self, text: &str, out: &mut Vec<u8>) {
        let mut all = core::mem::take(&mut self.echo);
        all.push_str(text);
        if !all.is_empty() {
            self.chunk(&all, None, out);
        }
    }

    fn finish(&mut self, reason: FinishReason, out: &mut Vec<u8>) {
        if !self.finished {
            self.said("", out);
            self.finished = true;
            self.chunk("", Some(reason), out);
        }
    }

    fn chunk(&self, text: &str, reason: Option<FinishReason>, out: &mut Vec<u8>) {
        self.frame(out, |object| {
            object.array("choices", |choices| {
                choices.object(|choice| write_choice(choice, text, reason));
            });
            if self.include_usage {
                object.raw("usage", b"null");
            }
        });
    }

    fn frame(&self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        out.extend_from_slice(b"data: ");
        Object::write(out, |object| {
            self.head(object);
            fill(object);
        });
        out.extend_from_slice(b"\n\n");
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.finish(FinishReason::Stop, out);
        self.ended = true;
        if let (true, Some(usage)) = (self.include_usage, self.usage) {
            self.frame(out, |object| {
                object.raw("choices", b"[]");
                object.object("usage", |object| write_usage(object, &usage));
            });
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}

fn write_choice(choice: &mut Object<'_>, text: &str, reason: Option<FinishReason>) {
    choice.string("text", text);
    choice.number("index", 0);
    choice.raw("logprobs", b"null");
    choice.nullable("finish_reason", reason.map(word));
}

/// A completion calls no tools.
fn word(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::ToolCalls => FinishReason::Stop.as_str(),
        FinishReason::ContentFilter | FinishReason::Length | FinishReason::Stop => reason.as_str(),
    }
}

fn named(id: &str) -> String {
    let bare = id.strip_prefix("chatcmpl-").unwrap_or(id);
    if bare.starts_with("cmpl-") {
        return bare.to_owned();
    }
    format!("cmpl-{bare}")
}

impl Voice for Teller {
    fn whole(&mut self, completion: &Completion) -> Vec<u8> {
        self.begin(completion.id.as_deref(), completion.model.as_deref());
        self.created = completion.created.unwrap_or(self.created);
        let mut text = core::mem::take(&mut self.echo);
        let said = completion.content.as_ref().or(completion.refusal.as_ref());
        text.extend(said.map(String::as_str));
        let mut out = Vec::with_capacity(text.len().saturating_add(512));
        Object::write(&mut out, |object| {
            self.head(object);
            object.array("choices", |choices| {
                choices.object(|choice| write_choice(choice, &text, Some(completion.reason())));
            });
            if let Some(usage) = &completion.usage {
                object.object("usage", |object| write_usage(object, usage));
            }
        });
        out
    }

    fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match piece {
            Piece::Content(text) | Piece::Refusal(text) => self.said(text, out),
            Piece::End => self.end(out),
            Piece::Finish(reason) => self.finish(*reason, out),
            Piece::Start { id, model } => self.begin(*id, *model),
            Piece::Usage(usage) => self.usage = Some(*usage),
            Piece::Citation(_)
            | Piece::Failed(_)
            | Piece::Reasoning(_)
            | Piece::Thinking(_)
            | Piece::ToolArguments { .. }
            | Piece::ToolStart { .. } => {}
        }
    }
}
