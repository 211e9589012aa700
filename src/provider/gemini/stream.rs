//! Google's frames, each read into the pieces of an answer that it tells.

use super::answer::{arguments, call_id, name, signed};
use super::frame::{Candidate, Frame, Part, finish};
use super::reply::Reply;
use super::sources::citations;
use crate::canonical::answer::FinishReason;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::provider::anthropic::fault::not_understood;
use crate::usage::Usage;

/// Takes the pieces.
pub(super) type Each<'e> = &'e mut dyn FnMut(Piece<'_>);

/// What a stream has said so far, as far as later frames need it.
#[derive(Debug)]
pub(super) struct Stream {
    begun: bool,
    /// Calls of the client's tools.
    calls: u32,
    /// Whether Google has said why it stopped.
    finished: bool,
    over: bool,
    reply: Reply,
    /// The text so far, where places in it may be named.
    text: String,
    vendor: &'static str,
}

impl Stream {
    pub fn new(vendor: &'static str, reply: Reply) -> Self {
        Self {
            begun: false,
            calls: 0,
            finished: false,
            over: false,
            reply,
            text: String::new(),
            vendor,
        }
    }

    /// What the answer to the request needs.
    pub const fn reply(&self) -> &Reply {
        &self.reply
    }

    /// Reads one frame.
    pub fn read(&mut self, data: &[u8], each: Each<'_>) {
        if self.over {
            return;
        }
        match Frame::read(data) {
            Ok(frame) if frame.failed => self.fail(ApiError::inside(self.vendor, data), each),
            Ok(frame) => self.take(&frame, each),
            // Some send errors as they do outside of streams.
            Err(_) if data.starts_with(b"[") => {
                self.fail(ApiError::inside(self.vendor, data), each);
            }
            Err(fault) => self.fail(not_understood(&fault.to_string()), each),
        }
    }

    /// The bytes have ended: nothing in the stream itself says so.
    pub fn end(&mut self, each: Each<'_>) {
        if self.finished && !self.over {
            self.over = true;
            each(Piece::End);
        }
    }

    /// The stream cannot be read any further.
    pub fn fail(&mut self, error: ApiError, each: Each<'_>) {
        if !self.over {
            self.over = true;
            each(Piece::Failed(error));
        }
    }

    fn take(&mut self, frame: &Frame<'_>, each: Each<'_>) {
        let id = frame.id.map(|id| id.decode());
        let model = frame.model.map(|model| model.decode());
        if !self.begun {
            self.begun = true;
            each(Piece::Start {
                id: id.as_deref(),
                model: model.as_deref(),
            });
        }
        let first = frame
            .candidates
            .iter()
            .find(|candidate| candidate.index == 0);
        if let Some(candidate) = first {
            self.candidate(candidate, id.as_deref(), each);
        } else if frame.blocked.is_some() && !self.finished {
            self.finished = true;
            if let Some(words) = frame.message {
                each(Piece::Refusal(&words.decode()));
            }
            each(Piece::Finish(FinishReason::ContentFilter));
        }
        if let Some(usage) = frame.usage.and_then(Usage::from_google) {
            each(Piece::Usage(usage));
        }
    }

    fn candidate(&mut self, candidate: &Candidate<'_>, id: Option<&str>, each: Each<'_>) {
        for part in &candidate.parts {
            self.part(part, id, each);
        }
        if let Some(grounding) = candidate.grounding {
            for citation in citations(grounding, &self.text, &[0]) {
                each(Piece::Citation(citation));
            }
        }
        if let Some(reason) = candidate.finish.filter(|_| !self.finished) {
            self.finished = true;
            each(Piece::Finish(finish(&reason.decode(), self.calls > 0)));
        }
    }

    fn part(&mut self, part: &Part<'_>, id: Option<&str>, each: Each<'_>) {
        if let Some(call) = &part.call {
            let index = self.calls;
            self.calls = index.saturating_add(1);
            let position = usize::try_from(index).unwrap_or(usize::MAX);
            let id = call_id(call, part.signature, id, position);
            let name = name(call, &self.reply);
            each(Piece::ToolStart {
                index,
                id: &id,
                name: &name,
            });
            each(Piece::ToolArguments {
                index,
                fragment: &arguments(call),
            });
            return;
        }
        // A stream has no place of its own for an image: Markdown has.
        if let Some(inline) = part
            .inline
            .filter(|inline| !part.thought && !inline.is_sound())
        {
            each(Piece::Content(&format!("![image]({})", inline.url())));
        }
        if let Some(text) = part.text.filter(|text| !text.raw().is_empty()) {
            let text = text.decode();
            if part.thought {
                each(Piece::Reasoning(&text));
            } else {
                if self.reply.searches {
                    self.text.push_str(&text);
                }
                each(Piece::Content(&text));
            }
        }
        if let Some(block) = signed(part) {
            each(Piece::Thinking(block));
        }
    }
}
