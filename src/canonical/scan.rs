//! Answers in OpenAI's format read in place: what must be known of them, without a tree.

use core::ops::Range;

use super::reason::{self, Reason};
use crate::wire::json::{Fault, Reader, Text};

/// What the gateway must know of a complete answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole<'a> {
    /// The `usage` object, wherever this vendor puts it.
    pub usage: Option<&'a [u8]>,
    /// Whether it reports a failure instead of an answer.
    pub failed: bool,
    /// Whether it has `choices`.
    pub choices: bool,
    /// Whether it is in a dialect, which [`Tidy`](super::tidy::Tidy) makes plain.
    pub odd: bool,
    /// Which tier served it.
    pub service_tier: Option<Text<'a>>,
    /// Why a choice finished, in a word that is no reason but a failure.
    pub broken: Option<Text<'a>>,
    /// Whether a choice finished because its content was withheld.
    pub withheld: bool,
}

/// Reads a complete answer.
///
/// # Errors
/// When it is not a JSON object.
pub fn whole(json: &[u8]) -> Result<Whole<'_>, Fault> {
    let mut found = Whole::default();
    let mut reader = Reader::new(json);
    reader.object(|reader, key| {
        if key.is("usage") {
            found.usage = object(reader.skip()?);
        } else if key.is("choices") {
            found.choices = reader.optional_array(|reader, _| found.choice(reader))?;
        } else if key.is("service_tier") {
            found.service_tier = reader.optional_string()?;
        } else {
            found.failed |= is_failure(key, reader)?;
        }
        Ok(())
    })?;
    reader.end()?;
    Ok(found)
}

impl<'a> Whole<'a> {
    fn choice(&mut self, reader: &mut Reader<'a>) -> Result<(), Fault> {
        let mut called = false;
        let mut reason = None;
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"finish_reason" => reason = reader.optional_string()?,
                b"message" => {
                    reader.optional_object(|reader, key| {
                        let value = reader.skip()?;
                        self.odd |= is_odd(key, value, false);
                        called |= is_calls(key, value);
                        Ok(())
                    })?;
                }
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        let word = reason.map_or(&b""[..], |reason| reason.raw());
        self.odd |= !is_plain(word) || (called && word == b"stop");
        self.withheld |= word == b"content_filter";
        self.broken = self.broken.or(reason.filter(|_| is_broken(word)));
        Ok(())
    }
}

/// Whether it is one of OpenAI's reasons to finish.
fn is_plain(reason: &[u8]) -> bool {
    matches!(
        reason,
        b"stop" | b"length" | b"tool_calls" | b"content_filter" | b"function_call"
    )
}

fn is_broken(reason: &[u8]) -> bool {
    !is_plain(reason)
        && core::str::from_utf8(reason).is_ok_and(|word| reason::read(word) == Reason::Broken)
}

/// Whether the member of a message, or of a delta to one, calls tools.
fn is_calls(key: Text<'_>, value: &[u8]) -> bool {
    key.raw() == b"tool_calls" && value.len() > 2 && value != b"null"
}

/// Whether the member of a message, or of a delta to one, is not as OpenAI has it.
fn is_odd(key: Text<'_>, value: &[u8], streamed: bool) -> bool {
    match key.raw() {
        b"reasoning" => value.starts_with(b"\"") && value.len() > 2,
        b"tool_calls" if is_calls(key, value) => {
            value.starts_with(b"{")
                || (streamed && memchr::memmem::find(value, b"\"index\"").is_none())
                || !arguments_are_text(value)
        }
        _ => false,
    }
}

/// Whether what stands behind every `"arguments"` is text. One inside a text is escaped, and is not found.
fn arguments_are_text(calls: &[u8]) -> bool {
    const KEY: &[u8] = b"\"arguments\"";
    memchr::memmem::find_iter(calls, KEY).all(|at| {
        let behind = calls
            .get(at.saturating_add(KEY.len())..)
            .unwrap_or_default();
        let value = behind.trim_ascii_start().strip_prefix(b":");
        value.is_none_or(|value| value.trim_ascii_start().starts_with(b"\""))
    })
}

