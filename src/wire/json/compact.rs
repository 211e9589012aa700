//! Respelling JSON without understanding it: white space removed, broken escapes mended.

use std::borrow::Cow;

use super::text::code_unit;

/// `json` without the white space between its tokens. Numbers and strings keep their spelling.
#[must_use]
pub fn compact(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    let mut kept_all = true;
    for (at, byte) in json.iter().enumerate() {
        let blank = !in_string && matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        if blank && kept_all {
            kept_all = false;
            out.reserve(json.len());
            out.extend_from_slice(json.get(..at).unwrap_or_default());
        }
        if !blank && !kept_all {
            out.push(*byte);
        }
        in_string = match byte {
            b'"' if !escaped => !in_string,
            _ => in_string,
        };
        escaped = in_string && *byte == b'\\' && !escaped;
    }
    if kept_all {
        Cow::Borrowed(json)
    } else {
        Cow::Owned(out)
    }
}

/// `json` with every escaped surrogate that lacks its other half spelled `\ufffd`, which is as
/// long, so that readers which insist on real characters accept it.
#[must_use]
pub fn mend_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(json);
    let mut at = 0usize;
    while let Some(step) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at = at.saturating_add(step);
        let tail = json.get(at..).unwrap_or_default();
        let used = match (code_unit(tail), tail.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                let end = at.saturating_add(6);
                if let Some(place) = out.to_mut().get_mut(at..end) {
                    place.copy_from_slice(b"\\ufffd");
                }
                6
            }
            (_, _) => 2,
        };
        at = at.saturating_add(used);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_is_removed() {
        let json = b" { \"a b\" : [ 1.10 , \"x \\\" y\" ] ,\n\"c\":{} } ";
        assert_eq!(
            compact(json).as_ref(),
            b"{\"a b\":[1.10,\"x \\\" y\"],\"c\":{}}"
        );
    }

    #[test]
    fn json_without_white_space_is_not_copied() {
        assert!(matches!(compact(b"{\"a\":\" \\\\\"}"), Cow::Borrowed(_)));
    }

    #[test]
    fn lone_surrogates_are_mended_and_pairs_kept() {
        let json = br#""\ud83d \\ud83d \ud83d\ude00 \ude00 \ud83d\ud83d\ude00""#;
        let mended = mend_surrogates(json);
        assert_eq!(
            mended.as_ref(),
            br#""\ufffd \\ud83d \ud83d\ude00 \ufffd \ufffd\ud83d\ude00""#
        );
        assert!(serde_json::from_slice::<String>(&mended).is_ok());
    }
}
