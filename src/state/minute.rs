//! What a deployment was asked for in the last minute, so that a limit of N admits N, and never N + 1.
//!
//! Every minute counts, not only those of the clock: requests and tokens are kept by the second in which they came. A second
//! counts until its *last* request is a minute old, so what counts is never too little; it is too much by less than a second.

use core::time::Duration;

use super::record::{Reader, Record, Writer};
use crate::value::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
/// A minute touches so many seconds.
const MOST: usize = 61;

/// How much a minute may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests.
    pub requests: Option<u64>,
    /// Tokens.
    pub tokens: Option<u64>,
}

/// Requests and tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Requests.
    pub requests: u64,
    /// Tokens.
    pub tokens: u64,
}

/// The requests and tokens of the last minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// The oldest first.
    seconds: Vec<Second>,
}

/// What came within one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Second {
    /// When the last of it came.
    last: Timestamp,
    used: Used,
}

impl Minute {
    /// All that counts now.
    #[must_use]
    pub fn used(&self, now: Timestamp) -> Used {
        self.counting(now)
            .fold(Used::default(), |sum, second| Used {
                requests: sum.requests.saturating_add(second.used.requests),
                tokens: sum.tokens.saturating_add(second.used.tokens),
            })
    }

    /// Whether there is room for a request within the limits, even for the shortest.
    #[must_use]
    pub fn has_room(&self, now: Timestamp, limits: &Limits) -> bool {
        self.wait(now, 1, limits).is_zero()
    }

    /// Adds a request and what it will probably take, if that keeps the limits.
    ///
    /// # Errors
    /// The time after which it may be asked again; nothing was added.
    pub fn reserve(
        &mut self,
        now: Timestamp,
        tokens: u64,
        limits: &Limits,
    ) -> Result<(), Duration> {
        let wait = self.wait(now, tokens, limits);
        if !wait.is_zero() {
            return Err(wait);
        }
        let requests = 1;
        self.add(now, Used { requests, tokens });
        Ok(())
    }

    /// Replaces the tokens reserved `at` a time by those it took. What it took more is taken now; what it took less is given
    /// back to its second, if that still counts.
    pub fn settle(&mut self, now: Timestamp, at: Timestamp, reserved: u64, took: u64) {
        let tokens = took.saturating_sub(reserved);
        if tokens > 0 {
            self.add(
                now,
                Used {
                    requests: 0,
                    tokens,
                },
            );
        }
        if let Some(second) = self.second(at) {
            let unused = reserved.saturating_sub(took);
            second.used.tokens = second.used.tokens.saturating_sub(unused);
        }
    }

    /// How long until a request with so many tokens keeps the limits; a minute for one that never will.
    fn wait(&self, now: Timestamp, tokens: u64, limits: &Limits) -> Duration {
        let fits = |used: Used| {
            let requests = limits.requests.is_none_or(|limit| used.requests < limit);
            let sum = used.tokens.saturating_add(tokens);
            requests && limits.tokens.is_none_or(|limit| sum <= limit)
        };
        let mut used = self.used(now);
        if fits(used) {
            return Duration::ZERO;
        }
        for second in self.counting(now) {
            used.requests = used.requests.saturating_sub(second.used.requests);
            used.tokens = used.tokens.saturating_sub(second.used.tokens);
            if fits(used) {
                return MINUTE.saturating_sub(now.since(second.last));
            }
        }
        MINUTE
    }

    fn add(&mut self, now: Timestamp, used: Used) {
        self.seconds.retain(|second| second.counts(now));
        match self.seconds.last_mut() {
            // Another worker's clock may be a little ahead.
            Some(last) if last.last.seconds() >= now.seconds() => {
                last.last = last.last.max(now);
                last.used.requests = last.used.requests.saturating_add(used.requests);
                last.used.tokens = last.used.tokens.saturating_add(used.tokens);
            }
            Some(_) | None => self.seconds.push(Second { last: now, used }),
        }
    }

    fn second(&mut self, at: Timestamp) -> Option<&mut Second> {
        self.seconds
            .iter_mut()
            .find(|second| second.last.seconds() == at.seconds())
    }

    fn counting(&self, now: Timestamp) -> impl Iterator<Item = &Second> {
        self.seconds.iter().filter(move |second| second.counts(now))
    }
}

impl Second {
    fn counts(&self, now: Timestamp) -> bool {
        now.since(self.last) < MINUTE
    }
}

