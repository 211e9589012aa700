//! What is under way: leases that others read, and seats that are limited.
//!
//! What the desk counts is the truth about its own requests; records state it for the others. So a write that is lost is
//! made good by the next one, and a worker that dies takes its leases with it.

use core::mem;
use core::time::Duration;

use super::super::Store;
use super::super::record::{Record, read, update};
use super::super::seats::Seats;
use super::super::share::Share;
use super::{Desk, Place};
use crate::value::time::Timestamp;

/// Seats that are held are stated anew that often: well before they count as nobody's.
const RENEWAL: Duration = Duration::from_secs(1);

impl Desk {
    /// A request goes to the deployment. The others learn of it at once if some strategy looks, else by the next tick.
    pub fn lease(&mut self, deployment: usize, store: &dyn Store) {
        let at_once = self.keeps(deployment).shares;
        self.change(deployment, at_once, store, |place| {
            place.in_flight = place.in_flight.saturating_add(1);
        });
    }

    /// A request to the deployment is over.
    pub fn release(&mut self, deployment: usize, store: &dyn Store) {
        let at_once = self.keeps(deployment).shares;
        self.change(deployment, at_once, store, |place| {
            place.in_flight = place.in_flight.saturating_sub(1);
        });
    }

    /// The deployment has answered a request.
    pub fn note_answer(&mut self, deployment: usize, now: Timestamp, store: &dyn Store) {
        self.change(deployment, false, store, |place| place.answers.add(now));
    }

    /// Requests under way at the deployment, of all workers that are alive.
    pub fn in_flight(&mut self, deployment: usize, store: &dyn Store) -> u32 {
        let own = self.places.get(deployment).map(|place| place.in_flight);
        self.others_at(deployment, store, own.unwrap_or_default(), |share| {
            share.in_flight
        })
    }

    /// About how many requests the deployment has answered in the last minute, to all workers.
    pub fn answers(&mut self, deployment: usize, now: Timestamp, store: &dyn Store) -> u32 {
        let own = self.places.get(deployment).map(|place| place.answers);
        let own = own.unwrap_or_default().number(now);
        self.others_at(deployment, store, own, |share| share.answers.number(now))
    }

    /// Whether one of the deployment's `limit` seats is free, over all workers.
    #[must_use]
    pub fn has_seat(
        &self,
        deployment: usize,
        limit: u32,
        now: Timestamp,
        store: &dyn Store,
    ) -> bool {
        self.places.get(deployment).is_some_and(|place| {
            let seats: Seats = read(store, &place.names.seats);
            let others = seats.of_others(self.roster.desk, now);
            others.saturating_add(place.seats) < limit
        })
    }

    /// Takes one of the deployment's `limit` seats, over all workers. `false` when none is free, and when others
    /// came first too often: a limit that cannot be proved kept is not risked.
    pub fn take_seat(
        &mut self,
        deployment: usize,
        limit: u32,
        now: Timestamp,
        store: &dyn Store,
    ) -> bool {
        let desk = self.roster.desk;
        let Some(place) = self.places.get_mut(deployment) else {
            return false;
        };
        let wanted = place.seats.saturating_add(1);
        let taken = update(store, &place.names.seats, |seats: &mut Seats| {
            let all = seats.of_others(desk, now).saturating_add(wanted);
            (all <= limit).then(|| seats.state(desk, wanted, now))
        });
        let is_taken = taken == Ok(Some(()));
        if is_taken {
            place.seats = wanted;
            place.seats_beat = now;
        }
        is_taken
    }

    /// Leaves a seat.
    pub fn leave_seat(&mut self, deployment: usize, now: Timestamp, store: &dyn Store) {
        let desk = self.roster.desk;
        if let Some(place) = self.places.get_mut(deployment) {
            place.seats = place.seats.saturating_sub(1);
            place.state_seats(desk, now, store);
        }
    }