/// What the gateway must know of one chunk of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Bytes of generated text, reasoning and tool arguments, still escaped.
    pub text: Vec<&'a [u8]>,
    /// Whether it carries content: anything but a role, a finish reason, or bookkeeping.
    pub content: bool,
    /// Whether `choices` is there and empty.
    pub bare: bool,
    /// Why a choice finished, in a word that is no reason but a failure.
    pub broken: Option<Text<'a>>,
    /// Whether tools are called.
    pub calls: bool,
    /// `created`, as spelled.
    pub created: Option<&'a [u8]>,
    /// Whether it reports a failure.
    pub failed: bool,
    /// Whether a choice says why it finished.
    pub finished: bool,
    /// `id`, as spelled.
    pub id: Option<&'a [u8]>,
    /// `model`, as spelled.
    pub model: Option<&'a [u8]>,
    /// Whether it is in a dialect, which [`Tidy`](super::tidy::Tidy) makes plain.
    pub odd: bool,
    /// Why a choice finished.
    pub reason: Option<Text<'a>>,
    /// Which tier serves it.
    pub service_tier: Option<Text<'a>>,
    /// The `usage` object.
    pub usage: Option<&'a [u8]>,
    /// Where the whole `usage` member stands, if it is there at all, even as `null`.
    pub usage_place: Option<Range<usize>>,
    /// Whether a choice finished because its content was withheld.
    pub withheld: bool,
}

/// Reads one chunk.
///
/// # Errors
/// When it is not a JSON object.
pub fn chunk(json: &[u8]) -> Result<Chunk<'_>, Fault> {
    let mut found = Chunk::default();
    let mut reader = Reader::new(json);
    reader.object(|reader, key| member(&mut found, reader, key, json))?;
    reader.end()?;
    Ok(found)
}

fn member<'a>(
    found: &mut Chunk<'a>,
    reader: &mut Reader<'a>,
    key: Text<'a>,
    json: &'a [u8],
) -> Result<(), Fault> {
    match key.raw() {
        b"choices" if reader.peek() == Some(b'[') => {
            found.bare = true;
            reader.array(|reader, _| {
                found.bare = false;
                choice(found, reader)
            })?;
        }
        b"created" => found.created = Some(reader.skip()?),
        b"id" => found.id = Some(reader.skip()?),
        b"model" => found.model = Some(reader.skip()?),
        b"service_tier" => found.service_tier = reader.optional_string()?,
        b"usage" => {
            let start = start_of(json, key);
            found.usage = object(reader.skip()?);
            found.usage_place = Some(start..reader.at());
        }
        // Groq reports usage under its own name as well, and counts it once.
        b"x_groq" => {
            let inner = reader.skip()?;
            if found.usage.is_none() {
                found.usage = whole(inner).ok().and_then(|inner| inner.usage);
            }
        }
        _ => found.failed |= is_failure(key, reader)?,
    }
    Ok(())
}

impl<'a> Chunk<'a> {
    fn finish(&mut self, reason: Text<'a>) {
        let word = reason.raw();
        self.finished |= !word.is_empty();
        self.odd |= !is_plain(word);
        self.withheld |= word == b"content_filter";
        self.reason = Some(reason);
        if is_broken(word) {
            self.broken = Some(reason);
        }
    }
}

fn choice<'a>(found: &mut Chunk<'a>, reader: &mut Reader<'a>) -> Result<(), Fault> {
    if reader.peek() != Some(b'{') {
        return reader.skip().map(|_| ());
    }
    reader.object(|reader, key| {
        match key.raw() {
            b"delta" if reader.peek() == Some(b'{') => {
                reader.object(|reader, key| delta(found, reader, key))?
            }
            b"finish_reason" => {
                if let Some(reason) = reader.optional_string()? {
                    found.finish(reason);
                }
            }
            // Moonshot puts usage on the last choice.
            b"usage" => {
                let usage = object(reader.skip()?);
                found.usage = found.usage.or(usage);
            }
            _ => {
                reader.skip()?;
            }
        }
        Ok(())
    })
}

fn delta<'a>(found: &mut Chunk<'a>, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
    match key.raw() {
        b"content" | b"reasoning_content" | b"reasoning" | b"refusal"
            if reader.peek() == Some(b'"') =>
        {
            let text = reader.string()?.raw();
            if !text.is_empty() {
                found.odd |= key.raw() == b"reasoning";
                found.content = true;
                found.text.push(text);
            }
        }
        b"role" => {
            reader.skip()?;
        }
        _ => {
            let value = reader.skip()?;
            if !matches!(value, b"null" | b"[]" | b"{}" | b"\"\"") {
                found.calls |= is_calls(key, value);
                found.odd |= is_odd(key, value, true);
                found.content = true;
                found.text.push(value);
            }
        }
    }
    Ok(())
}

/// Whether the member, which it reads, says that the answer is a failure: a truthy `error`,
/// `object: "error"` (SGLang), `type: "error"` (Anthropic), or a `base_resp` that is not 0 (MiniMax).
///
/// # Errors
/// When the value is malformed.
pub fn is_failure(key: Text<'_>, reader: &mut Reader<'_>) -> Result<bool, Fault> {
    let value = reader.skip()?;
    Ok(match key.raw() {
        b"error" => is_truthy(value),
        b"object" | b"type" => value == b"\"error\"",
        b"base_resp" => base_resp(value)?,
        _ => false,
    })
}

