//! One stream: Envoy's callbacks become events, and effects become host calls.

use core::cell::{Cell, RefCell};
use core::ops::Deref;
use std::rc::Rc;

use proxy_wasm::traits::{Context as HostContext, HttpContext};
use proxy_wasm::types::Action;

use super::abi::{Buffer, Map};
use super::calls;
use super::legs;
use super::local::{self, local};
use super::worker::Worker;
use crate::config::plan::Transport;
use crate::gateway::Exchange;
use crate::gateway::effect::{Call, Effect};
use crate::gateway::event::{Event, Local, Wants};
use crate::gateway::transport::{self, ExchangeId};
use crate::value::head::Head;
use crate::value::time::Timestamp;

/// A request and its answer, as Envoy tells of them.
#[derive(Debug)]
pub struct Stream(Rc<Core>);

/// What a stream is made of. Timers and calls find it by its number.
#[derive(Debug)]
pub struct Core {
    /// Chunks of a flowing stream so far.
    chunks: Cell<usize>,
    exchange: RefCell<Rc<RefCell<Exchange>>>,
    /// The id by which other streams find the exchange; `None` where there are no others.
    exchange_id: Cell<Option<ExchangeId>>,
    gone: Cell<bool>,
    id: u32,
    /// Whether chunks are let through one by one, so that something can be sent when none comes.
    interruptible: Cell<bool>,
    /// How often the exchange had been brought when this stream brought it.
    leg: Cell<u32>,
    /// The time of the latest callback that asked for it.
    now: Cell<Timestamp>,
    /// Bytes of the answer's body that are held and were already read.
    read: Cell<usize>,
    /// Whether anything but this stream knows it.
    registered: Cell<bool>,
    wakes_at: Cell<Option<Timestamp>>,
    /// Whether the message that is coming in has been handed over whole.
    whole: Cell<bool>,
    worker: Rc<Worker>,
}

/// Where an effect is carried out.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In no callback of the message's.
    Outside,
    /// In one of the request's, of whose body so many bytes are held.
    Request(usize),
    /// In one of the answer's.
    Response { held: usize, last: bool },
}

impl Deref for Stream {
    type Target = Rc<Core>;

    fn deref(&self) -> &Rc<Core> {
        &self.0
    }
}

impl Stream {
    /// A stream on this worker.
    pub fn new(id: u32, worker: Rc<Worker>) -> Self {
        Self(Rc::new(Core {
            chunks: Cell::new(0),
            exchange: RefCell::default(),
            exchange_id: Cell::new(None),
            gone: Cell::new(false),
            id,
            interruptible: Cell::new(false),
            leg: Cell::new(0),
            now: Cell::new(Timestamp::default()),
            read: Cell::new(0),
            registered: Cell::new(false),
            wakes_at: Cell::new(None),
            whole: Cell::new(false),
            worker,
        }))
    }

    /// Does what an event asks for and counts the time it took as spent inside the gateway.
    fn timed(&self, act: impl FnOnce(&Self) -> Action) -> Action {
        self.now.set(calls::now());
        let action = act(self);
        self.spent(1);
        action
    }

    /// Acts, and has the stream woken when it wants to be.
    fn on(&self, event: Event<'_>, place: Place) -> Action {
        let effect = self.step(event);
        let action = self.act(effect, place);
        self.rest();
        action
    }

    /// The request's body is complete: `size` bytes of it are held.
    fn request_complete(&self, size: usize) -> Action {
        if self.whole.replace(true) || self.wants() == Wants::Nothing {
            return Action::Continue;
        }
        self.timed(|stream| {
            let body = calls::body(Buffer::RequestBody, 0, size);
            stream.on(Event::Request { body }, Place::Request(size))
        })
    }

    fn response_body(&self, size: usize, last: bool) -> Action {
        match self.wants() {
            Wants::Nothing => Action::Continue,
            Wants::Whole if !last => Action::Pause,
            Wants::Chunks if self.exchange().borrow().is_flowing() => self.flow(size, last),
            Wants::Chunks | Wants::Whole => self.timed(|stream| stream.chunk(size, last)),
        }
    }

    /// A chunk of a stream that is on its way. Asking for the time costs as much as half of what is
    /// done with one, so one in `SAMPLE` is timed and stands for all.
    fn flow(&self, size: usize, last: bool) -> Action {
        const SAMPLE: usize = 8;
        let sampled = self.chunks.get().is_multiple_of(SAMPLE);
        self.chunks.set(self.chunks.get().wrapping_add(1));
        if sampled {
            self.now.set(calls::now());
        }
        let action = self.chunk(size, last);
        if sampled {
            self.spent(u64::try_from(SAMPLE).unwrap_or(1));
        }
        action
    }

