//! One set of rates and what a request costs at them.

use super::super::Usage;
use crate::value::money::{PerMillion, Usd};

/// Prices of the kinds of tokens. What is `None` costs what the kind it is part of costs; input and output cost nothing then.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Rates {
    /// Audio tokens of the prompt.
    pub audio_in: Option<PerMillion>,
    /// Audio tokens of the answer.
    pub audio_out: Option<PerMillion>,
    /// Prompt tokens read from the provider's cache.
    pub cache_read: Option<PerMillion>,
    /// Prompt tokens written to the provider's cache for 5 minutes.
    pub cache_write: Option<PerMillion>,
    /// Prompt tokens written to the provider's cache for an hour.
    pub cache_write_1h: Option<PerMillion>,
    /// Prompt tokens.
    pub input: Option<PerMillion>,
    /// Completion tokens.
    pub output: Option<PerMillion>,
    /// Completion tokens spent on reasoning.
    pub reasoning: Option<PerMillion>,
}

impl Rates {
    /// How LiteLLM calls these rates, in the order of `slots`.
    pub(super) const KEYS: [&str; 8] = [
        "input_cost_per_audio_token",
        "output_cost_per_audio_token",
        "cache_read_input_token_cost",
        "cache_creation_input_token_cost",
        "cache_creation_input_token_cost_above_1hr",
        "input_cost_per_token",
        "output_cost_per_token",
        "output_cost_per_reasoning_token",
    ];

    pub(super) fn slots(&mut self) -> [&mut Option<PerMillion>; 8] {
        [
            &mut self.audio_in,
            &mut self.audio_out,
            &mut self.cache_read,
            &mut self.cache_write,
            &mut self.cache_write_1h,
            &mut self.input,
            &mut self.output,
            &mut self.reasoning,
        ]
    }

    /// Whether nothing costs anything.
    pub(super) fn is_free(mut self) -> bool {
        self.slots()
            .into_iter()
            .all(|slot| slot.unwrap_or_default() == PerMillion::FREE)
    }

    /// These, and `other` where these say nothing.
    pub(super) fn or(self, other: Rates) -> Rates {
        Rates {
            audio_in: self.audio_in.or(other.audio_in),
            audio_out: self.audio_out.or(other.audio_out),
            cache_read: self.cache_read.or(other.cache_read),
            cache_write: self.cache_write.or(other.cache_write),
            cache_write_1h: self.cache_write_1h.or(other.cache_write_1h),
            input: self.input.or(other.input),
            output: self.output.or(other.output),
            reasoning: self.reasoning.or(other.reasoning),
        }
    }

    /// These instead of `listed`: a side of the request priced here has none of the listed special rates.
    pub(super) fn replacing(self, listed: Rates) -> Rates {
        let prompt = if self.input.is_some() {
            Rates::default()
        } else {
            listed
        };
        let answer = if self.output.is_some() {
            Rates::default()
        } else {
            listed
        };
        let kept = Rates {
            audio_out: answer.audio_out,
            output: answer.output,
            reasoning: answer.reasoning,
            ..prompt
        };
        self.or(kept)
    }

    /// What `usage` costs. Every token is charged once.
    pub(super) fn charge(&self, usage: &Usage) -> Usd {
        let usage = usage.consistent();
        let input = self.input.unwrap_or_default();
        let output = self.output.unwrap_or_default();
        let write = self.cache_write.unwrap_or(input);
        let written = usage.cache_write.saturating_add(usage.cache_write_1h);
        let fresh = usage
            .input
            .saturating_sub(usage.cache_read)
            .saturating_sub(written);
        let heard = usage.audio_in.min(fresh);
        let answer = usage.output.saturating_sub(usage.reasoning);
        let spoken = usage.audio_out.min(answer);
        Usd::of_all([
            (input, fresh.saturating_sub(heard)),
            (self.audio_in.unwrap_or(input), heard),
            (self.cache_read.unwrap_or(input), usage.cache_read),
            (write, usage.cache_write),
            (self.cache_write_1h.unwrap_or(write), usage.cache_write_1h),
            (output, answer.saturating_sub(spoken)),
            (self.audio_out.unwrap_or(output), spoken),
            (self.reasoning.unwrap_or(output), usage.reasoning),
        ])
    }
}

/// A service tier that can have prices of its own.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// Between the usual and `flex`.
    Balanced,
    /// Answered within a day.
    Batches,
    /// Bedrock's tier of that name.
    Decisions,
    /// Faster than usual.
    Fast,
    /// Slower than usual.
    Flex,
    /// Before others.
    Priority,
    /// Fastest.
    Ultrafast,
}

