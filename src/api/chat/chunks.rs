//! A streamed answer in OpenAI's chunks, and what the gateway wants to know about it meanwhile.

use super::answer::{
    answer_id, finish_of, write_citation, write_signature, write_thinking, write_usage,
};
use crate::canonical::answer::{Completion, FinishReason, ThinkingBlock};
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::usage::Usage;
use crate::usage::estimate::Estimator;
use crate::wire::json::{Object, push_string};

/// Turns the pieces of one answer into server-sent events for the client.
#[derive(Debug)]
pub struct Chunks {
    /// Everything up to the delta, the same in every chunk once the answer has begun.
    head: Vec<u8>,
    begun: bool,
    created: u64,
    ended: bool,
    estimator: Estimator,
    failure: Option<ApiError>,
    finished: bool,
    has_calls: bool,
    has_content: bool,
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
            estimator: Estimator::default(),
            failure: None,
            finished: false,
            has_calls: false,
            has_content: false,
            id,
            include_usage,
            model: model.to_owned(),
            usage: None,
        }
    }

    /// Appends what `piece` says to `out`. Nothing is said after the end or a failure.
    pub fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        if self.is_over() {
            return;
        }
        match piece {
            Piece::Citation(citation) => self.delta(out, |delta| {
                delta.array("annotations", |list| write_citation(list, citation));
            }),
            Piece::Content(text) => self.said(out, "content", text),
            Piece::End => self.end(out),
            Piece::Failed(error) => self.fail(error.clone(), out),
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

    /// Appends a complete answer as chunks, end included.
    pub fn whole(&mut self, completion: &Completion, out: &mut Vec<u8>) {
        self.created = completion.created.unwrap_or(self.created);
        for piece in pieces(completion) {
            self.push(&piece, out);
        }
    }

    /// Whether the client has been sent content: more than a role or the news that an answer begins.
    #[must_use]
    pub const fn has_content(&self) -> bool {
        self.has_content
    }

    /// Whether the answer ended as it should.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// The usage the vendor has stated so far.
    #[must_use]
    pub const fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// About how many tokens the text sent so far is.
    #[must_use]
    pub fn estimated_output(&self) -> u64 {
        self.estimator.tokens()
    }

    const fn is_over(&self) -> bool {
        self.ended || self.failure.is_some()
    }

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
            self.estimator.feed(text.as_bytes());
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
        self.estimator.feed(name.as_bytes());
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
            self.estimator.feed(fragment.as_bytes());
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

    fn fail(&mut self, error: ApiError, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        out.extend(error.to_json());
        out.extend_from_slice(b"\n\n");
        self.failure = Some(error);
    }

    /// A chunk with content.
    fn delta(&mut self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Object<'_>)) {
        self.start(None, None, out);
        self.has_content = true;
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

/// What a complete answer would have said piece by piece.
fn pieces(completion: &Completion) -> Vec<Piece<'_>> {
    let mut pieces = vec![Piece::Start {
        id: completion.id.as_deref(),
        model: completion.model.as_deref(),
    }];
    pieces.extend(completion.reasoning.as_deref().map(Piece::Reasoning));
    pieces.extend(completion.thinking.iter().cloned().map(Piece::Thinking));
    pieces.extend(completion.content.as_deref().map(Piece::Content));
    pieces.extend(completion.citations.iter().cloned().map(Piece::Citation));
    for (index, call) in (0..).zip(&completion.tool_calls) {
        pieces.push(Piece::ToolStart {
            index,
            id: &call.id,
            name: &call.name,
        });
        pieces.push(Piece::ToolArguments {
            index,
            fragment: &call.arguments,
        });
    }
    pieces.extend(completion.refusal.as_deref().map(Piece::Refusal));
    pieces.push(Piece::Finish(finish_of(completion)));
    pieces.extend(completion.usage.map(Piece::Usage));
    pieces.push(Piece::End);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::answer::ToolCall;
    use crate::canonical::error::Class;

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
    fn nothing_follows_the_end_or_a_failure() {
        let mut ended = chunks(false);
        assert!(
            sent(&mut ended, &[Piece::End, Piece::Content("x"), Piece::End])
                .ends_with("[DONE]\n\n")
        );
        assert_eq!(sent(&mut ended, &[Piece::End]), "");
        let mut failed = chunks(false);
        let frames = sent(
            &mut failed,
            &[
                Piece::Failed(ApiError::new(503, Class::Overloaded, "down")),
                Piece::Content("x"),
                Piece::End,
            ],
        );
        assert_eq!(frames.matches("data: ").count(), 1);
        assert!(!failed.has_ended());
    }

    #[test]
    fn a_role_is_not_content() {
        let mut stream = chunks(false);
        sent(
            &mut stream,
            &[
                Piece::Start {
                    id: None,
                    model: None,
                },
                Piece::Content(""),
            ],
        );
        assert!(!stream.has_content());
        sent(&mut stream, &[Piece::Reasoning("x")]);
        assert!(stream.has_content());
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
        let (mut whole, mut out) = (chunks(true), Vec::new());
        whole.whole(&completion, &mut out);
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
        assert_eq!(
            String::from_utf8(out).unwrap(),
            sent(&mut chunks(true), &pieces)
        );
        assert!(whole.has_ended());
    }
}
