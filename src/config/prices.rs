//! What a deployment's tokens cost: what it says itself, over what the price table says.

use super::environment::Environment;
use super::section::Section;
use crate::usage::prices::{Prices, Rates, Table};
use crate::value::money::PerMillion;

/// The model as far as its price goes.
pub(super) struct Model<'a> {
    /// The provider's name.
    pub provider: &'a str,
    /// The model's name there.
    pub model: &'a str,
    /// `model_info.base_model`: what the model really is.
    pub base: Option<&'a str>,
}

/// The prices of a deployment of a model the table has these for; `None` when nobody knows them.
pub(super) fn prices_of(listed: Option<Prices>, own: Rates) -> Option<Prices> {
    let prices = match listed {
        Some(prices) if own == Rates::default() => prices,
        Some(prices) => prices.overridden(own),
        None => Prices::custom(own),
    };
    prices.is_priced().then_some(prices)
}

/// The prices a deployment states, in `litellm_params` or else in `model_info`.
pub(super) fn own(params: &Section<'_>, info: &Section<'_>, env: &Environment<'_>) -> Rates {
    let price = |key: &str| -> Option<PerMillion> {
        params.price(key, env).or_else(|| info.price(key, env))
    };
    Rates {
        audio_in: price("input_cost_per_audio_token"),
        audio_out: price("output_cost_per_audio_token"),
        cache_read: price("cache_read_input_token_cost"),
        cache_write: price("cache_creation_input_token_cost"),
        cache_write_1h: price("cache_creation_input_token_cost_above_1hr"),
        input: price("input_cost_per_token"),
        output: price("output_cost_per_token"),
        reasoning: price("output_cost_per_reasoning_token"),
    }
}

/// What the table says a provider's model costs; `None` when it does not know.
pub(super) fn listed(provider: &str, model: &str) -> Option<Prices> {
    let prices = Table::embedded().find(provider, model);
    prices.filter(Prices::is_priced)
}

/// What the table knows about a deployment's model. Nothing of one with a `*`, unless the file says what it really is.
pub(super) fn entry(model: &Model<'_>) -> Option<Prices> {
    let table = Table::embedded();
    let base = model.base.and_then(|base| {
        table
            .find_key(base)
            .or_else(|| table.find(model.provider, base))
    });
    let named = Some(model.model).filter(|name| !name.contains('*'));
    base.or_else(|| table.find(model.provider, named?))
}
