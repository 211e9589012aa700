//! JSON strings as they stand in the bytes: compared and measured without being decoded.

use std::borrow::Cow;

/// A string's bytes between its quotes: valid UTF-8 and valid escapes, still escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    /// `raw` must come from a reader that checked it.
    pub(super) const fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The bytes between the quotes, escapes and all.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether the string says exactly `word`, however it is spelled.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        if self.escaped {
            return self.decode() == word;
        }
        self.raw == word.as_bytes()
    }

    /// The string itself. A surrogate without its other half, which UTF-8 cannot say, becomes U+FFFD.
    #[must_use]
    pub fn decode(&self) -> Cow<'a, str> {
        if self.escaped {
            return Cow::Owned(unescape(self.raw));
        }
        String::from_utf8_lossy(self.raw)
    }

    /// Whether it contains escapes.
    #[must_use]
    pub const fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// Whether it says nothing but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let mut rest = self.raw;
        loop {
            rest = rest.trim_ascii_start();
            match rest {
                [] => return true,
                [b'\\', b'n' | b'r' | b't', tail @ ..] => rest = tail,
                [b'\\' | 0x80.., ..] => return unescape(rest).trim().is_empty(),
                [_, ..] => return false,
            }
        }
    }

    /// Appends it as a JSON string, quotes included, spelled as it is.
    pub fn push_to(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(self.raw);
        out.push(b'"');
    }
}

/// Appends `text` as a JSON string, quotes included, escaping only what JSON requires.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(stop) = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
    {
        let (plain, tail) = rest.split_at(stop);
        out.extend_from_slice(plain);
        let Some((byte, tail)) = tail.split_first() else {
            break;
        };
        push_escape(out, *byte);
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// `text` as a JSON string, quotes included.
#[must_use]
pub fn quote(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len().saturating_add(2));
    push_string(&mut out, text);
    out
}

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    const HEX: [u8; 16] = *b"0123456789abcdef";
    let short = match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            out.extend_from_slice(b"\\u00");
            for nibble in [byte >> 4, byte & 0x0f] {
                out.extend(HEX.get(usize::from(nibble)));
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn unescape(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, tail) = rest.split_at(at);
        out.push_str(&String::from_utf8_lossy(plain));
        let (character, used) = escape(tail);
        out.push(character);
        rest = tail.get(used..).unwrap_or_default();
    }
    out.push_str(&String::from_utf8_lossy(rest));
    out
}

/// The character an escape at the start of `tail` stands for, and the bytes it takes.
fn escape(tail: &[u8]) -> (char, usize) {
    match tail.get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => unicode(tail),
        Some(other) => (char::from(*other), 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

fn unicode(tail: &[u8]) -> (char, usize) {
    let Some(first) = code_unit(tail) else {
        return (char::REPLACEMENT_CHARACTER, 6);
    };
    let second = tail.get(6..).and_then(code_unit);
    let units = [first, second.unwrap_or_default()];
    match char::decode_utf16(units).next() {
        Some(Ok(character)) => (character, if character.len_utf16() == 2 { 12 } else { 6 }),
        Some(Err(_)) | None => (char::REPLACEMENT_CHARACTER, 6),
    }
}

/// The number in an escape `\uXXXX` at the start of `tail`.
pub(super) fn code_unit(tail: &[u8]) -> Option<u16> {
    let digits = tail.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::Reader;

    fn decoded(json: &str) -> String {
        Reader::new(json.as_bytes())
            .string()
            .unwrap()
            .decode()
            .into_owned()
    }

    #[test]
    fn escapes_are_decoded_as_serde_json_does() {
        for json in [
            r#""a\"\\\/\b\f\n\r\t\u00e9\ud83e\udd80ž""#,
            r#""""#,
            r#""\u0000""#,
        ] {
            assert_eq!(decoded(json), serde_json::from_str::<String>(json).unwrap());
        }
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        assert_eq!(
            decoded(r#""a\ud83db\udd80\ud83d\ud83d\ude00""#),
            "a\u{fffd}b\u{fffd}\u{fffd}😀"
        );
    }

    #[test]
    fn keys_are_compared_however_they_are_spelled() {
        let escaped = Reader::new(br#""mod\u0065l""#).string().unwrap();
        assert!(escaped.is("model"));
    }

    #[test]
    fn blank_text_is_white_space_however_it_is_spelled() {
        let blank = |json: &str| Reader::new(json.as_bytes()).string().unwrap().is_blank();
        for json in [
            r#""""#,
            r#"" \n\t\r ""#,
            r#""\u0020\n""#,
            "\"\u{a0}\u{3000}\"",
        ] {
            assert!(blank(json), "{json}");
        }
        for json in [r#""a""#, r#"" \n. ""#, r#""\u0041""#, r#""\\n""#, "\" ž\""] {
            assert!(!blank(json), "{json}");
        }
    }

    #[test]
    fn quoting_is_undone_by_serde_json() {
        let text: String = (0..0x250u32).filter_map(char::from_u32).collect();
        assert_eq!(
            serde_json::from_slice::<String>(&quote(&text)).unwrap(),
            text
        );
    }
}
