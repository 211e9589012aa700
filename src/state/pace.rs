//! How fast a deployment has been answering lately, and at what length.
//!
//! Old measurements lose weight with time, not with the number of newer ones, so that a busy deployment is not judged by its
//! last few answers nor an idle one by last hour's. Times of streams and of whole answers are different things and never mixed.

use core::time::Duration;

use super::record::{Reader, Record, Writer};
use crate::value::time::Timestamp;

/// After so much time a measurement has lost two thirds of its weight.
const FADE: Duration = Duration::from_secs(10);
/// The least that a new measurement weighs: however many come at once, each counts.
const LEAST: f64 = 0.05;
/// After so much time a failure has lost two thirds of its weight.
const FORGET: Duration = Duration::from_secs(60);

/// The averages of one deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Recent failures, each counting less as time goes by.
    failures: Average,
    /// Seconds to the first content of a stream.
    pub first: Average,
    /// Tokens of an answer.
    pub output: Average,
    /// Seconds for each token of a whole answer.
    pub whole: Average,
}

/// An average in which what is old counts less.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Average {
    /// When something was last measured; 0 when nothing ever was.
    at: Timestamp,
    value: f64,
}

impl Average {
    /// Adds a measurement. The first one is the average: there is nothing before it to be averaged with.
    pub fn add(&mut self, value: f64, now: Timestamp) {
        if !value.is_finite() || value < 0.0 {
            return;
        }
        let weight = match self.at.nanos() {
            0 => 1.0,
            _ => (1.0 - faded(now.since(self.at), FADE)).max(LEAST),
        };
        self.value += (value - self.value) * weight;
        self.at = self.at.max(now);
    }

    /// The average, if anything was measured within that time.
    #[must_use]
    pub fn within(&self, ttl: Duration, now: Timestamp) -> Option<f64> {
        let fresh = self.at.nanos() > 0 && now.since(self.at) <= ttl;
        fresh.then_some(self.value)
    }

    fn write(&self, writer: &mut Writer) {
        writer.time(self.at).f64(self.value);
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            at: reader.time()?,
            value: reader.f64().filter(|value| *value >= 0.0)?,
        })
    }
}

impl Pace {
    /// Notes a failure.
    pub fn fail(&mut self, now: Timestamp) {
        self.failures = Average {
            at: self.failures.at.max(now),
            value: self.failures(now) + 1.0,
        };
    }

    /// How many failures there were lately: one just now counts 1, one a minute ago about a third.
    #[must_use]
    pub fn failures(&self, now: Timestamp) -> f64 {
        self.failures.value * faded(now.since(self.failures.at), FORGET)
    }
}

/// What is left of 1 after that time, when a third is left after `scale`.
fn faded(time: Duration, scale: Duration) -> f64 {
    (-time.as_secs_f64() / scale.as_secs_f64()).exp()
}

impl Record for Pace {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        for average in [self.failures, self.first, self.output, self.whole] {
            average.write(&mut writer);
        }
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, 1)?;
        let pace = Self {
            failures: Average::read(&mut reader)?,
            first: Average::read(&mut reader)?,
            output: Average::read(&mut reader)?,
            whole: Average::read(&mut reader)?,
        };
        reader.end(pace)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::assert_round_trip;
    use super::*;

    const TTL: Duration = Duration::from_secs(3600);

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos((1_768_480_496_000 + millis) * 1_000_000)
    }

    #[test]
    fn the_first_measurement_is_averaged_with_nothing() {
        let mut average = Average::default();
        assert_eq!(average.within(TTL, at(0)), None);
        average.add(0.16, at(0));
        assert_eq!(average.within(TTL, at(0)), Some(0.16));
    }

    #[test]
    fn a_measurement_weighs_more_the_longer_nothing_was_measured() {
        let mut soon = Average::default();
        soon.add(1.0, at(0));
        let mut late = soon;
        soon.add(2.0, at(100));
        late.add(2.0, at(30_000));
        let soon = soon.within(TTL, at(100)).unwrap();
        let late = late.within(TTL, at(30_000)).unwrap();
        assert!((1.04..1.06).contains(&soon), "{soon}");
        assert!(late > 1.9, "{late}");
    }

    #[test]
    fn what_is_older_than_its_time_was_not_measured() {
        let mut average = Average::default();
        average.add(1.0, at(0));
        assert_eq!(average.within(Duration::from_secs(5), at(5_001)), None);
    }

    #[test]
    fn failures_add_up_and_fade() {
        let mut pace = Pace::default();
        pace.fail(at(0));
        pace.fail(at(0));
        assert!((pace.failures(at(0)) - 2.0).abs() < 1e-9);
        assert!(pace.failures(at(300_000)) < 0.02);
    }

    #[test]
    fn records_round_trip_and_survive_garbage() {
        let mut pace = Pace::default();
        assert_round_trip(&pace);
        pace.fail(at(1));
        pace.first.add(0.5, at(2));
        pace.whole.add(0.01, at(3));
        pace.output.add(300.0, at(4));
        assert_round_trip(&pace);
        let mut nan = pace.encode();
        nan[9..17].copy_from_slice(&f64::NAN.to_le_bytes());
        assert_eq!(Pace::decode(&nan), None);
    }
}
