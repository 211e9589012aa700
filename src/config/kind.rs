//! What a value must be, and how it is read.

use core::fmt;
use core::time::Duration;

use http::HeaderValue;
use serde_json::{Number, Value};

use super::environment::{Environment, PLACEHOLDER, Text};
use super::faults::Trouble;
use crate::value::money::PerMillion;

/// What a supported key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole number from 0 up.
    Count,
    /// A key: text that can travel in a header field.
    Credential,
    /// `true` or `false`.
    Flag,
    /// A name that can travel in a header field; a whole number counts as one.
    Name,
    /// A list of names.
    Names,
    /// A whole number from 0 to 100.
    Percent,
    /// A whole number from 1 up.
    Positive,
    /// Dollars per token.
    Price,
    /// A time in seconds.
    Seconds,
    /// A whole number from 0 up, within 32 bits.
    Small,
    /// Sections and lists: whoever opens them checks them.
    Structure,
    /// Text that is not empty.
    Text,
    /// A time in seconds, perhaps none at all.
    Wait,
    /// A number from 0 up.
    Weight,
}

impl Kind {
    /// What is wrong with `value`, if anything.
    pub fn trouble(self, value: &Value, env: &Environment<'_>) -> Option<Trouble> {
        match self {
            Kind::Structure => None,
            Kind::Credential => credential(value, env).err(),
            Kind::Name => name(value, env).err(),
            Kind::Names => names(value, env).err(),
            Kind::Text => text(value, env).err(),
            Kind::Count
            | Kind::Flag
            | Kind::Percent
            | Kind::Positive
            | Kind::Price
            | Kind::Seconds
            | Kind::Small
            | Kind::Wait
            | Kind::Weight
                if is_unset(value, env) =>
            {
                None
            }
            Kind::Count => count(value, env).err(),
            Kind::Flag => flag(value, env).err(),
            Kind::Percent => percent(value, env).err(),
            Kind::Positive => positive(value, env).err(),
            Kind::Price => price(value, env).err(),
            Kind::Seconds => seconds(value, env).err(),
            Kind::Small => small(value, env).err(),
            Kind::Wait => wait(value, env).err(),
            Kind::Weight => weight(value, env).err(),
        }
    }
}

/// Types in the operator's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Flag,
    /// A list.
    List,
    /// Nothing.
    Null,
    /// A number.
    Number,
    /// Keys and values.
    Section,
    /// Text.
    Text,
}

impl Type {
    /// The type of a value.
    pub(super) const fn of(value: &Value) -> Self {
        match value {
            Value::Array(_) => Type::List,
            Value::Bool(_) => Type::Flag,
            Value::Null => Type::Null,
            Value::Number(_) => Type::Number,
            Value::Object(_) => Type::Section,
            Value::String(_) => Type::Text,
        }
    }

    /// The complaint that a value of this type was wanted and `found` is there.
    pub(super) const fn but(self, found: &Value) -> Trouble {
        Trouble::Wrong {
            wanted: self,
            found: Type::of(found),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Flag => "`true` or `false`",
            Type::List => "a list",
            Type::Null => "nothing",
            Type::Number => "a number",
            Type::Section => "a section of keys and values",
            Type::Text => "text",
        })
    }
}

/// Text that is not empty.
pub(super) fn text(value: &Value, env: &Environment<'_>) -> Result<Text, Trouble> {
    let Value::String(written) = value else {
        return Err(Type::Text.but(value));
    };
    let text = env.resolve(written)?;
    if text.value.trim().is_empty() {
        Err(Trouble::Empty)
    } else {
        Ok(text)
    }
}

/// A key.
pub(super) fn credential(value: &Value, env: &Environment<'_>) -> Result<Text, Trouble> {
    let text = text(value, env)?;
    if is_sendable(&text.value) {
        Ok(text)
    } else {
        Err(Trouble::Characters)
    }
}

/// Whether a key can travel in a header field: a line feed at its end is a common mistake.
pub(super) fn is_sendable(key: &str) -> bool {
    !key.is_empty() && key.trim() == key && HeaderValue::from_str(key).is_ok()
}

