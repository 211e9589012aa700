//! A configuration on one worker: what its streams share.

use core::cell::RefCell;
use std::rc::Rc;

use super::queue::Queue;
use super::reactor::Reactor;
use super::shared::Shared;
use super::stream::Inner;
use super::{calls, entropy, meters::Meters};
use crate::config::plan::Plan;
use crate::gateway::event::Local;
use crate::gateway::transport::ExchangeId;
use crate::gateway::{Context, book, tokens};
use crate::state::Desk;
use crate::value::head::Head;
use crate::value::rng::Rng;
use crate::value::time::Timestamp;

/// What the streams of one worker share.
#[derive(Debug)]
pub struct Worker {
    /// What the operator configured.
    pub plan: Rc<Plan>,
    /// Timers and calls. Never borrowed across a step.
    pub reactor: RefCell<Reactor>,
    own: RefCell<Own>,
    /// Where a stream asks to be called back.
    queue: Option<Queue>,
}

/// What changes as streams go on: borrowed for the length of one step, never across a call that may come back.
#[derive(Debug)]
struct Own {
    /// What this worker keeps of the shared state.
    desk: Desk,
    /// Counts.
    meters: Meters,
    /// Chance.
    rng: Rng,
}

impl Worker {
    /// A worker for this plan.
    pub fn new(plan: Plan) -> Self {
        let plan = Rc::new(plan);
        let own = Own {
            desk: book::desk(&plan),
            meters: Meters::new(Rc::clone(&plan)),
            rng: entropy::rng(),
        };
        Self {
            plan,
            reactor: RefCell::default(),
            own: RefCell::new(own),
            queue: Queue::register(),
        }
    }

    /// Lets `act` decide something with all that deciding takes. What it states for the access log is of this exchange, where its log
    /// is written by the outer listener.
    pub fn with<T>(
        &self,
        now: Timestamp,
        logs_to: Option<ExchangeId>,
        act: impl FnOnce(&mut Context<'_>) -> T,
    ) -> T {
        let mut own = self.own.borrow_mut();
        let own = &mut *own;
        own.meters.logs_to = logs_to;
        act(&mut Context {
            now,
            rng: &mut own.rng,
            meter: &mut own.meters,
            plan: &self.plan,
            store: &Shared,
            desk: &mut own.desk,
        })
    }

    /// Has the stream called back as soon as the callback at hand is over; whether that works.
    pub fn call_back(&self, core: &Rc<Inner>) -> bool {
        let Some(queue) = &self.queue else {
            return false;
        };
        self.reactor.borrow_mut().keep(core);
        queue.put(core.id())
    }

    /// The streams that have asked to be called back.
    pub fn called_back(&self) -> Vec<Rc<Inner>> {
        let mut streams = Vec::new();
        while let Some(id) = self.queue.as_ref().and_then(Queue::next) {
            streams.extend(self.reactor.borrow().stream(id));
        }
        streams
    }

    /// Fetches the access tokens that it is this worker's turn to fetch. Called for the worker itself, not for a stream: a stream's
    /// calls end with it.
    pub fn renew(&self, now: Timestamp) {
        let due = self.with(now, None, |cx| tokens::due(cx, &calls::sign));
        for (record, call) in due {
            match calls::dispatch(&call) {
                Ok(token) => self.reactor.borrow_mut().fetching(token, record),
                Err(_) => self.fetched(&record, (None, b"", Some(Local::NoCluster))),
            }
        }
    }

    /// The call for an access token was answered.
    pub fn fetched(&self, record: &str, answer: (Option<&Head>, &[u8], Option<Local>)) {
        self.with(calls::now(), None, |cx| {
            tokens::answered(record, answer, cx);
        });
    }

    /// Hands over what was counted.
    pub fn flush(&self) {
        self.own.borrow_mut().meters.flush();
    }
}
