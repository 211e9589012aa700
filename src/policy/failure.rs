//! What a provider says about trying again, in its head or its body.

use core::time::Duration;
use std::time::UNIX_EPOCH;

use super::Failure;
use crate::canonical::error::{ApiError, Class, spelled};
use crate::value::head::Head;
use crate::value::time::Timestamp;

/// What a failed attempt is said to have been limited by, next to when that ends: `x-ratelimit-reset-tokens` and
/// `x-ratelimit-remaining-tokens`, `anthropic-ratelimit-tokens-reset` and `anthropic-ratelimit-tokens-remaining`.
const LIMIT: &str = "ratelimit";
const RESET: &str = "reset";
const REMAINING: &str = "remaining";
/// Numbers from here on are no waits but points in time, in seconds since 1970.
const SECONDS_OF_TIME: f64 = 1e9;
/// And from here on in milliseconds.
const MILLIS_OF_TIME: f64 = 1e12;

impl Failure {
    /// What the policy must know of an error, and of the head it came with, if it came with one.
    ///
    /// The wait is the one of `retry-after-ms`, else `retry-after`, else the body, else that of a limit. A wait that is not one,
    /// or over already, is none. However long it is, it is kept: what is too long is for the policy to say.
    #[must_use]
    pub fn of(error: &ApiError, head: Option<&Head>, now: Timestamp) -> Failure {
        let limited = error.status == 429 || error.class == Class::RateLimit;
        let said = head.and_then(|head| said(head, now));
        let body = error.retry_after_s.map(Duration::from_secs);
        let reset = || head.and_then(|head| reset(head, limited, now));
        // A conflict is a client's fault by its status, but passes with the request it was in conflict with.
        let conflict = (error.status == 409).then_some(true);
        Failure {
            class: error.class,
            retry_after: said.or(body).or_else(reset),
            should_retry: head.and_then(should_retry).or(conflict),
        }
    }
}

fn should_retry(head: &Head) -> Option<bool> {
    head.get("x-should-retry")?
        .trim()
        .to_ascii_lowercase()
        .parse()
        .ok()
}

fn said(head: &Head, now: Timestamp) -> Option<Duration> {
    let ms = head.get("retry-after-ms").and_then(number);
    ms.map(|ms| seconds(ms / 1e3)).or_else(|| {
        let text = head.get("retry-after")?;
        let wait = number(text).map(seconds);
        wait.or_else(|| http_date(text, now))
    })
}

/// When the limit that was hit ends: of those with nothing left the last. If none says so, it is not known which of them was
/// hit, and the first is taken: too short a wait costs an attempt, too long a one the answer.
fn reset(head: &Head, limited: bool, now: Timestamp) -> Option<Duration> {
    let (mut spent, mut first) = (None, None::<Duration>);
    for (name, value) in head.iter() {
        if !name.contains(LIMIT) || !name.contains(RESET) {
            continue;
        }
        let text = core::str::from_utf8(value).unwrap_or_default();
        let Some(wait) = moment(text.trim(), now) else {
            continue;
        };
        if head.get(&name.replace(RESET, REMAINING)).map(str::trim) == Some("0") {
            spent = spent.max(Some(wait));
        }
        first = Some(first.map_or(wait, |first| first.min(wait)));
    }
    spent.or(first.filter(|_| limited))
}

/// A wait in any of the ways in which a limit's end is told: `6m0s` (OpenAI), seconds, points in time as numbers or as RFC 3339
/// has them (Anthropic).
fn moment(text: &str, now: Timestamp) -> Option<Duration> {
    let number = number(text).map(|number| match number {
        MILLIS_OF_TIME.. => until(seconds(number / 1e3), now),
        SECONDS_OF_TIME.. => until(seconds(number), now),
        _ => Some(seconds(number)),
    });
    number
        .or_else(|| spelled(text).map(Some))
        .unwrap_or_else(|| rfc3339(text, now))
}

fn http_date(text: &str, now: Timestamp) -> Option<Duration> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    until(date.duration_since(UNIX_EPOCH).ok()?, now)
}

fn rfc3339(text: &str, now: Timestamp) -> Option<Duration> {
    let date = humantime::parse_rfc3339(text).ok()?;
    until(date.duration_since(UNIX_EPOCH).ok()?, now)
}

