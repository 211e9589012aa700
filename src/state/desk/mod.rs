//! What one worker keeps of the shared state: its place among the workers, and what it has under way.

mod leases;
mod rested;
mod roster;

use core::time::Duration;
use std::collections::HashMap;

use super::Store;
use super::share::Answers;
use crate::value::rng::Rng;
use crate::value::time::Timestamp;
use rested::Rested;
use roster::Roster;

/// Ticks come four times a second. A worker whose ticks fail to come gives its sign of life with a request.
const OVERDUE: Duration = Duration::from_secs(1);

/// One worker's part of the shared state, for one configuration. Deployments are indexes into the configuration's.
#[derive(Debug, Default)]
pub struct Desk {
    /// Of each group whose strategy asks for it, the places in the group, the cheapest first.
    by_price: Vec<Vec<usize>>,
    /// The deployments by their keys.
    indexes: HashMap<u64, usize>,
    /// What the next record's name is put together in.
    name: String,
    /// The groups in which some deployment has an order.
    ordered: Vec<bool>,
    places: Vec<Place>,
    rested: Rested,
    roster: Roster,
    /// The next deployment to be shown.
    show_next: usize,
    /// What the names of its own records end with; empty when it has none.
    suffix: String,
}

/// What a desk must know of a deployment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outline<'a> {
    /// Its id.
    pub id: &'a str,
    /// What is kept of it.
    pub kept: Kept,
    /// About what it costs, to be compared with others': higher is dearer.
    pub price: u64,
}

/// What a desk must know of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lineup {
    /// The places in it, the cheapest first, where its strategy asks for it.
    pub by_price: Vec<usize>,
    /// Whether some deployment has an order.
    pub is_ordered: bool,
}

/// What is kept of a deployment, because some group it is in looks at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its last minute.
    pub minute: bool,
    /// Its pace.
    pub pace: bool,
    /// Requests under way, for other workers to see at once.
    pub shares: bool,
}

/// What this worker has to do with one deployment.
#[derive(Debug, Default)]
struct Place {
    answers: Answers,
    in_flight: u32,
    kept: Kept,
    key: u64,
    names: Names,
    price: u64,
    seats: u32,
    /// When the share in the seats was last stated.
    seats_beat: Timestamp,
    /// Whether stating it failed.
    seats_owed: bool,
    shown: Option<Shown>,
    /// Whether the others know the share as it is.
    stated: bool,
}

/// The names of a deployment's records, made once.
#[derive(Debug, Default)]
pub struct Names {
    /// Its failures.
    pub failures: String,
    /// Its last minute.
    pub minute: String,
    /// Its pace.
    pub pace: String,
    seats: String,
    /// Workers' shares, without the worker's number.
    share: String,
}

/// What is shown of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Requests under way, of all workers.
    pub in_flight: u64,
    /// 0 healthy, 1 half-open, 2 resting.
    pub state: u64,
}

static NOBODY: Names = Names {
    failures: String::new(),
    minute: String::new(),
    pace: String::new(),
    seats: String::new(),
    share: String::new(),
};

