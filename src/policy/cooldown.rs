//! When a deployment is sent to rest, and for how long.
//!
//! A policy that names a kind of failure, and `allowed_fails`, are taken literally: one more failure within a minute than are
//! allowed. Where the operator said nothing, a deployment rests at once when it says itself that it cannot serve (401, 402, 403,
//! 404, 429), and otherwise when more than half of at least five requests in a minute failed.
//!
//! The first rest lasts `cooldown_time`, or as long as the provider asks for, at most [`LONGEST_ASKED`]; used-up money does not
//! come back in seconds, so a `402` rests for [`QUOTA`] at least. Each further rest in a row lasts twice as long, up to [`LONGEST`].

use core::time::Duration;

use super::{CooldownRules, Failure};
use crate::canonical::error::Class;

/// The longest rest a provider's `Retry-After` can bring about: a provider that asks for a day would be gone for a day.
pub const LONGEST_ASKED: Duration = Duration::from_secs(60);
/// The longest rest, unless `cooldown_time` is longer.
pub const LONGEST: Duration = Duration::from_secs(300);
/// The first rest of a deployment whose money is used up.
pub const QUOTA: Duration = Duration::from_secs(60);

/// What marks the number of a kind that no policy names.
const UNNAMED: u8 = 0x80;
/// So many requests a minute tell something about a deployment.
const TELLING: u32 = 5;

/// A deployment's last minute, the failure at hand included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Successes.
    pub answered: u32,
    /// Failures that count and are not named by the policy.
    pub failed: u32,
    /// Failures of the kind at hand.
    pub of_class: u32,
}

/// Whether a failure of that kind counts against its deployment: one that the request itself caused does not, unless the
/// operator's policy names it.
#[must_use]
pub fn counts(class: Class, rules: &CooldownRules) -> bool {
    rules.by_class.get(class).is_some() || !is_clients(class)
}

/// The number by which records count failures of that kind: another one where the policy names it.
#[must_use]
pub fn kind(class: Class, rules: &CooldownRules) -> u8 {
    if rules.by_class.get(class).is_some() {
        code(class)
    } else {
        code(class) | UNNAMED
    }
}

/// Whether failures with that number are among [`Tally::failed`].
#[must_use]
pub const fn is_unnamed(kind: u8) -> bool {
    kind & UNNAMED != 0
}

/// Whether the deployment is sent to rest now.
#[must_use]
pub fn is_due(class: Class, tally: &Tally, rules: &CooldownRules) -> bool {
    if !rules.enabled || !counts(class, rules) {
        return false;
    }
    match (rules.by_class.get(class), rules.allowed) {
        (Some(allowed), _) => tally.of_class > allowed,
        (None, Some(allowed)) => tally.failed > allowed,
        (None, None) => speaks_for_itself(class) || mostly_fails(tally),
    }
}

/// How long it rests, after `ejections` rests in a row before.
#[must_use]
pub fn length(failure: &Failure, rules: &CooldownRules, ejections: u8) -> Duration {
    let first = match failure.class {
        Class::Quota => rules.time.max(QUOTA),
        Class::Auth
        | Class::BadRequest
        | Class::Connection
        | Class::ContentFilter
        | Class::ContextLength
        | Class::Malformed
        | Class::NotFound
        | Class::Overloaded
        | Class::Permission
        | Class::RateLimit
        | Class::Server
        | Class::Timeout
        | Class::TooLarge
        | Class::Truncated => rules.time,
    };
    let doubled = first.saturating_mul(1_u32.checked_shl(u32::from(ejections)).unwrap_or(u32::MAX));
    let asked = failure.retry_after.unwrap_or_default().min(LONGEST_ASKED);
    doubled.min(LONGEST.max(first)).max(asked)
}

/// Whether even the last healthy deployment of a group rests for this, and is not asked when there is no other: it has refused
/// the credential.
#[must_use]
pub fn is_barred(class: Class) -> bool {
    matches!(class, Class::Auth | Class::Permission)
}

const fn code(class: Class) -> u8 {
    match class {
        Class::Auth => 0,
        Class::BadRequest => 1,
        Class::Connection => 2,
        Class::ContentFilter => 3,
        Class::ContextLength => 4,
        Class::Malformed => 5,
        Class::NotFound => 6,
        Class::Overloaded => 7,
        Class::Permission => 8,
        Class::Quota => 9,
        Class::RateLimit => 10,
        Class::Server => 11,
        Class::Timeout => 12,
        Class::TooLarge => 13,
        Class::Truncated => 14,
    }
}

fn is_clients(class: Class) -> bool {
    match class {
        Class::BadRequest | Class::ContentFilter | Class::ContextLength | Class::TooLarge => true,
        Class::Auth
        | Class::Connection
        | Class::Malformed
        | Class::NotFound
        | Class::Overloaded
        | Class::Permission
        | Class::Quota
        | Class::RateLimit
        | Class::Server
        | Class::Timeout
        | Class::Truncated => false,
    }
}