/// How long it is until a time since 1970; `None` when that is over.
fn until(time: Duration, now: Timestamp) -> Option<Duration> {
    time.checked_sub(Duration::from_nanos(now.nanos()))
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

/// So many seconds, or the longest time there is.
fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-15T12:00:00Z.
    const NOW_S: u64 = 1_768_478_400;

    fn failure(status: u16, body: &str, fields: &[(&str, &str)]) -> Failure {
        let error = ApiError::read(status, None, body.as_bytes());
        let head: Head = fields.iter().copied().collect();
        let now = Timestamp::from_nanos(NOW_S * 1_000_000_000);
        Failure::of(&error, Some(&head), now)
    }

    fn wait_ms(fields: &[(&str, &str)]) -> Option<u128> {
        let wait = failure(429, "", fields).retry_after;
        wait.map(|wait| wait.as_millis())
    }

    #[test]
    fn a_wait_is_read_in_seconds_as_a_date_and_in_milliseconds() {
        for (name, value, ms) in [
            ("retry-after", "7", 7_000),
            ("retry-after", " 0.25 ", 250),
            ("retry-after", "0", 0),
            ("retry-after", "Thu, 15 Jan 2026 12:00:09 GMT", 9_000),
            ("retry-after", "Thursday, 15-Jan-26 12:00:09 GMT", 9_000),
            ("retry-after-ms", "1500", 1_500),
            ("retry-after-ms", "0.5", 0),
        ] {
            assert_eq!(wait_ms(&[(name, value)]), Some(ms), "{name}: {value}");
        }
    }

    #[test]
    fn what_is_no_wait_or_over_is_ignored() {
        for value in [
            "",
            "-1",
            "soon",
            "inf",
            "NaN",
            "12s",
            "Thu, 15 Jan 2026 11:59:59 GMT",
            "Thu, 99 Jan 2026 12:00:09 GMT",
        ] {
            assert_eq!(wait_ms(&[("retry-after", value)]), None, "{value}");
            assert_eq!(wait_ms(&[("retry-after-ms", value)]), None, "{value}");
        }
    }

    #[test]
    fn a_wait_of_any_length_is_kept() {
        let wait = |value| failure(429, "", &[("retry-after", value)]).retry_after;
        assert_eq!(wait("86400"), Some(Duration::from_secs(86_400)));
        assert_eq!(wait(&"9".repeat(40)), Some(Duration::MAX));
    }

    #[test]
    fn the_more_exact_statement_counts() {
        let body = r#"{"error":{"message":"Please retry after 3 seconds."}}"#;
        let reset = ("x-ratelimit-reset-requests", "4s");
        let (seconds, ms) = (("retry-after", "2"), ("retry-after-ms", "1000"));
        for (fields, wait_s) in [
            (&[reset, seconds, ms][..], 1),
            (&[reset, seconds], 2),
            (&[reset, ("retry-after", "soon")], 3),
        ] {
            let wait = failure(429, body, fields).retry_after;
            assert_eq!(wait, Some(Duration::from_secs(wait_s)));
        }
        assert_eq!(wait_ms(&[reset]), Some(4_000));
    }

    #[test]
    fn the_end_of_a_limit_is_read_in_everybodys_spelling() {
        for (name, value, ms) in [
            ("x-ratelimit-reset-tokens", "6m0s", 360_000),
            ("x-ratelimit-reset-requests", "1s", 1_000),
            ("x-ratelimit-reset-requests", "20ms", 20),
            ("x-ratelimit-reset-tokens", "1m2.5s", 62_500),
            ("x-ratelimit-reset", "30", 30_000),
            ("x-ratelimit-reset", "1768478405", 5_000),
            ("x-ratelimit-reset", "1768478405500", 5_500),
            (
                "anthropic-ratelimit-tokens-reset",
                "2026-01-15T12:00:08Z",
                8_000,
            ),
            (
                "anthropic-ratelimit-requests-reset",
                "2026-01-15T12:00:08.5Z",
                8_500,
            ),
        ] {
            assert_eq!(wait_ms(&[(name, value)]), Some(ms), "{name}: {value}");
        }
        for value in ["", "-5s", "6m0s!", "1768478300", "2026-01-15T11:00:00Z"] {
            assert_eq!(wait_ms(&[("x-ratelimit-reset", value)]), None, "{value}");
        }
    }

    #[test]
    fn of_several_limits_the_one_that_is_used_up_counts() {
        let fields = [
            ("x-ratelimit-remaining-requests", "9"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "5s"),
        ];
        assert_eq!(wait_ms(&fields), Some(5_000));
        assert_eq!(wait_ms(&[fields[1], fields[3]]), Some(1_000));
        let anthropic = [
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-01-15T12:00:03Z"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-01-15T12:00:09Z"),
        ];
        assert_eq!(wait_ms(&anthropic), Some(9_000));
    }

    #[test]
    fn a_limit_that_was_not_hit_delays_nothing() {
        let fields = [
            ("x-ratelimit-remaining-requests", "9"),
            ("x-ratelimit-reset-requests", "1s"),
        ];
        assert_eq!(failure(500, "", &fields).retry_after, None);
    }

    #[test]
    fn the_provider_says_whether_to_try_again() {
        let said = |status, value| failure(status, "", &[("x-should-retry", value)]).should_retry;
        assert_eq!(said(500, "false"), Some(false));
        assert_eq!(said(400, "True"), Some(true));
        assert_eq!(said(500, "maybe"), None);
        assert_eq!(
            (said(409, "maybe"), said(409, "false")),
            (Some(true), Some(false))
        );
    }

    #[test]
    fn an_error_without_a_head_has_what_its_body_says() {
        let error = ApiError::read(
            200,
            None,
            br#"{"error":{"code":429,"message":"try again in 2s"}}"#,
        );
        let failure = Failure::of(&error, None, Timestamp::default());
        assert_eq!(failure.class, Class::RateLimit);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(2)));
    }
}