/// A name that can travel in a header field.
pub(super) fn name(value: &Value, env: &Environment<'_>) -> Result<Text, Trouble> {
    let text = match value {
        Value::Number(number) if number.is_u64() => env.resolve(&number.to_string())?,
        other => text(other, env)?,
    };
    let travels = !text.value.chars().any(char::is_control) && text.value.trim() == text.value;
    if travels {
        Ok(text)
    } else {
        Err(Trouble::Characters)
    }
}

/// A list of names.
pub(super) fn names(value: &Value, env: &Environment<'_>) -> Result<Vec<Text>, Trouble> {
    let Value::Array(items) = value else {
        return Err(Type::List.but(value));
    };
    items.iter().map(|item| name(item, env)).collect()
}

/// `true` or `false`, as such or as text.
pub(super) fn flag(value: &Value, env: &Environment<'_>) -> Result<bool, Trouble> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(written) => match env
            .resolve(written)?
            .value
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "false" => Ok(false),
            "true" => Ok(true),
            _ => Err(Type::Flag.but(value)),
        },
        other => Err(Type::Flag.but(other)),
    }
}

/// A whole number from 0 up.
pub(super) fn count(value: &Value, env: &Environment<'_>) -> Result<u64, Trouble> {
    let number = number(value, env)?;
    let whole = number.as_u64().or_else(|| whole(number.as_f64()?));
    whole.ok_or(Trouble::Range("a whole number from 0 up"))
}

/// A whole number from 0 up that is small enough to count attempts with.
pub(super) fn small(value: &Value, env: &Environment<'_>) -> Result<u32, Trouble> {
    u32::try_from(count(value, env)?)
        .map_err(|_| Trouble::Range("a whole number from 0 to 4294967295"))
}

/// A whole number from 1 up.
pub(super) fn positive(value: &Value, env: &Environment<'_>) -> Result<u32, Trouble> {
    let number = small(value, env)?;
    if number == 0 {
        return Err(Trouble::Range("a whole number from 1 to 4294967295"));
    }
    Ok(number)
}

/// A whole number from 0 to 100.
pub(super) fn percent(value: &Value, env: &Environment<'_>) -> Result<u32, Trouble> {
    let percent = small(value, env)?;
    if percent > 100 {
        return Err(Trouble::Range("a whole number from 0 to 100"));
    }
    Ok(percent)
}

/// A time in seconds, more than none.
pub(super) fn seconds(value: &Value, env: &Environment<'_>) -> Result<Duration, Trouble> {
    let range = || Trouble::Range("a number of seconds above 0 and at most 30 days");
    let number = number(value, env)?;
    let duration = duration(&number).filter(|duration| !duration.is_zero());
    duration.ok_or_else(range)
}

/// A time in seconds, perhaps none at all.
pub(super) fn wait(value: &Value, env: &Environment<'_>) -> Result<Duration, Trouble> {
    let number = number(value, env)?;
    duration(&number).ok_or(Trouble::Range(
        "a number of seconds from 0 up and at most 30 days",
    ))
}

