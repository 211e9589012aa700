//! Numbers as providers write them: `12`, `12.0`, `"12"`, `null`, so one reader serves them all.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::value::money::{Usd, decimal};

/// A counter. Whatever is not a number from 0 up counts as 0.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Count(number(raw.get())))
    }
}

fn number(text: &str) -> u64 {
    text.parse()
        .or_else(|_| decimal(text.trim_matches('"'), 0))
        .unwrap_or(0)
}

/// An object whose members are read if they have the expected types, and is empty otherwise.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Lenient<T>(pub T);

impl<'de, T: Default + Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Lenient<T>, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Lenient(serde_json::from_str(raw.get()).unwrap_or_default()))
    }
}

/// A stated cost in dollars: a number, or Perplexity's object with a `total_cost`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Cost(pub Option<Usd>);

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cost, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        let stated =
            serde_json::from_str::<Itemised<'_>>(raw.get()).map_or(raw, |items| items.total_cost);
        Ok(Cost(Usd::parse(stated.get()).ok()))
    }
}

#[derive(Deserialize)]
struct Itemised<'a> {
    #[serde(borrow)]
    total_cost: &'a RawValue,
}
