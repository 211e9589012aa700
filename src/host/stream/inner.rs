//! What a stream is made of, where timers, calls and later streams find it.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use super::act::Place;
use crate::gateway::Exchange;
use crate::gateway::effect::Effect;
use crate::gateway::event::{Event, Wants};
use crate::gateway::transport::{self, ExchangeId};
use crate::host::abi::{Buffer, Map};
use crate::host::worker::Worker;
use crate::host::{calls, legs, local};
use crate::value::head::Head;
use crate::value::time::Timestamp;

/// What a stream is made of. Timers and calls find it by its number.
#[derive(Debug)]
pub struct Inner {
    /// Chunks of a flowing stream so far.
    pub(super) chunks: Cell<usize>,
    pub(super) exchange: RefCell<Rc<RefCell<Exchange>>>,
    /// The id by which other streams find the exchange; `None` where there are no others.
    pub(super) exchange_id: Cell<Option<ExchangeId>>,
    pub(super) gone: Cell<bool>,
    pub(super) id: u32,
    /// Whether chunks are let through one by one, so that something can be sent when none comes.
    pub(super) interruptible: Cell<bool>,
    /// How often the exchange had been brought when this stream brought it.
    pub(super) leg: Cell<u32>,
    /// The time of the latest callback that asked for it.
    pub(super) now: Cell<Timestamp>,
    /// Bytes of the answer's body that are held and were already read.
    pub(super) read: Cell<usize>,
    /// How much of the request's body is held.
    pub(super) asked: Cell<usize>,
    /// Whether anything but this stream knows it.
    pub(super) registered: Cell<bool>,
    pub(super) wakes_at: Cell<Option<Timestamp>>,
    /// Whether the message that is coming in has been handed over whole, or as far as it is wanted.
    pub(super) whole: Cell<bool>,
    pub(super) worker: Rc<Worker>,
}

impl Inner {
    /// A stream of that number on this worker.
    pub fn new(id: u32, worker: Rc<Worker>) -> Self {
        Self {
            chunks: Cell::new(0),
            exchange: RefCell::default(),
            exchange_id: Cell::new(None),
            gone: Cell::new(false),
            id,
            interruptible: Cell::new(false),
            leg: Cell::new(0),
            now: Cell::new(Timestamp::default()),
            read: Cell::new(0),
            asked: Cell::new(0),
            registered: Cell::new(false),
            wakes_at: Cell::new(None),
            whole: Cell::new(false),
            worker,
        }
    }

    /// Its number.
    pub const fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn exchange(&self) -> Rc<RefCell<Exchange>> {
        Rc::clone(&self.exchange.borrow())
    }

    /// Goes on with the exchange that this request belongs to, if it was brought before.
    pub(super) fn join(&self, head: &Head) {
        let id = head.get(transport::EXCHANGE).and_then(ExchangeId::parse);
        if let Some(id) = id {
            self.exchange.replace(legs::exchange(id));
            self.exchange_id.set(Some(id));
        }
    }

    pub(super) fn forget_if_over(&self) {
        if let Some(id) = self.exchange_id.get() {
            legs::forget_if_over(id);
        }
    }

    pub(super) fn wants(&self) -> Wants {
        self.exchange.borrow().borrow().wants()
    }

    pub(super) fn step(&self, event: Event<'_>) -> Effect {
        let exchange = self.exchange();
        let logs_to = self.exchange_id.get();
        self.worker.with(self.now.get(), logs_to, |cx| {
            exchange.borrow_mut().step(event, cx)
        })
    }

    /// Counts what was done since the latest callback as time spent, `times` over.
    pub(super) fn spent(&self, times: u64) {
        let exchange = self.exchange();
        let mut exchange = exchange.borrow_mut();
        if exchange.is_ours() {
            let nanos = calls::now().since(self.now.get()).as_nanos();
            let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
            exchange.spend(nanos.saturating_mul(times));
        }
    }

    /// Whether Envoy brings the exchange by another stream by now.
    pub(super) fn is_stale(&self) -> bool {
        self.leg.get() != self.exchange.borrow().borrow().legs()
    }

    /// Has it woken when its exchange wants to be.
    pub(super) fn rest(self: &Rc<Self>) {
        let exchange = self.exchange();
        let at = self
            .worker
            .with(self.now.get(), None, |cx| exchange.borrow().wakes_at(cx));
        let before = self.wakes_at.replace(at);
        if at == before {
            return;
        }
        self.registered.set(true);
        let mut reactor = self.worker.reactor.borrow_mut();
        reactor.wake(self, before, at);
        reactor.arm(self.now.get(), false);
    }

    /// Its time has come.
    pub fn wake(self: &Rc<Self>, now: Timestamp) {
        self.wakes_at.set(None);
        if self.is_stale() || (!self.gone.get() && !calls::turn_to(self.id)) {
            return;
        }
        self.now.set(now);
        let effect = self.step(Event::Woke);
        if self.gone.get() {
            self.forget_if_over();
        } else {
            self.act(effect, Place::Outside);
        }
        self.rest();
    }

    /// The call it has made was answered; what the answer is must be read from its own stream.
    pub fn answered(self: &Rc<Self>) {
        if self.gone.get() || self.is_stale() {
            return;
        }
        self.now.set(calls::now());
        let head = calls::head(Map::Call);
        let body = calls::body(Buffer::CallBody, 0, usize::MAX);
        let why = local::of_call(&head, &body);
        let effect = self.step(Event::Answer {
            head: head.status().is_some().then_some(&head),
            body: &body,
            local: why,
        });
        self.act(effect, Place::Outside);
        self.rest();
    }

    /// What was held when the answer began can go on: the callback in which it began is over.
    pub fn resume(&self) {
        if !self.gone.get() && calls::turn_to(self.id) {
            calls::continue_response();
            self.read.set(0);
        }
    }
}
