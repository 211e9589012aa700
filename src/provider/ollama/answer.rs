//! Ollama's lines, each read into the pieces of an answer that it tells, and its whole answers.

use super::line::{Call, Line};
use super::{NAME, time};
use crate::canonical::answer::{Completion, FinishReason, ToolCall};
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::provider::anthropic::fault::not_understood;
use crate::provider::digest::digest;
use crate::usage::Usage;
use crate::wire::json::{Reader, Text, compact, mend_surrogates};

/// Takes the pieces.
type Each<'e> = &'e mut dyn FnMut(Piece<'_>);

/// What a stream has said so far, as far as later lines need it.
#[derive(Debug, Default)]
pub(super) struct Answer {
    begun: bool,
    calls: u32,
    over: bool,
}

/// Reads a complete answer.
///
/// # Errors
/// The vendor's own error when the body is one, a 502 when it is no answer at all.
pub(super) fn whole(body: &[u8]) -> Result<Completion, ApiError> {
    let line = Line::read(body).map_err(|fault| not_understood(&fault.to_string()))?;
    if line.failed {
        return Err(ApiError::inside(NAME, body));
    }
    if !line.has_message {
        return Err(not_understood("no `message`"));
    }
    let some = |text: Option<Text<'_>>| {
        let text = text.map(|text| text.decode().into_owned());
        text.filter(|text| !text.is_empty())
    };
    let calls = line.calls.iter().zip(0..);
    Ok(Completion {
        content: some(line.content),
        created: line.created.and_then(|text| time::seconds(&text.decode())),
        finish: Some(finish(&line, !line.calls.is_empty())),
        model: some(line.model),
        reasoning: some(line.thinking),
        tool_calls: calls
            .map(|(call, index)| tool_call(call, index, &line))
            .collect(),
        usage: usage(&line),
        ..Completion::default()
    })
}

impl Answer {
    /// Reads one line.
    pub fn read(&mut self, json: &[u8], each: Each<'_>) {
        if self.over {
            return;
        }
        match Line::read(json) {
            Ok(line) if line.failed => {
                self.over = true;
                each(Piece::Failed(ApiError::inside(NAME, json)));
            }
            Ok(line) => self.take(&line, each),
            Err(fault) => self.fail(&fault.to_string(), each),
        }
    }

    /// The stream cannot be read any further.
    pub fn fail(&mut self, what: &str, each: Each<'_>) {
        if !self.over {
            self.over = true;
            each(Piece::Failed(not_understood(what)));
        }
    }

    fn take(&mut self, line: &Line<'_>, each: Each<'_>) {
        if !self.begun {
            self.begun = true;
            let model = line.model.map(|model| model.decode());
            each(Piece::Start {
                id: None,
                model: model.as_deref(),
            });
        }
        let some = |text: Option<Text<'_>>| {
            let text = text.filter(|text| !text.raw().is_empty());
            text.map(|text| text.decode().into_owned())
        };
        if let Some(thinking) = some(line.thinking) {
            each(Piece::Reasoning(&thinking));
        }
        if let Some(content) = some(line.content) {
            each(Piece::Content(&content));
        }
        for call in &line.calls {
            let index = self.calls;
            self.calls = index.saturating_add(1);
            let call = tool_call(call, index, line);
            each(Piece::ToolStart {
                index,
                id: &call.id,
                name: &call.name,
            });
            each(Piece::ToolArguments {
                index,
                fragment: &call.arguments,
            });
        }
        if line.done {
            self.over = true;
            if let Some(usage) = usage(line) {
                each(Piece::Usage(usage));
            }
            each(Piece::Finish(finish(line, self.calls > 0)));
            each(Piece::End);
        }
    }
}

fn finish(line: &Line<'_>, has_calls: bool) -> FinishReason {
    match line.reason {
        _ if has_calls => FinishReason::ToolCalls,
        Some(reason) if reason.is("length") => FinishReason::Length,
        Some(_) | None => FinishReason::Stop,
    }
}

/// The prompt is not counted when all of it was cached.
fn usage(line: &Line<'_>) -> Option<Usage> {
    line.input.or(line.output)?;
    Some(Usage {
        input: line.input.unwrap_or(0),
        output: line.output.unwrap_or(0),
        ..Usage::default()
    })
}

fn tool_call(call: &Call<'_>, index: u32, line: &Line<'_>) -> ToolCall {
    let name = call.name.map(|name| name.decode().into_owned());
    let name = name.unwrap_or_default();
    let arguments = match call.arguments {
        None | Some(b"null") => "{}".to_owned(),
        Some(json) => text_of(json),
    };
    let id = call.id.map(|id| id.decode().into_owned());
    let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| {
        let created = line
            .created
            .map(|created| created.raw())
            .unwrap_or_default();
        let number = index.to_le_bytes();
        let parts = [created, &number, name.as_bytes(), arguments.as_bytes()];
        format!("call_{:016x}", digest(&parts))
    });
    ToolCall {
        id,
        name,
        arguments,
    }
}

/// Arguments as text: an object's JSON, or the text it is already.
fn text_of(json: &[u8]) -> String {
    match Reader::new(json).string() {
        Ok(text) => text.decode().into_owned(),
        Err(_) => {
            let json = mend_surrogates(json);
            String::from_utf8_lossy(&compact(&json)).into_owned()
        }
    }
}
