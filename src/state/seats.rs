//! Who holds how many of a deployment's places, where it takes only so many requests at the same time.
//!
//! All workers' shares stand in one record, so that a limit holds over all of them. A share is stated whole, never counted up
//! or down: what one write lost, the next one makes good. A share whose worker does not renew it is nobody's any more.

use super::record::{Reader, Record, Writer};
use super::{STALE, Timestamp};

/// More than there are workers.
const MOST: usize = 1024;

/// The shares of all workers in one deployment's places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seats(Vec<Held>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    beat: Timestamp,
    desk: u64,
    number: u32,
}

impl Seats {
    /// How many are held by others than this desk.
    #[must_use]
    pub fn of_others(&self, desk: u64, now: Timestamp) -> u32 {
        let others = self
            .0
            .iter()
            .filter(|held| held.desk != desk && held.is_alive(now));
        others.fold(0, |sum, held| sum.saturating_add(held.number))
    }

    /// States how many this desk holds.
    pub fn state(&mut self, desk: u64, number: u32, now: Timestamp) {
        self.0
            .retain(|held| held.desk != desk && held.is_alive(now));
        if number > 0 {
            self.0.push(Held {
                beat: now,
                desk,
                number,
            });
        }
    }
}

impl Held {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.since(self.beat) < STALE
    }
}

impl Record for Seats {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        for held in &self.0 {
            writer.time(held.beat).u64(held.desk).u32(held.number);
        }
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let held = |reader: &mut Reader<'_>| {
            Some(Held {
                beat: reader.time()?,
                desk: reader.u64()?,
                number: reader.u32()?,
            })
        };
        Reader::new(bytes, 1)?.all(MOST, held).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::assert_round_trip;
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_share_that_is_not_renewed_is_nobodys() {
        let mut seats = Seats::default();
        seats.state(1, 4, at(0));
        seats.state(2, 3, at(2));
        assert_eq!(seats.of_others(9, at(2)), 7);
        assert_eq!(seats.of_others(9, at(4)), 3);
    }

    #[test]
    fn who_holds_none_is_not_in_the_record() {
        let mut seats = Seats::default();
        for desk in 1..100 {
            seats.state(desk, 1, at(0));
            seats.state(desk, 0, at(0));
        }
        assert_eq!(seats, Seats::default());
    }

    #[test]
    fn records_round_trip_and_survive_garbage() {
        let mut seats = Seats::default();
        assert_round_trip(&seats);
        seats.state(1, 4, at(5));
        seats.state(2, 1, at(6));
        assert_round_trip(&seats);
    }
}