impl Tier {
    const NAMES: [(&str, Tier); 8] = [
        ("balanced", Tier::Balanced),
        ("batch", Tier::Batches),
        ("batches", Tier::Batches),
        ("decisions", Tier::Decisions),
        ("fast", Tier::Fast),
        ("flex", Tier::Flex),
        ("priority", Tier::Priority),
        ("ultrafast", Tier::Ultrafast),
    ];

    /// The tier providers and price lists call so; `None` for the usual one (`default`, `standard`, `auto`…).
    pub fn named(name: &str) -> Option<Tier> {
        let known = Tier::NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, tier)| *tier)
    }

    /// Its byte in a packed table; 0 is the usual tier.
    pub(super) fn code(self) -> u8 {
        match self {
            Tier::Balanced => 1,
            Tier::Batches => 2,
            Tier::Decisions => 3,
            Tier::Fast => 4,
            Tier::Flex => 5,
            Tier::Priority => 6,
            Tier::Ultrafast => 7,
        }
    }

    pub(super) fn coded(code: u8) -> Option<Tier> {
        Tier::NAMES
            .iter()
            .map(|(_, tier)| *tier)
            .find(|tier| tier.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(per_million: u64) -> Option<PerMillion> {
        Some(PerMillion::from_nanos(per_million * 1_000_000_000))
    }

    fn cost(rates: Rates, usage: Usage) -> u64 {
        rates.charge(&usage).nanos()
    }

    #[test]
    fn every_kind_of_token_is_charged_once_at_its_own_rate() {
        let rates = Rates {
            audio_in: dollars(1),
            audio_out: dollars(2),
            cache_read: dollars(3),
            cache_write: dollars(4),
            cache_write_1h: dollars(5),
            input: dollars(6),
            output: dollars(7),
            reasoning: dollars(8),
        };
        let usage = Usage {
            audio_in: 1,
            audio_out: 1_0,
            cache_read: 100,
            cache_write: 1_000,
            cache_write_1h: 10_000,
            input: 111_101 + 100_000,
            output: 1_000_000 + 10 + 10_000_000,
            reasoning: 10_000_000,
            ..Usage::default()
        };
        let expected = 1 + 20 + 300 + 4_000 + 50_000 + 6 * 200_000 + 7 * 1_000_000 + 8 * 10_000_000;
        assert_eq!(cost(rates, usage), expected * 1_000);
    }

    #[test]
    fn a_kind_without_a_rate_costs_what_it_is_part_of() {
        let rates = Rates {
            input: dollars(2),
            output: dollars(3),
            ..Rates::default()
        };
        let usage = Usage {
            audio_in: 1,
            audio_out: 1,
            cache_read: 2,
            cache_write: 3,
            cache_write_1h: 1,
            input: 10,
            output: 5,
            reasoning: 2,
            ..Usage::default()
        };
        assert_eq!(cost(rates, usage), (10 * 2 + 5 * 3) * 1_000);
        let hour = Usage {
            cache_write_1h: 10,
            input: 10,
            ..Usage::default()
        };
        assert_eq!(
            cost(
                Rates {
                    cache_write: dollars(7),
                    ..rates
                },
                hour
            ),
            70_000
        );
    }

    #[test]
    fn a_rate_of_zero_is_not_a_missing_rate() {
        let rates = Rates {
            cache_read: Some(PerMillion::FREE),
            input: dollars(2),
            ..Rates::default()
        };
        assert_eq!(
            cost(
                rates,
                Usage {
                    cache_read: 9,
                    input: 10,
                    ..Usage::default()
                }
            ),
            2_000
        );
    }

    #[test]
    fn cached_audio_is_not_charged_twice() {
        let rates = Rates {
            audio_in: dollars(9),
            cache_read: dollars(1),
            input: dollars(2),
            ..Rates::default()
        };
        assert_eq!(
            cost(
                rates,
                Usage {
                    audio_in: 10,
                    cache_read: 10,
                    input: 10,
                    ..Usage::default()
                }
            ),
            10_000
        );
    }

    #[test]
    fn fractions_are_rounded_up_once_for_the_whole_request() {
        let tiny = Some(PerMillion::from_nanos(1));
        let rates = Rates {
            input: tiny,
            output: tiny,
            ..Rates::default()
        };
        assert_eq!(
            cost(
                rates,
                Usage {
                    input: 1,
                    output: 1,
                    ..Usage::default()
                }
            ),
            1
        );
    }

    #[test]
    fn tiers_go_by_their_names_and_all_others_are_the_usual() {
        assert_eq!(Tier::named("FLEX"), Some(Tier::Flex));
        assert_eq!(Tier::named("batch"), Some(Tier::Batches));
        for usual in ["default", "standard", "auto", "scale", ""] {
            assert_eq!(Tier::named(usual), None, "{usual}");
        }
    }
}
