//! One stream: Envoy's callbacks become events, and effects become host calls.

mod act;
mod inner;

use core::ops::Deref;
use std::rc::Rc;

use proxy_wasm::traits::{Context as HostContext, HttpContext};
use proxy_wasm::types::Action;

pub use inner::Inner;

use super::abi::{Buffer, Map};
use super::calls;
use super::local::local;
use super::worker::Worker;
use crate::config::plan::Transport;
use crate::gateway::effect::Effect;
use crate::gateway::event::{Event, Wants};
use act::Place;

/// A request and its answer, as Envoy tells of them.
#[derive(Debug)]
pub struct Stream(Rc<Inner>);

impl Deref for Stream {
    type Target = Rc<Inner>;

    fn deref(&self) -> &Rc<Inner> {
        &self.0
    }
}

impl Stream {
    /// A stream on this worker.
    pub fn new(id: u32, worker: Rc<Worker>) -> Self {
        Self(Rc::new(Inner::new(id, worker)))
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
        let head = calls::head(Map::Response);
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

impl HostContext for Stream {
    fn on_http_call_response(&mut self, token: u32, _: usize, _: usize, _: usize) {
        let _ = self.worker.reactor.borrow_mut().caller(token);
        self.answered();
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, last: bool) -> Action {
        self.timed(|stream| {
            let head = calls::head(Map::Request);
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
        if last || self.whole.get() {
            return self.request_complete(size);
        }
        if self.wants() == Wants::Chunks {
            return self.timed(|stream| {
                let bytes = calls::body(Buffer::RequestBody, 0, size);
                let event = Event::Growing {
                    bytes: &bytes,
                    held: size,
                };
                stream.on(event, Place::Request(size))
            });
        }
        let event = Event::Growing {
            bytes: b"",
            held: size,
        };
        self.on(event, Place::Request(size))
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
