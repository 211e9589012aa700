//! What the two halves of a gateway behind an internal listener agree on, since they meet only in headers and shared state.
//!
//! The outer half stands where clients connect. It gives each request an [`ExchangeId`] and writes the access log. Envoy hands the
//! request on to the inner half, which is the gateway, and does so again for as long as the answer lacks [`FINAL`].
//!
//! What the access log shall print is known to the inner half only, so it leaves its facts in a record that the outer half [`open`]s
//! and [`close`]s. Usually the inner half hears first that a request is over. When the client leaves, the outer half does, and
//! writes the log before the inner half hears of it: so facts have to be [`state`]d as they come to be known, each time as if the
//! request ended then.

use core::fmt;
use std::collections::VecDeque;

use crate::state::Store;

/// The header in which Envoy counts the attempts of a request, from 1.
pub const ATTEMPT: &str = "x-envoy-attempt-count";

/// The request header that carries the [`ExchangeId`] to the inner half.
pub const EXCHANGE: &str = "x-dragoman-exchange";

/// The response header, of whatever value, without which Envoy tries a request again.
pub const FINAL: &str = "x-dragoman-final";

/// What the outer half's machine is configured with, by which the module knows which half it is.
pub const OUTER: &str = "outer";

/// What the names of all headers of the gateway's own begin with. No client may send such a header.
pub const PREFIX: &str = "x-dragoman-";

/// How often Envoy tries again at most. It is there for a module that cannot judge, because it traps: the policy's own limits are
/// reached sooner, and an attempt with this many before it must be marked final.
pub const RETRIES: u32 = 50;

/// One client's request, over all its attempts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ExchangeId {
    /// Where its record is: a number that another request takes over afterwards.
    slot: u32,
    /// No other request of the machine has it.
    unique: u64,
    /// The outer half's machine that gave it.
    vm: u64,
}

impl ExchangeId {
    /// The id in a header's value; `None` if there is none in it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (vm, rest) = text.split_once('.')?;
        let (slot, unique) = rest.split_once('.')?;
        Some(Self {
            slot: slot.parse().ok()?,
            unique: unique.parse().ok()?,
            vm: u64::from_str_radix(vm, 16).ok()?,
        })
    }

    fn record(&self) -> String {
        format!("facts/{:x}/{}", self.vm, self.slot)
    }
}

/// As the header has it.
impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{}.{}", self.vm, self.slot, self.unique)
    }
}

/// The ids one machine gives. Envoy never forgets the name of a record, so there are only as many slots as there ever were
/// requests at the same time.
#[derive(Debug)]
pub struct Slots {
    free: VecDeque<u32>,
    given: u64,
    slots: u32,
    vm: u64,
}

impl Slots {
    /// For a machine that `vm` tells from all others there were: a number by chance.
    #[must_use]
    pub fn new(vm: u64) -> Self {
        Self {
            free: VecDeque::new(),
            given: 0,
            slots: 0,
            vm,
        }
    }

    /// An id for a request that begins.
    pub fn take(&mut self) -> ExchangeId {
        self.given = self.given.wrapping_add(1);
        let slot = self.free.pop_front().unwrap_or_else(|| {
            self.slots = self.slots.wrapping_add(1);
            self.slots
        });
        ExchangeId {
            slot,
            unique: self.given,
            vm: self.vm,
        }
    }

    /// The request is over.
    pub fn give_back(&mut self, id: ExchangeId) {
        self.free.push_back(id.slot);
    }
}

/// Makes the record of a request that begins.
pub fn open(store: &dyn Store, id: ExchangeId) {
    store.put(&id.record(), &encode(id.unique, b""));
}

/// States the facts of a request, in place of earlier ones. Does nothing once the record is closed: the inner half may hear
/// later than the outer one that a request is over, and must not write into what belongs to another by then.
pub fn state(store: &dyn Store, id: ExchangeId, facts: &[u8]) {
    let name = id.record();
    let Some((record, version)) = store.get(&name) else {
        return;
    };
    if decode(id.unique, &record).is_some() {
        // Who comes in between can only have closed it.
        let _ = store.swap(&name, version, &encode(id.unique, facts));
    }
}

/// Empties the record of a request that is over and gives the facts last stated; empty if none were.
pub fn close(store: &dyn Store, id: ExchangeId) -> Vec<u8> {
    let name = id.record();
    let record = store.get(&name).map(|(record, _)| record);
    store.put(&name, b"");
    let facts = record.as_deref().and_then(|it| decode(id.unique, it));
    facts.unwrap_or_default().to_vec()
}

const VERSION: u8 = 1;

/// A record: version, whose it is, facts.
fn encode(unique: u64, facts: &[u8]) -> Vec<u8> {
    [&[VERSION], &unique.to_le_bytes()[..], facts].concat()
}

/// The facts in a record, if it is of that request.
fn decode(unique: u64, record: &[u8]) -> Option<&[u8]> {
    let rest = record.strip_prefix(&[VERSION])?;
    rest.strip_prefix(&unique.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Memory;

    #[test]
    fn an_id_comes_out_of_a_header_as_it_went_in() {
        let id = Slots::new(u64::MAX).take();

        assert_eq!(ExchangeId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn what_is_no_id_is_not_taken_for_one() {
        for text in ["", "1.2", "1.2.", "x.1.2", "1.-1.2", "1.2.3.4", "1.2.3 "] {
            assert_eq!(ExchangeId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn there_are_as_many_slots_as_requests_at_the_same_time() {
        let mut slots = Slots::new(7);
        for _ in 0..1_000 {
            let (one, other) = (slots.take(), slots.take());
            assert_ne!(one.record(), other.record());
            slots.give_back(one);
            slots.give_back(other);
        }

        assert_eq!(slots.slots, 2);
    }

    #[test]
    fn two_requests_in_one_slot_have_different_ids() {
        let mut slots = Slots::new(7);
        let one = slots.take();
        slots.give_back(one);
        let other = slots.take();

        assert_eq!(one.record(), other.record());
        assert_ne!(one, other);
    }

    #[test]
    fn the_log_gets_the_facts_that_were_stated_last() {
        let (store, id) = (Memory::default(), Slots::new(7).take());
        open(&store, id);
        state(&store, id, b"so far");
        state(&store, id, b"in the end");

        assert_eq!(close(&store, id), b"in the end");
    }

    #[test]
    fn a_request_that_stated_nothing_leaves_nothing() {
        let (store, id) = (Memory::default(), Slots::new(7).take());
        open(&store, id);

        assert!(close(&store, id).is_empty());
    }

    #[test]
    fn facts_stated_after_the_end_are_not_kept() {
        let (store, id) = (Memory::default(), Slots::new(7).take());
        open(&store, id);
        close(&store, id);
        state(&store, id, b"too late");

        assert!(close(&store, id).is_empty());
    }

    #[test]
    fn facts_stated_late_do_not_end_up_in_the_next_requests_log() {
        let (store, mut slots) = (Memory::default(), Slots::new(7));
        let one = slots.take();
        open(&store, one);
        close(&store, one);
        slots.give_back(one);
        let next = slots.take();
        open(&store, next);
        state(&store, next, b"its own");
        state(&store, one, b"another's");

        assert_eq!(close(&store, next), b"its own");
    }

    #[test]
    fn a_record_closed_while_facts_are_being_stated_stays_closed() {
        let (store, id) = (Memory::default(), Slots::new(7).take());
        open(&store, id);
        store.interfere(move |others, _| {
            close(others, id);
        });
        state(&store, id, b"too late");

        assert!(close(&store, id).is_empty());
    }
}
