//! How often a deployment failed in the last minute, and how, which decides whether it is sent to rest.

use core::time::Duration;

use super::record::{Reader, Record, Writer};
use crate::value::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
/// Failures of one kind that come within this time are kept together and forgotten together, a minute after the last.
const STEP_S: u64 = 5;
/// More than all kinds in all steps of a minute.
const MOST: usize = 512;

/// The failures of the last minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    kind: u8,
    last: Timestamp,
    number: u32,
}

impl Failures {
    /// Adds a failure of this kind.
    pub fn add(&mut self, kind: u8, now: Timestamp) {
        self.marks.retain(|mark| mark.counts(now));
        let step = |time: Timestamp| time.seconds() / STEP_S;
        let is_full = self.marks.len() >= MOST;
        let mark = self
            .marks
            .iter_mut()
            .find(|mark| mark.kind == kind && step(mark.last) == step(now));
        match mark {
            Some(mark) => {
                mark.last = mark.last.max(now);
                mark.number = mark.number.saturating_add(1);
            }
            None if !is_full => self.marks.push(Mark {
                kind,
                last: now,
                number: 1,
            }),
            None => {}
        }
    }

    /// How many there were in the last minute, of the kinds that `count`.
    pub fn number(&self, now: Timestamp, mut count: impl FnMut(u8) -> bool) -> u32 {
        let these = self
            .marks
            .iter()
            .filter(|mark| mark.counts(now) && count(mark.kind));
        these.fold(0, |sum, mark| sum.saturating_add(mark.number))
    }
}

impl Mark {
    fn counts(&self, now: Timestamp) -> bool {
        now.since(self.last) < MINUTE
    }
}

impl Record for Failures {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        for mark in &self.marks {
            writer.u8(mark.kind).time(mark.last).u32(mark.number);
        }
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mark = |reader: &mut Reader<'_>| {
            Some(Mark {
                kind: reader.u8()?,
                last: reader.time()?,
                number: reader.u32()?,
            })
        };
        let marks = Reader::new(bytes, 1)?.all(MOST, mark)?;
        Some(Self { marks })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::super::record::{assert_round_trip, read, update};
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos((1_768_480_495_000 + millis) * 1_000_000)
    }

    #[test]
    fn a_failure_counts_for_a_minute_and_no_longer() {
        let mut failures = Failures::default();
        failures.add(1, at(0));
        failures.add(1, at(20_000));
        assert_eq!(failures.number(at(59_999), |_| true), 2);
        assert_eq!(failures.number(at(60_000), |_| true), 1);
        assert_eq!(failures.number(at(80_000), |_| true), 0);
    }

    #[test]
    fn kinds_are_counted_apart() {
        let mut failures = Failures::default();
        for kind in [1, 2, 2, 2] {
            failures.add(kind, at(0));
        }
        assert_eq!(failures.number(at(0), |kind| kind == 2), 3);
    }

    #[test]
    fn the_record_does_not_grow_with_the_number_of_failures() {
        let mut failures = Failures::default();
        for n in 0..100_000 {
            failures.add(u8::try_from(n % 15).unwrap(), at(n * 10));
        }
        assert!(failures.marks.len() <= 15 * 13);
        assert_round_trip(&failures);
    }

    #[test]
    fn no_failure_is_lost_when_another_worker_comes_in_between() {
        let store = Memory::default();
        let fail = |failures: &mut Failures| {
            failures.add(1, at(0));
            Some(())
        };
        let times = core::cell::Cell::new(3);
        store.interfere(move |store, name| {
            if times.replace(times.get().max(1) - 1) > 0 {
                update(store, name, fail).unwrap();
            }
        });
        update(&store, "f", fail).unwrap();
        assert_eq!(read::<Failures>(&store, "f").number(at(0), |_| true), 4);
    }
}
