//! Makes the packed price table from LiteLLM's price file, so that an operator can refresh it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde_json::value::RawValue;

use super::pack::{self, Row};
use super::table::MAGIC;
use super::{Card, Prices, Range, Rates, Tier};
use crate::value::money::{MoneyError, PerMillion, decimal};

/// Modes whose models are priced per token; an entry without a mode may be one.
const MODES: [&str; 7] = [
    "",
    "chat",
    "completion",
    "embedding",
    "moderation",
    "rerank",
    "responses",
];

/// Entries that describe the file instead of a model.
const SPECIAL: [&str; 2] = ["fallback_generalizations", "sample_spec"];

/// A JSON object whose values are still text, so that prices are read digit by digit.
type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Reads LiteLLM's `model_prices_and_context_window.json` and packs what is priced per token. Entries with neither a
/// price per token nor a limit are left out. A price that is not one refuses the whole file.
pub fn import(json: &[u8]) -> Result<(Vec<u8>, Summary), ImportError> {
    let file: Object<'_> =
        serde_json::from_slice(json).map_err(|e| ImportError::NotJson(e.to_string()))?;
    let mut rows = BTreeMap::new();
    let mut faults = Vec::new();
    for (key, raw) in &file {
        match row(key, raw) {
            Ok(row) => rows.extend(row.map(|row| (key.as_str(), row))),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        return Err(ImportError::BadPrices(faults));
    }
    let skipped = file.len().saturating_sub(rows.len());
    pack_all(&rows, skipped)
}

/// What became of a price file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The size of the table.
    pub bytes: usize,
    /// How many models it has.
    pub models: usize,
    /// How many different rows they share.
    pub rows: usize,
    /// How many entries of the file are not priced per token.
    pub skipped: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary {
            bytes,
            models,
            rows,
            skipped,
        } = self;
        write!(
            f,
            "{models} models, {rows} different rows, {bytes} bytes; {skipped} entries not priced per token"
        )
    }
}

/// Why a price file was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ImportError {
    /// Some prices are not.
    BadPrices(Vec<BadPrice>),
    /// Nothing in it is a model with a price or a limit.
    Empty,
    /// It is not a JSON object; the parser's words.
    NotJson(String),
    /// A name or the whole is longer than the format allows.
    TooLarge,
}

/// A price that is not one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadPrice {
    /// The member that has it.
    pub field: String,
    /// The model.
    pub key: String,
    /// What is wrong.
    pub reason: MoneyError,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::BadPrices(faults) => {
                let lines: Vec<String> = faults
                    .iter()
                    .map(|fault| format!("{}.{}: {}", fault.key, fault.field, fault.reason))
                    .collect();
                f.write_str(&lines.join("\n"))
            }
            ImportError::Empty => f.write_str("price file: no model in it has a price or a limit"),
            ImportError::NotJson(reason) => write!(f, "price file: not a JSON object: {reason}"),
            ImportError::TooLarge => f.write_str("price file: a name or the whole is too long"),
        }
    }
}

impl std::error::Error for ImportError {}

/// The row of one entry; `None` if it is not a model priced per token.
fn row(key: &str, raw: &RawValue) -> Result<Option<Row>, BadPrice> {
    let Ok(entry) = serde_json::from_str::<Object<'_>>(raw.get()) else {
        return Ok(None);
    };
    let is_model = !SPECIAL.contains(&key) && MODES.contains(&text(&entry, "mode").as_str());
    if !is_model {
        return Ok(None);
    }
    let bad = |field: &str, reason| BadPrice {
        field: field.to_owned(),
        key: key.to_owned(),
        reason,
    };
    let owner = text(&entry, "litellm_provider");
    let mut prices = Prices {
        cards: cards(&entry).map_err(|(field, reason)| bad(&field, reason))?,
        inclusive: owner == "xai",
        max_input: count(&entry, "max_input_tokens"),
        max_output: count(&entry, "max_output_tokens").or_else(|| count(&entry, "max_tokens")),
        ranges: ranges(&entry).map_err(|(field, reason)| bad(&field, reason))?,
        ..Prices::default()
    };
    if is_priced_otherwise(&prices, &entry) {
        prices.cards.clear();
    }
    let has_limits = prices.max_input.or(prices.max_output).is_some();
    if !prices.is_priced() && !has_limits {
        return Ok(None);
    }
    set_abilities(&mut prices, &entry);
    let provider = if key.contains('/') {
        String::new()
    } else {
        owner
    };
    Ok(Some(Row { prices, provider }))
}

