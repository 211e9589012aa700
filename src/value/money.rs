//! Money as integers, so that sums do not drift and comparing budgets is exact.

use std::fmt;

/// Digits after the point of a dollar that `Usd` keeps.
const USD_DIGITS: u32 = 9;
/// Digits after the point of a dollar per token that `PerMillion` keeps.
const RATE_DIGITS: u32 = 15;
const NANOS_PER_USD: u64 = 1_000_000_000;
const MILLION: u128 = 1_000_000;

/// An amount in nano-dollars. It saturates instead of wrapping.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Usd(u64);

impl Usd {
    /// Nothing.
    pub const ZERO: Usd = Usd(0);

    /// This many nano-dollars.
    pub const fn from_nanos(nanos: u64) -> Usd {
        Usd(nanos)
    }

    /// The amount in nano-dollars.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Both together; the largest amount there is if that is too much.
    #[must_use]
    pub const fn saturating_add(self, other: Usd) -> Usd {
        Usd(self.0.saturating_add(other.0))
    }

    /// Reads dollars as JSON writes numbers (`0.00014`, `1.4e-4`), exactly; a half nano-dollar is rounded up.
    pub fn parse(dollars: &str) -> Result<Usd, MoneyError> {
        decimal(dollars, USD_DIGITS).map(Usd)
    }

    /// What all `parts` cost together, rounded up once so that nothing used is free.
    pub fn of_all(parts: impl IntoIterator<Item = (PerMillion, u64)>) -> Usd {
        let exact = parts.into_iter().fold(0_u128, |sum, (rate, tokens)| {
            sum.saturating_add(u128::from(rate.0).saturating_mul(u128::from(tokens)))
        });
        Usd(u64::try_from(exact.div_ceil(MILLION)).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fixed(f, self.0 / NANOS_PER_USD, self.0 % NANOS_PER_USD)
    }
}

/// A price: nano-dollars per million tokens, which is 10⁻¹⁵ dollars per token.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PerMillion(u64);

impl PerMillion {
    /// For free.
    pub const FREE: PerMillion = PerMillion(0);

    /// This many nano-dollars per million tokens.
    pub const fn from_nanos(nanos: u64) -> PerMillion {
        PerMillion(nanos)
    }

    /// Nano-dollars per million tokens.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// What `tokens` cost at this price, rounded up so that nothing used is free.
    pub fn of(self, tokens: u64) -> Usd {
        Usd::of_all([(self, tokens)])
    }

    /// Reads dollars per token as JSON writes numbers (`0.00000028`, `2.8e-07`), exactly; half of the last digit kept is rounded up.
    pub fn parse(dollars_per_token: &str) -> Result<PerMillion, MoneyError> {
        decimal(dollars_per_token, RATE_DIGITS).map(PerMillion)
    }
}

/// Dollars per million tokens, as price lists write it.
impl fmt::Display for PerMillion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Usd(self.0).fmt(f)
    }
}

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MoneyError {
    /// Less than nothing.
    Negative,
    /// Not a number as JSON writes them.
    NotANumber,
    /// More than the type can hold.
    TooLarge,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MoneyError::Negative => "a price cannot be negative",
            MoneyError::NotANumber => "not a number",
            MoneyError::TooLarge => "more than can be counted",
        })
    }
}

impl std::error::Error for MoneyError {}

/// The JSON number `text` times 10^`digits`, rounded half up to an integer.
pub(crate) fn decimal(text: &str, digits: u32) -> Result<u64, MoneyError> {
    match text.strip_prefix('-') {
        Some(size) => Err(unsigned(size, digits).err().unwrap_or(MoneyError::Negative)),
        None => unsigned(text, digits),
    }
}

fn unsigned(text: &str, digits: u32) -> Result<u64, MoneyError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, power(exponent)?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(MoneyError::NotANumber),
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let is_number = !whole.is_empty()
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit());
    if !is_number {
        return Err(MoneyError::NotANumber);
    }
    let point = i64::try_from(whole.len()).unwrap_or(i64::MAX);
    let kept = point
        .saturating_add(exponent)
        .saturating_add(i64::from(digits));
    shifted(whole.bytes().chain(fraction.bytes()), kept)
}

/// The number the first `kept` of `digits` make, rounded half up by the digit after them, with zeros appended if there are fewer.
fn shifted(digits: impl Iterator<Item = u8>, kept: i64) -> Result<u64, MoneyError> {
    let mut value = 0_u64;
    let mut left = kept;
    for digit in digits.map(|b| u64::from(b.wrapping_sub(b'0'))) {
        if left <= 0 {
            let up = u64::from(left == 0 && digit >= 5);
            return value.checked_add(up).ok_or(MoneyError::TooLarge);
        }
        value = append(value, digit)?;
        left = left.saturating_sub(1);
    }
    while left > 0 && value > 0 {
        value = append(value, 0)?;
        left = left.saturating_sub(1);
    }
    Ok(value)
}

