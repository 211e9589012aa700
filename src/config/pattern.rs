//! Names with `*` in them, so that one entry of the file can stand for models it does not name.

use core::cmp::Reverse;

const STAR: char = '*';

/// A `model_name` with a `*` or more, each of which stands for any text, none included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What stands before the first `*`.
    head: String,
    /// What stands after each `*`, up to the next one or to the end.
    tails: Vec<String>,
}

impl Pattern {
    /// Reads a pattern; `None` when the text has no `*` and so stands for itself alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Pattern> {
        let mut pieces = text.split(STAR).map(str::to_owned);
        let head = pieces.next()?;
        let tails: Vec<String> = pieces.collect();
        (!tails.is_empty()).then_some(Pattern { head, tails })
    }

    /// What each `*` stands for in `name`, which must match from its first letter to its last; `None` when it does not.
    /// Where there is a choice an earlier `*` takes as much as it can, as in LiteLLM.
    #[must_use]
    pub fn captures<'n>(&self, name: &'n str) -> Option<Vec<&'n str>> {
        let (last, inner) = self.tails.split_last()?;
        let mut rest = name.strip_prefix(&self.head)?.strip_suffix(last)?;
        let mut captures = Vec::with_capacity(self.tails.len());
        for literal in inner.iter().rev() {
            let (before, capture) = match literal.is_empty() {
                true => (rest, ""),
                false => rest.rsplit_once(literal.as_str())?,
            };
            captures.push(capture);
            rest = before;
        }
        captures.push(rest);
        captures.reverse();
        Some(captures)
    }

    /// How many `*` it has.
    #[must_use]
    pub fn stars(&self) -> usize {
        self.tails.len()
    }

    /// Smaller the more specific it is: the one with more letters of its own, then the one with fewer `*`.
    #[must_use]
    pub fn rank(&self) -> (Reverse<usize>, usize) {
        let letters = |text: &String| text.chars().count();
        let own = letters(&self.head).saturating_add(self.tails.iter().map(letters).sum());
        (Reverse(own), self.stars())
    }
}

/// The template with its `*` replaced by the captures, one after the other. A `*` without a capture stays.
#[must_use]
pub fn fill(template: &str, captures: &[&str]) -> String {
    let mut captures = captures.iter();
    let mut pieces = template.split(STAR);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        filled.push_str(captures.next().copied().unwrap_or("*"));
        filled.push_str(piece);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures<'n>(pattern: &str, name: &'n str) -> Option<Vec<&'n str>> {
        Pattern::parse(pattern).unwrap().captures(name)
    }

    #[test]
    fn only_text_with_a_star_is_a_pattern() {
        assert_eq!(Pattern::parse("openai/gpt-4o"), None);
        assert_eq!(
            Pattern::parse("a*b*").map(|pattern| pattern.stars()),
            Some(2)
        );
    }

    #[test]
    fn a_pattern_matches_whole_names_only() {
        assert_eq!(captures("openai/*", "openai/gpt-4o"), Some(vec!["gpt-4o"]));
        assert_eq!(captures("openai/*", "my-openai/gpt-4o"), None);
        assert_eq!(captures("a/*-mini", "a/gpt-mini"), Some(vec!["gpt"]));
        assert_eq!(captures("a/*-mini", "a/gpt-mini-2024"), None);
        assert_eq!(
            captures("*", "anything/at all"),
            Some(vec!["anything/at all"])
        );
        assert_eq!(captures("gpt-4*", "gpt-4"), Some(vec![""]));
    }

    #[test]
    fn a_letter_cannot_belong_to_both_ends() {
        assert_eq!(captures("aba*ba", "aba"), None);
        assert_eq!(captures("a*a", "a"), None);
    }

    #[test]
    fn an_earlier_star_takes_as_much_as_it_can() {
        assert_eq!(captures("*/*", "a/b/c"), Some(vec!["a/b", "c"]));
        assert_eq!(captures("*-*-*", "a-b-c-d"), Some(vec!["a-b", "c", "d"]));
        assert_eq!(captures("x**", "xab"), Some(vec!["ab", ""]));
        assert_eq!(captures("*/*", "ab"), None);
    }

    #[test]
    fn captures_replace_the_stars_in_order() {
        assert_eq!(fill("gpt-*", &["4o"]), "gpt-4o");
        assert_eq!(fill("*:*", &["a", "*"]), "a:*");
        assert_eq!(fill("fixed", &["x"]), "fixed");
        assert_eq!(fill("*", &[]), "*");
    }

    #[test]
    fn more_letters_are_more_specific_then_fewer_stars() {
        let mut names = ["*", "openai/*", "*/*", "openai/gpt-*", "openai/*-*"];
        names.sort_by_key(|name| Pattern::parse(name).unwrap().rank());
        assert_eq!(
            names,
            ["openai/gpt-*", "openai/*-*", "openai/*", "*/*", "*"]
        );
    }

    #[test]
    fn a_name_made_from_a_pattern_matches_it_and_fills_it_again() {
        for pattern in ["*", "a*", "*a", "a*b*c", "a**a", "ž*🦀*"] {
            for texts in [["", ""], ["a", "b"], ["🦀", "ž"], ["aba", "cab"]] {
                let name = fill(pattern, &texts);
                let found = captures(pattern, &name).unwrap();
                assert_eq!(fill(pattern, &found), name, "{pattern}");
            }
        }
    }
}
