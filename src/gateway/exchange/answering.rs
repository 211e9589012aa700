//! From a provider's answer to the client's, or to the failure it is.

use super::streaming::event_stream;
use super::{Exchange, Opening, State, secrets_of};
use crate::api::EVENT_STREAM;
use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::gateway::attempt::Attempt;
use crate::gateway::book::Sample;
use crate::gateway::effect::Effect;
use crate::gateway::event::Local;
use crate::gateway::relay::foreign::ForeignRelay;
use crate::gateway::relay::native::NativeRelay;
use crate::gateway::relay::openai::OpenaiRelay;
use crate::gateway::relay::{Relay, malformed, whole};
use crate::gateway::{Context, book, heads, refuse};
use crate::provider::Reading;
use crate::usage::Usage;
use crate::usage::estimate::tokens_of;
use crate::usage::metrics::Counter;
use crate::value::head::Head;
use crate::value::secret::Secret;
use crate::value::time::Timestamp;

/// Media types of answers that come in pieces.
const STREAMS: [&str; 4] = [
    "application/json-lines",
    "application/vnd.amazon.eventstream",
    "application/x-ndjson",
    "text/event-stream",
];

/// What the head of an answer promises.
pub(super) enum Promise {
    /// An error whose body tells which.
    Error,
    /// A failure, whatever the body says.
    Failure(ApiError),
    /// An answer that passes as it comes: it may be too large to be held, or is nothing that could be read.
    Flow,
    /// An answer in a coding that cannot be read.
    Opaque,
    /// An answer in pieces.
    Stream,
    /// A complete answer.
    Whole,
}

/// A complete answer for the client.
pub(super) struct Complete {
    pub body: Option<Vec<u8>>,
    pub head: Head,
}

impl Promise {
    /// Reads the head of an answer to a request of that format; `empty` when there is no body.
    pub fn of(head: &Head, empty: bool, format: Format, stream: bool) -> Self {
        match head.status().unwrap_or(502) {
            200..=299 if empty => Self::Failure(malformed("it is empty")),
            200..=299 => Self::of_success(head, format, stream),
            300..=399 => Self::Failure(refuse::redirected()),
            _ => Self::Error,
        }
    }

    fn of_success(head: &Head, format: Format, stream: bool) -> Self {
        let coding = head.get("content-encoding");
        if coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return Self::Opaque;
        }
        match head.media_type().unwrap_or_default().as_str() {
            media if stream && STREAMS.contains(&media) => Self::Stream,
            "text/html" => Self::Failure(malformed("it is a web page")),
            "application/json" if format == Format::Images => Self::Flow,
            "application/json" => Self::Whole,
            _ if format == Format::Speech => Self::Flow,
            _ => Self::Whole,
        }
    }
}

impl Exchange {
    /// The head of an answer has come.
    pub(super) fn head(
        &mut self,
        state: State,
        head: &Head,
        last: bool,
        local: Option<Local>,
        cx: &mut Context<'_>,
    ) -> Effect {
        let effect = match state {
            State::Sent { attempt } => return self.answered(attempt, head, last, local, cx),
            State::Calling | State::Waiting { .. } => Effect::Hold,
            // The answer that has Envoy bring the request again: it may not be marked as final.
            State::Replaying { .. } => Effect::Release {
                head: head.clone(),
                body: None,
            },
            State::Again
            | State::Answered
            | State::Asking { .. }
            | State::Continuing(_)
            | State::Draining { .. }
            | State::Failing { .. }
            | State::Foreign
            | State::Opaque { .. }
            | State::Opening(_)
            | State::Streaming(_)
            | State::Whole { .. } => Effect::Pass,
        };
        self.state = state;
        effect
    }

    fn answered(
        &mut self,
        mut attempt: Attempt,
        head: &Head,
        last: bool,
        local: Option<Local>,
        cx: &mut Context<'_>,
    ) -> Effect {
        if let Some(why) = local {
            return self.attempt_failed(attempt, None, refuse::local(why), cx);
        }
        if self.format == Format::Passthrough {
            return self.pass(attempt, head, last, cx);
        }
        match Promise::of(head, last, self.format, attempt.stream) {
            Promise::Error if last => self.failed(attempt, head, b"", cx),
            Promise::Error => {
                self.state = State::Failing {
                    attempt,
                    head: head.clone(),
                };
                Effect::Hold
            }
            Promise::Failure(error) => self.attempt_failed(attempt, Some(head), error, cx),
            Promise::Flow => self.flow(attempt, head, last, cx),
            Promise::Opaque => self.pass_opaque(attempt, head, cx),
            Promise::Stream => {
                let relay = self.relay(&mut attempt, cx);
                self.state = State::Opening(Box::new(Opening {
                    attempt,
                    head: head.clone(),
                    out: Vec::new(),
                    relay,
                    same: true,
                    since: cx.now,
                }));
                Effect::Hold
            }
            Promise::Whole => {
                self.state = State::Whole {
                    attempt,
                    head: head.clone(),
                };
                Effect::Hold
            }
        }
    }

