//! Usage found at the beginning and the end of an answer, whoever's it is: for answers that pass by, whole or in a stream, without
//! being read.

use memchr::memmem;
use serde_json::Value;

use super::{Anthropic, Usage};
use crate::wire::json::Reader;

/// The names under which vendors state their counts.
const NAMES: [&[u8]; 2] = [b"\"usage\"", b"\"usageMetadata\""];

impl Usage {
    /// What an answer states, of which these are the first and the last bytes; they may overlap. `None` if there is nothing to read.
    /// Inside a text the quotes of a name are escaped, so that nothing a model says is taken for it.
    #[must_use]
    pub fn found(begin: &[u8], end: &[u8]) -> Option<Usage> {
        let last = last(end)?;
        let is = |name: &[u8]| memmem::find(last, name).is_some();
        if is(b"\"inputTokens\"") || is(b"\"promptTokenCount\"") {
            return in_camels(last);
        }
        let first = first(begin);
        let cached = |json| memmem::find(json, b"\"cache_read_input_tokens\"").is_some();
        let is_anthropics =
            (cached(last) || first.is_some_and(cached)) && !is(b"\"prompt_tokens\"");
        if !is_anthropics {
            return Usage::from_openai(last).or_else(|| Usage::from_openai(inner(last)?));
        }
        // A stream states the prompt at its beginning and the answer at its end.
        let mut stated = Anthropic::default();
        first
            .into_iter()
            .chain([last])
            .for_each(|json| stated.overlay(json));
        stated.usage()
    }
}

/// Google's names and Amazon's.
fn in_camels(json: &[u8]) -> Option<Usage> {
    let stated: Value = serde_json::from_slice(json).ok()?;
    let count = |names: &[&str]| {
        let counts = names.iter().filter_map(|name| stated.get(name)?.as_u64());
        counts.fold(0, u64::saturating_add)
    };
    let cache_read = count(&["cachedContentTokenCount", "cacheReadInputTokens"]);
    let cache_write = count(&["cacheWriteInputTokens"]);
    let reasoning = count(&["thoughtsTokenCount"]);
    // Amazon counts what is cached besides the prompt, Google as a part of it.
    let besides = count(&["cacheReadInputTokens"]).saturating_add(cache_write);
    let asked = ["promptTokenCount", "toolUsePromptTokenCount", "inputTokens"];
    Some(Usage {
        cache_read,
        cache_write,
        input: count(&asked).saturating_add(besides),
        output: count(&["candidatesTokenCount", "outputTokens"]).saturating_add(reasoning),
        reasoning,
        ..Usage::default()
    })
}

/// Cohere's counts are one level deeper.
fn inner(json: &[u8]) -> Option<&[u8]> {
    let at = memmem::find(json, b"\"tokens\"")?;
    object(json.get(at..)?.strip_prefix(b"\"tokens\"")?)
}

fn first(begin: &[u8]) -> Option<&[u8]> {
    let at = memmem::find(begin, b"\"usage\"")?;
    object(begin.get(at..)?.strip_prefix(b"\"usage\"")?)
}

/// The last one that is an object: what comes after it may be `null`.
fn last(end: &[u8]) -> Option<&[u8]> {
    let mut rest = end;
    loop {
        let latest = NAMES
            .iter()
            .filter_map(|name| Some((memmem::rfind(rest, name)?, *name)));
        let (at, name) = latest.max_by_key(|(at, _)| *at)?;
        let found = end
            .get(at..)
            .and_then(|from| object(from.strip_prefix(name)?));
        if found.is_some() {
            return found;
        }
        rest = rest.get(..at)?;
    }
}

/// The object behind a member's name.
fn object(behind: &[u8]) -> Option<&[u8]> {
    let value = behind
        .trim_ascii_start()
        .strip_prefix(b":")?
        .trim_ascii_start();
    let object = value
        .starts_with(b"{")
        .then(|| Reader::new(value).skip().ok())?;
    object.filter(|object| object.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(answer: &str) -> Option<(u64, u64, u64)> {
        let usage = Usage::found(answer.as_bytes(), answer.as_bytes())?;
        Some((usage.input, usage.output, usage.cache_read))
    }

    #[test]
    fn every_vendors_counts_are_found() {
        for (answer, counts) in [
            (
                r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}},"x":1}"#,
                (7, 2, 3),
            ),
            (
                r#"{"usage" : {"input_tokens":4,"cache_creation_input_tokens":0,"cache_read_input_tokens":3,"output_tokens":2}}"#,
                (7, 2, 3),
            ),
            (
                "data: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":7,\"input_tokens_details\":{\"cached_tokens\":3},\"output_tokens\":2}}}\n\n",
                (7, 2, 3),
            ),
            (
                r#"{"usageMetadata":{"promptTokenCount":7,"cachedContentTokenCount":3,"candidatesTokenCount":1,"thoughtsTokenCount":1}}"#,
                (7, 2, 3),
            ),
            (
                "\0\0\u{1}{\"metrics\":{},\"usage\":{\"inputTokens\":4,\"outputTokens\":2,\"cacheReadInputTokens\":3}}\u{7}",
                (7, 2, 3),
            ),
            (
                r#"{"usage":{"billed_units":{"input_tokens":1},"tokens":{"input_tokens":7,"output_tokens":2}}}"#,
                (7, 2, 0),
            ),
        ] {
            assert_eq!(found(answer), Some(counts), "{answer}");
        }
    }

    #[test]
    fn a_stream_of_anthropics_states_the_prompt_first_and_the_answer_last() {
        let begin = br#"data: {"message":{"usage":{"input_tokens":4,"cache_read_input_tokens":3,"output_tokens":1}}}"#;
        let end = br#"data: {"type":"message_delta","usage":{"output_tokens":9}}"#;
        let usage = Usage::found(begin, end).unwrap();
        assert_eq!((usage.input, usage.output, usage.cache_read), (7, 9, 3));
    }

    #[test]
    fn what_a_model_says_is_no_usage() {
        let answer = r#"{"text":"{\"usage\":{\"prompt_tokens\":9}}"}"#;
        assert_eq!(found(answer), None);
    }

    #[test]
    fn the_last_that_counts_anything_holds() {
        let answer = r#"{"usage":{"prompt_tokens":7}} {"usage":null} {"usage":{}}"#;
        assert_eq!(found(answer), Some((7, 0, 0)));
    }

    #[test]
    fn a_beginning_cut_off_is_no_usage() {
        assert_eq!(found(r#"tokens":3}} {"usage":{"prompt_tokens":7"#), None);
    }
}