fn is_truthy(value: &[u8]) -> bool {
    let inner = match value {
        [b'{' | b'[', inner @ .., _] => inner.trim_ascii(),
        _ => value,
    };
    !matches!(inner, b"" | b"null" | b"false" | b"\"\"" | b"0")
}

fn base_resp(value: &[u8]) -> Result<bool, Fault> {
    let mut failed = false;
    if value.first() == Some(&b'{') {
        Reader::new(value).object(|reader, key| {
            let status = reader.skip()?;
            failed |= key.is("status_code") && status != b"0";
            Ok(())
        })?;
    }
    Ok(failed)
}

fn object(value: &[u8]) -> Option<&[u8]> {
    (value.first() == Some(&b'{')).then_some(value)
}

/// Where the member begins whose key this is.
fn start_of(json: &[u8], key: Text<'_>) -> usize {
    key.raw()
        .as_ptr()
        .addr()
        .saturating_sub(json.as_ptr().addr())
        .saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_tells_content_from_bookkeeping() {
        for (json, content) in [
            (
                r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
                false,
            ),
            (r#"{"choices":[{"delta":{"content":"a"}}]}"#, true),
            (r#"{"choices":[{"delta":{"reasoning_content":"a"}}]}"#, true),
            (
                r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
                true,
            ),
            (
                r#"{"choices":[{"delta":{"content":null,"tool_calls":[]},"finish_reason":"stop"}]}"#,
                false,
            ),
            (r#"{"choices":[],"prompt_filter_results":[]}"#, false),
        ] {
            assert_eq!(chunk(json.as_bytes()).unwrap().content, content, "{json}");
        }
    }

    #[test]
    fn the_usage_member_is_found_with_its_place() {
        let json = br#"{"choices":[{}], "usage" : {"total_tokens":3} }"#;
        let found = chunk(json).unwrap();
        assert_eq!(found.usage, Some(&br#"{"total_tokens":3}"#[..]));
        assert_eq!(
            &json[found.usage_place.unwrap()],
            br#""usage" : {"total_tokens":3}"#
        );
        let found = chunk(br#"{"choices":[],"usage":null}"#).unwrap();
        assert!(found.usage.is_none() && found.usage_place.is_some() && found.bare);
    }

    #[test]
    fn usage_is_found_where_vendors_hide_it() {
        for json in [
            r#"{"x_groq":{"id":"1","usage":{"a":1}}}"#,
            r#"{"choices":[{"delta":{},"usage":{"a":1}}]}"#,
        ] {
            assert_eq!(
                chunk(json.as_bytes()).unwrap().usage,
                Some(&br#"{"a":1}"#[..]),
                "{json}"
            );
        }
    }

    #[test]
    fn failures_are_seen_in_every_spelling() {
        for json in [
            r#"{"error":{"code":502,"message":"provider down"}}"#,
            r#"{"id":"x","choices":[],"error":"m"}"#,
            r#"{"error":true}"#,
            r#"{"error":["m"]}"#,
            r#"{"object":"error","message":"m"}"#,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
            r#"{"type":"error","code":"c","message":"m"}"#,
            r#"{"choices":null,"base_resp":{"status_code":1008,"status_msg":"m"}}"#,
        ] {
            assert!(whole(json.as_bytes()).unwrap().failed, "{json}");
            assert!(chunk(json.as_bytes()).unwrap().failed, "{json}");
        }
    }

    #[test]
    fn answers_are_not_failures_whatever_they_talk_about() {
        for json in [
            r#"{"error":null,"object":"chat.completion"}"#,
            r#"{"error":""}"#,
            r#"{"error":{ }}"#,
            r#"{"error":[]}"#,
            r#"{"error":0}"#,
            r#"{"error":false,"type":"response"}"#,
            r#"{"base_resp":{"status_code":0,"status_msg":"success"}}"#,
            r#"{"choices":[{"message":{"content":"\"error\"","error":{"a":1}}}]}"#,
            r#"{"object":"chat.completion","metadata":{"type":"error"}}"#,
        ] {
            assert!(!whole(json.as_bytes()).unwrap().failed, "{json}");
            assert!(!chunk(json.as_bytes()).unwrap().failed, "{json}");
        }
    }

    #[test]
    fn finish_reasons_count_only_when_they_say_something() {
        let finished = |json: &str| chunk(json.as_bytes()).unwrap().finished;
        assert!(finished(r#"{"choices":[{"finish_reason":"stop"}]}"#));
        assert!(!finished(
            r#"{"choices":[{"finish_reason":null},{"finish_reason":""}]}"#
        ));
    }
}
