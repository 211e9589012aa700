//! Answers made once and sent often, because a benchmark must measure the gateway and not the stand-in.
//!
//! The body is not parsed: two members are looked up in its bytes, which costs microseconds even for a megabyte.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use memchr::memmem;

use crate::format::Format;
use crate::reply::Reply;

/// More than any benchmark needs; a client that invents names must not fill the memory.
const MOST: usize = 1_024;

/// What decides an answer.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Key {
    /// The format spoken.
    pub format: Format,
    /// The model.
    pub model: String,
    /// Streamed or not.
    pub stream: bool,
    /// Whether usage is asked for.
    pub usage: bool,
}

impl Key {
    /// Looks the members up in `path` or `body`; `None` if neither names a model.
    pub fn of(format: Format, path: &str, body: &[u8]) -> Option<Self> {
        if let Some((model, stream)) = format.named(path) {
            return Some(Self {
                format,
                model,
                stream,
                usage: stream,
            });
        }
        let model = member(body, "model")?.strip_prefix(b"\"")?;
        let end = memchr::memchr(b'"', model)?;
        let yes = |name| member(body, name).is_some_and(|value| value.starts_with(b"true"));
        let stream = yes("stream");
        Some(Self {
            format,
            model: String::from_utf8_lossy(model.get(..end)?).into_owned(),
            stream,
            usage: stream && yes("include_usage"),
        })
    }
}

/// What follows the first `"name":`. In a string the quotes would be escaped, so this is a member.
fn member<'a>(body: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let quoted = format!("\"{name}\"");
    let at = memmem::find(body, quoted.as_bytes())?.checked_add(quoted.len())?;
    let value = body.get(at..)?.trim_ascii_start().strip_prefix(b":")?;
    Some(value.trim_ascii_start())
}

/// The answers made so far.
#[derive(Debug, Default)]
pub struct Prepared(RwLock<HashMap<Key, Arc<Reply>>>);

impl Prepared {
    /// The answer for `key`, made by `make` the first time.
    pub fn reply(&self, key: Key, make: impl FnOnce(&Key) -> Reply) -> Arc<Reply> {
        if let Ok(known) = self.0.read()
            && let Some(reply) = known.get(&key)
        {
            return reply.clone();
        }
        let reply = Arc::new(make(&key));
        if let Ok(mut known) = self.0.write() {
            if known.len() >= MOST {
                known.clear();
            }
            known.insert(key, reply.clone());
        }
        reply
    }

    /// Forgets all, because the orders have changed.
    pub fn clear(&self) {
        if let Ok(mut known) = self.0.write() {
            known.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_and_texts_that_look_like_them_are_not() {
        let body =
            br#"{"messages":[{"content":"say \"stream\":true"}], "model" : "m", "stream": false}"#;
        let expected = Key {
            format: Format::OpenAi,
            model: "m".into(),
            stream: false,
            usage: false,
        };
        assert_eq!(Key::of(Format::OpenAi, "", body), Some(expected));
    }

    #[test]
    fn a_stream_with_usage_is_another_answer() {
        let body = br#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;
        assert_eq!(
            Key::of(Format::OpenAi, "", body).map(|key| (key.stream, key.usage)),
            Some((true, true))
        );
    }
}