/// Whether the tokens are listed as free because something else is charged: queries, characters, seconds.
fn is_priced_otherwise(prices: &Prices, entry: &Object<'_>) -> bool {
    let is_free = |card: &Card| card.rates.is_free();
    let charges = |(field, raw): (&String, &&RawValue)| {
        let is_price = field.contains("_cost_per_") && place(field).is_none();
        is_price && PerMillion::parse(raw.get()).is_ok_and(|rate| rate > PerMillion::FREE)
    };
    prices.cards.iter().all(is_free) && entry.iter().any(charges)
}

fn set_abilities(prices: &mut Prices, entry: &Object<'_>) {
    let can = |name: &str| entry.get(name).is_some_and(|raw| raw.get() == "true");
    let abilities = &mut prices.abilities;
    abilities.assistant_prefill = can("supports_assistant_prefill");
    abilities.function_calling = can("supports_function_calling");
    abilities.prompt_caching = can("supports_prompt_caching");
    abilities.reasoning = can("supports_reasoning");
    abilities.response_schema = can("supports_response_schema");
    abilities.vision = can("supports_vision");
}

type Fault = (String, MoneyError);

/// Prices by tier and context size, in the order in which they replace each other.
fn cards(entry: &Object<'_>) -> Result<Vec<Card>, Fault> {
    let mut cards: BTreeMap<(u64, Option<Tier>), Rates> = BTreeMap::new();
    for (field, raw) in entry {
        let Some((slot, above, tier)) = place(field) else {
            continue;
        };
        let rate = rate(field, raw)?;
        if let Some(place) = cards
            .entry((above, tier))
            .or_default()
            .slots()
            .into_iter()
            .nth(slot)
        {
            *place = rate;
        }
    }
    let cards = cards.into_iter().map(|((above, tier), rates)| Card {
        above,
        rates: plain(rates),
        tier,
    });
    Ok(cards
        .filter(|card| card.rates != Rates::default())
        .collect())
}

/// What `tiered_pricing` lists, ascending.
fn ranges(entry: &Object<'_>) -> Result<Vec<Range>, Fault> {
    let listed = entry.get("tiered_pricing").map_or("[]", |raw| raw.get());
    let listed: Vec<Object<'_>> = serde_json::from_str(listed).unwrap_or_default();
    let mut ranges: Vec<Range> = listed
        .iter()
        .filter_map(|tier| range(tier).transpose())
        .collect::<Result<_, _>>()?;
    ranges.sort_by_key(|range| range.up_to);
    Ok(ranges)
}

fn range(tier: &Object<'_>) -> Result<Option<Range>, Fault> {
    let bounds = tier
        .get("range")
        .and_then(|raw| serde_json::from_str::<[&RawValue; 2]>(raw.get()).ok());
    let Some(up_to) = bounds.and_then(|[_, up_to]| decimal(up_to.get(), 0).ok()) else {
        return Ok(None);
    };
    let mut rates = Rates::default();
    for (key, slot) in Rates::KEYS.iter().zip(rates.slots()) {
        if let Some(raw) = tier.get(*key) {
            *slot = rate(key, raw)?;
        }
    }
    Ok(Some(Range {
        rates: plain(rates),
        up_to,
    }))
}

/// Many entries repeat the output rate as the reasoning rate; left out, it follows the output into every tier.
fn plain(rates: Rates) -> Rates {
    Rates {
        reasoning: rates.reasoning.filter(|rate| Some(*rate) != rates.output),
        ..rates
    }
}

/// Which rate a member states, above which context size and for which tier: `input_cost_per_token_above_200k_tokens_priority`.
fn place(field: &str) -> Option<(usize, u64, Option<Tier>)> {
    Rates::KEYS.iter().enumerate().find_map(|(slot, key)| {
        let rest = field.strip_prefix(key)?;
        let (above, rest) = match rest
            .strip_prefix("_above_")
            .map(|rest| rest.split_once("k_tokens"))
        {
            Some(Some((thousands, rest))) => {
                (thousands.parse::<u64>().ok()?.checked_mul(1000)?, rest)
            }
            Some(None) => return None,
            None => (0, rest),
        };
        let tier = match rest {
            "" => None,
            named => Some(Tier::named(named.strip_prefix('_')?)?),
        };
        Some((slot, above, tier))
    })
}

