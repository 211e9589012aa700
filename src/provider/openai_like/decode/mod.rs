//! Answers in OpenAI's format read into pieces, for clients that speak another one, and of vendors whose dialect is too
//! far from it to be passed on.

mod calls;
mod collect;
mod content;
mod outline;
mod sources;

use calls::Calls;
use collect::Collected;
use content::Signed;
use outline::{Choice, Outline};
use sources::Sources;

use crate::canonical::answer::{Completion, FinishReason};
use crate::canonical::error::{ApiError, Class};
use crate::canonical::piece::Piece;
use crate::canonical::reason::{self, Reason};
use crate::provider::Decode;
use crate::usage::Usage;
use crate::wire::json::Text;
use crate::wire::sse::{self, Event};

/// Takes the pieces.
type Each<'e> = &'e mut dyn FnMut(Piece<'_>);

/// The longest event read: images inside one take the most.
const MAX_EVENT: usize = 16 << 20;

/// A reader of one answer of the vendor of that name, whole or streamed.
#[must_use]
pub fn new(provider: &'static str) -> Box<dyn Decode> {
    Box::new(Decoder {
        answer: Answer::new(provider),
        events: sse::Decoder::new(MAX_EVENT),
    })
}

#[derive(Debug)]
struct Decoder {
    answer: Answer,
    events: sse::Decoder,
}

impl Decode for Decoder {
    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        self.answer.whole(body)
    }

    fn stream(&mut self, bytes: &[u8], last: bool, each: &mut dyn FnMut(Piece<'_>)) {
        let Self { answer, events } = self;
        if events
            .push(bytes, |event| answer.event(&event, each))
            .is_err()
        {
            answer.fail(malformed("an event is too long"), each);
        }
        if last {
            events.finish(|event| answer.event(&event, each));
            // Some servers leave the marker out; a reason to have finished says as much.
            if answer.finished {
                answer.end(each);
            }
        }
    }
}

/// What an answer has said so far, as far as what follows needs it.
#[derive(Debug)]
struct Answer {
    calls: Calls,
    finished: bool,
    over: bool,
    provider: &'static str,
    said: bool,
    signed: Signed,
    sources: Sources,
    started: bool,
}

impl Answer {
    fn new(provider: &'static str) -> Self {
        Self {
            calls: Calls::default(),
            finished: false,
            over: false,
            provider,
            said: false,
            signed: Signed::default(),
            sources: Sources::default(),
            started: false,
        }
    }

    fn whole(&mut self, body: &[u8]) -> Result<Completion, ApiError> {
        let outline =
            Outline::read(body, "message").map_err(|_| malformed("it is not a JSON object"))?;
        if outline.failed {
            return Err(ApiError::inside(self.provider, body));
        }
        let Some(choice) = &outline.choice else {
            return Err(malformed("it has no choices"));
        };
        let word = choice.finish.map(|text| text.decode());
        if let Some(word) = word.filter(|word| reason::read(word) == Reason::Broken) {
            return Err(broken(&word));
        }
        let mut collected = Collected::default();
        self.take(&outline, &mut |piece| collected.take(piece));
        self.finish(FinishReason::Stop, &mut |piece| collected.take(piece));
        Ok(Completion {
            created: outline.created,
            ..collected.completion
        })
    }

    fn event(&mut self, event: &Event<'_>, each: Each<'_>) {
        if self.over {
            return;
        }
        if event.is_done() {
            self.end(each);
            return;
        }
        match Outline::read(event.data, "delta") {
            Ok(outline) if outline.failed => {
                self.fail(ApiError::inside(self.provider, event.data), each);
            }
            Ok(outline) => self.take(&outline, each),
            Err(_) => self.fail(malformed("an event is not JSON"), each),
        }
    }

    fn take(&mut self, outline: &Outline<'_>, each: Each<'_>) {
        self.start(outline, each);
        self.sources.note(outline);
        if let Some(choice) = &outline.choice {
            self.choice(choice, each);
        }
        if let Some(usage) = outline.usage.and_then(Usage::from_openai) {
            each(Piece::Usage(usage));
        }
    }

    /// The first event that says who answers, or what: Azure's first one names nobody.
    fn start(&mut self, outline: &Outline<'_>, each: Each<'_>) {
        if self.started || outline.choice.is_none() {
            return;
        }
        self.started = true;
        let id = said(outline.id).map(|text| text.decode());
        let model = said(outline.model).map(|text| text.decode());
        if let Some(id) = &id {
            self.calls.seed(id.as_bytes());
        }
        each(Piece::Start {
            id: id.as_deref(),
            model: model.as_deref(),
        });
    }

    fn choice(&mut self, choice: &Choice<'_>, each: Each<'_>) {
        let delta = &choice.delta;
        if let Some(text) = said(delta.reasoning_content).or(said(delta.reasoning)) {
            self.said = true;
            each(Piece::Reasoning(&text.decode()));
        }
        self.signed.read_blocks(delta.thinking, each);
        if let Some(text) = said(delta.content) {
            self.said = true;
            each(Piece::Content(&text.decode()));
        }
        self.said |= self.signed.read_parts(delta.parts, each);
        self.calls.read(delta.tool_calls, each);
        self.calls.read_function(delta.function_call, each);
        self.said |= !self.calls.is_empty();
        if let Some(text) = said(delta.refusal) {
            each(Piece::Refusal(&text.decode()));
        }
        self.sources.annotations(delta.annotations, each);
        if let Some(reason) = said(choice.finish) {
            self.stop(&reason.decode(), each);
        }
    }

    fn stop(&mut self, word: &str, each: Each<'_>) {
        match reason::read(word) {
            Reason::Known(reason) => self.finish(reason, each),
            // Without words of its own there is nothing to tell but the end.
            Reason::Broken if self.said => self.finish(FinishReason::Stop, each),
            Reason::Broken => self.fail(broken(word), each),
        }
    }

    fn finish(&mut self, reason: FinishReason, each: Each<'_>) {
        if self.finished {
            return;
        }
        self.finished = true;
        self.signed.close();
        self.calls.close(each);
        self.sources.close(each);
        // Several servers say that they stopped though they called tools.
        let called = reason == FinishReason::Stop && !self.calls.is_empty();
        each(Piece::Finish(if called {
            FinishReason::ToolCalls
        } else {
            reason
        }));
    }

    fn end(&mut self, each: Each<'_>) {
        if self.over {
            return;
        }
        self.finish(FinishReason::Stop, each);
        self.over = true;
        each(Piece::End);
    }

    fn fail(&mut self, error: ApiError, each: Each<'_>) {
        if !self.over {
            self.over = true;
            each(Piece::Failed(error));
        }
    }
}

fn said(text: Option<Text<'_>>) -> Option<Text<'_>> {
    text.filter(|text| !text.raw().is_empty())
}

/// An answer that is not what the vendor documents.
fn malformed(what: &str) -> ApiError {
    let words = format!("the provider's answer cannot be read: {what}");
    ApiError::new(502, Class::Malformed, words).with_code("upstream_invalid_response")
}

/// An answer whose reason to finish is a failure, without words about it.
fn broken(reason: &str) -> ApiError {
    let words = format!("the provider broke off its answer: {reason}");
    ApiError::new(502, Class::Server, words)
}

#[cfg(test)]
mod tests;
