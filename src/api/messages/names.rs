//! Names and ids that are longer than OpenAI's vendors take: shortened on the way in, told in full on the way back.

use core::fmt::Write;
use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::fields::{Fields, elements};

/// The longest name of a tool that OpenAI takes; Anthropic takes twice that.
const LONGEST_NAME: usize = 64;
/// The longest id of a call that OpenAI takes.
const LONGEST_ID: usize = 40;
/// The longest user that OpenAI takes.
const LONGEST_USER: usize = 64;
/// What parts an id from a signature that rides on it.
const SIGNATURE: &str = "__thought__";

/// The name that is sent for a tool.
pub(super) fn name(full: Cow<'_, str>) -> Cow<'_, str> {
    shortened(full, LONGEST_NAME)
}

/// The id that is sent for a call. A signature behind it is not part of it.
pub(super) fn id(full: Cow<'_, str>) -> Cow<'_, str> {
    let Some((plain, signature)) = full.split_once(SIGNATURE) else {
        return shortened(full, LONGEST_ID);
    };
    let plain = shortened(Cow::Borrowed(plain), LONGEST_ID);
    Cow::Owned(format!("{plain}{SIGNATURE}{signature}"))
}

/// The user that is sent: a longer id is told by its hash.
pub(super) fn user(id: Cow<'_, str>) -> Cow<'_, str> {
    if id.len() <= LONGEST_USER {
        return id;
    }
    Cow::Owned(hash(&id))
}

/// Tools that are sent under another name: the name sent, and the client's.
pub(super) fn renamed(tools: &[u8]) -> Vec<(String, String)> {
    let long = |tool: &[u8]| {
        let full = Fields::of(tool).word("name").into_owned();
        (full.len() > LONGEST_NAME).then(|| (name(Cow::Borrowed(&full)).into_owned(), full))
    };
    elements(tools).into_iter().filter_map(long).collect()
}

/// A text of at most `most` bytes that stands for `full` and for no other.
fn shortened(full: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    if full.len() <= most {
        return full;
    }
    let hash = hash(&full);
    let mark = hash.get(..8).unwrap_or_default();
    let mut end = most.saturating_sub(9);
    while !full.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    let head = full.get(..end).unwrap_or_default();
    Cow::Owned(format!("{head}_{mark}"))
}

fn hash(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_beginning_and_tells_itself_apart() {
        let long = "a".repeat(100);
        assert_eq!(
            name(Cow::Borrowed(&long)),
            format!("{}_28165978", "a".repeat(55))
        );
        assert_eq!(name(Cow::Borrowed("read")), "read");
        let other = format!("{}b", "a".repeat(99));
        assert_ne!(name(Cow::Borrowed(&other)), name(Cow::Borrowed(&long)));
        assert!(name(Cow::Owned("ž".repeat(60))).len() <= LONGEST_NAME);
    }

    #[test]
    fn only_long_names_are_told_back() {
        let long = "b".repeat(70);
        let tools = format!(r#"[{{"name":"read"}},{{"name":"{long}"}}]"#);
        let renamed = renamed(tools.as_bytes());
        assert_eq!(renamed.len(), 1);
        assert_eq!(
            renamed[0],
            (name(Cow::Borrowed(&long)).into_owned(), long.clone())
        );
    }

    #[test]
    fn a_signature_on_an_id_stays_whole() {
        let signature = format!("call_1__thought__{}", "A".repeat(200));
        assert_eq!(id(Cow::Borrowed(&signature)), signature);
        assert_eq!(id(Cow::Owned("t".repeat(60))).len(), LONGEST_ID);
    }

    #[test]
    fn a_long_user_is_a_hash() {
        assert_eq!(user(Cow::Borrowed("u-77")), "u-77");
        assert_eq!(user(Cow::Owned("u".repeat(65))).len(), LONGEST_USER);
    }
}
