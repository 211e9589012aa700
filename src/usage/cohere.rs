//! Usage as Cohere states it: what went through the model beside what is billed, in numbers that may have a fraction.

use serde::Deserialize;

use super::Usage;
use super::count::{Count, Lenient};

impl Usage {
    /// Reads the `usage` of a chat answer or the `meta` of another one. `None` if it states no count at all.
    pub fn from_cohere(json: &[u8]) -> Option<Usage> {
        let stated: Stated = serde_json::from_slice(json).ok()?;
        let (tokens, billed) = (stated.tokens.0, stated.billed_units.0);
        let input = tokens.input_tokens.or(billed.input_tokens);
        let output = tokens.output_tokens.or(billed.output_tokens);
        input.or(output)?;
        let count = |stated: Option<Count>| stated.unwrap_or_default().0;
        let usage = Usage {
            cache_read: count(stated.cached_tokens),
            input: count(input),
            output: count(output),
            ..Usage::default()
        };
        Some(usage.consistent())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stated {
    billed_units: Lenient<Tokens>,
    cached_tokens: Option<Count>,
    tokens: Lenient<Tokens>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<(u64, u64, u64)> {
        let usage = Usage::from_cohere(json.as_bytes())?;
        Some((usage.input, usage.output, usage.cache_read))
    }

    #[test]
    fn what_went_through_the_model_counts_before_what_is_billed() {
        let both = r#"{"billed_units":{"input_tokens":9.0,"output_tokens":5.0},"tokens":{"input_tokens":40.0,"output_tokens":6.0},"cached_tokens":12.0}"#;
        assert_eq!(read(both), Some((40, 6, 12)));
        let billed = r#"{"billed_units":{"input_tokens":9,"output_tokens":5}}"#;
        assert_eq!(read(billed), Some((9, 5, 0)));
    }

    #[test]
    fn t66_numbers_with_a_fraction_are_whole_tokens() {
        assert_eq!(
            read(r#"{"tokens":{"input_tokens":12.0}}"#),
            Some((12, 0, 0))
        );
    }

    #[test]
    fn what_states_no_tokens_is_no_usage() {
        for json in [
            "null",
            "{}",
            r#"{"billed_units":{"search_units":1}}"#,
            r#"{"tokens":null}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