fn duration(seconds: &Number) -> Option<Duration> {
    const LONGEST: f64 = 30.0 * 24.0 * 3600.0;
    let seconds = seconds.as_f64().filter(|seconds| *seconds <= LONGEST)?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Dollars per token.
pub(super) fn price(value: &Value, env: &Environment<'_>) -> Result<PerMillion, Trouble> {
    PerMillion::parse(&number(value, env)?.to_string()).map_err(Trouble::Price)
}

/// A number from 0 up.
pub(super) fn weight(value: &Value, env: &Environment<'_>) -> Result<f64, Trouble> {
    let weight = number(value, env)?
        .as_f64()
        .filter(|weight| weight.is_finite() && *weight >= 0.0);
    weight.ok_or(Trouble::Range("a number from 0 up"))
}

/// A number, as such or as text: YAML 1.1 takes `3e-07` for text.
fn number(value: &Value, env: &Environment<'_>) -> Result<Number, Trouble> {
    match value {
        Value::Number(number) => Ok(number.clone()),
        Value::String(written) => serde_json::from_str(env.resolve(written)?.value.trim())
            .map_err(|_| Type::Number.but(value)),
        other => Err(Type::Number.but(other)),
    }
}

/// `3.0` is as good as `3` where whole numbers are wanted: a protobuf Struct knows no other.
fn whole(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = (0.0..=EXACT).contains(&number) && number.fract() == 0.0;
    is_whole
        .then(|| format!("{number:.0}").parse().ok())
        .flatten()
}

fn is_unset(value: &Value, env: &Environment<'_>) -> bool {
    let written = value.as_str().filter(|text| *text != PLACEHOLDER);
    written
        .and_then(|text| env.resolve(text).ok())
        .is_some_and(|text| text.value == PLACEHOLDER)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with<T>(
        read: fn(&Value, &Environment<'_>) -> Result<T, Trouble>,
        value: Value,
    ) -> Result<T, String> {
        read(
            &value,
            &Environment::new(None, &|name| (name == "SIX").then(|| "6".to_owned())),
        )
        .map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        assert_eq!(with(count, json!(3)), Ok(3));
        assert_eq!(with(count, json!(3.0)), Ok(3));
        assert_eq!(with(count, json!("os.environ/SIX")), Ok(6));
        for bad in [json!(-1), json!(1.5), json!(1e300), json!("-1")] {
            assert_eq!(
                with(count, bad),
                Err("must be a whole number from 0 up".to_owned())
            );
        }
    }

    #[test]
    fn times_are_seconds_above_none() {
        assert_eq!(with(seconds, json!(0.25)), Ok(Duration::from_millis(250)));
        assert_eq!(with(seconds, json!("30")), Ok(Duration::from_secs(30)));
        assert_eq!(
            with(seconds, json!("30s")),
            Err("must be a number, not text".to_owned())
        );
        for bad in [json!(0), json!(-2), json!(1e12), json!("NaN")] {
            assert!(with(seconds, bad).is_err());
        }
    }

    #[test]
    fn waits_may_be_none_but_not_negative() {
        assert_eq!(with(wait, json!(0)), Ok(Duration::ZERO));
        assert_eq!(with(wait, json!(1.5)), Ok(Duration::from_millis(1500)));
        for bad in [json!(-1), json!(1e12), json!("NaN"), json!([])] {
            assert!(with(wait, bad).is_err());
        }
    }

    #[test]
    fn small_numbers_have_their_ranges() {
        assert_eq!(with(small, json!(0)), Ok(0));
        assert!(with(small, json!(5_000_000_000_u64)).is_err());
        assert_eq!(
            with(positive, json!(0)),
            Err("must be a whole number from 1 to 4294967295".to_owned())
        );
        assert_eq!(with(percent, json!("100")), Ok(100));
        assert!(with(percent, json!(101)).is_err());
    }

    #[test]
    fn a_list_of_names_is_a_list() {
        let tags = with(names, json!(["a", 1]));
        let tags: Vec<_> = tags.unwrap().into_iter().map(|tag| tag.value).collect();
        assert_eq!(tags, ["a", "1"]);
        assert!(with(names, json!("a")).is_err());
        assert!(with(names, json!([["a"]])).is_err());
    }

    #[test]
    fn prices_are_exact() {
        assert_eq!(
            with(price, json!(2.8e-07)).map(PerMillion::nanos),
            Ok(280_000_000)
        );
        assert_eq!(
            with(price, json!("3e-07")).map(PerMillion::nanos),
            Ok(300_000_000)
        );
        assert_eq!(
            with(price, json!(-1e-6)),
            Err("a price cannot be negative".to_owned())
        );
    }

    #[test]
    fn flags_may_be_text() {
        assert_eq!(with(flag, json!("True")), Ok(true));
        assert_eq!(
            with(flag, json!("yes")),
            Err("must be `true` or `false`, not text".to_owned())
        );
        assert_eq!(
            with(flag, json!(1)),
            Err("must be `true` or `false`, not a number".to_owned())
        );
    }

    #[test]
    fn names_travel_in_header_fields() {
        assert_eq!(
            with(name, json!(7)).map(|text| text.value),
            Ok("7".to_owned())
        );
        for bad in [json!("a\nb"), json!(" a"), json!("a\u{0}")] {
            assert!(with(name, bad).is_err());
        }
    }
}
