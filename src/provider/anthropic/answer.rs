//! A complete message of Anthropic, read into the answer it is.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::event::{Block, Details, Source, finish, refusal};
use super::fault::{Stated, not_understood};
use super::reply::{Form, Reply};
use super::text::{Str, mended};
use crate::canonical::answer::{Completion, ThinkingBlock, ToolCall};
use crate::canonical::error::ApiError;
use crate::usage::Usage;
use crate::wire::json::compact;

/// Reads a message.
///
/// # Errors
/// The vendor's own error when the body is one, a 502 when it is no message at all.
pub(in crate::provider) fn read(body: &[u8], reply: &Reply) -> Result<Completion, ApiError> {
    let body = mended(body);
    let message: Message<'_> =
        serde_json::from_slice(&body).map_err(|error| not_understood(&error.to_string()))?;
    if let Some(error) = message.error {
        return Err(if error.is_anthropics() {
            error.translate()
        } else {
            ApiError::inside("anthropic", &body)
        });
    }
    let Some(blocks) = message.content else {
        return Err(not_understood("no `content`"));
    };
    let mut answer = Answer {
        reply,
        completion: Completion::default(),
        form: None,
        characters: 0,
    };
    blocks.into_iter().for_each(|block| answer.take(block));
    let mut completion = answer.close();
    let reason = message.stop_reason.as_ref().map(Str::as_str);
    completion.finish = Some(finish(reason, !completion.tool_calls.is_empty()));
    completion.refusal = refusal(reason, message.stop_details.as_ref()).map(str::to_owned);
    completion.id = message.id.map(Str::into_string);
    completion.model = message.model.map(Str::into_string);
    completion.usage = message
        .usage
        .and_then(|json| Usage::from_anthropic(json.get().as_bytes()));
    Ok(completion)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    error: Option<Stated<'a>>,
    #[serde(borrow)]
    id: Option<Str<'a>>,
    #[serde(borrow)]
    model: Option<Str<'a>>,
    #[serde(borrow)]
    stop_details: Option<Details<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Str<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// An answer while its blocks are read.
struct Answer<'r> {
    reply: &'r Reply,
    completion: Completion,
    /// The input of the forced tool.
    form: Option<String>,
    /// Characters of the content so far.
    characters: usize,
}

impl Answer<'_> {
    fn take(&mut self, block: Block<'_>) {
        match block.is() {
            "text" => self.text(block),
            "thinking" => self.thinking(block),
            "redacted_thinking" => {
                let data = block.data.map(Str::into_string).unwrap_or_default();
                self.completion
                    .thinking
                    .push(ThinkingBlock::Redacted { data });
            }
            "tool_use" => self.call(block),
            // The vendor's own tools and blocks to come are not for the client to act on.
            _ => {}
        }
    }

    fn text(&mut self, block: Block<'_>) {
        let sources = block.sources();
        let Some(text) = block.text else { return };
        let start = self.characters;
        if !text.as_str().is_empty() {
            self.completion
                .content
                .get_or_insert_default()
                .push_str(text.as_str());
            self.characters = start.saturating_add(text.as_str().chars().count());
        }
        let cited = |source: &Source<'_>| source.cited(start, self.characters);
        self.completion
            .citations
            .extend(sources.iter().filter_map(cited));
    }

    fn thinking(&mut self, block: Block<'_>) {
        let thinking = block.thinking.map(Str::into_string).unwrap_or_default();
        let signature = block.signature.map(Str::into_string).unwrap_or_default();
        if !thinking.is_empty() {
            self.completion
                .reasoning
                .get_or_insert_default()
                .push_str(&thinking);
        }
        self.completion.thinking.push(ThinkingBlock::Signed {
            signature,
            thinking,
        });
    }

    fn call(&mut self, block: Block<'_>) {
        let arguments = block
            .input
            .map_or_else(|| "{}".to_owned(), |input| compacted(input.get()));
        let name = block.name.as_ref().map_or("", Str::as_str);
        if self.reply.is_form(name) {
            // A second form would make the content two texts, which no client can parse.
            self.form.get_or_insert(arguments);
            return;
        }
        let name = self.reply.name_of(name).to_owned();
        let id = block.id.map(Str::into_string).unwrap_or_default();
        self.completion.tool_calls.push(ToolCall {
            id,
            name,
            arguments,
        });
    }

    fn close(mut self) -> Completion {
        if let Some(form) = self.form {
            self.completion
                .content
                .get_or_insert_default()
                .push_str(&form);
        }
        if self.reply.form == Form::Fenced {
            self.completion.content = self.completion.content.map(unfenced);
        }
        self.completion
    }
}

pub(in crate::provider) fn compacted(json: &str) -> String {
    String::from_utf8_lossy(&compact(json.as_bytes())).into_owned()
}

/// The JSON within a Markdown fence; the text as it is when it is not exactly that.
pub(in crate::provider) fn unfenced(text: String) -> String {
    let inner = text
        .trim()
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"));
    let inner = inner.map(|rest| rest.strip_prefix("json").unwrap_or(rest).trim());
    match inner {
        Some(json) if serde_json::from_str::<serde::de::IgnoredAny>(json).is_ok() => {
            json.to_owned()
        }
        Some(_) | None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> String {
        unfenced(text.to_owned())
    }

    #[test]
    fn a_fence_is_removed_only_around_json() {
        assert_eq!(content("```json\n{\"a\":1}\n```\n"), "{\"a\":1}");
        assert_eq!(content("```\n[1]\n```"), "[1]");
        assert_eq!(content("```json\nnot json\n```"), "```json\nnot json\n```");
        assert_eq!(content("see ```json\n{}\n```"), "see ```json\n{}\n```");
        assert_eq!(content("{\"a\":1}"), "{\"a\":1}");
    }

    #[test]
    fn what_is_no_message_is_a_502() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            "{\"content\":7}",
            "{\"content\":null}",
        ] {
            assert_eq!(
                read(body.as_bytes(), &Reply::default()).unwrap_err().status,
                502,
                "{body}"
            );
        }
    }

    #[test]
    fn an_error_in_a_message_s_place_is_that_error() {
        let body =
            br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(read(body, &Reply::default()).unwrap_err().status, 503);
    }

    #[test]
    fn a_lone_surrogate_is_mended() {
        let body = br#"{"content":[{"type":"text","text":"a\ud83d"}]}"#;
        assert_eq!(
            read(body, &Reply::default()).unwrap().content.as_deref(),
            Some("a\u{fffd}")
        );
    }
}
