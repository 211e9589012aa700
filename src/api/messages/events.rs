//! A streamed answer in Anthropic's events: one block open at a time, each begun once and ended once.

use super::answer::{
    Manner, stop_reason, write_redacted, write_stop, write_thinking, write_tool, write_usage,
};
use super::pending::{Balance, Pending};
use crate::canonical::answer::{FinishReason, ThinkingBlock};
use crate::canonical::piece::Piece;
use crate::usage::Usage;
use crate::wire::json::Object;

/// Turns the pieces of one answer into server-sent events for the client.
#[derive(Debug)]
pub(super) struct Events {
    begun: bool,
    /// Blocks begun so far.
    blocks: u64,
    called: bool,
    ended: bool,
    finish: Option<FinishReason>,
    manner: Manner,
    open: Open,
    /// Calls that wait for the open one to end: a block cannot be opened again.
    pending: Vec<Pending>,
    refused: bool,
    usage: Usage,
}

/// The block whose deltas are being sent.
#[derive(Debug)]
enum Open {
    None,
    Text,
    Thinking,
    /// The call of this index, and how far its arguments are.
    Tool(u32, Balance),
}

impl Events {
    pub fn new(manner: Manner) -> Self {
        Self {
            begun: false,
            blocks: 0,
            called: false,
            ended: false,
            finish: None,
            manner,
            open: Open::None,
            pending: Vec::new(),
            refused: false,
            usage: Usage::default(),
        }
    }

