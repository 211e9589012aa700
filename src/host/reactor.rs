//! Who is to be woken when, and whose calls are under way: Envoy has one timer and one place for answers per worker.

use core::time::Duration;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::calls;
use super::stream::Inner;
use crate::value::time::Timestamp;

/// How often the worker's own work is done. A worker that dies takes this much of what it counted with it.
const PERIOD: Duration = Duration::from_millis(250);
/// How often it is done at first: until workers know of each other, none sees what the others have under way.
const FIRST_PERIOD: Duration = Duration::from_millis(20);
const FIRST: u32 = 10;

/// Streams by what they wait for.
#[derive(Debug, Default)]
pub struct Reactor {
    calls: HashMap<u32, u32>,
    /// Calls for access tokens, by their records' names.
    fetches: HashMap<u32, String>,
    /// When the timer goes off next, as far as it was set.
    next: Timestamp,
    period_ms: u32,
    streams: HashMap<u32, Rc<Inner>>,
    wakes: BTreeSet<(Timestamp, u32)>,
    worked: Timestamp,
    /// How often it was done, as far as that matters.
    works: u32,
}

impl Reactor {
    /// Has the stream woken at that time instead of the one it was to be woken before.
    pub fn wake(&mut self, core: &Rc<Inner>, before: Option<Timestamp>, at: Option<Timestamp>) {
        if let Some(before) = before {
            self.wakes.remove(&(before, core.id()));
        }
        if let Some(at) = at {
            self.wakes.insert((at, core.id()));
            self.streams.insert(core.id(), Rc::clone(core));
        }
    }

    /// The stream has made this call.
    pub fn called(&mut self, core: &Rc<Inner>, token: u32) {
        self.calls.insert(token, core.id());
        self.streams.insert(core.id(), Rc::clone(core));
    }

    /// Who made the call that was answered.
    pub fn caller(&mut self, token: u32) -> Option<Rc<Inner>> {
        let id = self.calls.remove(&token)?;
        self.streams.get(&id).cloned()
    }

    /// The worker has made this call for an access token.
    pub fn fetching(&mut self, token: u32, record: String) {
        self.fetches.insert(token, record);
    }

    /// The record of the access token that was fetched by that call, if it was one.
    pub fn fetched(&mut self, token: u32) -> Option<String> {
        self.fetches.remove(&token)
    }

    /// Remembers a stream that is to be found again by its number.
    pub fn keep(&mut self, core: &Rc<Inner>) {
        self.streams.insert(core.id(), Rc::clone(core));
    }

    /// The stream of that number.
    pub fn stream(&self, id: u32) -> Option<Rc<Inner>> {
        self.streams.get(&id).cloned()
    }

    /// The stream is gone, and waits for nothing any more.
    pub fn forget(&mut self, id: u32) {
        self.streams.remove(&id);
        self.calls.retain(|_, caller| *caller != id);
    }

    /// Those whose time has come.
    pub fn due(&mut self, now: Timestamp) -> Vec<Rc<Inner>> {
        let mut due = Vec::new();
        while let Some((at, id)) = self.wakes.first().copied().filter(|(at, _)| *at <= now) {
            self.wakes.remove(&(at, id));
            due.extend(self.stream(id));
        }
        due
    }

    /// Whether the worker's own work is due, too.
    pub fn works(&mut self, now: Timestamp) -> bool {
        // A timer may be a little early.
        let due = now.since(self.worked) >= self.period().mul_f64(0.95);
        if due {
            self.worked = now;
            self.works = self.works.saturating_add(1);
        }
        due
    }

    const fn period(&self) -> Duration {
        if self.works < FIRST {
            FIRST_PERIOD
        } else {
            PERIOD
        }
    }

    /// Sets the timer for what comes next, unless it is set for then or earlier already. `rang`: it has just gone off.
    pub fn arm(&mut self, now: Timestamp, rang: bool) {
        let work = self.worked.after(self.period());
        let next = self.wakes.first().map_or(work, |(at, _)| work.min(*at));
        if !rang && next >= self.next && self.next > now {
            return;
        }
        let wait = next.since(now).max(Duration::from_millis(1));
        let period_ms = u32::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX);
        self.next = now.after(Duration::from_millis(u64::from(period_ms)));
        // A timer that goes off goes on with the period it has.
        if !rang || period_ms != self.period_ms {
            self.period_ms = period_ms;
            calls::set_tick(period_ms);
        }
    }
}
