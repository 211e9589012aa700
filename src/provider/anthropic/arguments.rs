//! Arguments of tool calls: OpenAI has them as text that a model wrote, Anthropic as an object.

use super::text::mended;
use crate::wire::json::{Object, Reader};

/// The objects that `text` stands for: one, or several where a model wrote several calls as one. Text that breaks off
/// is completed once; `None` when even so it is no JSON. What is no object goes into one, or counts for nothing unless
/// it `wraps`.
pub(in crate::provider) fn inputs(text: &str, wraps: bool) -> Option<Vec<Vec<u8>>> {
    if text.trim().is_empty() {
        return Some(vec![b"{}".to_vec()]);
    }
    let completed;
    let values = match values(text.as_bytes()) {
        Some(values) => values,
        None => {
            completed = closed(text);
            self::values(completed.as_bytes())?
        }
    };
    match values.as_slice() {
        [value] => Some(vec![object(value, wraps)]),
        several if several.iter().all(|value| value.starts_with(b"{")) => {
            Some(several.iter().map(|value| object(value, wraps)).collect())
        }
        _ => None,
    }
}

/// The values that the text consists of, one behind the other.
fn values(json: &[u8]) -> Option<Vec<&[u8]>> {
    let mut reader = Reader::new(json);
    let mut values = Vec::with_capacity(1);
    while reader.peek().is_some() {
        values.push(reader.skip().ok()?);
    }
    Some(values)
}

fn object(value: &[u8], wraps: bool) -> Vec<u8> {
    match value.first() {
        Some(b'{') => mended(value).into_owned(),
        Some(b'n') | None => b"{}".to_vec(),
        Some(byte) if !wraps && *byte != b'[' => b"{}".to_vec(),
        Some(_) => {
            let mut out = Vec::with_capacity(value.len().saturating_add(10));
            Object::write(&mut out, |object| object.raw("value", &mended(value)));
            out
        }
    }
}

/// The text with the quote and the brackets that it lacks.
fn closed(text: &str) -> String {
    let mut open = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            b'"' if !escaped => in_string = !in_string,
            b'{' if !in_string => open.push('}'),
            b'[' if !in_string => open.push(']'),
            b'}' | b']' if !in_string => {
                open.pop();
            }
            _ => {}
        }
        escaped = in_string && byte == b'\\' && !escaped;
    }
    let quote = in_string.then_some('"');
    text.chars()
        .chain(quote)
        .chain(open.into_iter().rev())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<String>> {
        let inputs = inputs(text, true)?;
        Some(
            inputs
                .into_iter()
                .map(|input| String::from_utf8(input).unwrap())
                .collect(),
        )
    }

    fn one(text: &str) -> String {
        read(text).unwrap().concat()
    }

    #[test]
    fn no_text_is_no_arguments() {
        assert_eq!((one(""), one(" \n")), ("{}".to_owned(), "{}".to_owned()));
    }

    #[test]
    fn objects_stay_as_they_are_spelled() {
        let text = r#"{"id":12345678901234567890,"x":1.10,"s":"caf\u00e9"}"#;
        assert_eq!(one(text), text);
    }

    #[test]
    fn text_that_breaks_off_is_completed_once() {
        assert_eq!(one(r#"{"a": 1"#), r#"{"a": 1}"#);
        assert_eq!(one(r#"{"a":[{"b":"x\"y"#), r#"{"a":[{"b":"x\"y"}]}"#);
        assert_eq!(read(r#"{"a":"#), None);
        assert_eq!(read("hello"), None);
    }

    #[test]
    fn other_values_are_wrapped() {
        assert_eq!(one("5"), r#"{"value":5}"#);
        assert_eq!(one("[1]"), r#"{"value":[1]}"#);
        assert_eq!(one("null"), "{}");
        assert_eq!(inputs("5", false), Some(vec![b"{}".to_vec()]));
    }

    #[test]
    fn several_objects_are_several_calls() {
        assert_eq!(
            read(r#"{"a":1}{"a":2}"#).unwrap(),
            [r#"{"a":1}"#, r#"{"a":2}"#]
        );
        assert_eq!(read("1 2"), None);
    }

    #[test]
    fn lone_surrogates_are_mended() {
        assert_eq!(one(r#"{"a":"\ud83d"}"#), r#"{"a":"\ufffd"}"#);
    }
}