    /// What reads the attempt's answer piece by piece, in the words of the client.
    pub(super) fn relay(&self, attempt: &mut Attempt, cx: &Context<'_>) -> Box<dyn Relay> {
        let secrets: Vec<Secret> = secrets_of(attempt, cx.plan).into_iter().cloned().collect();
        let include_usage = attempt.include_usage;
        let reading = core::mem::replace(&mut attempt.reading, Reading::Openai);
        match (reading, attempt.voice.take()) {
            (Reading::Foreign(decode), Some(voice)) => {
                Box::new(ForeignRelay::new(decode, voice, secrets))
            }
            (Reading::Native(follow), _) => Box::new(NativeRelay::new(follow, secrets)),
            (Reading::Foreign(_) | Reading::Openai, _) => {
                Box::new(OpenaiRelay::new(attempt.provider, include_usage, secrets))
            }
        }
    }

    /// An answer in a coding that cannot be read goes to the client as it is. What it took is guessed.
    fn pass_opaque(&mut self, attempt: Attempt, head: &Head, cx: &mut Context<'_>) -> Effect {
        cx.meter
            .add(Counter::CompressedAnswers, self.account.subject, 1);
        let mut head = head.clone();
        self.account.usage = Some(Usage::estimated(attempt.input_tokens, 0));
        self.released(&attempt, &mut head, cx);
        // Nothing can be said to a client in the middle of what cannot be read.
        self.deadline = None;
        self.state = State::Opaque { attempt };
        Effect::Release { head, body: None }
    }

    /// The client is being answered by this attempt.
    pub(super) fn released(&mut self, attempt: &Attempt, head: &mut Head, cx: &Context<'_>) {
        self.account.error = None;
        self.account.served_by(attempt, cx.plan);
        self.finish_head(head, attempt, cx);
        self.status = head.status().unwrap_or(200);
    }

    pub(super) fn failed(
        &mut self,
        attempt: Attempt,
        head: &Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Effect {
        if self.format == Format::Passthrough {
            return self.pass_error(attempt, head, body, cx);
        }
        let error = ApiError::answered(attempt.provider, head, body);
        self.attempt_failed(attempt, Some(head), error, cx)
    }

    pub(super) fn whole(
        &mut self,
        mut attempt: Attempt,
        head: Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Effect {
        match self.complete(&mut attempt, head.clone(), body, cx) {
            Ok(complete) => {
                self.good(attempt, None, cx);
                self.settle(cx);
                let Complete { body, head } = complete;
                Effect::Release { head, body }
            }
            Err(error) => self.attempt_failed(attempt, Some(&head), error, cx),
        }
    }

    /// Reads a complete answer and words it for the client.
    pub(super) fn complete(
        &mut self,
        attempt: &mut Attempt,
        mut head: Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Result<Complete, ApiError> {
        let wants = whole::Wants {
            stream: attempt.stream,
            include_usage: attempt.include_usage,
            voice: attempt.voice.as_deref_mut(),
        };
        let answer = whole::read(&mut attempt.reading, attempt.provider, body, wants)?;
        if answer.withheld && self.minds_withheld_content(cx) {
            return Err(refuse::withheld());
        }
        self.account.tier = answer.tier;
        self.account.usage = answer.usage.or_else(|| {
            // Numbers, images and verdicts are not made of tokens.
            let is_text = self.format.is_conversation() || self.format == Format::Transcriptions;
            let text = if is_text { tokens_of(body) } else { 0 };
            Some(Usage::estimated(attempt.input_tokens, text))
        });
        let secrets = secrets_of(attempt, cx.plan);
        let sent = answer.body.as_deref().unwrap_or(body);
        let clean = heads::blackened(sent, &secrets).or(answer.body);
        self.released(attempt, &mut head, cx);
        if let Some(media) = answer.content_type {
            head.set("content-type", media);
        }
        if answer.content_type == Some(EVENT_STREAM) {
            head.remove("content-length");
            event_stream(&mut head, EVENT_STREAM);
        } else {
            if let Some(body) = &clean {
                head.set("content-length", body.len().to_string());
            }
            self.account.price(cx);
            if let Some(cost) = self.account.cost {
                head.set("x-litellm-response-cost", cost.to_string());
            }
        }
        Ok(Complete { body: clean, head })
    }

    /// Whether an answer that its vendor withheld is a failure: only where another model is to be asked then.
    pub(super) fn minds_withheld_content(&self, cx: &Context<'_>) -> bool {
        let Some(work) = &self.work else {
            return false;
        };
        let group = cx.plan.groups.get(work.course.hop().group);
        let somewhere = match &work.controls.content_policy_fallbacks {
            Some(own) => !own.is_empty(),
            None => group.is_some_and(|group| !group.chains.content_policy.is_empty()),
        };
        somewhere && !work.controls.no_fallbacks
    }

    /// An attempt has brought a good answer, and if it streamed, its first content at that time. An answer that came whole says
    /// nothing of how soon it began.
    pub(super) fn good(
        &mut self,
        attempt: Attempt,
        first: Option<Timestamp>,
        cx: &mut Context<'_>,
    ) {
        let usage = self.account.usage.unwrap_or_default();
        let sample = Sample {
            stream: attempt.stream,
            time_to_first: first.map(|first| first.since(attempt.began)),
            duration: cx.now.since(attempt.began),
            output_tokens: usage.output,
            total_tokens: usage.total(),
        };
        book::answered(&attempt.pick, &sample, cx);
        self.end(attempt, "ok", cx);
    }
}

/// A time limit was reached.
pub(super) fn took_too_long(words: &'static str) -> ApiError {
    ApiError::new(504, Class::Timeout, words).with_code("upstream_timeout")
}