impl Desk {
    /// A desk for these deployments, in the order of the configuration; and for each group, whether some deployment of it has an
    /// order.
    pub fn new<'a>(
        outlines: impl IntoIterator<Item = Outline<'a>>,
        lineups: impl IntoIterator<Item = Lineup>,
    ) -> Self {
        let (by_price, ordered) = lineups
            .into_iter()
            .map(|lineup| (lineup.by_price, lineup.is_ordered))
            .unzip();
        let mut desk = Self {
            by_price,
            ordered,
            ..Self::default()
        };
        for (index, outline) in outlines.into_iter().enumerate() {
            let key = key(outline.id);
            desk.indexes.insert(key, index);
            desk.roster.plan = desk.roster.plan.rotate_left(5) ^ key;
            desk.places.push(Place {
                kept: outline.kept,
                key,
                names: Names::of(outline.id),
                price: outline.price,
                ..Place::default()
            });
        }
        desk
    }

    /// Gives a sign of life, sees who else is there, and states what changed. With every tick.
    pub fn beat(&mut self, now: Timestamp, store: &dyn Store, rng: &mut Rng) {
        if self.roster.beat(now, store, rng) {
            self.suffix = self.roster.suffix().unwrap_or_default();
            for place in &mut self.places {
                let is_idle = place.in_flight == 0 && place.answers == Answers::default();
                place.stated = is_idle;
            }
        }
        self.state_all(now, store);
    }

    /// The same, if that is overdue. With every request.
    pub fn attend(&mut self, now: Timestamp, store: &dyn Store, rng: &mut Rng) {
        if now.since(self.roster.last_beat()) >= OVERDUE {
            self.beat(now, store, rng);
        }
    }

    /// The names of the deployment's records.
    #[must_use]
    pub fn names(&self, deployment: usize) -> &Names {
        self.places
            .get(deployment)
            .map_or(&NOBODY, |place| &place.names)
    }

    /// What is kept of the deployment.
    #[must_use]
    pub fn keeps(&self, deployment: usize) -> Kept {
        self.places
            .get(deployment)
            .map_or_else(Kept::default, |place| place.kept)
    }

    /// The places in that group, the cheapest first; empty where its strategy does not ask for it.
    #[must_use]
    pub fn by_price(&self, group: usize) -> &[usize] {
        self.by_price.get(group).map_or(&[], Vec::as_slice)
    }

    /// About what the deployment costs, to be compared with others'.
    #[must_use]
    pub fn price(&self, deployment: usize) -> u64 {
        let place = self.places.get(deployment);
        place.map_or(u64::MAX, |place| place.price)
    }

    /// The deployment's name inside records.
    #[must_use]
    pub fn key(&self, deployment: usize) -> u64 {
        self.places
            .get(deployment)
            .map_or_else(Default::default, |place| place.key)
    }

    /// The deployment of that name, if the configuration has it.
    #[must_use]
    pub fn deployment(&self, key: u64) -> Option<usize> {
        self.indexes.get(&key).copied()
    }

    /// Whether some deployment of the group has an order.
    #[must_use]
    pub fn is_ordered(&self, group: usize) -> bool {
        self.ordered.get(group).copied().unwrap_or_default()
    }

    /// The deployments whose state is to be shown now, some with each call, all in turn; none if another desk with the same
    /// configuration does it.
    pub fn turn(&mut self, at_most: usize) -> Vec<usize> {
        if !self.roster.leads() {
            for place in &mut self.places {
                place.shown = None;
            }
            return Vec::new();
        }
        let length = self.places.len();
        let turn = (self.show_next..length).chain(0..self.show_next.min(length));
        let turn: Vec<usize> = turn.take(at_most).collect();
        self.show_next = turn.last().map_or(0, |last| last.saturating_add(1));
        turn
    }

    /// Whether this desk or a living one has that name in records.
    #[must_use]
    pub fn is_alive(&self, desk: u64) -> bool {
        desk == self.roster.desk || self.roster.others.iter().any(|other| other.desk() == desk)
    }

    /// A request has come.
    pub const fn arrive(&mut self) {
        self.roster.active = self.roster.active.saturating_add(1);
    }

    /// A request is over.
    pub const fn leave(&mut self) {
        self.roster.active = self.roster.active.saturating_sub(1);
    }

    /// A request is being tried again.
    pub fn retry(&mut self, store: &dyn Store) {
        self.roster.retries = self.roster.retries.saturating_add(1);
        self.roster.sign(store);
    }

    /// A request is not being tried again any more.
    pub fn end_retry(&mut self, store: &dyn Store) {
        self.roster.retries = self.roster.retries.saturating_sub(1);
        self.roster.sign(store);
    }

    /// Active requests and retries of all workers.
    pub fn totals(&mut self, now: Timestamp, store: &dyn Store) -> (u32, u32) {
        self.roster.look(now, store);
        self.roster.totals()
    }

    /// Notes what is shown of the deployment. Whether that is news.
    pub fn show(&mut self, deployment: usize, shown: Shown) -> bool {
        let place = self.places.get_mut(deployment);
        place.is_some_and(|place| place.shown.replace(shown) != Some(shown))
    }
}

impl Names {
    fn of(id: &str) -> Self {
        Self {
            failures: format!("failures/{id}"),
            minute: format!("minute/{id}"),
            pace: format!("pace/{id}"),
            seats: format!("seats/{id}"),
            share: format!("share/{id}"),
        }
    }
}

/// FNV-1a: the same on every worker and for ever, and short.
fn key(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
