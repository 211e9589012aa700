//! Text borrowed from the bytes it came in, and repairs that let strict readers take it.

use core::fmt;
use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::wire::json::mend_surrogates;

/// A string that is copied only when it contains escapes; empty for a value of another type, because
/// blocks and events to come may use the same names for other things.
#[derive(Clone, Debug, Default)]
pub(in crate::provider) struct Str<'a>(Cow<'a, str>);

impl Str<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Str<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Str<'de>, E> {
        Ok(Str(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Str<'de>, E> {
        Ok(Str(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Str<'de>, E> {
        Ok(Str::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Str<'de>, E> {
        Ok(Str::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Str<'de>, E> {
        Ok(Str::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Str<'de>, E> {
        Ok(Str::default())
    }

    fn visit_unit<E>(self) -> Result<Str<'de>, E> {
        Ok(Str::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Str<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Str::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Str<'de>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Str::default())
    }
}

/// `json` with lone surrogates mended; looked for only where there is a `\u` escape at all.
pub(in crate::provider) fn mended(json: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memmem::find(json, b"\\u") {
        Some(_) => mend_surrogates(json),
        None => Cow::Borrowed(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_escapes_is_borrowed_even_in_an_option() {
        let read = |json: &'static str| {
            serde_json::from_str::<Option<Str<'_>>>(json)
                .unwrap()
                .unwrap()
                .0
        };
        assert!(matches!(read(r#""abc ž""#), Cow::Borrowed("abc ž")));
        assert!(matches!(read(r#""a\n""#), Cow::Owned(_)));
    }

    #[test]
    fn a_value_of_another_type_is_no_text_and_no_error() {
        for json in ["true", "-1", "1", "1.5", "[1,[2]]", r#"{"a":{"b":1}}"#] {
            assert_eq!(
                serde_json::from_str::<Str<'_>>(json).unwrap().as_str(),
                "",
                "{json}"
            );
        }
    }

    #[test]
    fn only_lone_surrogates_are_changed() {
        assert!(matches!(mended(br#""a\nb \u00e9""#), Cow::Borrowed(_)));
        assert_eq!(mended(br#""\ud83d""#).as_ref(), br#""\ufffd""#);
    }
}