impl Record for Minute {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        for second in &self.seconds {
            writer
                .time(second.last)
                .u64(second.used.requests)
                .u64(second.used.tokens);
        }
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let second = |reader: &mut Reader<'_>| {
            Some(Second {
                last: reader.time()?,
                used: Used {
                    requests: reader.u64()?,
                    tokens: reader.u64()?,
                },
            })
        };
        let seconds = Reader::new(bytes, 1)?.all(MOST, second)?;
        Some(Self { seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{assert_round_trip, update};
    use super::super::{Memory, Store};
    use super::*;
    use crate::value::rng::Rng;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos((1_768_480_496_000 + millis) * 1_000_000)
    }

    fn limits(requests: u64, tokens: u64) -> Limits {
        Limits {
            requests: Some(requests),
            tokens: Some(tokens),
        }
    }

    #[test]
    fn a_limit_of_n_admits_n_and_not_one_more() {
        let mut minute = Minute::default();
        for n in 0..10 {
            assert_eq!(minute.reserve(at(n), 1, &limits(10, 1000)), Ok(()));
        }
        assert!(minute.reserve(at(59_999), 1, &limits(10, 1000)).is_err());
        assert_eq!(minute.reserve(at(60_009), 1, &limits(10, 1000)), Ok(()));
    }

    #[test]
    fn no_minute_ever_holds_more_than_the_limit_and_a_patient_client_gets_all_of_it() {
        let mut rng = Rng::new(5);
        let (mut minute, mut admitted, mut now) = (Minute::default(), Vec::new(), 0);
        for _ in 0..20_000 {
            now += rng.below(300);
            if minute.reserve(at(now), 0, &limits(50, 1)).is_ok() {
                admitted.push(now);
            }
        }
        for (index, start) in admitted.iter().enumerate() {
            let within = admitted[index..].iter().take_while(|t| *t - start < 60_000);
            assert!(within.count() <= 50);
        }
        let minutes = usize::try_from(now / 60_000).unwrap();
        assert!(
            admitted.len() > minutes * 48,
            "{} in {minutes}",
            admitted.len()
        );
    }

    #[test]
    fn tokens_are_reserved_before_and_settled_after() {
        let mut minute = Minute::default();
        minute.reserve(at(0), 100, &limits(9, 150)).unwrap();
        assert!(minute.reserve(at(10), 100, &limits(9, 150)).is_err());
        minute.settle(at(20), at(0), 100, 40);
        assert_eq!(minute.used(at(20)).tokens, 40);
        minute.reserve(at(30), 100, &limits(9, 150)).unwrap();
        minute.settle(at(5_000), at(30), 100, 120);
        assert_eq!(minute.used(at(5_000)).tokens, 160);
        assert_eq!(
            minute.used(at(60_500)).tokens,
            20,
            "what came late stays longer"
        );
    }

    #[test]
    fn what_is_given_back_late_is_not_taken_from_others() {
        let mut minute = Minute::default();
        minute.reserve(at(0), 100, &Limits::default()).unwrap();
        minute.reserve(at(61_000), 70, &Limits::default()).unwrap();
        minute.settle(at(62_000), at(0), 100, 0);
        assert_eq!(minute.used(at(62_000)).tokens, 70);
    }

    #[test]
    fn the_time_to_wait_is_exact() {
        let mut minute = Minute::default();
        minute.reserve(at(0), 10, &limits(2, 100)).unwrap();
        minute.reserve(at(7_000), 90, &limits(2, 100)).unwrap();
        let wait = minute.reserve(at(10_000), 5, &limits(2, 100)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(50));
        let wait = minute.reserve(at(10_000), 20, &limits(9, 100)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(57));
        let never = minute.reserve(at(10_000), 101, &limits(9, 100));
        assert_eq!(never, Err(MINUTE));
    }

    #[test]
    fn it_never_has_more_than_61_seconds() {
        let mut minute = Minute::default();
        for n in 0..1_000 {
            minute.reserve(at(n * 250), 1, &Limits::default()).unwrap();
        }
        assert!(minute.seconds.len() <= MOST);
        assert_round_trip(&minute);
    }

    #[test]
    fn workers_that_write_between_each_other_admit_no_more_than_the_limit() {
        let store = Memory::default();
        let admitted = std::rc::Rc::new(core::cell::Cell::new(0));
        let one = |store: &dyn Store, admitted: &core::cell::Cell<u32>| {
            let ask = |minute: &mut Minute| minute.reserve(at(0), 1, &limits(10, 99)).ok();
            if update(store, "m", ask) == Ok(Some(())) {
                admitted.set(admitted.get() + 1);
            }
        };
        let counted = std::rc::Rc::clone(&admitted);
        store.interfere(move |store, _| one(store, &counted));
        for _ in 0..20 {
            one(&store, &admitted);
        }
        store.calm();
        assert_eq!(admitted.get(), 10);
    }
}
