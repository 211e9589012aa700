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
