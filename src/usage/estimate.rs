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
//! far more than providers charge for it.

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
