//! How long an error says to wait, in words: `retry after 6 seconds`, `try again in 1m0.5s`, `34.5s`.

use core::time::Duration;

use crate::value::money::decimal;

/// The whole seconds a message says to wait, rounded up.
pub(super) fn in_words(message: &str) -> Option<u64> {
    const LEADS: [&str; 2] = ["retry after ", "try again in "];
    let message = message.to_lowercase();
    LEADS
        .iter()
        .find_map(|lead| seconds(message.split_once(lead)?.1))
}

/// The whole seconds a text begins with, rounded up: numbers with `ms`, `s`, `m` or `h`, one after the other.
pub(super) fn seconds(text: &str) -> Option<u64> {
    leading(text).map(|(ms, _)| ms.div_ceil(1000))
}

/// A time of numbers with `ms`, `s`, `m` or `h`, one after the other, as `6m0s`; `None` for any other text.
#[must_use]
pub fn spelled(text: &str) -> Option<Duration> {
    let (ms, rest) = leading(text)?;
    rest.is_empty().then_some(Duration::from_millis(ms))
}

/// The milliseconds of all numbers and units a text begins with, and what follows them.
fn leading(text: &str) -> Option<(u64, &str)> {
    let mut rest = text;
    let mut total_ms = None;
    while let Some((ms, left)) = part(rest) {
        total_ms = Some(total_ms.unwrap_or(0_u64).saturating_add(ms));
        rest = left;
    }
    total_ms.map(|ms| (ms, rest))
}

/// The milliseconds of a first number and unit, and what follows.
fn part(text: &str) -> Option<(u64, &str)> {
    const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at_checked(end)?;
    let rest = rest.trim_start_matches(' ');
    let (unit, ms) = UNITS.iter().find(|(unit, _)| rest.starts_with(unit))?;
    let thousandths = decimal(number, 3).ok()?;
    Some((
        thousandths.saturating_mul(*ms).div_ceil(1000),
        rest.strip_prefix(unit)?,
    ))
}