/// A price, bare or in quotes; `None` for null.
fn rate(field: &str, raw: &RawValue) -> Result<Option<PerMillion>, Fault> {
    match raw.get() {
        "null" => Ok(None),
        number => PerMillion::parse(number.trim_matches('"'))
            .map(Some)
            .map_err(|reason| (field.to_owned(), reason)),
    }
}

fn count(entry: &Object<'_>, field: &str) -> Option<u64> {
    entry
        .get(field)
        .and_then(|raw| decimal(raw.get().trim_matches('"'), 0).ok())
        .filter(|n| *n > 0)
}

fn text(entry: &Object<'_>, field: &str) -> String {
    entry
        .get(field)
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}

/// All rows in the format `Table` reads.
fn pack_all(rows: &BTreeMap<&str, Row>, skipped: usize) -> Result<(Vec<u8>, Summary), ImportError> {
    if rows.is_empty() {
        return Err(ImportError::Empty);
    }
    let mut packed = Packed::default();
    rows.iter()
        .try_for_each(|(name, row)| packed.add(name, row))
        .ok_or(ImportError::TooLarge)?;
    let bytes = packed.bytes().ok_or(ImportError::TooLarge)?;
    let summary = Summary {
        bytes: bytes.len(),
        models: rows.len(),
        rows: packed.places.len(),
        skipped,
    };
    Ok((bytes, summary))
}

#[derive(Default)]
struct Packed {
    index: Vec<u8>,
    names: Vec<u8>,
    numbers: HashMap<PerMillion, u64>,
    places: HashMap<Vec<u8>, u32>,
    rates: Vec<u8>,
    rows: Vec<u8>,
}

impl Packed {
    fn add(&mut self, name: &str, row: &Row) -> Option<()> {
        let mut bytes = Vec::new();
        let Packed { numbers, rates, .. } = self;
        let mut number = |rate: PerMillion| {
            let next = u64::try_from(numbers.len()).unwrap_or(u64::MAX);
            *numbers.entry(rate).or_insert_with(|| {
                rates.extend_from_slice(&rate.nanos().to_le_bytes());
                next
            })
        };
        pack::write(row, &mut number, &mut bytes);
        let place = self.place(bytes)?;
        self.index
            .extend_from_slice(&size(self.names.len())?.to_le_bytes());
        self.index.extend_from_slice(&place.to_le_bytes());
        self.names.push(u8::try_from(name.len()).ok()?);
        self.names.extend_from_slice(name.as_bytes());
        Some(())
    }

    /// Where a row is; equal rows are stored once.
    fn place(&mut self, row: Vec<u8>) -> Option<u32> {
        if let Some(place) = self.places.get(&row) {
            return Some(*place);
        }
        let place = size(self.rows.len())?;
        self.rows.extend_from_slice(&row);
        self.places.insert(row, place);
        Some(place)
    }

    fn bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = MAGIC.to_vec();
        for count in [
            self.rates.len() / 8,
            self.index.len() / 8,
            self.names.len(),
            self.rows.len(),
        ] {
            bytes.extend_from_slice(&size(count)?.to_le_bytes());
        }
        for part in [&self.rates, &self.index, &self.names, &self.rows] {
            bytes.extend_from_slice(part);
        }
        Some(bytes)
    }
}

fn size(length: usize) -> Option<u32> {
    u32::try_from(length).ok()
}

#[cfg(test)]
mod tests {
    use super::super::Table;
    use super::*;

    const SLICE: &str = include_str!("slice.json");

