//! Tokens guessed from bytes, so that an answer that states no usage is still counted.
//!
//! Tokenizers differ per model and their tables are larger than this module; a guess within some ten percent, made in
//! one pass, is what a stream cut short deserves. The rule, in quarters of a token:
//!
//! - an ASCII byte, or part of a two-byte character (Latin, Greek, Cyrillic, Arabic…): 1, so 4 letters or 2 accented ones make a token;
//! - a three-byte character (Chinese, Japanese, Korean, Thai, Devanagari…): 4, about one token each;
//! - a four-byte character (emoji, rare ideographs): 8, about two tokens each.
//!
//! Bytes that are not UTF-8 count as what they begin or continue. Feed it text only: an image in base64 would count for
//! far more than providers charge for it. In a prompt such parts are found by their alphabet.

/// How much of a prompt is looked at: exact counting would cost more than it is worth for a number that only counts while the
/// vendor has not stated its own.
const SAMPLE: usize = 512;
/// A prompt is looked at once in so many bytes: an image, a sound or a file in base64 is longer.
const STEP: usize = 1_024;
/// So many letters, digits and signs of a data URL in a row are no text in any language that is written with blanks; others are not
/// ASCII, or escaped.
const PROBE: usize = 64;
/// What providers charge for an image, a sound or a file, about: they scale an image down before they look at it.
const INLINE_TOKENS: u64 = 1_000;

/// About how many tokens the messages of a prompt are, in JSON.
pub fn tokens_of_prompt(messages: &[u8]) -> u64 {
    let sample = messages.get(..SAMPLE).unwrap_or(messages);
    let (mut text, mut inline, mut at) = (messages.len(), 0_u64, 0_usize);
    while let Some((before, after)) = messages.split_at_checked(at) {
        if !is_inline(after) {
            at = at.saturating_add(STEP);
            continue;
        }
        let behind = memchr::memrchr(b'"', before).map_or(0, |quote| quote.saturating_add(1));
        let ahead = memchr::memchr(b'"', after).unwrap_or(after.len());
        at = at.saturating_add(ahead);
        text = text.saturating_sub(at.saturating_sub(behind));
        inline = inline.saturating_add(INLINE_TOKENS);
        at = at.saturating_add(1);
    }
    let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let scaled = tokens_of(sample).saturating_mul(wide(text));
    let tokens = scaled.checked_div(wide(sample.len())).unwrap_or_default();
    tokens.saturating_add(inline)
}

/// Whether the bytes begin inside base64, in which JSON may escape a slash.
fn is_inline(bytes: &[u8]) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=:;,".contains(&byte);
    let fits = |(byte, next): (&u8, &u8)| is_sign(*byte) || (*byte, *next) == (b'\\', b'/');
    bytes
        .get(..PROBE)
        .is_some_and(|probe| probe.iter().zip(probe.iter().skip(1)).all(fits))
}

/// About how many tokens `bytes` are. 0 only for nothing.
pub fn tokens_of(bytes: &[u8]) -> u64 {
    let mut estimator = Estimator::default();
    estimator.feed(bytes);
    estimator.tokens()
}

/// The same guess over pieces: where the bytes are cut does not matter.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Estimator {
    quarters: u64,
}

impl Estimator {
    /// Counts more bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let quarters = bytes.iter().map(|byte| quarters(*byte)).sum();
        self.quarters = self.quarters.saturating_add(quarters);
    }

    /// About how many tokens were fed, rounded up.
    pub fn tokens(&self) -> u64 {
        self.quarters.div_ceil(4)
    }
}

/// A character is counted by its first byte; only in two-byte characters both bytes count, the second by the first.
fn quarters(byte: u8) -> u64 {
    match byte {
        0x00..=0x7F => 1,
        0x80..=0xBF => 0,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 4,
        0xF0..=0xFF => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_letters_are_about_a_token() {
        assert_eq!(tokens_of(b""), 0);
        assert_eq!(tokens_of(b"a"), 1);
        assert_eq!(
            tokens_of("The quick brown fox jumps over the lazy dog.".as_bytes()),
            11
        );
    }

    #[test]
    fn an_ideograph_is_about_a_token_and_an_emoji_about_two() {
        assert_eq!(tokens_of("你好世界".as_bytes()), 4);
        assert_eq!(tokens_of("🦀🦀".as_bytes()), 4);
        assert_eq!(tokens_of("žluť".as_bytes()), 2);
    }

    #[test]
    fn a_prompt_is_about_as_many_tokens_as_its_text_has_however_long_it_is() {
        let text = format!(
            r#"[{{"role":"user","content":"{}"}}]"#,
            r#"Say \"hello\". "#.repeat(500)
        );
        assert_eq!(tokens_of_prompt(b""), 0);
        let (guess, exact) = (
            tokens_of_prompt(text.as_bytes()),
            tokens_of(text.as_bytes()),
        );
        assert!(guess.abs_diff(exact) <= exact / 10, "{guess} for {exact}");
    }

    #[test]
    fn images_and_files_in_a_prompt_are_not_taken_for_text() {
        for data in ["data:image/png;base64,iVBORw0KGgo", "UklGRiQ\\/AAB"] {
            let part = format!(r#"{{"url":"{}"}}"#, data.repeat(10_000));
            let prompt = format!(r#"[{{"role":"user","content":[{part},{part}]}}]"#);
            let tokens = tokens_of_prompt(prompt.as_bytes());
            assert!((2_000..2_050).contains(&tokens), "{tokens}");
        }
    }

    #[test]
    fn text_without_blanks_is_text() {
        for (text, least) in [("你好世界", 2_000), (r"\u4f60\u597d", 1_500)] {
            let prompt = format!(r#"[{{"content":"{}"}}]"#, text.repeat(500));
            assert!(tokens_of_prompt(prompt.as_bytes()) >= least, "{text}");
        }
    }

    #[test]
    fn the_guess_does_not_depend_on_where_the_bytes_are_cut() {
        let text = "Hello, 世界 žluť 🦀!".as_bytes();
        for cut in 0..=text.len() {
            let (head, tail) = text.split_at(cut);
            let mut estimator = Estimator::default();
            estimator.feed(head);
            estimator.feed(tail);
            assert_eq!(estimator.tokens(), tokens_of(text), "cut at {cut}");
        }
    }
}
