//! Answers in OpenAI's words: whole, or in chunks.

use super::answer::{
    self, answer_id, write_citation, write_signature, write_thinking, write_usage,
};
use crate::api::Voice;
use crate::canonical::answer::{Completion, FinishReason, ThinkingBlock};
use crate::canonical::piece::Piece;
use crate::usage::Usage;
use crate::wire::json::{Object, push_string};

/// Turns the pieces of one answer into server-sent events for the client.
#[derive(Debug)]
pub struct Chunks {
    /// Everything up to the delta, the same in every chunk once the answer has begun.
    head: Vec<u8>,
    begun: bool,
    created: u64,
    ended: bool,
    finished: bool,
    has_calls: bool,
    id: String,
    include_usage: bool,
    model: String,
    usage: Option<Usage>,
}

impl Chunks {
    /// Chunks for one answer made at `created` (seconds since the epoch). `id` and `model` stand in for what the vendor
    /// does not say; with `include_usage` the client is sent the usage chunk it asked for.
    #[must_use]
    pub fn new(id: String, created: u64, model: &str, include_usage: bool) -> Self {
        Self {
            head: Vec::new(),
            begun: false,
            created,
            ended: false,
            finished: false,
            has_calls: false,
            id,
            include_usage,
            model: model.to_owned(),
            usage: None,
        }
    }
}

impl Voice for Chunks {
    fn whole(&mut self, completion: &Completion) -> Vec<u8> {
        answer::encode(completion, &self.id, self.created, &self.model)
    }

    fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match piece {
            Piece::Citation(citation) => self.delta(out, |delta| {
                delta.array("annotations", |list| write_citation(list, citation));
            }),
            Piece::Content(text) => self.said(out, "content", text),
            Piece::End => self.end(out),
            Piece::Failed(_) => {}
            Piece::Finish(reason) => self.finish_with(*reason, out),
            Piece::Reasoning(text) => self.said(out, "reasoning_content", text),
            Piece::Refusal(text) => self.said(out, "refusal", text),
            Piece::Start { id, model } => self.start(*id, *model, out),
            Piece::Thinking(block) => self.thinking(block, out),
            Piece::ToolArguments { index, fragment } => self.arguments(*index, fragment, out),
            Piece::ToolStart { index, id, name } => self.call(*index, id, name, out),
            Piece::Usage(usage) => self.usage = Some(*usage),
        }
    }
}

impl Chunks {
    fn start(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        let head = &mut self.head;
        head.extend_from_slice(b"data: {\"id\":");
        push_string(head, &answer_id(id, &self.id));
        head.extend_from_slice(b",\"object\":\"chat.completion.chunk\",\"created\":");
        head.extend_from_slice(self.created.to_string().as_bytes());
        head.extend_from_slice(b",\"model\":");
        push_string(head, model.unwrap_or(&self.model));
        head.extend_from_slice(b",\"choices\":[");
        self.chunk(out, None, |delta| {
            delta.string("role", "assistant");
            delta.string("content", "");
        });
    }

    fn said(&mut self, out: &mut Vec<u8>, key: &str, text: &str) {
        if !text.is_empty() {
            self.delta(out, |delta| delta.string(key, text));
        }
    }

    fn thinking(&mut self, block: &ThinkingBlock, out: &mut Vec<u8>) {
        self.delta(out, |delta| {
            delta.array("thinking_blocks", |list| write_thinking(list, block))
        });
    }

    fn call(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.has_calls = true;
        self.tool(index, out, |call| {
            call.string("id", id);
            call.string("type", "function");
            call.object("function", |function| {
                function.string("name", name);
                function.string("arguments", "");
            });
            write_signature(call, id);
        });
    }

    fn arguments(&mut self, index: u32, fragment: &str, out: &mut Vec<u8>) {
        if !fragment.is_empty() {
            self.tool(index, out, |call| {
                call.object("function", |function| {
                    function.string("arguments", fragment)
                });
            });
        }
    }

