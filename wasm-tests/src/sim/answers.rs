//! What must hold of what a client gets.

use dragoman::config::plan::Midstream;
use serde_json::Value;

use super::run::Simulation;
use super::visit::{Ending, Visit};
use crate::world::Answer;

/// What a client got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// A whole answer or a complete stream.
    Answer,
    /// A stream that says that it is broken.
    Broken,
    /// An error with a status of its own.
    Error,
    /// What was not the gateway's to say.
    Nothing,
}

impl Simulation {
    /// Checks what the client got of an exchange that is over, and says what it is.
    pub(super) fn check_answer(&mut self, visit: usize) -> Got {
        let it = &self.visits[visit];
        let judged = match (&it.ending, &it.answer) {
            (None, _) => Err("its client still waits".to_owned()),
            (Some((_, Ending::Answered)), Some(answer)) => self.judged(it, answer),
            (Some((_, Ending::Answered | Ending::Cut)), None) => {
                Err("it ended without an answer".to_owned())
            }
            (Some((_, Ending::Cut)), Some(answer)) if answer.status != 200 => {
                Err("an error was broken off".to_owned())
            }
            (Some((_, Ending::Cut | Ending::Left | Ending::Overruled)), _) => Ok(Got::Nothing),
        };
        judged.unwrap_or_else(|what| {
            self.fault(visit, what);
            Got::Nothing
        })
    }

    fn judged(&self, visit: &Visit, answer: &Answer) -> Result<Got, String> {
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status != 200 {
            return error(&body)
                .map(|()| Got::Error)
                .map_err(|what| format!("{what}: {} {body}", answer.status));
        }
        if visit.request.stream {
            self.stream(visit, &body)
        } else {
            let text = whole(&body)?;
            self.is_told(visit, &text, true)?;
            Ok(Got::Answer)
        }
    }

    fn stream(&self, visit: &Visit, body: &str) -> Result<Got, String> {
        let complaint = |what: &str| format!("{what}: {body}");
        if !body.ends_with("\n\n") {
            return Err(complaint("a stream ends in the middle of an event"));
        }
        let events: Vec<&str> = body
            .split_terminator("\n\n")
            .filter_map(|event| event.strip_prefix("data: "))
            .collect();
        let done = events.iter().filter(|event| **event == "[DONE]").count();
        let chunks: Vec<Value> = events
            .iter()
            .filter_map(|event| serde_json::from_str(event).ok())
            .collect();
        let errors = chunks
            .iter()
            .filter(|chunk| chunk.get("error").is_some())
            .count();
        let text: String = chunks
            .iter()
            .filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str())
            .collect();
        match (done, errors) {
            (1, 0) if events.last() == Some(&"[DONE]") => {
                self.is_told(visit, &text, true)?;
                Ok(Got::Answer)
            }
            (0, 1)
                if chunks
                    .last()
                    .is_some_and(|chunk| chunk.get("error").is_some()) =>
            {
                if text.is_empty() {
                    return Err(complaint("an error inside a 200 before any content"));
                }
                self.is_told(visit, &text, false)?;
                Ok(Got::Broken)
            }
            _ => Err(complaint("a stream with a wrong end")),
        }
    }

    /// Whether a provider said that: all of it, or the beginning. Where streams are gone on with, the beginning of one and all
    /// of another.
    fn is_told(&self, visit: &Visit, text: &str, all: bool) -> Result<(), String> {
        let texts = visit
            .attempts
            .iter()
            .map(|attempt| attempt.script.text.as_str());
        let is_end = |rest: &str| {
            let mut texts = texts.clone();
            texts.any(|said| {
                if all {
                    rest == said
                } else {
                    said.starts_with(rest)
                }
            })
        };
        let joined = || {
            let continued = self.plan.midstream == Midstream::Continue;
            let mut cuts = (0..text.len()).filter(|cut| text.is_char_boundary(*cut));
            continued
                && cuts.any(|cut| {
                    let (begun, rest) = text.split_at(cut);
                    texts.clone().any(|said| said.starts_with(begun)) && is_end(rest)
                })
        };
        if is_end(text) || joined() {
            return Ok(());
        }
        Err(format!("no provider said `{text}`"))
    }
}

fn error(body: &str) -> Result<(), &'static str> {
    let read: Value = serde_json::from_str(body).map_err(|_| "an error that is no JSON")?;
    let message = read.pointer("/error/message").and_then(Value::as_str);
    let is_worded = message.is_some_and(|message| !message.is_empty());
    is_worded.then_some(()).ok_or("an error without words")
}

fn whole(body: &str) -> Result<String, String> {
    let read: Value = serde_json::from_str(body).map_err(|_| format!("no JSON: {body}"))?;
    let text = read.pointer("/choices/0/message/content");
    let text = text.and_then(Value::as_str).map(str::to_owned);
    text.filter(|_| read.get("error").is_none())
        .ok_or_else(|| format!("no answer inside a 200: {body}"))
}
