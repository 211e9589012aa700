//! A request's values where they stand: found in place, so that what is passed on is never respelled.

use std::borrow::Cow;

use crate::canonical::asked::Asked;
use crate::canonical::error::{ApiError, Class};
use crate::wire::json::{Members, Reader, Text, push_string};

/// The members of an object, of which those that are `null` count as missing.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    members: Members<'a>,
    /// The object itself.
    pub json: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The members of `json`; none when it is no object.
    pub fn of(json: &'a [u8]) -> Self {
        Self {
            members: Members::read(json).unwrap_or_default(),
            json,
        }
    }

    /// The members of a request, which have been found before.
    pub fn asked(asked: &Asked<'a>) -> Self {
        Self {
            members: asked.members.clone(),
            json: asked.body,
        }
    }

    /// The value of that name, as it is spelled.
    pub fn raw(&self, name: &str) -> Option<&'a [u8]> {
        let value = self.members.get(name)?.value;
        (value != b"null").then_some(value)
    }

    /// The string of that name.
    pub fn text(&self, name: &str) -> Option<Text<'a>> {
        text(self.raw(name)?)
    }

    /// The string of that name, read; empty when there is none.
    pub fn word(&self, name: &str) -> Cow<'a, str> {
        self.text(name)
            .map_or(Cow::Borrowed(""), |text| text.decode())
    }

    /// The `type`; empty when there is none.
    pub fn kind(&self) -> Cow<'a, str> {
        self.word("type")
    }

    /// Whether the member says `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.raw(name) == Some(b"true")
    }

    /// The object of that name; without members when there is none.
    pub fn inner(&self, name: &str) -> Fields<'a> {
        Fields::of(self.raw(name).unwrap_or_default())
    }

    /// The cache breakpoint on it.
    pub fn cache(&self) -> Option<&'a [u8]> {
        self.raw("cache_control")
            .filter(|marker| marker.starts_with(b"{"))
    }
}

/// The string that `json` is.
pub(super) fn text(json: &[u8]) -> Option<Text<'_>> {
    Reader::new(json).string().ok()
}

/// The elements of an array; none when it is no array.
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

/// Text that is the client's as it spelled it, or ours.
#[derive(Clone, Debug)]
pub(super) enum Words<'a> {
    Ours(String),
    Theirs(Text<'a>),
}

impl<'a> Words<'a> {
    /// The text itself.
    pub fn decode(&self) -> Cow<'_, str> {
        match self {
            Self::Ours(text) => Cow::Borrowed(text),
            Self::Theirs(text) => text.decode(),
        }
    }

    /// Appends it as a JSON string.
    pub fn push_to(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ours(text) => push_string(out, text),
            Self::Theirs(text) => text.push_to(out),
        }
    }

    /// All of them as one text, with `between` between each two.
    pub fn joined(mut list: Vec<Words<'a>>, between: &str) -> Words<'a> {
        if list.len() == 1
            && let Some(only) = list.pop()
        {
            return only;
        }
        let texts: Vec<_> = list.iter().map(Words::decode).collect();
        Words::Ours(texts.join(between))
    }
}

/// A 400 that blames what stands at `at`.
pub(super) fn invalid(at: &str, words: &str) -> ApiError {
    ApiError::new(400, Class::BadRequest, format!("{at}: {words}"))
        .with_code("invalid_value")
        .with_param(at)
}

/// A 400 for what only Anthropic's own models can be asked.
pub(super) fn unsupported(at: &str, words: &str) -> ApiError {
    ApiError::new(400, Class::BadRequest, format!("{at}: {words}"))
        .with_code("unsupported_parameter")
        .with_param(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_as_good_as_nothing() {
        let fields = Fields::of(br#"{"a":null,"b":"x","c":true,"d":[1,"2"]}"#);
        assert!(fields.raw("a").is_none());
        assert_eq!(fields.word("b"), "x");
        assert!(fields.is_true("c") && !fields.is_true("b"));
        assert_eq!(
            elements(fields.raw("d").unwrap()),
            [&b"1"[..], &b"\"2\""[..]]
        );
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        assert!(Fields::of(b"7").raw("a").is_none());
        assert!(elements(b"{}").is_empty());
    }

    #[test]
    fn one_text_is_not_respelled() {
        let only = vec![Words::Theirs(text(br#""\u0041""#).unwrap())];
        let mut out = Vec::new();
        Words::joined(only, "\n").push_to(&mut out);
        assert_eq!(out, br#""\u0041""#);
    }
}
