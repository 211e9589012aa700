//! Answers that go back as they come, read only for what must be known: whether they failed, whether they are
//! complete, and what they took.

use crate::canonical::error::{ApiError, Class};
use crate::canonical::format::Format;
use crate::canonical::scan::is_failure;
use crate::canonical::seen::Seen;
use crate::provider::{Follow, Followed};
use crate::usage::Usage;
use crate::usage::estimate::Estimator;
use crate::wire::json::{Fault, Reader, Text};

/// Follows one answer.
#[derive(Debug)]
pub(in crate::provider) struct Follower {
    format: Format,
    provider: &'static str,
    text: Estimator,
}

/// What an event, or an answer, says.
#[derive(Debug, Default)]
struct Said<'a> {
    choices: bool,
    delta: Option<&'a [u8]>,
    failed: bool,
    kind: Option<Text<'a>>,
    response: Option<&'a [u8]>,
    text: Vec<&'a [u8]>,
    tier: Option<Text<'a>>,
    usage: Option<&'a [u8]>,
    withheld: bool,
}

impl Follower {
    pub fn new(format: Format, provider: &'static str) -> Self {
        Self {
            format,
            provider,
            text: Estimator::default(),
        }
    }

    fn count(&mut self, text: &[u8], seen: &mut Seen) {
        if !text.is_empty() {
            self.text.feed(text);
            seen.content = true;
            seen.text_tokens = self.text.tokens();
        }
    }
}

impl Follow for Follower {
    fn whole(&mut self, body: &[u8]) -> Result<Followed, ApiError> {
        // Sound has no members, and of transcriptions only some are JSON.
        let is_text = || !body.trim_ascii_start().starts_with(b"{");
        let is_opaque =
            self.format == Format::Speech || (self.format == Format::Transcriptions && is_text());
        if is_opaque {
            return Ok(Followed::default());
        }
        let said = Said::read(body).map_err(|_| malformed("it is not a JSON object"))?;
        if said.failed {
            return Err(ApiError::inside(self.provider, body));
        }
        if self.format == Format::Completions && !said.choices {
            return Err(malformed("it has no choices"));
        }
        Ok(Followed {
            tier: said.tier.map(|tier| tier.decode().into_owned()),
            usage: said.usage.and_then(Usage::from_openai),
            withheld: said.withheld,
            ..Followed::default()
        })
    }

    fn event(&mut self, _name: Option<&[u8]>, data: &[u8], seen: &mut Seen) {
        if data.trim_ascii_start().starts_with(b"[DONE]") {
            seen.complete = true;
            return;
        }
        let Ok(said) = Said::read(data) else {
            seen.failure = Some(malformed("an event is not JSON"));
            return;
        };
        let kind = said.kind.map(|kind| kind.decode()).unwrap_or_default();
        let failed = said.failed || kind == "response.failed";
        if failed {
            let told = said.response.filter(|_| kind == "response.failed");
            seen.failure = Some(ApiError::inside(self.provider, told.unwrap_or(data)));
            return;
        }
        let inner = said.response.and_then(|response| Said::read(response).ok());
        for said in [Some(&said), inner.as_ref()].into_iter().flatten() {
            said.text.iter().for_each(|text| self.count(text, seen));
            seen.withheld |= said.withheld;
            if let Some(usage) = said.usage.and_then(Usage::from_openai) {
                seen.usage = Some(usage);
            }
            if let Some(tier) = said.tier {
                seen.tier = Some(tier.decode().into_owned());
            }
        }
        if let Some(delta) = said.delta {
            self.count(delta, seen);
        }
        seen.content |= says_something(&kind);
        seen.complete |= is_last(self.format, &kind);
    }
}

impl<'a> Said<'a> {
    fn read(json: &'a [u8]) -> Result<Self, Fault> {
        let mut said = Self::default();
        let mut reader = Reader::new(json);
        reader.object(|reader, key| said.member(reader, key))?;
        reader.end()?;
        Ok(said)
    }

