//! Fields of Google's messages: in JSON a field goes by its name in camel case and by the one with underscores.

use std::borrow::Cow;

use crate::api::look::as_text;
use crate::wire::json::{Members, Text};

/// Whether `key` is the field `name`, which is in camel case.
pub(super) fn same(key: &str, name: &str) -> bool {
    if key == name {
        return true;
    }
    let letters = key.chars().filter(|letter| *letter != '_');
    key.contains('_')
        && letters
            .map(|letter| letter.to_ascii_lowercase())
            .eq(name.chars().map(|letter| letter.to_ascii_lowercase()))
}

/// The field of that name, unless it is `null`.
pub(super) fn value<'a>(members: &Members<'a>, name: &str) -> Option<&'a [u8]> {
    let known = members.get(name).or_else(|| {
        let mut all = members.iter().rev();
        all.find(|member| same(&member.key.decode(), name))
    });
    known
        .map(|member| member.value)
        .filter(|value| *value != b"null")
}

/// The field of that name, if it is text.
pub(super) fn text<'a>(members: &Members<'a>, name: &str) -> Option<Text<'a>> {
    as_text(value(members, name)?)
}

/// The field of that name decoded; empty where it is no text.
pub(super) fn word<'a>(members: &Members<'a>, name: &str) -> Cow<'a, str> {
    text(members, name).map_or(Cow::Borrowed(""), |text| text.decode())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::look::object;

    #[test]
    fn a_field_goes_by_both_its_names() {
        for json in [r#"{"topP":1}"#, r#"{"top_p":1}"#] {
            assert_eq!(
                value(&object(json.as_bytes()), "topP"),
                Some(&b"1"[..]),
                "{json}"
            );
        }
        assert_eq!(value(&object(br#"{"topp":1,"top_k":1}"#), "topP"), None);
    }
}
