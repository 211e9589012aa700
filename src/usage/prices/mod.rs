//! Prices.

/// Rates of one model.
#[derive(Clone, Debug)]
pub struct Prices;
