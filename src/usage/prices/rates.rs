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
