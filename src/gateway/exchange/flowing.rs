//! What goes on before it is complete, in both directions: requests whose body is not waited for, and answers that nobody reads but
//! for what they took.

use std::rc::Rc;

use super::{Exchange, State, Streaming, secrets_of};
use crate::canonical::asked::Line;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::Effect;
use crate::gateway::relay::flow::FlowRelay;
use crate::gateway::{Context, book, heads, refuse};
use crate::policy::Failure;
use crate::usage::Usage;
use crate::value::head::Head;
use crate::value::secret::Secret;
use crate::wire::multipart::{self, Search};

/// How much of a form is looked through for the model before all of it is waited for.
const FIELDS: usize = 64 << 10;

/// Whose signature covers the body, and whose token may have to be fetched first: the body must be there by then.
const HELD: [&str; 2] = ["bedrock", "vertex_ai"];

/// Whether the request can go on as soon as its head is there: the body does not matter.
pub(super) fn goes_at_once(line: &Line, last: bool) -> bool {
    let is_held = line.vendor.is_some_and(|vendor| HELD.contains(&vendor));
    let is_read = line.is_json() || is_held;
    line.format == Format::Passthrough && (last || !is_read)
}

/// Whether it can go on before it is complete.
pub(super) fn goes_early(line: &Line) -> bool {
    line.format == Format::Transcriptions && line.model.is_none()
}

/// What the beginning of a body says.
enum Beginning {
    /// All that must be known.
    Enough,
    /// Nothing yet.
    Short,
    /// That the rest has to be waited for.
    Wait,
}

impl Exchange {
    /// More of a request has come.
    pub(super) fn growing(
        &mut self,
        state: State,
        bytes: &[u8],
        held: usize,
        cx: &mut Context<'_>,
    ) -> Effect {
        if held > cx.plan.max_body {
            return self.refuse(&refuse::too_large(cx.plan.max_body), cx);
        }
        match state {
            State::Asking {
                client,
                early: true,
                line,
                said,
            } => match beginning(bytes, &line) {
                Beginning::Enough => self.ask_flowing(bytes.to_vec(), client, &said, line, cx),
                Beginning::Wait if line.length > Some(cx.plan.max_body) => {
                    self.refuse(&refuse::too_large(cx.plan.max_body), cx)
                }
                told @ (Beginning::Short | Beginning::Wait) => {
                    self.state = State::Asking {
                        client,
                        early: matches!(told, Beginning::Short),
                        line,
                        said,
                    };
                    Effect::Hold
                }
            },
            state => {
                self.state = state;
                Effect::Hold
            }
        }
    }

    /// Asks with what there is of the body; the rest follows without being looked at.
    pub(super) fn ask_flowing(
        &mut self,
        begun: Vec<u8>,
        client: Head,
        said: &Head,
        line: Rc<Line>,
        cx: &mut Context<'_>,
    ) -> Effect {
        self.flows = true;
        self.ask(begun, client, said, line, cx)
    }

    /// A vendor answers its own format: whatever it says goes to the client.
    pub(super) fn pass(
        &mut self,
        attempt: Attempt,
        head: &Head,
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        match head.status().unwrap_or(502) {
            300..=399 => self.attempt_failed(attempt, Some(head), refuse::redirected(), cx),
            400.. if last => self.pass_error(attempt, head, b"", cx),
            400.. => {
                self.state = State::Failing {
                    attempt,
                    head: head.clone(),
                };
                Effect::Hold
            }
            _ => self.flow(attempt, head, last, cx),
        }
    }

    /// An answer that is good as far as its head tells goes to the client as it comes.
    pub(super) fn flow(
        &mut self,
        mut attempt: Attempt,
        head: &Head,
        last: bool,
        cx: &mut Context<'_>,
    ) -> Effect {
        let mut head = head.clone();
        self.released(&attempt, &mut head, cx);
        // Nothing can be said to a client in the middle of what is not read.
        self.deadline = None;
        (attempt.ends, attempt.first_by) = (None, None);
        if last {
            self.good(attempt, None, cx);
            self.settle(cx);
            self.state = State::Draining { until: None };
            return Effect::Release { head, body: None };
        }
        let is_coded = head.get("content-encoding").is_some();
        if is_coded || !is_text(&head) {
            if self.format != Format::Passthrough {
                self.account.usage = Some(Usage::estimated(attempt.input_tokens, 0));
            }
            self.state = State::Opaque { attempt };
            return Effect::Release { head, body: None };
        }
        if attempt.stream {
            self.account.first_content = Some(cx.now);
        }
        if let Some(work) = &mut self.work {
            work.body = Rc::default();
        }
        let secrets: Vec<Secret> = secrets_of(&attempt, cx.plan).into_iter().cloned().collect();
        self.state = State::Streaming(Box::new(Streaming {
            attempt,
            continuation: None,
            quiet: None,
            states_at: None,
            relay: Box::new(FlowRelay::new(secrets)),
        }));
        Effect::Release { head, body: None }
    }

    /// A vendor's error goes to the client as it is, and counts as the failure it is.
    pub(super) fn pass_error(
        &mut self,
        attempt: Attempt,
        head: &Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Effect {
        let mut answer = head.clone();
        let secrets = secrets_of(&attempt, cx.plan);
        let clean = heads::blackened(body, &secrets);
        let error = ApiError::answered(attempt.provider, head, body);
        self.released(&attempt, &mut answer, cx);
        if let Some(clean) = &clean {
            answer.set("content-length", clean.len().to_string());
        }
        let failure = Failure::of(&error, Some(head), cx.now);
        book::failed(&attempt.pick, &failure, cx);
        self.end(attempt, failure.class.name(), cx);
        self.account.error = error.code.or(Some(error.kind));
        self.settle(cx);
        self.state = State::Draining { until: None };
        Effect::Release {
            head: answer,
            body: clean,
        }
    }
}

fn beginning(form: &[u8], line: &Line) -> Beginning {
    let media = line.headers.get("content-type");
    let Some(boundary) = media.and_then(multipart::boundary) else {
        return Beginning::Wait;
    };
    match multipart::find(form, boundary, "model") {
        Search::Found(_) => Beginning::Enough,
        Search::Unfinished { in_file: false } if form.len() < FIELDS => Beginning::Short,
        Search::Absent | Search::Unfinished { .. } => Beginning::Wait,
    }
}

/// Whether the answer may state what it took: JSON, alone or in a stream, Amazon's frames of it included.
fn is_text(head: &Head) -> bool {
    let media = head.media_type().unwrap_or_default();
    media.ends_with("json")
        || media.ends_with("ndjson")
        || matches!(
            media.as_str(),
            "text/event-stream" | "application/vnd.amazon.eventstream"
        )
}
