//! Dialects of OpenAI's format made plain, so that clients find things where OpenAI puts them. Answers without such oddities,
//! which are most, are not read for this at all.

use super::reason::{self, Reason};
use crate::usage::Usage;
use crate::wire::json::{Change, Members, Splice, compact, edit_array, push_string};

/// What an answer has said so far, as far as its dialect goes.
#[derive(Clone, Debug, Default)]
pub struct Tidy {
    /// Whether tools have been called.
    called: bool,
    /// The ids of calls that came without a number.
    ids: Vec<Vec<u8>>,
}

impl Tidy {
    /// Takes note of calls in a chunk that needs no edits.
    pub const fn note(&mut self, calls: bool) {
        self.called |= calls;
    }

    /// Whether an answer that stopped for this reason stopped for its calls.
    #[must_use]
    pub fn is_odd_end(&self, reason: &str) -> bool {
        self.called && matches!(reason, "stop" | "")
    }

    /// The answer, or one chunk of it, as OpenAI would have put it; `None` when it is that already.
    pub fn edit(&mut self, json: &[u8]) -> Option<Vec<u8>> {
        let members = Members::read(json).ok()?;
        let mut splice = Splice::new(json, &members);
        if let Some(member) = members.get("choices")
            && let Some(choices) = edit_array(member.value, |_, choice| self.choice(choice))
        {
            splice.replace(member, choices);
        }
        if let Some(member) = members.get("usage")
            && let Some(usage) = usage(member.value)
        {
            splice.replace(member, usage);
        }
        splice.apply()
    }

    fn choice(&mut self, json: &[u8]) -> Change {
        let Ok(members) = Members::read(json) else {
            return Change::Keep;
        };
        let mut splice = Splice::new(json, &members);
        let delta = members.get("delta");
        if let Some(member) = delta.or_else(|| members.get("message"))
            && let Some(said) = self.said(member.value, delta.is_some())
        {
            splice.replace(member, said);
        }
        if let Some(member) = members.get("finish_reason") {
            let word = serde_json::from_slice::<Option<String>>(member.value).unwrap_or_default();
            let is_whole = members.get("message").is_some();
            let plain = self.reason(word.as_deref(), is_whole);
            if plain != word.as_deref() {
                let plain = plain.map_or_else(
                    || b"null".to_vec(),
                    |word| format!("\"{word}\"").into_bytes(),
                );
                splice.replace(member, plain);
            }
        }
        splice.apply().map_or(Change::Keep, Change::Replace)
    }

    /// OpenAI's word for the reason; `None` while there is none.
    fn reason<'w>(&self, word: Option<&'w str>, is_whole: bool) -> Option<&'w str> {
        match word {
            Some("function_call") => word,
            None | Some("") if !is_whole && !self.called => None,
            None if !is_whole => None,
            None | Some("" | "stop") if self.called => Some("tool_calls"),
            None | Some("") => Some("stop"),
            Some(word) => match reason::read(word) {
                Reason::Broken => Some("stop"),
                Reason::Known(reason) => Some(reason.as_str()),
            },
        }
    }

    fn said(&mut self, json: &[u8], is_delta: bool) -> Option<Vec<u8>> {
        let members = Members::read(json).ok()?;
        let mut splice = Splice::new(json, &members);
        let is_text = |name: &str| {
            let member = members.get(name);
            member.filter(|member| member.value.starts_with(b"\"") && member.value != b"\"\"")
        };
        if let Some(member) = is_text("reasoning")
            && is_text("reasoning_content").is_none()
        {
            let other = members
                .iter()
                .filter(|other| other.key.is("reasoning_content"));
            other.for_each(|other| splice.remove(other));
            splice.rename(member, "reasoning_content");
        }
        if let Some(member) = members.get("tool_calls") {
            let single = member.value.starts_with(b"{");
            let list = if single {
                [b"[", member.value, b"]"].concat()
            } else {
                member.value.to_vec()
            };
            let edited = edit_array(&list, |at, call| self.call(call, is_delta.then_some(at)));
            if let Some(calls) = edited.or_else(|| single.then_some(list)) {
                splice.replace(member, calls);
            }
        }
        splice.apply()
    }

    /// `at` is its place among the calls of a chunk, which are numbered; those of a message are not.
    fn call(&mut self, json: &[u8], at: Option<usize>) -> Change {
        self.called = true;
        let Ok(members) = Members::read(json) else {
            return Change::Keep;
        };
        let mut splice = Splice::new(json, &members);
        if let Some(at) = at
            && members.get("index").is_none()
        {
            let number = self.number(&members, at).to_string();
            splice.add("index", number.as_bytes());
        }
        if members.get("type").is_none() && members.get("id").is_some() {
            splice.add("type", b"\"function\"");
        }
        let function = members.get("function");
        if let Some(member) = function
            && let Ok(inner) = Members::read(member.value)
            && let Some(arguments) = inner.get("arguments")
            && !arguments.value.starts_with(b"\"")
        {
            let mut function = Splice::new(member.value, &inner);
            function.replace(arguments, spelled(arguments.value));
            if let Some(function) = function.apply() {
                splice.replace(member, function);
            }
        }
        splice.apply().map_or(Change::Keep, Change::Replace)
    }

    /// The number of a call that has none: a new id is a new call.
    fn number(&mut self, members: &Members<'_>, at: usize) -> usize {
        let Some(id) = members.get("id").map(|id| id.value) else {
            return self.ids.len().checked_sub(1).unwrap_or(at);
        };
        if let Some(known) = self.ids.iter().position(|known| known == id) {
            return known;
        }
        self.ids.push(id.to_vec());
        self.ids.len().saturating_sub(1)
    }
}

