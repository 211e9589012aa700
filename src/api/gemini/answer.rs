//! An answer as a candidate of Gemini's: whole, or frame by frame. Gemini calls with whole arguments, so calls wait for their last.

use super::Framing;
use super::error::whole;
use super::seal::sealed;
use crate::api::{EVENT_STREAM, Voice, Wish};
use crate::canonical::answer::{Citation, Completion, FinishReason, ThinkingBlock};
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::usage::Usage;
use crate::wire::json::{Array, Members, Object, compact};

/// Words one answer.
#[derive(Debug)]
pub(super) struct Speaker {
    calls: Vec<Call>,
    ended: bool,
    framing: Framing,
    id: String,
    model: String,
    outcome: Outcome,
    started: bool,
    /// Reasoning since the last signature: a signature without any carries its own.
    thought: bool,
}

/// A call that is being made.
#[derive(Debug)]
struct Call {
    arguments: String,
    id: String,
    name: String,
    number: u32,
}

/// How an answer ends.
#[derive(Debug, Default)]
struct Outcome {
    citations: Vec<Citation>,
    finish: Option<FinishReason>,
    refusal: String,
    text: String,
    usage: Option<Usage>,
}

impl Speaker {
    /// For one answer.
    pub fn new(wish: &Wish<'_>, framing: Framing) -> Self {
        Self {
            calls: Vec::new(),
            ended: false,
            framing,
            id: bare(wish.id).to_owned(),
            model: wish.model.to_owned(),
            outcome: Outcome::default(),
            started: false,
            thought: false,
        }
    }

    fn begin(&mut self, id: Option<&str>, model: Option<&str>) {
        if let Some(id) = id.map(bare).filter(|id| !id.is_empty()) {
            self.id = id.to_owned();
        }
        if let Some(model) = model {
            self.model = model.to_owned();
        }
    }

    /// One frame of a stream; the last one says how it ended.
    fn frame(&mut self, last: bool, out: &mut Vec<u8>, fill: impl FnOnce(&mut Array<'_>)) {
        let start: &[u8] = match (self.framing, self.started) {
            (Framing::Array, false) => b"[",
            (Framing::Array, true) => b",\r\n",
            (Framing::Events, _) => b"data: ",
        };
        self.started = true;
        out.extend_from_slice(start);
        let outcome = last.then_some(&self.outcome);
        Object::write(out, |object| {
            write_answer(object, outcome, fill);
            self.named(object);
        });
        let end: &[u8] = match (self.framing, last) {
            (Framing::Array, false) => b"",
            (Framing::Array, true) => b"]",
            (Framing::Events, _) => b"\n\n",
        };
        out.extend_from_slice(end);
    }

    fn named(&self, object: &mut Object<'_>) {
        object.string("modelVersion", &self.model);
        object.string("responseId", &self.id);
    }

    fn said(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.outcome.text.push_str(text);
            self.frame(false, out, |parts| write_text(parts, text));
        }
    }

    fn thinks(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() {
            self.thought = true;
            self.frame(false, out, |parts| write_thought(parts, text, None));
        }
    }

    /// The text of a signed block has come before, unless nothing has.
    fn signs(&mut self, block: &ThinkingBlock, out: &mut Vec<u8>) {
        let (text, seal) = sealed(block);
        let text = if self.thought { "" } else { text };
        self.thought = false;
        self.frame(false, out, |parts| write_thought(parts, text, Some(&seal)));
    }

