//! The members of a top-level object, each with the place where it stands.

use core::ops::Range;

use super::reader::{Fault, Reader};
use super::text::Text;

/// One member of an object: its key, and where key and value stand in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key.
    pub key: Text<'a>,
    /// The value's bytes.
    pub value: &'a [u8],
    /// Where the value stands.
    pub place: Range<usize>,
    /// Where the whole member stands, from its key's quote to its value's end.
    pub whole: Range<usize>,
}

/// All members of the object that a text consists of, in order, duplicates included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members<'a> {
    list: Vec<Member<'a>>,
}

impl<'a> Members<'a> {
    /// Checks the whole text and finds its members.
    ///
    /// # Errors
    /// When the text is not JSON, nests too deeply, or is not an object ([`Fault::Unexpected`]).
    pub fn read(json: &'a [u8]) -> Result<Self, Fault> {
        let mut list = Vec::with_capacity(8);
        let mut reader = Reader::new(json);
        reader.object(|reader, key| {
            // The colon and blanks lie between; the key's quotes are just outside its text.
            let key_at = offset(json, key.raw()).saturating_sub(1);
            let value = reader.skip()?;
            let end = reader.at();
            let from = end.saturating_sub(value.len());
            list.push(Member {
                key,
                value,
                place: from..end,
                whole: key_at..end,
            });
            Ok(())
        })?;
        reader.end()?;
        Ok(Self { list })
    }

    /// The members in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Member<'a>> {
        self.list.iter()
    }

    /// The member of that name; the last one when the text has several, as most parsers have it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.list.iter().rev().find(|member| member.key.is(name))
    }
}

/// Where `part`, a piece of `whole`, begins in it.
fn offset(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().saturating_sub(whole.as_ptr().addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_know_where_they_stand() {
        let json = br#" { "a" : 1 , "b":[{"a":2}] , "a":"x" } "#;
        let members = Members::read(json).unwrap();
        let texts: Vec<_> = members
            .iter()
            .map(|member| (&json[member.whole.clone()], &json[member.place.clone()]))
            .collect();
        assert_eq!(
            texts,
            [
                (&br#""a" : 1"#[..], &b"1"[..]),
                (br#""b":[{"a":2}]"#, br#"[{"a":2}]"#),
                (br#""a":"x""#, br#""x""#)
            ]
        );
    }

    #[test]
    fn of_duplicates_the_last_counts() {
        let members = Members::read(br#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(members.get("a").unwrap().value, b"2");
    }

    #[test]
    fn what_serde_json_refuses_is_refused() {
        for json in [
            "",
            "{",
            "}",
            "{}x",
            "{]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{1:2}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":-}",
            "{\"a\":1e}",
            "{\"a\":tru}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":[1,]}",
            "{\"a\":[1 2]}",
            "{\"a\":[}",
            "[{[{[{",
            "{\"a\":{\"b\":1]}",
            "\u{feff}{}",
            "{\"a\":\"",
            "{\"a\":nul",
            "{\"a\":+1}",
            "{'a':1}",
            "{\"a\":[[]}",
        ] {
            assert!(Members::read(json.as_bytes()).is_err(), "{json}");
            assert!(
                serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json).is_err(),
                "{json}"
            );
        }
        assert!(Members::read(b"{\"a\":\"\xff\"}").is_err());
        assert!(Members::read(b"{\"a\":\"0123456789abcdef\xf0\x9f\"}").is_err());
    }

    #[test]
    fn what_serde_json_accepts_is_accepted() {
        for json in [
            "{}",
            " {\"a\":-0.5E+7 }\n",
            "{\"a\":[]}",
            "{\"a\":{}}",
            "{\"a\":[[],{}]}",
            "{\"\":\"\"}",
            "{\"a\":[1,{\"b\":[true,false,null]}],\"c\":\"0123456789abcdefghij\\\"klm\u{1f980}\"}",
            "{\"a\":123456789012345678901234567890}",
            "{\"a\":{ },\"b\":[ ]}",
        ] {
            assert!(Members::read(json.as_bytes()).is_ok(), "{json}");
            assert!(
                serde_json::from_str::<serde_json::Value>(json).is_ok(),
                "{json}"
            );
        }
    }

    #[test]
    fn nesting_is_bounded_and_never_overflows_the_stack() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = |levels: usize| {
                format!("{{\"a\":{}1{}}}", open.repeat(levels), close.repeat(levels))
            };
            assert!(Members::read(deep(100).as_bytes()).is_ok());
            assert!(matches!(
                Members::read(deep(128).as_bytes()),
                Err(Fault::Deep { .. })
            ));
            assert!(Members::read(open.repeat(1_000_000).as_bytes()).is_err());
        }
        assert!(Members::read("{[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn another_value_than_an_object_is_told_from_no_json() {
        assert!(matches!(
            Members::read(b"[1]"),
            Err(Fault::Unexpected { .. })
        ));
        assert!(matches!(Members::read(b"[1"), Err(Fault::Malformed { .. })));
    }
}
