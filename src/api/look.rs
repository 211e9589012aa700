//! Looking into a request's JSON where it stands: no tree is built, and a value of another type than the expected one
//! counts as missing.

use std::borrow::Cow;

use crate::canonical::error::{ApiError, Class};
use crate::wire::json::{Members, Reader, Text};

/// The members of an object; none of anything else.
pub(super) fn object(json: &[u8]) -> Members<'_> {
    Members::read(json).unwrap_or_default()
}

/// The elements of an array; none of anything else.
pub(super) fn elements(json: &[u8]) -> Vec<&[u8]> {
    let mut list = Vec::new();
    let read = Reader::new(json).array(|reader, _| {
        list.push(reader.skip()?);
        Ok(())
    });
    if read.is_err() {
        list.clear();
    }
    list
}

/// The member of that name, unless it is `null`.
pub(super) fn value<'a>(members: &Members<'a>, name: &str) -> Option<&'a [u8]> {
    let value = members.get(name)?.value;
    (value != b"null").then_some(value)
}

/// The text that a value is.
pub(super) fn as_text(json: &[u8]) -> Option<Text<'_>> {
    Reader::new(json).string().ok()
}

/// The member of that name, if it is text.
pub(super) fn text<'a>(members: &Members<'a>, name: &str) -> Option<Text<'a>> {
    as_text(members.get(name)?.value)
}

/// The member of that name decoded; empty where it is no text.
pub(super) fn word<'a>(members: &Members<'a>, name: &str) -> Cow<'a, str> {
    text(members, name).map_or(Cow::Borrowed(""), |text| text.decode())
}

/// Whether the value is JSON's `true`.
pub(super) fn is_true(json: Option<&[u8]>) -> bool {
    json == Some(b"true")
}

/// Appends several texts as one JSON string, `between` them as it is spelled in JSON.
pub(super) fn push_joined(out: &mut Vec<u8>, texts: &[Text<'_>], between: &str) {
    out.push(b'"');
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            out.extend_from_slice(between.as_bytes());
        }
        out.extend_from_slice(text.raw());
    }
    out.push(b'"');
}

/// A 400 for what a chat request cannot say.
pub(super) fn unsupported(param: &str, words: impl Into<String>) -> ApiError {
    blamed("unsupported_parameter", param, words)
}

/// A 400 for what means nothing.
pub(super) fn invalid(param: &str, words: impl Into<String>) -> ApiError {
    blamed("invalid_value", param, words)
}

fn blamed(code: &str, param: &str, words: impl Into<String>) -> ApiError {
    ApiError::new(400, Class::BadRequest, words)
        .with_code(code)
        .with_param(param)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_counts_as_missing() {
        assert!(elements(b"{}").is_empty() && elements(b"[1,]").is_empty());
        let members = object(br#"{"a":null,"b":5,"c":"x"}"#);
        assert_eq!(value(&members, "a"), None);
        assert_eq!(word(&members, "b"), "");
        assert_eq!(word(&members, "c"), "x");
        assert_eq!(object(b"[]").iter().count(), 0);
    }

    #[test]
    fn texts_are_joined_as_they_are_spelled() {
        let [one, two] = [r#""a\u00e9""#, r#""b""#].map(|json| as_text(json.as_bytes()).unwrap());
        let mut out = Vec::new();
        push_joined(&mut out, &[one, two], r"\n");
        assert_eq!(out, br#""a\u00e9\nb""#);
    }
}
