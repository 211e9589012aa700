//! What a model's tokens cost, so that a bill is known without asking anybody.
//!
//! The rules are LiteLLM's, in integers. Not covered: off-peak hours (the peak price is charged), prices per image, second,
//! character or query, built-in tools, and regional uplifts.

mod import;
mod pack;
mod rates;
mod table;

use super::Usage;
use crate::value::money::Usd;

pub use import::{BadPrice, ImportError, Summary, import};
pub use rates::{Rates, Tier};
pub use table::{Table, TableError};

/// What one model costs, how much it takes and what it can do.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Prices {
    /// What it can do.
    pub abilities: Abilities,
    /// The largest prompt, in tokens, where known.
    pub max_input: Option<u64>,
    /// The longest answer, in tokens, where known.
    pub max_output: Option<u64>,
    /// By service tier and context size, in the order in which they replace each other.
    cards: Vec<Card>,
    /// Whether a prompt of exactly the size on a card already costs what the card says (xAI).
    inclusive: bool,
    /// By ranges of the prompt's size, ascending; where there are any, `cards` do not count.
    ranges: Vec<Range>,
}

/// What a model can do, as far as the table knows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Abilities {
    /// Goes on from a last message of the assistant.
    pub assistant_prefill: bool,
    /// Calls functions.
    pub function_calling: bool,
    /// Reads repeated prompts from a cache.
    pub prompt_caching: bool,
    /// Reasons before it answers.
    pub reasoning: bool,
    /// Keeps to a JSON schema.
    pub response_schema: bool,
    /// Sees images.
    pub vision: bool,
}

/// Rates for prompts larger than `above` (all, if 0) in one service tier (any, if `None`).
#[derive(Clone, Debug, Eq, PartialEq)]
struct Card {
    above: u64,
    rates: Rates,
    tier: Option<Tier>,
}

/// Rates for prompts of at most `up_to` tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Range {
    rates: Rates,
    up_to: u64,
}

impl Prices {
    /// The prices of a deployment that has its own.
    pub fn custom(rates: Rates) -> Prices {
        Prices::default().overridden(rates)
    }

    /// The same model at a deployment's own rates, which hold for every tier and context size. Whoever states a price of the
    /// prompt or of the answer states it for all kinds of its tokens: cached, written, audio, reasoning.
    #[must_use]
    pub fn overridden(&self, own: Rates) -> Prices {
        let mut prices = self.clone();
        if prices.cards.is_empty() && prices.ranges.is_empty() {
            prices.cards.push(Card {
                above: 0,
                rates: Rates::default(),
                tier: None,
            });
        }
        let cards = prices.cards.iter_mut().map(|card| &mut card.rates);
        let ranges = prices.ranges.iter_mut().map(|range| &mut range.rates);
        cards
            .chain(ranges)
            .for_each(|rates| *rates = own.replacing(*rates));
        prices
    }

    /// Whether a price per token is known. If not, `cost` is zero without meaning "free".
    pub fn is_priced(&self) -> bool {
        let cards = self.cards.iter().map(|card| card.rates);
        let ranges = self.ranges.iter().map(|range| range.rates);
        cards
            .chain(ranges)
            .any(|rates| rates.input.is_some() || rates.output.is_some())
    }

    /// What `usage` costs in a service tier, as the provider names it (`flex`, `priority`, `batch`…); a tier without a price of
    /// its own costs the usual. What the provider itself states (`usage.cost`) is not looked at.
    pub fn cost(&self, usage: &Usage, tier: Option<&str>) -> Usd {
        self.rates(usage.input, tier.and_then(Tier::named))
            .charge(usage)
    }

    /// The rates that hold for all tokens of a request with a prompt of this size.
    pub fn rates(&self, input: u64, tier: Option<Tier>) -> Rates {
        if let Some(range) = self.range(input) {
            return range.rates;
        }
        let holds = |card: &&Card| {
            card.reaches(input, self.inclusive) && (card.tier.is_none() || card.tier == tier)
        };
        self.cards
            .iter()
            .filter(holds)
            .fold(Rates::default(), |rates, card| card.rates.or(rates))
    }