fn append(value: u64, digit: u64) -> Result<u64, MoneyError> {
    value
        .checked_mul(10)
        .and_then(|v| v.checked_add(digit))
        .ok_or(MoneyError::TooLarge)
}

/// An exponent; one too large for a machine is as good as the largest.
fn power(text: &str) -> Result<i64, MoneyError> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MoneyError::NotANumber);
    }
    let size = digits.parse::<i32>().unwrap_or(i32::MAX);
    Ok(i64::from(size).saturating_mul(sign))
}

/// Writes `whole.nanos` without trailing zeros.
fn fixed(f: &mut fmt::Formatter<'_>, whole: u64, nanos: u64) -> fmt::Result {
    if nanos == 0 {
        return write!(f, "{whole}");
    }
    write!(f, "{whole}.{}", format!("{nanos:09}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Result<u64, MoneyError> {
        PerMillion::parse(text).map(PerMillion::nanos)
    }

    #[test]
    fn a_price_reads_the_same_however_its_number_is_written() {
        for text in [
            "2.8e-07",
            "0.00000028",
            "28E-8",
            "2.8e-7",
            "0.00000028000",
            "280e-9",
            "0.0028e-4",
        ] {
            assert_eq!(rate(text), Ok(280_000_000), "{text}");
        }
        assert_eq!(rate("1e-6"), Ok(1_000_000_000));
        assert_eq!(rate("0.0028e+3"), Ok(2_800_000_000_000_000));
        assert_eq!(rate("3"), Ok(3_000_000_000_000_000));
    }

    #[test]
    fn a_price_below_the_last_digit_is_rounded_half_up() {
        assert_eq!(rate("1.4999e-15"), Ok(1));
        assert_eq!(rate("1.5e-15"), Ok(2));
        assert_eq!(rate("4.9e-16"), Ok(0));
        assert_eq!(rate("0.0000000000000005"), Ok(1));
        assert_eq!(rate("9e-17"), Ok(0));
        assert_eq!(rate("0.000015000020000000002"), Ok(15_000_020_000));
    }

    #[test]
    fn zero_is_a_price_however_long_it_is() {
        for text in [
            "0",
            "0.0",
            "0e99",
            "0e-99999999999999999999",
            "0.000e+99999999999999999999",
        ] {
            assert_eq!(rate(text), Ok(0), "{text}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused_with_the_reason() {
        for text in [
            "", ".", "1.", ".5", "e5", "1e", "1e+", "NaN", "inf", "1,5", "1.5.2", "--1", "-",
            "0x10", "1_0", " 1", "１",
        ] {
            assert_eq!(rate(text), Err(MoneyError::NotANumber), "{text}");
        }
        assert_eq!(rate("-1e-6"), Err(MoneyError::Negative));
        assert_eq!(rate("-0.0"), Err(MoneyError::Negative));
        for text in [
            "1e6",
            "1e99999999999999999999",
            "18446.744073709551616",
            "99999999999999999999999",
        ] {
            assert_eq!(rate(text), Err(MoneyError::TooLarge), "{text}");
        }
        assert_eq!(rate("18446.744073709551615"), Ok(u64::MAX));
        assert_eq!(rate("18446.7440737095516155"), Err(MoneyError::TooLarge));
    }

    #[test]
    fn nothing_used_is_free_and_exact_sums_are_not_rounded_up() {
        assert_eq!(PerMillion(1).of(1), Usd(1));
        assert_eq!(PerMillion(1).of(0), Usd(0));
        assert_eq!(PerMillion(0).of(9), Usd(0));
        assert_eq!(PerMillion(2_500_000_000).of(1_000_000), Usd(2_500_000_000));
        assert_eq!(PerMillion(150_000_000).of(3), Usd(450));
        assert_eq!(
            Usd::of_all([(PerMillion(400_000), 1), (PerMillion(600_000), 1)]),
            Usd(1)
        );
    }

    #[test]
    fn amounts_saturate() {
        assert_eq!(Usd(u64::MAX).saturating_add(Usd(1)), Usd(u64::MAX));
        assert_eq!(PerMillion(u64::MAX).of(u64::MAX), Usd(u64::MAX));
        assert_eq!(
            Usd::of_all([(PerMillion(u64::MAX), u64::MAX); 3]),
            Usd(u64::MAX)
        );
    }

    #[test]
    fn an_amount_is_shown_as_decimal_dollars() {
        let shown = |nanos| Usd(nanos).to_string();
        assert_eq!(shown(123_000), "0.000123");
        assert_eq!(shown(1), "0.000000001");
        assert_eq!(shown(0), "0");
        assert_eq!(shown(2_000_000_000), "2");
        assert_eq!(shown(12_340_000_000), "12.34");
        assert_eq!(PerMillion(280_000_000).to_string(), "0.28");
    }

    #[test]
    fn dollars_are_read_to_the_nano_dollar() {
        assert_eq!(Usd::parse("0.00014"), Ok(Usd(140_000)));
        assert_eq!(Usd::parse("1.25e-05"), Ok(Usd(12_500)));
    }
}
