//! Usage as Anthropic states it: cached tokens beside the prompt instead of in it, and told in pieces by a stream.

use serde::Deserialize;

use super::Usage;
use super::count::{Count, Lenient};

impl Usage {
    /// Reads the `usage` object of a whole Anthropic message. `None` if it states no count at all.
    pub fn from_anthropic(json: &[u8]) -> Option<Usage> {
        let mut stated = Anthropic::default();
        stated.overlay(json);
        stated.usage()
    }
}

/// What an Anthropic answer has said about its usage so far.
#[derive(Clone, Debug, Default)]
pub struct Anthropic {
    counts: Counts,
    iterations: Vec<Counts>,
}

impl Anthropic {
    /// Takes in one more `usage` object. Counts of a stream are cumulative, so what is stated later replaces what was before;
    /// what is not an object changes nothing.
    pub fn overlay(&mut self, json: &[u8]) {
        let Ok(newer) = serde_json::from_slice::<Stated>(json) else {
            return;
        };
        let counts: Counts = serde_json::from_slice(json).unwrap_or_default();
        self.counts = counts.or(self.counts);
        if !newer.iterations.0.is_empty() {
            self.iterations = newer.iterations.0;
        }
    }

    /// The usage stated so far; `None` if nothing was. With server-side compaction it is the sum of the iterations.
    pub fn usage(&self) -> Option<Usage> {
        if self.iterations.is_empty() {
            return self
                .counts
                .is_stated()
                .then(|| self.counts.usage().consistent());
        }
        let sum = self
            .iterations
            .iter()
            .map(Counts::usage)
            .fold(Usage::default(), sum);
        Some(sum.consistent())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stated {
    iterations: Lenient<Vec<Counts>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    cache_creation: Lenient<Written>,
    cache_creation_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    output_tokens_details: Lenient<Said>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    ephemeral_1h_input_tokens: Option<Count>,
    ephemeral_5m_input_tokens: Option<Count>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    thinking_tokens: Option<Count>,
}

impl Counts {
    fn is_stated(&self) -> bool {
        self.input_tokens
            .or(self.output_tokens)
            .or(self.cache_read_input_tokens)
            .is_some()
    }

    fn or(self, older: Counts) -> Counts {
        let (new, old) = (self.cache_creation.0, older.cache_creation.0);
        let thinking_tokens = self.output_tokens_details.0.thinking_tokens;
        Counts {
            cache_creation: Lenient(Written {
                ephemeral_1h_input_tokens: new
                    .ephemeral_1h_input_tokens
                    .or(old.ephemeral_1h_input_tokens),
                ephemeral_5m_input_tokens: new
                    .ephemeral_5m_input_tokens
                    .or(old.ephemeral_5m_input_tokens),
            }),
            cache_creation_input_tokens: self
                .cache_creation_input_tokens
                .or(older.cache_creation_input_tokens),
            cache_read_input_tokens: self
                .cache_read_input_tokens
                .or(older.cache_read_input_tokens),
            input_tokens: self.input_tokens.or(older.input_tokens),
            output_tokens: self.output_tokens.or(older.output_tokens),
            output_tokens_details: Lenient(Said {
                thinking_tokens: thinking_tokens.or(older.output_tokens_details.0.thinking_tokens),
            }),
        }
    }

    fn usage(&self) -> Usage {
        let written = self.cache_creation.0;
        let cache_write_1h = count(written.ephemeral_1h_input_tokens);
        let cache_write = match self.cache_creation_input_tokens {
            Some(all) => all.0.saturating_sub(cache_write_1h),
            None => count(written.ephemeral_5m_input_tokens),
        };
        let cache_read = count(self.cache_read_input_tokens);
        let input = [cache_read, cache_write, cache_write_1h]
            .into_iter()
            .fold(count(self.input_tokens), u64::saturating_add);
        Usage {
            cache_read,
            cache_write,
            cache_write_1h,
            input,
            output: count(self.output_tokens),
            reasoning: count(self.output_tokens_details.0.thinking_tokens),
            ..Usage::default()
        }
    }
}

fn sum(a: Usage, b: Usage) -> Usage {
    Usage {
        cache_read: a.cache_read.saturating_add(b.cache_read),
        cache_write: a.cache_write.saturating_add(b.cache_write),
        cache_write_1h: a.cache_write_1h.saturating_add(b.cache_write_1h),
        input: a.input.saturating_add(b.input),
        output: a.output.saturating_add(b.output),
        reasoning: a.reasoning.saturating_add(b.reasoning),
        ..a
    }
}

fn count(stated: Option<Count>) -> u64 {
    stated.unwrap_or_default().0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Usage {
        Usage::from_anthropic(json.as_bytes()).unwrap()
    }

    #[test]
    fn the_prompt_includes_what_was_cached_and_written() {
        let usage = read(
            r#"{"input_tokens":20,"cache_creation_input_tokens":5,"cache_read_input_tokens":100,
            "cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":0},
            "output_tokens":30,"output_tokens_details":{"thinking_tokens":12},"service_tier":"standard"}"#,
        );
        let expected = Usage {
            cache_read: 100,
            cache_write: 5,
            input: 125,
            output: 30,
            reasoning: 12,
            ..Usage::default()
        };
        assert_eq!((usage, usage.total()), (expected, 155));
    }

    #[test]
    fn tokens_written_for_an_hour_are_counted_apart_and_once() {
        let usage = read(
            r#"{"input_tokens":1,"cache_creation_input_tokens":10,"output_tokens":0,
            "cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":6}}"#,
        );
        assert_eq!(
            (usage.input, usage.cache_write, usage.cache_write_1h),
            (11, 4, 6)
        );
        let usage = read(
            r#"{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":6}}"#,
        );
        assert_eq!(
            (usage.input, usage.cache_write, usage.cache_write_1h),
            (11, 4, 6)
        );
    }

    #[test]
    fn iterations_replace_the_top_level_by_their_sum() {
        let usage = read(
            r#"{"input_tokens":999,"output_tokens":999,"iterations":[
            {"type":"compaction","input_tokens":10,"output_tokens":1,"cache_read_input_tokens":null},
            {"type":"message","input_tokens":20,"output_tokens":2,"cache_read_input_tokens":5}]}"#,
        );
        assert_eq!((usage.input, usage.output, usage.cache_read), (35, 3, 5));
    }

    #[test]
    fn later_pieces_of_a_stream_replace_and_never_add() {
        let mut stated = Anthropic::default();
        stated.overlay(br#"{"input_tokens":20,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":1}"#);
        stated.overlay(br#"{"output_tokens":30,"input_tokens":null}"#);
        stated.overlay(br#"{"output_tokens":31,"output_tokens_details":{"thinking_tokens":9}}"#);
        stated.overlay(b"nonsense");
        let usage = stated.usage().unwrap();
        assert_eq!(
            (usage.input, usage.cache_read, usage.output, usage.reasoning),
            (120, 100, 31, 9)
        );
    }

    #[test]
    fn null_and_odd_counters_count_as_nothing() {
        let usage = read(
            r#"{"input_tokens":3.0,"output_tokens":null,"cache_creation":null,"output_tokens_details":7,"iterations":[]}"#,
        );
        assert_eq!((usage.input, usage.output), (3, 0));
        assert_eq!(Usage::from_anthropic(br#"{"input_tokens":null}"#), None);
        assert_eq!(Usage::from_anthropic(b"{}"), None);
    }
}