/// Arguments as text.
fn spelled(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let text = if value == b"null" {
        String::new()
    } else {
        String::from_utf8_lossy(&compact(value)).into_owned()
    };
    push_string(&mut out, &text);
    out
}

/// The usage with what is cached where OpenAI puts it, and reasoning as part of the completion; `None` when it is so already.
#[must_use]
pub fn usage(json: &[u8]) -> Option<Vec<u8>> {
    let read = Usage::from_openai(json)?;
    let members = Members::read(json).ok()?;
    let mut splice = Splice::new(json, &members);
    if let Some(member) = members.get("completion_tokens")
        && member.value != read.output.to_string().as_bytes()
        && read.reasoning > 0
    {
        splice.replace(member, read.output.to_string().into_bytes());
    }
    let details = members.get("prompt_tokens_details");
    let has_details = details.is_some_and(|details| details.value != b"null");
    if read.cache_read > 0 && members.get("prompt_tokens").is_some() && !has_details {
        let value = format!("{{\"cached_tokens\":{}}}", read.cache_read).into_bytes();
        match details {
            Some(member) => splice.replace(member, value),
            None => splice.add("prompt_tokens_details", &value),
        }
    }
    splice.apply()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(json: &str) -> String {
        let out = Tidy::default().edit(json.as_bytes());
        out.map_or_else(|| "same".to_owned(), |out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn reasoning_is_told_by_the_name_most_clients_know() {
        for (json, out) in [
            (
                r#"{"choices":[{"delta":{"reasoning":"hm"}}]}"#,
                r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#,
            ),
            (
                r#"{"choices":[{"message":{"content":"x","reasoning":"hm","reasoning_content":null}}]}"#,
                r#"{"choices":[{"message":{"content":"x","reasoning_content":"hm"}}]}"#,
            ),
            (
                r#"{"choices":[{"delta":{"reasoning":"hm","reasoning_content":"hm"}}]}"#,
                "same",
            ),
            (r#"{"choices":[{"delta":{"reasoning":null}}]}"#, "same"),
        ] {
            assert_eq!(tidied(json), out);
        }
    }

    #[test]
    fn reasons_to_finish_are_openais() {
        for (word, plain) in [
            ("\"eos\"", "\"stop\""),
            ("\"model_length\"", "\"length\""),
            ("\"sensitive\"", "\"content_filter\""),
            ("\"weird\"", "\"stop\""),
            ("\"\"", "null"),
            ("null", "null"),
            ("\"function_call\"", "\"function_call\""),
        ] {
            let json = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":{word}}}]}}"#);
            let expected = if word == plain {
                "same".to_owned()
            } else {
                json.replace(word, plain)
            };
            assert_eq!(tidied(&json), expected);
        }
        for word in ["\"\"", "null"] {
            let json = format!(r#"{{"choices":[{{"message":{{}},"finish_reason":{word}}}]}}"#);
            assert_eq!(tidied(&json), json.replace(word, "\"stop\""));
        }
    }

    #[test]
    fn an_answer_that_called_tools_stopped_for_them() {
        let json = r#"{"choices":[{"message":{"tool_calls":[{"id":"a","type":"function","function":{"arguments":"{}"}}]},"finish_reason":"stop"}]}"#;
        assert_eq!(tidied(json), json.replace("stop", "tool_calls"));
        let mut tidy = Tidy::default();
        tidy.note(true);
        assert!(tidy.is_odd_end("stop") && !tidy.is_odd_end("length"));
        let end = br#"{"choices":[{"delta":{},"finish_reason":""}]}"#;
        let out = tidy.edit(end).unwrap();
        assert_eq!(
            out,
            br#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#
        );
    }

    #[test]
    fn calls_are_numbered_and_their_arguments_are_text() {
        let json = r#"{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x": 1}}},{"id":"b","function":{"name":"f","arguments":null}}]}}]}"#;
        let out = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"type":"function","id":"a","function":{"name":"f","arguments":"{\"x\":1}"}},{"index":1,"type":"function","id":"b","function":{"name":"f","arguments":""}}]}}]}"#;
        assert_eq!(tidied(json), out);
    }

    #[test]
    fn usage_stands_where_openai_puts_it() {
        for (json, out) in [
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#,
                Some(
                    r#"{"prompt_tokens":10,"completion_tokens":25,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#,
                ),
            ),
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_cache_hit_tokens":8}"#,
                Some(
                    r#"{"prompt_tokens_details":{"cached_tokens":8},"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_cache_hit_tokens":8}"#,
                ),
            ),
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":8}}"#,
                None,
            ),
            (
                r#"{"prompt_tokens":10,"completion_tokens":5,"cached_tokens":0}"#,
                None,
            ),
        ] {
            assert_eq!(
                usage(json.as_bytes()).as_deref(),
                out.map(str::as_bytes),
                "{json}"
            );
        }
    }
}