    fn member(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"choices" => {
                self.choices = reader.optional_array(|reader, _| self.choice(reader))?;
            }
            b"delta" if reader.peek() == Some(b'"') => self.delta = Some(reader.string()?.raw()),
            b"incomplete_details" => {
                let value = reader.skip()?;
                self.withheld |= memchr::memmem::find(value, b"\"content_filter\"").is_some();
            }
            b"response" if reader.peek() == Some(b'{') => self.response = Some(reader.skip()?),
            b"service_tier" => self.tier = reader.optional_string()?,
            b"usage" if reader.peek() == Some(b'{') => self.usage = Some(reader.skip()?),
            b"type" if reader.peek() == Some(b'"') => {
                let kind = reader.string()?;
                self.failed |= kind.is("error");
                self.kind = Some(kind);
            }
            _ => self.failed |= is_failure(key, reader)?,
        }
        Ok(())
    }

    /// A choice of legacy completions.
    fn choice(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"finish_reason" => {
                    let reason = reader.optional_string()?;
                    self.withheld |= reason.is_some_and(|reason| reason.is("content_filter"));
                }
                b"text" if reader.peek() == Some(b'"') => self.text.push(reader.string()?.raw()),
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// Whether an event of that kind carries content of its own, text aside.
fn says_something(kind: &str) -> bool {
    const BEGINNINGS: [&str; 5] = [
        "image_edit.",
        "image_generation.",
        "response.output_item.",
        "speech.audio.",
        "transcript.text.",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| kind.starts_with(beginning))
}

/// Whether an event of that kind is the last one.
fn is_last(format: Format, kind: &str) -> bool {
    match kind {
        "image_generation.completed" | "image_edit.completed" => format == Format::Images,
        "response.completed" | "response.incomplete" => format == Format::Responses,
        "speech.audio.done" => format == Format::Speech,
        "transcript.text.done" => format == Format::Transcriptions,
        _ => false,
    }
}

fn malformed(what: &str) -> ApiError {
    let words = format!("the provider's answer cannot be read: {what}");
    ApiError::new(502, Class::Malformed, words).with_code("upstream_invalid_response")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(format: Format, events: &[&str]) -> Seen {
        let mut follower = Follower::new(format, "openai");
        let mut seen = Seen::default();
        for event in events {
            follower.event(None, event.as_bytes(), &mut seen);
        }
        seen
    }

    fn whole(format: Format, body: &str) -> Result<Followed, ApiError> {
        Follower::new(format, "openai").whole(body.as_bytes())
    }

    #[test]
    fn usage_is_read_whatever_the_operation() {
        for (format, body, total) in [
            (
                Format::Embeddings,
                r#"{"data":[],"usage":{"prompt_tokens":8,"total_tokens":8}}"#,
                8,
            ),
            (
                Format::Responses,
                r#"{"error":null,"usage":{"input_tokens":3,"output_tokens":4}}"#,
                7,
            ),
            (
                Format::Images,
                r#"{"created":1,"usage":{"input_tokens":3,"output_tokens":9,"total_tokens":12}}"#,
                12,
            ),
            (
                Format::Completions,
                r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
                2,
            ),
            (
                Format::Transcriptions,
                r#"{"text":"x","usage":{"type":"tokens","input_tokens":2,"output_tokens":3}}"#,
                5,
            ),
        ] {
            let followed = whole(format, body).unwrap();
            assert_eq!(followed.usage.unwrap().total(), total, "{body}");
            assert_eq!(followed.body, None);
        }
    }

    #[test]
    fn what_is_no_json_is_read_only_where_it_may_be_none() {
        assert_eq!(
            whole(Format::Speech, "\u{0}{").unwrap(),
            Followed::default()
        );
        assert_eq!(
            whole(Format::Transcriptions, "1\n00:00").unwrap(),
            Followed::default()
        );
        assert_eq!(whole(Format::Embeddings, "<html>").unwrap_err().status, 502);
        assert_eq!(whole(Format::Completions, "{}").unwrap_err().status, 502);
    }

    #[test]
    fn an_error_in_a_success_is_an_error() {
        let body = r#"{"error":{"message":"m","type":"server_error","code":503}}"#;
        assert_eq!(whole(Format::Embeddings, body).unwrap_err().status, 503);
    }

    #[test]
    fn a_response_is_followed_to_its_last_event() {
        let delta = r#"{"type":"response.output_text.delta","delta":"hello"}"#;
        let start = r#"{"type":"response.created","response":{"status":"in_progress","error":null,"usage":null}}"#;
        let end = r#"{"type":"response.completed","response":{"service_tier":"flex","usage":{"input_tokens":3,"output_tokens":4}}}"#;
        let before = seen(Format::Responses, &[start]);
        assert!(!before.content && !before.complete);
        let seen = seen(Format::Responses, &[start, delta, end]);
        assert!(seen.content && seen.complete && seen.failure.is_none() && seen.text_tokens > 0);
        assert_eq!(
            (seen.usage.unwrap().total(), seen.tier.as_deref()),
            (7, Some("flex"))
        );
    }

    #[test]
    fn a_response_that_fails_or_is_withheld_says_so() {
        let failed = r#"{"type":"response.failed","response":{"error":{"code":"server_error","message":"down"}}}"#;
        assert_eq!(
            seen(Format::Responses, &[failed]).failure.unwrap().message,
            "down"
        );
        let error =
            r#"{"type":"error","code":"rate_limit_exceeded","message":"slow","param":null}"#;
        assert_eq!(
            seen(Format::Responses, &[error]).failure.unwrap().message,
            "slow"
        );
        let withheld = r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"content_filter"}}}"#;
        let seen = seen(Format::Responses, &[withheld]);
        assert!(seen.withheld && seen.complete);
    }

    #[test]
    fn other_streams_end_with_their_own_marks() {
        let text = r#"{"choices":[{"text":"x","finish_reason":null}]}"#;
        let completions = seen(Format::Completions, &[text, "[DONE]"]);
        assert!(completions.content && completions.complete);
        for (format, event) in [
            (
                Format::Images,
                r#"{"type":"image_generation.completed","b64_json":"x","usage":{"input_tokens":1,"output_tokens":2}}"#,
            ),
            (
                Format::Speech,
                r#"{"type":"speech.audio.done","usage":{"input_tokens":1,"output_tokens":2}}"#,
            ),
            (
                Format::Transcriptions,
                r#"{"type":"transcript.text.done","text":"x","usage":{"input_tokens":1,"output_tokens":2}}"#,
            ),
        ] {
            let seen = seen(format, &[event]);
            assert!(seen.complete && seen.usage.is_some(), "{event}");
        }
    }
}