    fn chunk(&self, size: usize, last: bool) -> Action {
        let from = if self.wants() == Wants::Whole {
            0
        } else {
            self.read.get()
        };
        let bytes = calls::body(Buffer::ResponseBody, from, size.saturating_sub(from));
        let held = from.saturating_add(bytes.len());
        let place = Place::Response { held, last };
        let before = self.exchange().borrow().is_settled();
        let flowing = self.exchange().borrow().is_flowing();
        let effect = self.step(Event::Chunk {
            bytes: &bytes,
            last,
        });
        let action = self.act(effect, place);
        let settled = self.exchange().borrow().is_settled();
        if !flowing || before != settled || self.wants() != Wants::Chunks {
            self.rest();
        }
        action
    }

    fn response_headers(&self, last: bool) -> Action {
        let head = calls::head(Map::ResponseHeaders);
        // Envoy answers in an upstream's place with these statuses only.
        let suspect = head
            .status()
            .is_some_and(|status| status >= 500 || status == 408);
        let local = if suspect {
            local(&calls::response_details())
        } else {
            None
        };
        let event = Event::Head {
            head: &head,
            last,
            local,
        };
        let effect = self.step(event);
        if effect == Effect::Pass {
            self.mark_final();
        }
        let action = self.act(effect, Place::Response { held: 0, last });
        self.rest();
        action
    }
}

impl Core {
    /// Its number.
    pub const fn id(&self) -> u32 {
        self.id
    }

    fn exchange(&self) -> Rc<RefCell<Exchange>> {
        Rc::clone(&self.exchange.borrow())
    }

    /// Goes on with the exchange that this request belongs to, if it was brought before.
    fn join(&self, head: &Head) {
        let id = head.get(transport::EXCHANGE).and_then(ExchangeId::parse);
        if let Some(id) = id {
            self.exchange.replace(legs::exchange(id));
            self.exchange_id.set(Some(id));
        }
    }

    fn forget_if_over(&self) {
        if let Some(id) = self.exchange_id.get() {
            legs::forget_if_over(id);
        }
    }

    fn wants(&self) -> Wants {
        self.exchange.borrow().borrow().wants()
    }

    fn step(&self, event: Event<'_>) -> Effect {
        let exchange = self.exchange();
        let logs_to = self.exchange_id.get();
        self.worker.with(self.now.get(), logs_to, |cx| {
            exchange.borrow_mut().step(event, cx)
        })
    }

    /// Counts what was done since the latest callback as time spent, `times` over.
    fn spent(&self, times: u64) {
        let exchange = self.exchange();
        let mut exchange = exchange.borrow_mut();
        if exchange.is_ours() {
            let nanos = calls::now().since(self.now.get()).as_nanos();
            let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
            exchange.spend(nanos.saturating_mul(times));
        }
    }

    /// Whether Envoy brings the exchange by another stream by now.
    fn is_stale(&self) -> bool {
        self.leg.get() != self.exchange.borrow().borrow().legs()
    }