    /// States what others do not know yet, and renews what they would forget.
    pub(super) fn state_all(&mut self, now: Timestamp, store: &dyn Store) {
        let desk = self.roster.desk;
        for index in 0..self.places.len() {
            let Some(place) = self.places.get_mut(index) else {
                continue;
            };
            let is_due = place.seats > 0 && now.since(place.seats_beat) >= RENEWAL;
            if place.seats_owed || is_due {
                place.state_seats(desk, now, store);
            }
            if !place.stated {
                self.state(index, store);
            }
        }
    }

    fn change(
        &mut self,
        deployment: usize,
        at_once: bool,
        store: &dyn Store,
        change: impl FnOnce(&mut Place),
    ) {
        let Some(place) = self.places.get_mut(deployment) else {
            return;
        };
        change(place);
        place.stated = false;
        if at_once {
            self.state(deployment, store);
        }
    }

    /// Writes this desk's share in the deployment; a desk without a number has nowhere to.
    fn state(&mut self, deployment: usize, store: &dyn Store) {
        let Some(place) = self.places.get_mut(deployment) else {
            return;
        };
        if self.suffix.is_empty() {
            return;
        }
        let share = Share {
            answers: place.answers,
            desk: self.roster.desk,
            in_flight: place.in_flight,
        };
        put_together(&mut self.name, &place.names.share, &self.suffix);
        store.put(&self.name, &share.encode());
        place.stated = true;
    }

    /// `own` and what `of` says of the living others' shares.
    fn others_at(
        &mut self,
        deployment: usize,
        store: &dyn Store,
        own: u32,
        of: impl Fn(Share) -> u32,
    ) -> u32 {
        let mut name = mem::take(&mut self.name);
        let prefix = &self.names(deployment).share;
        let sum = self.roster.others.iter().fold(own, |sum, other| {
            put_together(&mut name, prefix, &other.suffix);
            let share: Share = read(store, &name);
            // A desk that had the number before may have left its share behind.
            let part = if share.desk == other.desk() {
                of(share)
            } else {
                0
            };
            sum.saturating_add(part)
        });
        self.name = name;
        sum
    }
}

impl Place {
    fn state_seats(&mut self, desk: u64, now: Timestamp, store: &dyn Store) {
        let number = self.seats;
        let stated = update(store, &self.names.seats, |seats: &mut Seats| {
            seats.state(desk, number, now);
            Some(())
        });
        self.seats_owed = stated.is_err();
        self.seats_beat = now;
    }
}

fn put_together(name: &mut String, prefix: &str, suffix: &str) {
    name.clear();
    name.push_str(prefix);
    name.push_str(suffix);
}