    fn argued(&mut self, number: u32, fragment: &str) {
        let call = self
            .calls
            .iter_mut()
            .rev()
            .find(|call| call.number == number);
        if let Some(call) = call {
            call.arguments.push_str(fragment);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.ended = true;
        let calls = core::mem::take(&mut self.calls);
        self.frame(true, out, |parts| {
            if calls.is_empty() {
                write_text(parts, "");
            }
            for call in &calls {
                write_call(parts, &call.id, &call.name, &call.arguments);
            }
        });
    }
}

fn bare(id: &str) -> &str {
    id.strip_prefix("chatcmpl-").unwrap_or(id)
}

fn write_answer(
    object: &mut Object<'_>,
    outcome: Option<&Outcome>,
    fill: impl FnOnce(&mut Array<'_>),
) {
    object.array("candidates", |list| {
        list.object(|candidate| {
            candidate.object("content", |content| {
                content.array("parts", fill);
                content.raw("role", b"\"model\"");
            });
            if let Some(outcome) = outcome {
                candidate.string("finishReason", outcome.reason());
                if !outcome.refusal.is_empty() {
                    candidate.string("finishMessage", &outcome.refusal);
                }
                outcome.write_sources(candidate);
            }
            candidate.number("index", 0);
        });
    });
    if let Some(usage) = outcome.and_then(|outcome| outcome.usage.as_ref()) {
        object.object("usageMetadata", |object| write_usage(object, usage));
    }
}

impl Outcome {
    fn reason(&self) -> &'static str {
        match self.finish {
            Some(FinishReason::ContentFilter) => "SAFETY",
            Some(FinishReason::Length) => "MAX_TOKENS",
            Some(FinishReason::Stop | FinishReason::ToolCalls) | None => "STOP",
        }
    }

    /// Sources, with places counted in bytes as Gemini does.
    fn write_sources(&self, candidate: &mut Object<'_>) {
        if self.citations.is_empty() {
            return;
        }
        candidate.object("groundingMetadata", |metadata| {
            metadata.array("groundingChunks", |chunks| {
                for citation in &self.citations {
                    chunks.object(|chunk| {
                        chunk.object("web", |web| {
                            web.string("uri", &citation.url);
                            web.string("title", &citation.title);
                        });
                    });
                }
            });
            metadata.array("groundingSupports", |supports| {
                for (index, citation) in (0..).zip(&self.citations) {
                    supports.object(|support| {
                        support.object("segment", |segment| {
                            segment.number("startIndex", self.byte(citation.start));
                            segment.number("endIndex", self.byte(citation.end));
                        });
                        support.array("groundingChunkIndices", |list| {
                            list.with(|out| {
                                out.extend_from_slice(u64::to_string(&index).as_bytes())
                            });
                        });
                    });
                }
            });
        });
    }

    /// The byte at which that character of the text stands.
    fn byte(&self, character: usize) -> u64 {
        let place = self.text.char_indices().nth(character);
        u64::try_from(place.map_or(self.text.len(), |(byte, _)| byte)).unwrap_or(u64::MAX)
    }
}

fn write_text(parts: &mut Array<'_>, text: &str) {
    parts.object(|part| part.string("text", text));
}

fn write_thought(parts: &mut Array<'_>, text: &str, seal: Option<&str>) {
    parts.object(|part| {
        part.string("text", text);
        part.raw("thought", b"true");
        if let Some(seal) = seal {
            part.string("thoughtSignature", seal);
        }
    });
}

/// Arguments that are no object are none.
fn write_call(parts: &mut Array<'_>, id: &str, name: &str, arguments: &str) {
    let (id, signature) = match id.split_once("__thought__") {
        Some((id, signature)) => (id, Some(signature)),
        None => (id, None),
    };
    parts.object(|part| {
        part.object("functionCall", |call| {
            call.string("id", id);
            call.string("name", name);
            let arguments = arguments.as_bytes();
            if Members::read(arguments).is_ok() {
                call.raw("args", &compact(arguments));
            } else {
                call.raw("args", b"{}");
            }
        });
        if let Some(signature) = signature {
            part.string("thoughtSignature", signature);
        }
    });
}

/// Gemini counts thoughts apart from the answer.
fn write_usage(object: &mut Object<'_>, usage: &Usage) {
    object.number("promptTokenCount", usage.input);
    object.number(
        "candidatesTokenCount",
        usage.output.saturating_sub(usage.reasoning),
    );
    object.number("totalTokenCount", usage.total());
    if usage.reasoning > 0 {
        object.number("thoughtsTokenCount", usage.reasoning);
    }
    if usage.cache_read > 0 {
        object.number("cachedContentTokenCount", usage.cache_read);
    }
}

impl Voice for Speaker {
    fn whole(&mut self, completion: &Completion) -> Vec<u8> {
        self.begin(completion.id.as_deref(), completion.model.as_deref());
        let outcome = Outcome {
            citations: completion.citations.clone(),
            finish: completion.finish,
            refusal: completion.refusal.clone().unwrap_or_default(),
            text: completion.content.clone().unwrap_or_default(),
            usage: completion.usage,
        };
        let mut out = Vec::with_capacity(outcome.text.len().saturating_add(512));
        Object::write(&mut out, |object| {
            write_answer(object, Some(&outcome), |parts| {
                write_parts(completion, parts)
            });
            self.named(object);
        });
        out
    }

    fn push(&mut self, piece: &Piece<'_>, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match piece {
            Piece::Citation(citation) => self.outcome.citations.push(citation.clone()),
            Piece::Content(text) => self.said(text, out),
            Piece::End => self.end(out),
            Piece::Failed(_) => {}
            Piece::Finish(reason) => self.outcome.finish = Some(*reason),
            Piece::Reasoning(text) => self.thinks(text, out),
            Piece::Refusal(text) => self.outcome.refusal.push_str(text),
            Piece::Start { id, model } => self.begin(*id, *model),
            Piece::Thinking(block) => self.signs(block, out),
            Piece::ToolArguments { index, fragment } => self.argued(*index, fragment),
            Piece::ToolStart { index, id, name } => self.calls.push(Call {
                arguments: String::new(),
                id: (*id).to_owned(),
                name: (*name).to_owned(),
                number: *index,
            }),
            Piece::Usage(usage) => self.outcome.usage = Some(*usage),
        }
    }

    fn failed(&mut self, error: &ApiError) -> Option<Vec<u8>> {
        let start: &[u8] = match (self.framing, self.started) {
            (Framing::Events, _) => return None,
            (Framing::Array, false) => b"[",
            (Framing::Array, true) => b",\r\n",
        };
        Some([start, whole(error).as_slice(), b"]"].concat())
    }

    fn media_type(&self) -> &'static str {
        match self.framing {
            Framing::Array => "application/json; charset=UTF-8",
            Framing::Events => EVENT_STREAM,
        }
    }
}

fn write_parts(completion: &Completion, parts: &mut Array<'_>) {
    for block in &completion.thinking {
        let (text, seal) = sealed(block);
        write_thought(parts, text, Some(&seal));
    }
    if let (true, Some(reasoning)) = (completion.thinking.is_empty(), &completion.reasoning) {
        write_thought(parts, reasoning, None);
    }
    if let Some(text) = completion
        .content
        .as_deref()
        .filter(|text| !text.is_empty())
    {
        write_text(parts, text);
    }
    for call in &completion.tool_calls {
        write_call(parts, &call.id, &call.name, &call.arguments);
    }
}
