//! Usage as the OpenAI family states it: one object in a dozen dialects.

use serde::Deserialize;

use super::Usage;
use super::count::{Cost, Count, Lenient};

impl Usage {
    /// Reads a `usage` object of chat, completions, embeddings or responses. `None` if it states no count at all.
    pub fn from_openai(json: &[u8]) -> Option<Usage> {
        let stated: Stated = serde_json::from_slice(json).ok()?;
        stated.usage()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stated {
    cache_creation_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
    cached_tokens: Option<Count>,
    completion_tokens: Option<Count>,
    completion_tokens_details: Lenient<Details>,
    cost: Option<Cost>,
    input_tokens: Option<Count>,
    input_tokens_details: Lenient<Details>,
    output_tokens: Option<Count>,
    output_tokens_details: Lenient<Details>,
    prompt_cache_hit_tokens: Option<Count>,
    prompt_tokens: Option<Count>,
    prompt_tokens_details: Lenient<Details>,
    reasoning_tokens: Option<Count>,
    total_tokens: Option<Count>,
}

/// The details of a prompt or of an answer; `input_*` and `output_*` are the names of the Responses API.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Details {
    audio_tokens: Option<Count>,
    cache_creation_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
    cached_tokens: Option<Count>,
    reasoning_tokens: Option<Count>,
}

impl Details {
    fn or(self, other: Details) -> Details {
        Details {
            audio_tokens: self.audio_tokens.or(other.audio_tokens),
            cache_creation_tokens: self.cache_creation_tokens.or(other.cache_creation_tokens),
            cache_write_tokens: self.cache_write_tokens.or(other.cache_write_tokens),
            cached_tokens: self.cached_tokens.or(other.cached_tokens),
            reasoning_tokens: self.reasoning_tokens.or(other.reasoning_tokens),
        }
    }
}

impl Stated {
    fn usage(&self) -> Option<Usage> {
        let prompt = self.prompt_tokens.or(self.input_tokens);
        let completion = self.completion_tokens.or(self.output_tokens);
        prompt.or(completion).or(self.total_tokens)?;
        let total = count(self.total_tokens);
        let input = prompt.map_or_else(|| total.saturating_sub(count(completion)), |c| c.0);
        let output = completion.map_or_else(|| total.saturating_sub(input), |c| c.0);
        let told = self.prompt_tokens_details.0.or(self.input_tokens_details.0);
        let said = self
            .completion_tokens_details
            .0
            .or(self.output_tokens_details.0);
        let reasoning = count(said.reasoning_tokens.or(self.reasoning_tokens));
        let usage = Usage {
            audio_in: count(told.audio_tokens),
            audio_out: count(said.audio_tokens),
            cache_read: count(self.cache_read(told)),
            cache_write: count(self.cache_write(told)),
            cost: self.cost.and_then(|c| c.0),
            input,
            output: with_reasoning(input, output, reasoning, total),
            reasoning,
            ..Usage::default()
        };
        Some(usage.consistent())
    }

    /// OpenAI's place, then DeepSeek's, Moonshot's and Anthropic's.
    fn cache_read(&self, told: Details) -> Option<Count> {
        told.cached_tokens
            .or(self.prompt_cache_hit_tokens)
            .or(self.cached_tokens)
            .or(self.cache_read_input_tokens)
    }

    fn cache_write(&self, told: Details) -> Option<Count> {
        told.cache_write_tokens
            .or(told.cache_creation_tokens)
            .or(self.cache_write_tokens)
            .or(self.cache_creation_input_tokens)
    }
}

/// xAI leaves reasoning out of the completion; its total tells.
fn with_reasoning(input: u64, output: u64, reasoning: u64, total: u64) -> u64 {
    let all = output.saturating_add(reasoning);
    if input.saturating_add(all) == total {
        all
    } else {
        output
    }
}

fn count(stated: Option<Count>) -> u64 {
    stated.unwrap_or_default().0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::money::Usd;

    fn read(json: &str) -> Usage {
        Usage::from_openai(json.as_bytes()).unwrap()
    }

    #[test]
    fn openai_usage_is_read_with_all_its_details() {
        let usage = read(
            r#"{"prompt_tokens":120,"completion_tokens":50,"total_tokens":170,
            "prompt_tokens_details":{"cached_tokens":100,"cache_write_tokens":7,"audio_tokens":3},
            "completion_tokens_details":{"reasoning_tokens":40,"audio_tokens":2,"accepted_prediction_tokens":0}}"#,
        );
        let expected = Usage {
            audio_in: 3,
            audio_out: 2,
            cache_read: 100,
            cache_write: 7,
            input: 120,
            output: 50,
            reasoning: 40,
            ..Usage::default()
        };
        assert_eq!(usage, expected);
    }

