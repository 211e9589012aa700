//! The bytes of one row of the price table: most models differ in a few rates only, so rates are numbers of a shared list.
//!
//! A row is: abilities (one byte, a bit each, the top bit for inclusive limits), largest prompt and longest answer as varints with
//! 0 for unknown, provider as length and text, cards as count and (tier, above, rates), ranges as count and (up to, rates).
//! Rates are a byte that says which follow, then their numbers as varints.

use super::{Abilities, Card, Prices, Range, Rates, Tier};
use crate::value::money::PerMillion;

const INCLUSIVE: u8 = 0x80;

/// A row as it is stored: the provider it belongs to, unless its name already says so, and its prices.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Row {
    pub prices: Prices,
    pub provider: String,
}

/// Appends `row` to `out`; `number` gives each rate its place in the shared list.
pub(super) fn write(row: &Row, number: &mut dyn FnMut(PerMillion) -> u64, out: &mut Vec<u8>) {
    let prices = &row.prices;
    out.push(bits(&prices.abilities) | if prices.inclusive { INCLUSIVE } else { 0 });
    varint(prices.max_input.unwrap_or(0), out);
    varint(prices.max_output.unwrap_or(0), out);
    varint(length(row.provider.as_bytes()), out);
    out.extend_from_slice(row.provider.as_bytes());
    varint(length(&prices.cards), out);
    for card in &prices.cards {
        out.push(card.tier.map_or(0, Tier::code));
        varint(card.above, out);
        write_rates(card.rates, number, out);
    }
    varint(length(&prices.ranges), out);
    for range in &prices.ranges {
        varint(range.up_to, out);
        write_rates(range.rates, number, out);
    }
}

fn write_rates(mut rates: Rates, number: &mut dyn FnMut(PerMillion) -> u64, out: &mut Vec<u8>) {
    let slots = rates.slots();
    out.push(
        slots
            .iter()
            .rev()
            .fold(0, |mask, slot| (mask << 1) | u8::from(slot.is_some())),
    );
    slots
        .into_iter()
        .filter_map(|slot| *slot)
        .for_each(|rate| varint(number(rate), out));
}

fn bits(abilities: &Abilities) -> u8 {
    let mut copy = *abilities;
    flags(&mut copy)
        .iter()
        .rev()
        .fold(0, |mask, flag| (mask << 1) | u8::from(**flag))
}

/// The abilities in the order of their bits.
fn flags(abilities: &mut Abilities) -> [&mut bool; 6] {
    [
        &mut abilities.assistant_prefill,
        &mut abilities.function_calling,
        &mut abilities.prompt_caching,
        &mut abilities.reasoning,
        &mut abilities.response_schema,
        &mut abilities.vision,
    ]
}

fn length<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7F {
        out.push(u8::try_from(value & 0x7F).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

/// Reads the row `bytes` begin with; `None` if they do not.
pub(super) fn read(bytes: &[u8], rates: &[[u8; 8]]) -> Option<Row> {
    let mut reader = Reader { bytes, rates };
    let head = reader.byte()?;
    let mut prices = Prices {
        inclusive: head & INCLUSIVE != 0,
        ..Prices::default()
    };
    for (place, flag) in flags(&mut prices.abilities).into_iter().enumerate() {
        *flag = (head >> place) & 1 == 1;
    }
    prices.max_input = Some(reader.varint()?).filter(|n| *n > 0);
    prices.max_output = Some(reader.varint()?).filter(|n| *n > 0);
    let provider = reader.text()?;
    prices.cards = reader.list(Reader::card)?;
    prices.ranges = reader.list(Reader::range)?;
    Some(Row { prices, provider })
}

struct Reader<'b> {
    bytes: &'b [u8],
    rates: &'b [[u8; 8]],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    /// A count and as many items. Every item takes a byte at least, so nonsense cannot ask for more than there is.
    fn list<T>(&mut self, item: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.varint()?).ok()?;
        (0..count).map(|_| item(self)).collect()
    }

    fn card(&mut self) -> Option<Card> {
        let tier = match self.byte()? {
            0 => None,
            code => Some(Tier::coded(code)?),
        };
        Some(Card {
            above: self.varint()?,
            rates: self.rates()?,
            tier,
        })
    }

    fn range(&mut self) -> Option<Range> {
        Some(Range {
            up_to: self.varint()?,
            rates: self.rates()?,
        })
    }

    fn rates(&mut self) -> Option<Rates> {
        let mask = self.byte()?;
        let mut rates = Rates::default();
        for (place, slot) in rates.slots().into_iter().enumerate() {
            if (mask >> place) & 1 == 1 {
                let number = usize::try_from(self.varint()?).ok()?;
                let nanos = u64::from_le_bytes(*self.rates.get(number)?);
                *slot = Some(PerMillion::from_nanos(nanos));
            }
        }
        Some(rates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let rate = |nanos| Some(PerMillion::from_nanos(nanos));
        let rates = Rates {
            cache_read: rate(7),
            input: rate(300),
            reasoning: rate(7),
            ..Rates::default()
        };
        let abilities = Abilities {
            assistant_prefill: true,
            vision: true,
            ..Abilities::default()
        };
        let prices = Prices {
            abilities,
            max_input: Some(1_048_576),
            max_output: None,
            cards: vec![
                Card {
                    above: 0,
                    rates,
                    tier: None,
                },
                Card {
                    above: 200_000,
                    rates: Rates::default(),
                    tier: Some(Tier::Ultrafast),
                },
            ],
            inclusive: true,
            ranges: vec![Range {
                rates,
                up_to: u64::MAX,
            }],
        };
        Row {
            prices,
            provider: "xai".to_owned(),
        }
    }

    fn packed(row: &Row) -> (Vec<u8>, Vec<[u8; 8]>) {
        let (mut bytes, mut rates) = (Vec::new(), Vec::new());
        let mut number = |rate: PerMillion| {
            rates.push(rate.nanos().to_le_bytes());
            u64::try_from(rates.len() - 1).unwrap()
        };
        write(row, &mut number, &mut bytes);
        (bytes, rates)
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        for row in [row(), Row::default()] {
            let (bytes, rates) = packed(&row);
            assert_eq!(read(&bytes, &rates), Some(row));
        }
    }

    #[test]
    fn a_row_cut_anywhere_is_none() {
        let (bytes, rates) = packed(&row());
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end], &rates), None, "cut at {end}");
        }
        assert_eq!(read(&bytes, &[]), None);
    }

    #[test]
    fn nonsense_asks_for_no_more_than_there_is() {
        assert_eq!(
            read(
                &[
                    0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F
                ],
                &[]
            ),
            None
        );
        assert_eq!(read(&[0xFF; 64], &[]), None);
    }
}