    fn tool(&mut self, index: u32, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        self.delta(out, |delta| {
            delta.array("tool_calls", |calls| {
                calls.object(|call| {
                    call.number("index", u64::from(index));
                    fill(call);
                });
            });
        });
    }

    fn finish_with(&mut self, reason: FinishReason, out: &mut Vec<u8>) {
        if !self.finished {
            self.start(None, None, out);
            self.finished = true;
            self.chunk(out, Some(reason), |_| ());
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let usual = if self.has_calls {
            FinishReason::ToolCalls
        } else {
            FinishReason::Stop
        };
        self.finish_with(usual, out);
        self.ended = true;
        if let (true, Some(usage)) = (self.include_usage, self.usage) {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b"],\"usage\":");
            Object::write(out, |object| write_usage(object, &usage));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// A chunk with content.
    fn delta(&mut self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        self.start(None, None, out);
        self.chunk(out, None, fill);
    }

    fn chunk(
        &self,
        out: &mut Vec<u8>,
        reason: Option<FinishReason>,
        fill: impl FnOnce(&mut Object<'_>),
    ) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b"{\"index\":0,\"delta\":");
        Object::write(out, fill);
        out.extend_from_slice(b",\"finish_reason\":");
        match reason {
            Some(reason) => push_string(out, reason.as_str()),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(if self.include_usage {
            b"}],\"usage\":null}\n\n"
        } else {
            b"}]}\n\n"
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::answer::ToolCall;
    use crate::canonical::piece::pieces;

    fn chunks(include_usage: bool) -> Chunks {
        Chunks::new("chatcmpl-1".to_owned(), 7, "m", include_usage)
    }

    fn sent(chunks: &mut Chunks, pieces: &[Piece<'_>]) -> String {
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| chunks.push(piece, &mut out));
        String::from_utf8(out).unwrap()
    }

    fn text(include_usage: bool) -> String {
        let usage = Usage {
            input: 3,
            output: 1,
            ..Usage::default()
        };
        let pieces = [
            Piece::Content("a\nb"),
            Piece::Finish(FinishReason::Stop),
            Piece::Usage(usage),
            Piece::End,
        ];
        sent(&mut chunks(include_usage), &pieces)
    }

    #[test]
    fn a_stream_is_a_role_content_a_reason_and_the_end() {
        let expected = concat!(
            r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
            "\n\n",
            r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"a\nb"},"finish_reason":null}]}"#,
            "\n\n",
            r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            "\n\ndata: [DONE]\n\n",
        );
        assert_eq!(text(false), expected);
    }

    #[test]
    fn usage_is_told_in_a_chunk_of_its_own_and_only_when_wanted() {
        let frames = text(true);
        assert_eq!(frames.matches(r#""usage":null}"#).count(), 3);
        assert!(frames.contains(
            r#""choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"#
        ));
        assert!(!text(false).contains("usage"));
    }

    #[test]
    fn nothing_follows_the_end() {
        let mut ended = chunks(false);
        assert!(
            sent(&mut ended, &[Piece::End, Piece::Content("x"), Piece::End])
                .ends_with("[DONE]\n\n")
        );
        assert_eq!(sent(&mut ended, &[Piece::End]), "");
    }

    #[test]
    fn a_complete_answer_is_told_in_the_same_chunks() {
        let call = ToolCall {
            id: "c".to_owned(),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
        };
        let usage = Usage::estimated(1, 2);
        let completion = Completion {
            tool_calls: vec![call],
            ..Completion::of_text("hi", usage)
        };
        let completion = Completion {
            finish: None,
            ..completion
        };
        let whole = sent(&mut chunks(true), &pieces(&completion));
        let pieces = [
            Piece::Content("hi"),
            Piece::ToolStart {
                index: 0,
                id: "c",
                name: "f",
            },
            Piece::ToolArguments {
                index: 0,
                fragment: "{}",
            },
            Piece::Finish(FinishReason::ToolCalls),
            Piece::Usage(usage),
            Piece::End,
        ];
        assert_eq!(whole, sent(&mut chunks(true), &pieces));
    }
}