#[cfg(test)]
mod tests {
    use super::super::super::Memory;
    use super::super::{Kept, Lineup, Outline};
    use super::*;
    use crate::value::rng::Rng;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos((1_768_480_496_000 + millis) * 1_000_000)
    }

    /// A desk whose first deployment is watched.
    fn desk(seed: u64, now: u64, store: &Memory) -> Desk {
        let of = |id, shares| Outline {
            price: 0,
            id,
            kept: Kept {
                shares,
                ..Kept::default()
            },
        };
        let mut desk = Desk::new([of("a", true), of("b", false)], [Lineup::default()]);
        desk.beat(at(now), store, &mut Rng::new(seed));
        desk
    }

    fn beat(desk: &mut Desk, now: u64, store: &Memory) {
        desk.beat(at(now), store, &mut Rng::new(99));
    }

    #[test]
    fn workers_see_each_others_leases_at_once_where_they_look_and_else_by_the_tick() {
        let store = Memory::default();
        let mut one = desk(1, 0, &store);
        let mut two = desk(2, 0, &store);
        beat(&mut one, 0, &store);
        for deployment in [0, 1] {
            two.lease(deployment, &store);
            one.lease(deployment, &store);
        }
        assert_eq!(one.in_flight(0, &store), 2);
        assert_eq!(one.in_flight(1, &store), 1);
        beat(&mut two, 250, &store);
        assert_eq!(one.in_flight(1, &store), 2);
    }

    #[test]
    fn a_dead_workers_leases_vanish_and_its_successor_begins_with_none() {
        let store = Memory::default();
        let mut one = desk(1, 0, &store);
        let mut two = desk(2, 0, &store);
        two.lease(0, &store);
        beat(&mut one, 2_900, &store);
        assert_eq!(one.in_flight(0, &store), 1);
        beat(&mut one, 3_000, &store);
        assert_eq!(one.in_flight(0, &store), 0);
        let _successor = desk(3, 3_000, &store);
        beat(&mut one, 3_100, &store);
        assert_eq!(one.in_flight(0, &store), 0);
    }

    #[test]
    fn a_worker_that_was_only_late_states_its_leases_again() {
        let store = Memory::default();
        let mut one = desk(1, 0, &store);
        let mut late = desk(2, 0, &store);
        late.lease(0, &store);
        let _other = desk(3, 5_000, &store);
        beat(&mut one, 5_000, &store);
        beat(&mut late, 6_000, &store);
        beat(&mut one, 6_000, &store);
        assert_eq!(one.in_flight(0, &store), 1);
    }

    #[test]
    fn seats_are_never_more_than_the_limit_however_workers_interleave() {
        let store = Memory::default();
        let mut one = desk(1, 0, &store);
        let other = core::cell::RefCell::new((desk(2, 0, &store), 0));
        let others = std::rc::Rc::new(other);
        let rival = std::rc::Rc::clone(&others);
        store.interfere(move |store, _| {
            let (desk, seats) = &mut *rival.borrow_mut();
            *seats += u32::from(desk.take_seat(0, 5, at(0), store));
        });
        let mut own = 0;
        for _ in 0..10 {
            own += u32::from(one.take_seat(0, 5, at(0), &store));
        }
        store.calm();
        assert_eq!(own + others.borrow().1, 5);
    }

    #[test]
    fn a_seat_whose_return_was_lost_is_returned_by_the_tick() {
        let store = Memory::default();
        let mut one = desk(1, 0, &store);
        assert!(one.take_seat(0, 1, at(0), &store));
        store.interfere(|store, name| {
            if let Some((bytes, _)) = store.get(name) {
                store.put(name, &bytes);
            }
        });
        one.leave_seat(0, at(0), &store);
        store.calm();
        let mut two = desk(2, 0, &store);
        assert!(
            !two.take_seat(0, 1, at(0), &store),
            "others do not know yet"
        );
        beat(&mut one, 250, &store);
        assert!(two.take_seat(0, 1, at(250), &store));
    }

    #[test]
    fn seats_are_kept_by_ticks_and_lost_without() {
        let store = Memory::default();
        let mut one = desk(1, 0, &store);
        let mut two = desk(2, 0, &store);
        assert!(one.take_seat(0, 1, at(0), &store));
        for tick in 1..40 {
            beat(&mut one, tick * 250, &store);
        }
        assert!(!two.take_seat(0, 1, at(10_000), &store));
        assert!(two.take_seat(0, 1, at(14_000), &store));
    }

    #[test]
    fn answers_of_all_workers_are_counted() {
        let store = Memory::default();
        let mut one = desk(1, 0, &store);
        let mut two = desk(2, 0, &store);
        beat(&mut one, 0, &store);
        one.note_answer(0, at(0), &store);
        two.note_answer(0, at(0), &store);
        beat(&mut two, 250, &store);
        assert_eq!(one.answers(0, at(300), &store), 2);
    }

    #[test]
    fn the_number_of_records_is_bounded_by_deployments_and_workers() {
        let store = Memory::default();
        for round in 0..30_u64 {
            let mut desks = [1, 2].map(|n| desk(round * 2 + n, round * 10_000, &store));
            for desk in &mut desks {
                desk.lease(0, &store);
                desk.lease(1, &store);
                desk.take_seat(0, 9, at(round * 10_000), &store);
                beat(desk, round * 10_000, &store);
            }
        }
        assert_eq!(store.names().len(), 2 + 2 * 2 + 1, "{:?}", store.names());
    }
}