    /// Appends what `piece` says. Nothing is said after the end.
    pub fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match piece {
            // Sources have no place in Anthropic's text that a client could use.
            Piece::Citation(_) | Piece::Failed(_) => {}
            Piece::Content(text) => self.text(text, out),
            Piece::End => self.end(out),
            Piece::Finish(reason) => self.finish = Some(*reason),
            Piece::Reasoning(text) => self.reasoning(text, out),
            Piece::Refusal(text) => {
                self.refused = true;
                self.text(text, out);
            }
            Piece::Start { id, .. } => self.start(*id, out),
            Piece::Thinking(block) => self.thought(block, out),
            Piece::ToolArguments { index, fragment } => self.arguments(*index, fragment, out),
            Piece::ToolStart { index, id, name } => self.call(*index, id, name, out),
            Piece::Usage(usage) => self.usage = *usage,
        }
    }

    fn start(&mut self, id: Option<&str>, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        let (manner, usage) = (&self.manner, &self.usage);
        event(out, "message_start", |event| {
            event.object("message", |message| {
                manner.write_head(message, id);
                message.raw("content", b"[]");
                write_stop(message, None);
                message.object("usage", |object| write_usage(object, usage));
            });
        });
        event(out, "ping", |_| ());
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if !matches!(self.open, Open::Text) {
            self.close_all(out);
            self.open_text(out);
        }
        self.delta(out, "text_delta", "text", text);
    }

    fn open_text(&mut self, out: &mut Vec<u8>) {
        self.begin(out, Open::Text, |block| {
            block.string("type", "text");
            block.string("text", "");
        });
    }

    fn reasoning(&mut self, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.open_thinking(out);
        self.delta(out, "thinking_delta", "thinking", text);
    }

    fn open_thinking(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.open, Open::Thinking) {
            self.close_all(out);
            self.begin(out, Open::Thinking, |block| write_thinking(block, "", ""));
        }
    }

    /// A block of reasoning is complete. Its text, if it has one, has been told already while it came.
    fn thought(&mut self, block: &ThinkingBlock, out: &mut Vec<u8>) {
        match block {
            ThinkingBlock::Redacted { data } => {
                self.close_all(out);
                self.begin(out, Open::Thinking, |block| write_redacted(block, data));
            }
            ThinkingBlock::Signed {
                signature,
                thinking,
            } => {
                if !matches!(self.open, Open::Thinking) {
                    self.open_thinking(out);
                    self.reasoning(thinking, out);
                }
                if !signature.is_empty() {
                    self.delta(out, "signature_delta", "signature", signature);
                }
            }
        }
        self.stop(out);
    }

    fn call(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.called = true;
        let call = Pending::new(index, id, self.manner.name_of(name));
        match &self.open {
            Open::Tool(_, balance) if !balance.is_whole() => self.pending.push(call),
            Open::None | Open::Text | Open::Thinking | Open::Tool(..) => {
                self.close_all(out);
                self.tell(&call, out);
            }
        }
    }

    fn arguments(&mut self, index: u32, fragment: &str, out: &mut Vec<u8>) {
        if fragment.is_empty() {
            return;
        }
        if let Some(call) = self.pending.iter_mut().find(|call| call.index == index) {
            call.push(fragment);
            return;
        }
        match &mut self.open {
            Open::Tool(open, balance) if *open == index => balance.feed(fragment),
            // The block is closed, and nothing can be added to it.
            Open::None | Open::Text | Open::Thinking | Open::Tool(..) => return,
        }
        self.delta(out, "input_json_delta", "partial_json", fragment);
        self.go_on(out);
    }

    /// Tells the calls that have waited, as far as the one before is complete.
    fn go_on(&mut self, out: &mut Vec<u8>) {
        while matches!(&self.open, Open::Tool(_, balance) if balance.is_whole())
            && !self.pending.is_empty()
        {
            self.stop(out);
            let call = self.pending.remove(0);
            self.tell(&call, out);
        }
    }

    /// Begins a call's block, with the arguments that are there.
    fn tell(&mut self, call: &Pending, out: &mut Vec<u8>) {
        let open = Open::Tool(call.index, call.balance);
        self.begin(out, open, |block| {
            write_tool(block, &call.id, &call.name, "{}")
        });
        if !call.arguments.is_empty() {
            self.delta(out, "input_json_delta", "partial_json", &call.arguments);
        }
    }

    /// Ends the open block and tells every call that has waited.
    fn close_all(&mut self, out: &mut Vec<u8>) {
        self.start(None, out);
        self.stop(out);
        for call in core::mem::take(&mut self.pending) {
            self.tell(&call, out);
            self.stop(out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.close_all(out);
        let stop = stop_reason(self.finish, self.called, self.refused);
        if self.blocks == 0 && stop == "end_turn" {
            self.open_text(out);
            self.stop(out);
        }
        self.ended = true;
        event(out, "message_delta", |event| {
            event.object("delta", |delta| write_stop(delta, Some(stop)));
            event.object("usage", |object| write_usage(object, &self.usage));
        });
        event(out, "message_stop", |_| ());
    }

    fn begin(&mut self, out: &mut Vec<u8>, open: Open, fill: impl FnOnce(&mut Object<'_>)) {
        self.open = open;
        let index = self.blocks;
        self.blocks = index.saturating_add(1);
        event(out, "content_block_start", |event| {
            event.number("index", index);
            event.object("content_block", fill);
        });
    }

    fn stop(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.open, Open::None) {
            self.open = Open::None;
            let index = self.blocks.saturating_sub(1);
            event(out, "content_block_stop", |event| {
                event.number("index", index)
            });
        }
    }

    fn delta(&self, out: &mut Vec<u8>, kind: &str, key: &str, text: &str) {
        let index = self.blocks.saturating_sub(1);
        event(out, "content_block_delta", |event| {
            event.number("index", index);
            event.object("delta", |delta| {
                delta.string("type", kind);
                delta.string(key, text);
            });
        });
    }
}

/// Appends one event.
pub(super) fn event(out: &mut Vec<u8>, kind: &str, fill: impl FnOnce(&mut Object<'_>)) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    Object::write(out, |object| {
        object.string("type", kind);
        fill(object);
    });
    out.extend_from_slice(b"\n\n");
}