    /// The first range that is large enough; the last one for prompts larger than all.
    fn range(&self, input: u64) -> Option<&Range> {
        self.ranges
            .iter()
            .find(|range| input <= range.up_to)
            .or(self.ranges.last())
    }
}

impl Card {
    fn reaches(&self, input: u64, inclusive: bool) -> bool {
        self.above == 0 || input > self.above || (inclusive && input == self.above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::money::PerMillion;

    fn listed(key: &str) -> Prices {
        Table::embedded().find_key(key).unwrap()
    }

    /// Nano-dollars for a prompt and an answer.
    fn cost(key: &str, tier: Option<&str>, input: u64, output: u64) -> u64 {
        listed(key)
            .cost(
                &Usage {
                    input,
                    output,
                    ..Usage::default()
                },
                tier,
            )
            .nanos()
    }

    fn dollars(per_million: u64) -> Option<PerMillion> {
        Some(PerMillion::from_nanos(per_million * 1_000_000_000))
    }

    #[test]
    fn a_request_costs_what_the_price_list_says() {
        assert_eq!(cost("gpt-4o", None, 1_000, 100), 2_500_000 + 1_000_000);
        assert_eq!(
            cost("claude-haiku-4-5", None, 1_000, 100),
            1_000_000 + 500_000
        );
        assert_eq!(
            cost("deepseek/deepseek-chat", None, 1_000, 100),
            280_000 + 42_000
        );
        assert_eq!(
            cost("dashscope/qwen-plus", None, 1_000, 100),
            400_000 + 120_000
        );
        assert_eq!(cost("text-embedding-3-small", None, 1_000, 0), 20_000);
    }

    #[test]
    fn cached_and_written_prompt_tokens_have_their_own_prices() {
        let usage = Usage {
            cache_read: 1_000,
            cache_write: 100,
            cache_write_1h: 10,
            input: 1_111,
            output: 1,
            ..Usage::default()
        };
        let cost = listed("claude-haiku-4-5").cost(&usage, None);
        assert_eq!(cost.nanos(), 100_000 + 125_000 + 20_000 + 1_000 + 5_000);
    }

    #[test]
    fn a_service_tier_has_its_own_prices_and_an_unknown_one_the_usual() {
        assert_eq!(cost("gpt-5", None, 1_000, 100), 1_250_000 + 1_000_000);
        assert_eq!(
            cost("gpt-5", Some("default"), 1_000, 100),
            1_250_000 + 1_000_000
        );
        assert_eq!(cost("gpt-5", Some("flex"), 1_000, 100), 625_000 + 500_000);
        assert_eq!(
            cost("gpt-5", Some("priority"), 1_000, 100),
            2_500_000 + 2_000_000
        );
        assert_eq!(cost("gpt-5", Some("batch"), 1_000, 100), 625_000 + 500_000);
        assert_eq!(
            cost("gpt-4o", Some("flex"), 1_000, 100),
            2_500_000 + 1_000_000
        );
    }

    #[test]
    fn a_tier_without_a_cache_price_takes_the_usual_one() {
        let usage = Usage {
            cache_read: 1_000,
            input: 1_000,
            ..Usage::default()
        };
        assert_eq!(
            listed("gpt-4o").cost(&usage, Some("batches")).nanos(),
            1_250_000
        );
    }

    #[test]
    fn a_prompt_above_the_limit_costs_more_as_a_whole_and_one_at_the_limit_does_not() {
        assert_eq!(
            cost("gemini/gemini-2.5-pro", None, 200_000, 1),
            250_000_000 + 10_000
        );
        assert_eq!(
            cost("gemini/gemini-2.5-pro", None, 200_001, 1),
            500_002_500 + 15_000
        );
        assert_eq!(cost("gpt-5.4", None, 272_000, 0), 680_000_000);
        assert_eq!(cost("gpt-5.4", None, 300_000, 0), 1_500_000_000);
    }

    #[test]
    fn at_xai_a_prompt_at_the_limit_is_above_it() {
        assert_eq!(cost("xai/grok-4.3", None, 199_999, 0), 249_998_750);
        assert_eq!(cost("xai/grok-4.3", None, 200_000, 0), 500_000_000);
    }

    #[test]
    fn cached_tokens_count_for_the_size_of_the_prompt() {
        let usage = Usage {
            cache_read: 200_000,
            input: 200_001,
            ..Usage::default()
        };
        assert_eq!(
            listed("gemini/gemini-2.5-pro").cost(&usage, None).nanos(),
            50_000_000 + 2_500
        );
    }

    #[test]
    fn above_the_limit_a_tier_has_its_own_price_or_the_usual_one_there() {
        assert_eq!(
            cost("gemini/gemini-2.5-pro", Some("priority"), 300_000, 0),
            1_350_000_000
        );
        assert_eq!(
            cost("gemini/gemini-2.5-pro", Some("flex"), 300_000, 0),
            750_000_000
        );
        assert_eq!(cost("gpt-5.4", Some("flex"), 300_000, 0), 750_000_000);
    }

    #[test]
    fn the_one_range_the_prompt_falls_in_prices_all_its_tokens() {
        assert_eq!(
            cost("dashscope/qwen3-coder-plus", None, 32_000, 100),
            32_000_000 + 500_000
        );
        assert_eq!(
            cost("dashscope/qwen3-coder-plus", None, 32_001, 100),
            57_601_800 + 900_000
        );
        assert_eq!(
            cost("dashscope/qwen3-coder-plus", None, 2_000_000, 100),
            12_000_000_000 + 6_000_000
        );
    }

    #[test]
    fn reasoning_has_its_own_price_where_there_is_one() {
        let usage = Usage {
            output: 100,
            reasoning: 60,
            ..Usage::default()
        };
        assert_eq!(
            listed("dashscope/qwen-turbo").cost(&usage, None).nanos(),
            40 * 200 + 60 * 500
        );
        assert_eq!(listed("gpt-5").cost(&usage, None).nanos(), 1_000_000);
        assert_eq!(
            listed("gemini/gemini-2.5-flash")
                .cost(&usage, Some("flex"))
                .nanos(),
            100 * 1_250
        );
    }

    #[test]
    fn a_deployments_own_prices_hold_everywhere() {
        let own = Rates {
            input: dollars(1),
            output: dollars(2),
            ..Rates::default()
        };
        let usage = Usage {
            cache_read: 100_000,
            input: 300_000,
            output: 10,
            reasoning: 5,
            ..Usage::default()
        };
        for prices in [
            Prices::custom(own),
            listed("gemini/gemini-2.5-pro").overridden(own),
            listed("dashscope/qwen3-coder-plus").overridden(own),
        ] {
            assert_eq!(
                prices.cost(&usage, Some("priority")).nanos(),
                300_000_000 + 20_000
            );
        }
    }

    #[test]
    fn a_deployments_own_price_leaves_the_other_side_and_the_limits_alone() {
        let prices = listed("gpt-4o").overridden(Rates {
            cache_read: dollars(1),
            ..Rates::default()
        });
        let usage = Usage {
            cache_read: 10,
            input: 20,
            output: 10,
            ..Usage::default()
        };
        assert_eq!(prices.cost(&usage, None).nanos(), 10_000 + 25_000 + 100_000);
        assert_eq!(prices.max_output, Some(16_384));
        assert!(prices.abilities.vision && !prices.abilities.reasoning);
    }

    #[test]
    fn an_unknown_price_is_told_from_a_free_model() {
        assert!(!listed("github_copilot/gpt-4o").is_priced());
        assert!(listed("ollama/llama3").is_priced());
        assert!(!Prices::default().is_priced());
        assert!(
            Prices::custom(Rates {
                input: Some(PerMillion::FREE),
                ..Rates::default()
            })
            .is_priced()
        );
        assert!(listed("dashscope/qwen-plus-latest").is_priced());
    }
}
