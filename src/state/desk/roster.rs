//! Which desks there are: each claims a number and gives a sign of life under it, so that what the dead held can be told
//! from what the living hold, and so that there are no more records than there are workers.

use super::super::record::{Reader, Record, Writer, read_version};
use super::super::{STALE, Store, Version};
use crate::value::rng::Rng;
use crate::value::time::Timestamp;

/// So many desks are told apart; more than one worker has for each configuration that is still in use.
const MOST: u32 = 1024;

/// A desk's sign of life, and what it has under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sign {
    /// Requests.
    pub active: u32,
    /// When it was given.
    pub beat: Timestamp,
    /// Whose it is; never 0.
    pub desk: u64,
    /// What tells its configuration from others.
    pub plan: u64,
    /// Requests that are being tried again.
    pub retries: u32,
}

/// A desk's place among all.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// Requests of this desk.
    pub active: u32,
    /// This desk's name in records; 0 until it gave its first sign.
    pub desk: u64,
    /// The other desks that are alive.
    pub others: Vec<Other>,
    /// What tells its configuration from others.
    pub plan: u64,
    /// Retries of this desk.
    pub retries: u32,
    beat: Timestamp,
    number: Option<u32>,
}

/// Another desk.
#[derive(Debug)]
pub(super) struct Other {
    /// What its records' names end with.
    pub suffix: String,
    number: u32,
    sign: Sign,
}

impl Other {
    /// Its name in records.
    pub const fn desk(&self) -> u64 {
        self.sign.desk
    }
}

impl Roster {
    /// Gives a sign of life and sees who else is there. Whether the desk has got a number it did not have before.
    pub fn beat(&mut self, now: Timestamp, store: &dyn Store, rng: &mut Rng) -> bool {
        while self.desk == 0 {
            self.desk = rng.bits();
        }
        self.beat = now;
        let is_new = !self.sign(store) && self.claim(store);
        self.look(now, store);
        is_new
    }

    /// When the last sign was given.
    pub const fn last_beat(&self) -> Timestamp {
        self.beat
    }

    /// What the names of this desk's own records end with; `None` when all numbers are taken.
    pub fn suffix(&self) -> Option<String> {
        self.number.map(suffix)
    }

    /// Whether this desk is the one that speaks for all with its configuration.
    pub fn leads(&self) -> bool {
        let yields = |own, other: &Other| other.sign.plan == self.plan && other.number < own;
        self.number
            .is_some_and(|own| !self.others.iter().any(|other| yields(own, other)))
    }

    /// Sees who else is there.
    pub fn look(&mut self, now: Timestamp, store: &dyn Store) {
        self.others.clear();
        for number in 0..MOST {
            let Some((sign, _)) = seen(store, number) else {
                break;
            };
            if sign.desk != self.desk && sign.is_alive(now) {
                self.others.push(Other {
                    suffix: suffix(number),
                    number,
                    sign,
                });
            }
        }
    }

    /// Requests and retries of all desks.
    pub fn totals(&self) -> (u32, u32) {
        self.others.iter().map(|other| other.sign).fold(
            (self.active, self.retries),
            |(active, retries), sign| {
                (
                    active.saturating_add(sign.active),
                    retries.saturating_add(sign.retries),
                )
            },
        )
    }

    /// States what this desk has under way. Whether it still has its number.
    pub fn sign(&mut self, store: &dyn Store) -> bool {
        let Some(number) = self.number else {
            return false;
        };
        let (sign, version) = read_version::<Sign>(store, &name(number));
        // Who gave no sign for too long has lost the number to whoever needed one.
        if sign.desk != self.desk || store.swap(&name(number), version, &self.own()).is_err() {
            self.number = None;
        }
        self.number.is_some()
    }

    fn claim(&mut self, store: &dyn Store) -> bool {
        let free = |number: &u32| match seen(store, *number) {
            Some((sign, version)) if !sign.is_alive(self.beat) => Some(version),
            Some(_) => None,
            None => Some(Version::ABSENT),
        };
        self.number = (0..MOST).find(|number| {
            free(number)
                .is_some_and(|version| store.swap(&name(*number), version, &self.own()).is_ok())
        });
        self.number.is_some()
    }

