//! An answer in items: told in numbered events as its pieces come, or whole.

use super::answer::{Frame, State};
use super::events::{Events, begin_text, end_call, end_message, end_reasoning, number};
use super::item::{Call, Item, Kind, Message, Place, Reasoning, annotation, refused, summary};
use super::tools::custom;
use crate::api::{Voice, Wish};
use crate::canonical::answer::{Citation, Completion, FinishReason, ThinkingBlock};
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::piece::{Piece, pieces};
use crate::usage::Usage;
use crate::wire::json::Object;

/// Words one answer.
#[derive(Debug)]
pub(super) struct Speaker {
    begun: bool,
    /// Which call stands at which place, by the number it has elsewhere.
    calls: Vec<(u32, usize)>,
    /// Tools that take only text.
    custom: Vec<String>,
    ended: bool,
    events: Events,
    finish: Option<FinishReason>,
    frame: Frame,
    items: Vec<Item>,
    usage: Option<Usage>,
}

impl Speaker {
    /// For an answer to that request.
    pub fn new(asked: &Asked<'_>, wish: &Wish<'_>) -> Self {
        Self {
            begun: false,
            calls: Vec::new(),
            custom: custom(&asked.members),
            ended: false,
            events: Events::default(),
            finish: None,
            frame: Frame::new(asked, wish),
            items: Vec::new(),
            usage: None,
        }
    }

    fn response(&mut self, kind: &str, state: State<'_>, out: &mut Vec<u8>) {
        let (frame, items, usage) = (&self.frame, &self.items, self.usage.as_ref());
        self.events.write(out, kind, |event| {
            event.object("response", |object| {
                frame.write(state, items, usage, object)
            });
        });
    }

    fn begin(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        self.frame.begin(id, model);
        self.response("response.created", State::Running, out);
        self.response("response.in_progress", State::Running, out);
    }

    /// Where the item that is being added to stands, after the others are closed; a new one where it is of another kind.
    fn open(&mut self, fresh: Kind, out: &mut Vec<u8>) -> usize {
        let last = self.items.len().saturating_sub(1);
        if let Some(item) = self.items.last()
            && item.open
            && core::mem::discriminant(&item.kind) == core::mem::discriminant(&fresh)
        {
            return last;
        }
        self.close_spoken(out);
        self.add(fresh, out)
    }

    fn add(&mut self, kind: Kind, out: &mut Vec<u8>) -> usize {
        self.begin(None, None, out);
        let start = match &kind {
            Kind::Call(call) if call.custom => "ctc",
            Kind::Call(_) => "fc",
            Kind::Message(_) => "msg",
            Kind::Reasoning(_) => "rs",
        };
        let index = self.items.len();
        let at = Place {
            id: format!("{start}_{}_{index}", self.frame.id),
            index,
        };
        let item = Item {
            at,
            kind,
            open: true,
        };
        self.events
            .item(out, "response.output_item.added", &item, "in_progress");
        self.items.push(item);
        index
    }

    fn said(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let index = self.open(Kind::Message(Message::default()), out);
        if let Some(item) = self.items.get_mut(index)
            && let Kind::Message(message) = &mut item.kind
        {
            begin_text(message, &mut self.events, &item.at, out);
            message.text.get_or_insert_default().push_str(text);
            let kind = "response.output_text.delta";
            self.events.of(out, kind, &item.at, |event| {
                event.number("content_index", 0);
                event.string("delta", text);
                event.raw("logprobs", b"[]");
            });
        }
    }

    fn cited(&mut self, citation: &Citation, out: &mut Vec<u8>) {
        let index = self.open(Kind::Message(Message::default()), out);
        if let Some(item) = self.items.get_mut(index)
            && let Kind::Message(message) = &mut item.kind
        {
            begin_text(message, &mut self.events, &item.at, out);
            let place = number(message.citations.len());
            let kind = "response.output_text.annotation.added";
            self.events.of(out, kind, &item.at, |event| {
                event.number("content_index", 0);
                event.number("annotation_index", place);
                event.object("annotation", |object| annotation(object, citation));
            });
            message.citations.push(citation.clone());
        }
    }

    fn refuse(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let index = self.open(Kind::Message(Message::default()), out);
        if let Some(item) = self.items.get_mut(index)
            && let Kind::Message(message) = &mut item.kind
        {
            let place = u64::from(message.text.is_some());
            if message.refusal.is_none() {
                let kind = "response.content_part.added";
                self.events.of(out, kind, &item.at, |event| {
                    event.number("content_index", place);
                    event.object("part", |part| refused(part, ""));
                });
            }
            message.refusal.get_or_insert_default().push_str(text);
            self.events
                .of(out, "response.refusal.delta", &item.at, |event| {
                    event.number("content_index", place);
                    event.string("delta", text);
                });
        }
    }