    #[test]
    fn the_responses_api_is_read_by_its_own_names() {
        let usage = read(
            r#"{"input_tokens":12,"input_tokens_details":{"cached_tokens":4},
            "output_tokens":9,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":21}"#,
        );
        assert_eq!(
            (usage.input, usage.cache_read, usage.output, usage.reasoning),
            (12, 4, 9, 5)
        );
    }

    #[test]
    fn cached_tokens_are_found_wherever_a_provider_puts_them() {
        for place in [
            r#""prompt_tokens_details":{"cached_tokens":8},"prompt_cache_hit_tokens":1"#,
            r#""prompt_tokens_details":null,"prompt_cache_hit_tokens":8,"cached_tokens":1"#,
            r#""prompt_tokens_details":{"cached_tokens":null},"cached_tokens":8,"cache_read_input_tokens":1"#,
            r#""prompt_tokens_details":{},"cache_read_input_tokens":8"#,
            r#""prompt_tokens_details":7,"cache_read_input_tokens":8"#,
        ] {
            assert_eq!(
                read(&format!(r#"{{"prompt_tokens":10,{place}}}"#)).cache_read,
                8,
                "{place}"
            );
        }
    }

    #[test]
    fn a_zero_that_is_stated_beats_a_later_place() {
        let usage = read(
            r#"{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":0},"cached_tokens":8}"#,
        );
        assert_eq!(usage.cache_read, 0);
    }

    #[test]
    fn reasoning_is_found_beside_the_details_too() {
        assert_eq!(
            read(r#"{"completion_tokens":10,"reasoning_tokens":6}"#).reasoning,
            6
        );
    }

    #[test]
    fn reasoning_left_out_of_the_completion_is_added_when_the_total_says_so() {
        let xai = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#;
        assert_eq!(
            (read(xai).output, read(xai).reasoning, read(xai).total()),
            (25, 20, 35)
        );
        let openai = r#"{"prompt_tokens":10,"completion_tokens":25,"total_tokens":35,"completion_tokens_details":{"reasoning_tokens":20}}"#;
        assert_eq!((read(openai).output, read(openai).total()), (25, 35));
    }

    #[test]
    fn counters_may_be_null_floats_texts_or_nonsense() {
        let usage = read(
            r#"{"prompt_tokens":12.0,"completion_tokens":null,"total_tokens":"12",
            "prompt_tokens_details":{"cached_tokens":1.2e1},"reasoning_tokens":-3,"cached_tokens":{"a":[1]}}"#,
        );
        assert_eq!(
            (usage.input, usage.output, usage.cache_read, usage.reasoning),
            (12, 0, 12, 0)
        );
    }

    #[test]
    fn a_missing_side_follows_from_the_total() {
        assert_eq!(read(r#"{"prompt_tokens":8,"total_tokens":8}"#).output, 0);
        assert_eq!(read(r#"{"prompt_tokens":8,"total_tokens":11}"#).output, 3);
        assert_eq!(
            read(r#"{"completion_tokens":8,"total_tokens":11}"#).input,
            3
        );
        assert_eq!(read(r#"{"total_tokens":11}"#).input, 11);
    }

    #[test]
    fn no_part_is_larger_than_its_whole() {
        let usage = read(
            r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":7,"cache_write_tokens":9,"audio_tokens":99},
            "completion_tokens_details":{"reasoning_tokens":6,"audio_tokens":7}}"#,
        );
        assert_eq!(
            (usage.cache_read, usage.cache_write, usage.audio_in),
            (7, 3, 10)
        );
        assert_eq!((usage.reasoning, usage.audio_out), (5, 5));
    }

    #[test]
    fn a_stated_cost_is_kept_in_nano_dollars() {
        let cost = |json: &str| read(json).cost;
        assert_eq!(
            cost(r#"{"prompt_tokens":1,"cost":0.00014}"#),
            Some(Usd::from_nanos(140_000))
        );
        assert_eq!(
            cost(r#"{"prompt_tokens":1,"cost":{"total_cost":1e-3,"request_cost":9}}"#),
            Some(Usd::from_nanos(1_000_000))
        );
        for none in [
            r#"{"prompt_tokens":1}"#,
            r#"{"prompt_tokens":1,"cost":null}"#,
            r#"{"prompt_tokens":1,"cost":-1}"#,
        ] {
            assert_eq!(cost(none), None, "{none}");
        }
    }

    #[test]
    fn what_states_no_count_is_no_usage() {
        for json in [
            "",
            "null",
            "{}",
            "[]",
            "7",
            r#"{"prompt_tokens":null}"#,
            r#"{"prompt_tokens":1"#,
            "\u{feff}{}",
        ] {
            assert_eq!(Usage::from_openai(json.as_bytes()), None, "{json}");
        }
    }

    #[test]
    fn huge_counts_do_not_overflow() {
        let usage = read(
            r#"{"prompt_tokens":18446744073709551615,"completion_tokens":18446744073709551615,"reasoning_tokens":1e400}"#,
        );
        assert_eq!(usage.total(), u64::MAX);
    }
}
