//! Tokens and money: what an answer used, and what that costs.

mod anthropic;
mod cohere;
mod converse;
mod count;
pub mod estimate;
mod found;
mod google;
pub mod metrics;
mod openai;
pub mod prices;

use crate::value::money::Usd;

pub use anthropic::Anthropic;

/// The tokens one request used. `read`ers keep these promises: what is cached or written to a cache is part of
/// `input`, `reasoning` and `audio_out` are part of `output`, and no part is larger than its whole.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    /// Audio tokens of the prompt.
    pub audio_in: u64,
    /// Audio tokens of the answer.
    pub audio_out: u64,
    /// Prompt tokens read from the provider's cache.
    pub cache_read: u64,
    /// Prompt tokens written to the provider's cache, for 5 minutes or an unstated time.
    pub cache_write: u64,
    /// Prompt tokens written to the provider's cache for an hour.
    pub cache_write_1h: u64,
    /// What the provider says it costs, where it does (OpenRouter, Perplexity).
    pub cost: Option<Usd>,
    /// Whether the counts are ours, made from bytes seen, instead of the provider's.
    pub estimated: bool,
    /// All prompt tokens.
    pub input: u64,
    /// All completion tokens.
    pub output: u64,
    /// Completion tokens spent on reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// Counts made from bytes seen, for an answer that did not state any.
    pub fn estimated(input: u64, output: u64) -> Usage {
        Usage {
            estimated: true,
            input,
            output,
            ..Usage::default()
        }
    }

    /// Prompt and completion together.
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// The same with every part cut to its whole.
    fn consistent(self) -> Usage {
        let cache_read = self.cache_read.min(self.input);
        let uncached = self.input.saturating_sub(cache_read);
        let cache_write = self.cache_write.min(uncached);
        let unwritten = uncached.saturating_sub(cache_write);
        Usage {
            audio_in: self.audio_in.min(self.input),
            audio_out: self.audio_out.min(self.output),
            cache_read,
            cache_write,
            cache_write_1h: self.cache_write_1h.min(unwritten),
            reasoning: self.reasoning.min(self.output),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_marked_as_one() {
        let usage = Usage::estimated(3, 4);
        assert_eq!(
            (usage.estimated, usage.input, usage.output, usage.total()),
            (true, 3, 4, 7)
        );
    }

    #[test]
    fn parts_are_cut_to_what_is_left_of_their_whole() {
        let usage = Usage {
            cache_read: 6,
            cache_write: 3,
            cache_write_1h: 9,
            input: 10,
            ..Usage::default()
        }
        .consistent();
        assert_eq!(
            (usage.cache_read, usage.cache_write, usage.cache_write_1h),
            (6, 3, 1)
        );
    }
}