fn speaks_for_itself(class: Class) -> bool {
    is_barred(class) || matches!(class, Class::NotFound | Class::Quota | Class::RateLimit)
}

fn mostly_fails(tally: &Tally) -> bool {
    let all = tally.failed.saturating_add(tally.answered);
    all >= TELLING && tally.failed > tally.answered
}

#[cfg(test)]
mod tests {
    use super::super::PerClass;
    use super::*;

    fn rules() -> CooldownRules {
        CooldownRules {
            allowed: None,
            by_class: PerClass::default(),
            enabled: true,
            time: Duration::from_secs(5),
        }
    }

    fn tally(failed: u32, answered: u32) -> Tally {
        Tally {
            answered,
            failed,
            of_class: failed,
        }
    }

    fn failure(class: Class, retry_after_s: Option<u64>) -> Failure {
        Failure {
            class,
            retry_after: retry_after_s.map(Duration::from_secs),
            should_retry: None,
        }
    }

    #[test]
    fn what_says_itself_that_it_cannot_serve_rests_at_once() {
        for class in [
            Class::Auth,
            Class::NotFound,
            Class::Permission,
            Class::Quota,
            Class::RateLimit,
        ] {
            assert!(is_due(class, &tally(1, 1_000), &rules()), "{class:?}");
        }
    }

    #[test]
    fn other_failures_bring_rest_when_more_than_half_of_five_failed() {
        for class in [
            Class::Connection,
            Class::Malformed,
            Class::Overloaded,
            Class::Server,
            Class::Timeout,
            Class::Truncated,
        ] {
            assert!(!is_due(class, &tally(4, 0), &rules()), "{class:?}");
            assert!(is_due(class, &tally(5, 0), &rules()), "{class:?}");
            assert!(!is_due(class, &tally(4, 4), &rules()), "{class:?}");
            assert!(is_due(class, &tally(5, 4), &rules()), "{class:?}");
        }
    }

    #[test]
    fn allowed_fails_is_taken_literally_three_and_zero_included() {
        for allowed in [0, 1, 3, 10] {
            let rules = CooldownRules {
                allowed: Some(allowed),
                ..rules()
            };
            for class in [Class::RateLimit, Class::Server] {
                assert!(!is_due(class, &tally(allowed, 0), &rules));
                assert!(is_due(class, &tally(allowed + 1, 1_000), &rules));
            }
        }
    }

    #[test]
    fn a_policy_that_names_the_kind_decides_for_it() {
        let rules = CooldownRules {
            allowed: Some(0),
            by_class: PerClass(vec![(Class::RateLimit, 2), (Class::BadRequest, 1)]),
            ..rules()
        };
        let of = |of_class| Tally {
            of_class,
            failed: 9,
            answered: 0,
        };
        assert!(!is_due(Class::RateLimit, &of(2), &rules));
        assert!(is_due(Class::RateLimit, &of(3), &rules));
        assert!(is_due(Class::BadRequest, &of(2), &rules));
        assert!(!is_unnamed(kind(Class::RateLimit, &rules)));
        assert!(is_unnamed(kind(Class::Server, &rules)));
    }

    #[test]
    fn what_the_client_caused_does_not_count() {
        for class in [
            Class::BadRequest,
            Class::ContentFilter,
            Class::ContextLength,
            Class::TooLarge,
        ] {
            assert!(!counts(class, &rules()));
            assert!(!is_due(class, &tally(1_000, 0), &rules()));
        }
    }

    #[test]
    fn where_cooldowns_are_disabled_nothing_rests() {
        let rules = CooldownRules {
            enabled: false,
            allowed: Some(0),
            ..rules()
        };
        assert!(!is_due(Class::RateLimit, &tally(9, 0), &rules));
    }

    #[test]
    fn each_rest_in_a_row_is_twice_as_long_up_to_five_minutes() {
        let seconds =
            |ejections| length(&failure(Class::Server, None), &rules(), ejections).as_secs();
        assert_eq!([0, 1, 2, 6, 200].map(seconds), [5, 10, 20, 300, 300]);
    }

    #[test]
    fn a_rest_that_the_operator_wants_longer_is_not_cut() {
        let rules = CooldownRules {
            time: Duration::from_secs(900),
            ..rules()
        };
        let rest = length(&failure(Class::Server, None), &rules, 3);
        assert_eq!(rest.as_secs(), 900);
    }

    #[test]
    fn retry_after_is_respected_up_to_a_minute() {
        let seconds = |asked| length(&failure(Class::RateLimit, asked), &rules(), 0).as_secs();
        let asked = [None, Some(1), Some(20), Some(86_400)];
        assert_eq!(asked.map(seconds), [5, 5, 20, 60]);
    }

    #[test]
    fn used_up_money_rests_longer() {
        let rest = length(&failure(Class::Quota, None), &rules(), 0);
        assert_eq!(rest, QUOTA);
    }
}
