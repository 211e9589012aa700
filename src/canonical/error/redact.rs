//! Takes secrets out of words that leave the gateway: providers repeat keys and URLs in their errors.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem;

const PLACEHOLDER: &str = "[redacted]";

/// A secret shorter than this would take ordinary words with it.
const SHORTEST_SECRET: usize = 4;

/// `text` with `secrets` and what looks like one (`sk-…`, `AKIA…`, `Bearer …`, `key=…`, `signature=…`) replaced. Linear in
/// the text for every secret; secrets of fewer than four bytes are not looked for.
pub fn redact<'a>(text: &'a str, secrets: &[&str]) -> Cow<'a, str> {
    let mut hidden = known(text, secrets);
    hidden.extend(suspected(text));
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    hidden.sort_by_key(|range| range.start);
    Cow::Owned(replace(text, &hidden))
}

fn known(text: &str, secrets: &[&str]) -> Vec<Range<usize>> {
    let long_enough = secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST_SECRET);
    let found = |secret: &&str| -> Vec<Range<usize>> {
        let starts = memmem::find_iter(text.as_bytes(), secret.as_bytes());
        starts
            .map(|start| start..start.saturating_add(secret.len()))
            .collect()
    };
    long_enough.flat_map(found).collect()
}

/// How a secret begins, whether that beginning stays, what it is made of, and of how much of that at least.
struct Pattern {
    start: &'static str,
    kept: bool,
    inside: fn(u8) -> bool,
    least: usize,
}

const PATTERNS: [Pattern; 7] = [
    Pattern {
        start: "sk-",
        kept: false,
        inside: is_token,
        least: 4,
    },
    Pattern {
        start: "AKIA",
        kept: false,
        inside: is_upper,
        least: 12,
    },
    Pattern {
        start: "ASIA",
        kept: false,
        inside: is_upper,
        least: 12,
    },
    Pattern {
        start: "bearer ",
        kept: true,
        inside: is_token,
        least: 4,
    },
    Pattern {
        start: "key=",
        kept: true,
        inside: is_query,
        least: 1,
    },
    Pattern {
        start: "sig=",
        kept: true,
        inside: is_query,
        least: 1,
    },
    Pattern {
        start: "signature=",
        kept: true,
        inside: is_query,
        least: 1,
    },
];

/// Places that look like secrets. A byte is looked at once for every pattern, and again only as part of a secret.
fn suspected(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        match PATTERNS.iter().find_map(|pattern| pattern.at(before, rest)) {
            Some(range) => {
                found.push(at.saturating_add(range.start)..at.saturating_add(range.end));
                at = at.saturating_add(range.end);
            }
            None => at = at.saturating_add(1),
        }
    }
    found
}

impl Pattern {
    /// What to hide if a secret begins `rest`. One that hides its beginning does not begin inside a word.
    fn at(&self, before: Option<&u8>, rest: &[u8]) -> Option<Range<usize>> {
        let begins = rest
            .get(..self.start.len())?
            .eq_ignore_ascii_case(self.start.as_bytes());
        if !begins || (!self.kept && before.is_some_and(u8::is_ascii_alphanumeric)) {
            return None;
        }
        let length = rest
            .get(self.start.len()..)?
            .iter()
            .take_while(|byte| (self.inside)(**byte))
            .count();
        let end = self.start.len().saturating_add(length);
        let start = if self.kept { self.start.len() } else { 0 };
        (length >= self.least).then_some(start..end)
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~+/=*".contains(&byte)
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_query(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !b"&\"'<>),;".contains(&byte)
}

/// `text` with the sorted ranges replaced, those that touch or overlap as one.
fn replace(text: &str, hidden: &[Range<usize>]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut done = None;
    for range in hidden {
        if done.is_none_or(|done| range.start > done) {
            clean.push_str(text.get(done.unwrap_or(0)..range.start).unwrap_or_default());
            clean.push_str(PLACEHOLDER);
        }
        done = done.max(Some(range.end));
    }
    clean.push_str(text.get(done.unwrap_or(0)..).unwrap_or_default());
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_are_removed_wherever_they_are() {
        assert_eq!(
            redact("a hunter22, hunter22hunter22 žhunter22ž", &["hunter22"]),
            "a [redacted], [redacted] ž[redacted]ž"
        );
        assert_eq!(redact("abcdef", &["abcd", "cdef"]), "[redacted]");
        assert_eq!(redact("abcd", &["abcd"]), "[redacted]");
    }

    #[test]
    fn what_looks_like_a_secret_is_removed() {
        for (text, clean) in [
            (
                "Incorrect API key provided: sk-proj-Ab_1***9z.",
                "Incorrect API key provided: [redacted]",
            ),
            ("id AKIAIOSFODNN7EXAMPLE!", "id [redacted]!"),
            ("got 'Bearer eyJhb.GciOi-J_9=='", "got 'Bearer [redacted]'"),
            (
                "authorization: bearer abcd1234",
                "authorization: bearer [redacted]",
            ),
            (
                "GET https://h/v1?key=AIza-xyz&alt=sse failed",
                "GET https://h/v1?key=[redacted]&alt=sse failed",
            ),
            ("?X-Amz-Signature=0a1b", "?X-Amz-Signature=[redacted]"),
            ("(api_key=žlu)", "(api_key=[redacted])"),
        ] {
            assert_eq!(redact(text, &[]), clean);
        }
    }

    #[test]
    fn ordinary_words_stay_and_cost_no_copy() {
        let text = "a task-force of sk-8 said AKIA, bearer of žluť news; key= nothing";
        assert!(matches!(redact(text, &["", "a", "of "]), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn overlapping_finds_are_removed_as_one() {
        assert_eq!(
            redact("Bearer sk-abcdefgh end", &["sk-abcdefgh", "efgh end"]),
            "Bearer [redacted]"
        );
    }
}