    /// Has it woken when its exchange wants to be.
    fn rest(self: &Rc<Self>) {
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
        let head = calls::head(Map::CallHeaders);
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

    fn act(self: &Rc<Self>, effect: Effect, place: Place) -> Action {
        match effect {
            Effect::Close => {
                calls::close_response();
                Action::Pause
            }
            Effect::Dispatch(call) => {
                self.drop_held(place);
                self.dispatch(&call, place)
            }
            Effect::Drop => {
                self.drop_held(place);
                Action::Pause
            }
            Effect::Emit(bytes) => self.emit(&bytes, place),
            Effect::Forward { head, body } => {
                calls::set_head(Map::RequestHeaders, &head);
                if let (Some(body), Place::Request(held)) = (body, place) {
                    calls::set_body(Buffer::RequestBody, 0..held, &body);
                }
                Action::Continue
            }
            Effect::Hold => {
                if let Place::Response { held, .. } = place {
                    self.read.set(held);
                }
                Action::Pause
            }
            Effect::Pass => self.pass(place),
            Effect::Release { head, body } => {
                calls::set_head(Map::ResponseHeaders, &head);
                self.release(body.as_deref(), place)
            }
            Effect::Respond(reply) => {
                calls::respond(&reply);
                Action::Pause
            }
            Effect::Strip => {
                calls::remove_header(Map::RequestHeaders, &self.worker.plan.cluster_header);
                Action::Continue
            }
        }
    }

    /// Lets the answer begin. If it may have to be interrupted later, Envoy must be holding a part of it then, so it is held from the
    /// start, and what is held goes on as soon as this callback is over.
    fn release(self: &Rc<Self>, body: Option<&[u8]>, place: Place) -> Action {
        let Place::Response { held, last } = place else {
            return Action::Continue;
        };
        if let Some(body) = body {
            calls::set_body(Buffer::ResponseBody, 0..held, body);
        }
        let interruptible = !last && self.exchange.borrow().borrow().may_interrupt();
        if !interruptible || !self.worker.call_back(self) {
            self.read.set(0);
            return Action::Continue;
        }
        self.registered.set(true);
        self.interruptible.set(true);
        self.read.set(body.map_or(held, <[u8]>::len));
        Action::Pause
    }

    fn emit(&self, bytes: &[u8], place: Place) -> Action {
        match place {
            Place::Response { held, last } => {
                let from = self.read.get();
                calls::set_body(Buffer::ResponseBody, from..held, bytes);
                self.go_on(last)
            }
            Place::Outside => {
                self.say(bytes, place);
                Action::Continue
            }
            Place::Request(_) => Action::Continue,
        }
    }

    fn pass(&self, place: Place) -> Action {
        match place {
            Place::Response { last, .. } => self.go_on(last),
            Place::Outside | Place::Request(_) => Action::Continue,
        }
    }

    /// Lets a chunk through.
    fn go_on(&self, last: bool) -> Action {
        self.read.set(0);
        if last || !self.interruptible.get() {
            return Action::Continue;
        }
        calls::continue_response();
        Action::Pause
    }

    /// Sends bytes to the client besides what its upstream says.
    fn say(&self, bytes: &[u8], place: Place) {
        let from = self.read.replace(0);
        let to = match place {
            Place::Response { held, .. } => held,
            Place::Outside | Place::Request(_) => from,
        };
        calls::set_body(Buffer::ResponseBody, from..to, bytes);
        calls::continue_response();
    }

    /// Throws away what came of an answer that is of no use.
    fn drop_held(&self, place: Place) {
        if let Place::Response { held, .. } = place {
            let from = if self.interruptible.get() {
                self.read.get()
            } else {
                0
            };
            if held > from {
                calls::set_body(Buffer::ResponseBody, from..held, b"");
            }
            self.read.set(from);
        }
    }

    fn dispatch(self: &Rc<Self>, call: &Call, place: Place) -> Action {
        match calls::dispatch(call) {
            Ok(token) => {
                self.registered.set(true);
                self.worker.reactor.borrow_mut().called(self, token);
                Action::Pause
            }
            Err(_) => {
                let effect = self.step(Event::Answer {
                    head: None,
                    body: b"",
                    local: Some(Local::NoCluster),
                });
                self.act(effect, place)
            }
        }
    }

    /// Tells the outer listener that this answer is not to be tried again.
    fn mark_final(&self) {
        if self.worker.plan.transport == Transport::Envoy {
            calls::add_header(Map::ResponseHeaders, transport::FINAL, "1");
        }
    }
}

impl HostContext for Stream {
    fn on_http_call_response(&mut self, token: u32, _: usize, _: usize, _: usize) {
        let _ = self.worker.reactor.borrow_mut().caller(token);
        self.answered();
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, last: bool) -> Action {
        self.timed(|stream| {
            let head = calls::head(Map::RequestHeaders);
            if stream.worker.plan.transport == Transport::Envoy {
                stream.join(&head);
            }
            let event = Event::Arrived { head: &head, last };
            let action = stream.on(event, Place::Request(0));
            stream.leg.set(stream.exchange().borrow().legs());
            action
        })
    }

    fn on_http_request_body(&mut self, size: usize, last: bool) -> Action {
        if self.wants() == Wants::Nothing {
            return Action::Continue;
        }
        if last {
            return self.request_complete(size);
        }
        self.on(Event::Growing { held: size }, Place::Request(size))
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        // Trailers end a body whose last bytes were not marked as such.
        self.request_complete(usize::MAX)
    }

    fn on_http_response_headers(&mut self, _count: usize, last: bool) -> Action {
        let exchange = self.exchange();
        let (ours, settled) = {
            let exchange = exchange.borrow();
            (exchange.is_ours(), exchange.is_settled())
        };
        if !ours {
            self.mark_final();
            return Action::Continue;
        }
        // The gateway's own answers come by here too.
        if settled || self.is_stale() {
            return Action::Continue;
        }
        self.read.set(0);
        self.timed(|stream| stream.response_headers(last))
    }

    fn on_http_response_body(&mut self, size: usize, last: bool) -> Action {
        self.response_body(size, last)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        match self.wants() {
            Wants::Nothing => Action::Continue,
            Wants::Chunks | Wants::Whole => self.response_body(usize::MAX, true),
        }
    }

    fn on_log(&mut self) {
        self.now.set(calls::now());
        self.gone.set(true);
        if !self.is_stale() {
            let exchange = self.exchange();
            let settled = exchange.borrow().is_settled();
            let details = if settled {
                Vec::new()
            } else {
                calls::response_details()
            };
            let details = core::str::from_utf8(&details).unwrap_or_default();
            let status = if settled {
                None
            } else {
                calls::response_status()
            };
            let _ = self.step(Event::Closed { status, details });
            self.forget_if_over();
            self.rest();
        }
        if self.registered.get() && self.wakes_at.get().is_none() {
            self.worker.reactor.borrow_mut().forget(self.id);
        }
    }
}