    fn thought(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let index = self.open(Kind::Reasoning(Reasoning::default()), out);
        if let Some(item) = self.items.get_mut(index)
            && let Kind::Reasoning(reasoning) = &mut item.kind
        {
            if reasoning.text.is_empty() {
                let kind = "response.reasoning_summary_part.added";
                self.events.of(out, kind, &item.at, |event| {
                    event.number("summary_index", 0);
                    event.object("part", |part| summary(part, ""));
                });
            }
            reasoning.text.push_str(text);
            let kind = "response.reasoning_summary_text.delta";
            self.events.of(out, kind, &item.at, |event| {
                event.number("summary_index", 0);
                event.string("delta", text);
            });
        }
    }

    fn signed(&mut self, block: &ThinkingBlock, out: &mut Vec<u8>) {
        let index = self.open(Kind::Reasoning(Reasoning::default()), out);
        if let Some(Kind::Reasoning(reasoning)) =
            self.items.get_mut(index).map(|item| &mut item.kind)
        {
            reasoning.blocks.push(block.clone());
        }
    }

    fn call(&mut self, number: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.close_spoken(out);
        let call = Call {
            arguments: String::new(),
            custom: self.custom.iter().any(|known| known == name),
            id: id.to_owned(),
            name: name.to_owned(),
        };
        let index = self.add(Kind::Call(call), out);
        self.calls.push((number, index));
    }

    fn argued(&mut self, number: u32, fragment: &str, out: &mut Vec<u8>) {
        let place = self.calls.iter().rev().find(|(known, _)| *known == number);
        let Some((_, index)) = place.copied() else {
            return;
        };
        if let Some(item) = self.items.get_mut(index)
            && let Kind::Call(call) = &mut item.kind
        {
            call.arguments.push_str(fragment);
            if !call.custom && !fragment.is_empty() {
                let kind = "response.function_call_arguments.delta";
                self.events.of(out, kind, &item.at, |event| {
                    event.string("delta", fragment);
                });
            }
        }
    }

    /// Closes what is said or thought; calls stay open, because their arguments may come in turns.
    fn close_spoken(&mut self, out: &mut Vec<u8>) {
        self.close(out, |item| !matches!(item.kind, Kind::Call(_)));
    }

    fn close(&mut self, out: &mut Vec<u8>, which: impl Fn(&Item) -> bool) {
        let last = self.items.len().saturating_sub(1);
        let ending = State::Done(self.finish);
        for (index, item) in self.items.iter_mut().enumerate() {
            if !item.open || !which(item) {
                continue;
            }
            item.open = false;
            match &mut item.kind {
                Kind::Call(call) => end_call(call, &mut self.events, &item.at, out),
                Kind::Message(message) => end_message(message, &mut self.events, &item.at, out),
                Kind::Reasoning(reasoning) => {
                    end_reasoning(reasoning, &mut self.events, &item.at, out);
                }
            }
            let status = if index == last {
                ending.of_item()
            } else {
                "completed"
            };
            self.events
                .item(out, "response.output_item.done", item, status);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(None, None, out);
        self.close(out, |_| true);
        self.ended = true;
        let state = State::Done(self.finish);
        let kind = match state.status() {
            "incomplete" => "response.incomplete",
            _ => "response.completed",
        };
        self.response(kind, state, out);
    }
}

impl Voice for Speaker {
    fn whole(&mut self, completion: &Completion) -> Vec<u8> {
        self.events.silent = true;
        self.frame.created = completion.created.unwrap_or(self.frame.created);
        let mut out = Vec::new();
        for piece in pieces(completion) {
            self.push(&piece, &mut out);
        }
        let state = State::Done(self.finish);
        Object::write(&mut out, |object| {
            self.frame
                .write(state, &self.items, self.usage.as_ref(), object);
        });
        out
    }

    fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match piece {
            Piece::Citation(citation) => self.cited(citation, out),
            Piece::Content(text) => self.said(text, out),
            Piece::End => self.end(out),
            Piece::Failed(_) => {}
            Piece::Finish(reason) => self.finish = Some(*reason),
            Piece::Reasoning(text) => self.thought(text, out),
            Piece::Refusal(text) => self.refuse(text, out),
            Piece::Start { id, model } => self.begin(*id, *model, out),
            Piece::Thinking(block) => self.signed(block, out),
            Piece::ToolArguments { index, fragment } => self.argued(*index, fragment, out),
            Piece::ToolStart { index, id, name } => self.call(*index, id, name, out),
            Piece::Usage(usage) => self.usage = Some(*usage),
        }
    }

    fn failed(&mut self, error: &ApiError) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.events.error(error, &mut out);
        self.response("response.failed", State::Failed(error), &mut out);
        Some(out)
    }
}