    fn priced(entry: &str) -> Option<Prices> {
        let json = format!(r#"{{"m":{entry},"z":{{"input_cost_per_token":1}}}}"#);
        let (bytes, _) = import(json.as_bytes()).unwrap();
        Table::parse(&bytes).unwrap().find_key("m")
    }

    #[test]
    fn what_is_imported_is_found_again_in_the_built_in_table() {
        let (bytes, summary) = import(SLICE.as_bytes()).unwrap();
        let table = Table::parse(&bytes).unwrap();
        let file: Object<'_> = serde_json::from_str(SLICE).unwrap();
        for name in file.keys().filter(|name| !name.starts_with('_')) {
            let imported = table.find_key(name);
            assert!(imported.is_some(), "{name}");
            assert_eq!(imported, Table::embedded().find_key(name), "{name}");
        }
        assert_eq!(
            (summary.models, summary.skipped, summary.bytes),
            (34, 1, bytes.len())
        );
    }

    #[test]
    fn equal_rows_are_stored_once() {
        let json = r#"{"p/a":{"input_cost_per_token":1e-6},"p/b":{"input_cost_per_token":0.000001},"p/c":{"input_cost_per_token":2e-6}}"#;
        let (_, summary) = import(json.as_bytes()).unwrap();
        assert_eq!((summary.models, summary.rows), (3, 2));
        assert!(
            summary
                .to_string()
                .starts_with("3 models, 2 different rows")
        );
    }

    #[test]
    fn what_is_not_priced_per_token_is_left_out() {
        for entry in [
            r#"{"mode":"image_generation","input_cost_per_token":1e-6}"#,
            r#"{"mode":"audio_transcription","input_cost_per_second":1e-6,"max_input_tokens":5}"#,
            r#"{"mode":"chat","litellm_provider":"p"}"#,
            r#"{"mode":7}"#,
            r#""text""#,
            "null",
        ] {
            assert_eq!(priced(entry), None, "{entry}");
        }
        let special = br#"{"sample_spec":{"input_cost_per_token":1,"mode":"chat"},"m":{"input_cost_per_token":1}}"#;
        assert_eq!(import(special).unwrap().1.models, 1);
    }

    #[test]
    fn a_model_with_limits_but_no_price_is_known_and_unpriced() {
        let copilot = priced(r#"{"mode":"chat","max_input_tokens":64000}"#).unwrap();
        assert_eq!(
            (copilot.is_priced(), copilot.max_input),
            (false, Some(64_000))
        );
        let rerank = priced(r#"{"mode":"rerank","input_cost_per_query":0.002,"input_cost_per_token":0.0,"max_tokens":9}"#).unwrap();
        assert!(!rerank.is_priced());
        let free =
            priced(r#"{"mode":"chat","input_cost_per_token":0.0,"output_cost_per_token":0.0}"#)
                .unwrap();
        assert!(free.is_priced());
    }

    #[test]
    fn every_bad_price_is_named_with_its_place() {
        let json = br#"{"a":{"input_cost_per_token":-1},"b":{"output_cost_per_token_flex":"free"},"c":{"tiered_pricing":[{"range":[0,9],"input_cost_per_token":1e99}]}}"#;
        let error = import(json).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.input_cost_per_token: a price cannot be negative\nb.output_cost_per_token_flex: not a number\nc.input_cost_per_token: more than can be counted"
        );
    }

    #[test]
    fn files_that_are_not_price_files_are_refused() {
        assert!(matches!(import(b"[]"), Err(ImportError::NotJson(_))));
        assert!(matches!(import(b"{\"a\":"), Err(ImportError::NotJson(_))));
        assert_eq!(import(b"{}"), Err(ImportError::Empty));
        let long = format!(r#"{{"{}":{{"input_cost_per_token":1}}}}"#, "x".repeat(256));
        assert_eq!(import(long.as_bytes()), Err(ImportError::TooLarge));
    }

    #[test]
    fn a_member_is_placed_by_rate_size_and_tier() {
        assert_eq!(place("input_cost_per_token"), Some((5, 0, None)));
        assert_eq!(
            place("input_cost_per_token_above_200k_tokens_priority"),
            Some((5, 200_000, Some(Tier::Priority)))
        );
        assert_eq!(
            place("cache_creation_input_token_cost_above_1hr"),
            Some((4, 0, None))
        );
        assert_eq!(
            place("cache_creation_input_token_cost_above_1hr_above_200k_tokens"),
            Some((4, 200_000, None))
        );
        for other in [
            "input_cost_per_token_cache_hit",
            "input_cost_per_tokens",
            "input_cost_per_image",
            "output_cost_per_token_above_xk_tokens",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
    }

    #[test]
    fn a_reasoning_rate_equal_to_the_output_rate_follows_it_into_every_tier() {
        let prices = priced(
            r#"{"output_cost_per_token":4e-6,"output_cost_per_reasoning_token":4e-6,"output_cost_per_token_flex":2e-6}"#,
        );
        assert_eq!(prices.unwrap().rates(0, Some(Tier::Flex)).reasoning, None);
    }

    #[test]
    fn quoted_and_absent_numbers_are_understood() {
        let prices = priced(
            r#"{"input_cost_per_token":"1e-6","output_cost_per_token":null,"max_tokens":"4096"}"#,
        )
        .unwrap();
        assert_eq!(
            prices.rates(0, None).input,
            Some(PerMillion::from_nanos(1_000_000_000))
        );
        assert_eq!(prices.max_output, Some(4096));
    }
}