    fn own(&self) -> Vec<u8> {
        let sign = Sign {
            active: self.active,
            beat: self.beat,
            desk: self.desk,
            plan: self.plan,
            retries: self.retries,
        };
        sign.encode()
    }
}

fn seen(store: &dyn Store, number: u32) -> Option<(Sign, Version)> {
    let (bytes, version) = store.get(&name(number))?;
    Some((Sign::decode(&bytes).unwrap_or_default(), version))
}

fn name(number: u32) -> String {
    format!("desk/{number}")
}

fn suffix(number: u32) -> String {
    format!("/{number}")
}

impl Sign {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.since(self.beat) < STALE
    }
}

impl Record for Sign {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        writer
            .u64(self.desk)
            .u64(self.plan)
            .time(self.beat)
            .u32(self.active)
            .u32(self.retries);
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes, 1)?;
        let (desk, plan, beat) = (reader.u64()?, reader.u64()?, reader.time()?);
        let (active, retries) = (reader.u32()?, reader.u32()?);
        reader.end(Self {
            active,
            beat,
            desk,
            plan,
            retries,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Memory;
    use super::super::super::record::assert_round_trip;
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos((1_768_480_496_000 + millis) * 1_000_000)
    }

    fn seated(seed: u64, now: u64, store: &Memory) -> Roster {
        let mut roster = Roster::default();
        roster.beat(at(now), store, &mut Rng::new(seed));
        roster
    }

    #[test]
    fn every_desk_has_a_number_of_its_own_even_when_two_come_at_once() {
        let store = Memory::default();
        let once = core::cell::Cell::new(true);
        store.interfere(move |store, _| {
            if once.replace(false) {
                seated(1, 0, store);
            }
        });
        let second = seated(2, 0, &store);
        assert_eq!(second.number, Some(1));
        assert_eq!(second.others.len(), 1);
    }

    #[test]
    fn the_number_of_a_dead_desk_goes_to_the_next() {
        let store = Memory::default();
        for round in 0..50 {
            seated(round + 1, round * 10_000, &store);
        }
        assert_eq!(store.names(), ["desk/0"]);
    }

    #[test]
    fn who_is_late_does_not_take_back_a_number_that_another_has() {
        let store = Memory::default();
        let mut late = seated(1, 0, &store);
        let next = seated(2, 5_000, &store);
        assert_eq!(next.number, Some(0));
        late.beat(at(5_000), &store, &mut Rng::new(3));
        assert_eq!(late.number, Some(1));
        assert!(next.leads() && !late.leads());
    }

    #[test]
    fn one_desk_of_each_configuration_speaks_for_all() {
        let store = Memory::default();
        let mut rosters: Vec<Roster> = (1..=4).map(|seed| seated(seed, 0, &store)).collect();
        for (roster, plan) in rosters.iter_mut().zip([7, 7, 8, 8]) {
            roster.plan = plan;
            roster.sign(&store);
        }
        for roster in &mut rosters {
            roster.look(at(0), &store);
        }
        let leads: Vec<bool> = rosters.iter().map(Roster::leads).collect();
        assert_eq!(leads, [true, false, true, false]);
    }

    #[test]
    fn what_all_desks_have_under_way_is_known_to_each() {
        let store = Memory::default();
        let mut first = seated(1, 0, &store);
        first.active = 7;
        first.retries = 2;
        first.sign(&store);
        let mut second = seated(2, 0, &store);
        second.active = 1;
        assert_eq!(second.totals(), (8, 2));
        second.look(at(10_000), &store);
        assert_eq!(second.totals(), (1, 0), "the dead do nothing");
    }

    #[test]
    fn records_round_trip_and_survive_garbage() {
        assert_round_trip(&Sign {
            active: 1,
            beat: at(2),
            desk: 3,
            plan: 5,
            retries: 4,
        });
    }
}
