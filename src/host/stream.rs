//! One stream: Envoy's callbacks become events, and effects become host calls.

use core::mem;
use std::rc::Rc;

use proxy_wasm::traits::{Context as HostContext, HttpContext};
use proxy_wasm::types::Action;

use super::abi::{Buffer, Map};
use super::calls;
use super::root::Worker;
use super::shared::Shared;
use crate::gateway::effect::Effect;
use crate::gateway::event::{Event, Local, Wants};
use crate::gateway::{Context, Exchange};
use crate::value::time::Timestamp;

/// A request and its answer, as Envoy tells of them.
#[derive(Debug)]
pub struct Stream {
    exchange: Exchange,
    /// Chunks of a flowing stream so far.
    chunks: usize,
    /// The time of the latest callback that asked for it.
    now: Timestamp,
    /// Bytes of the answer's body that are held and were already read.
    read: usize,
    /// Whether the message that is coming in has been handed over whole.
    whole: bool,
    worker: Rc<Worker>,
}

impl Stream {
    /// A stream on this worker.
    pub fn new(worker: Rc<Worker>) -> Self {
        Self {
            exchange: Exchange::new(),
            chunks: 0,
            now: Timestamp::default(),
            read: 0,
            whole: false,
            worker,
        }
    }

    fn step(&mut self, event: Event<'_>) -> Effect {
        let mut own = self.worker.own.borrow_mut();
        let own = &mut *own;
        let mut context = Context {
            now: self.now,
            rng: &mut own.rng,
            meter: &mut own.meters,
            plan: &self.worker.plan,
            store: &Shared,
            desk: &mut own.desk,
        };
        self.exchange.step(event, &mut context)
    }

    /// Does what an event asks for and counts the time it took as spent inside the gateway.
    fn timed(&mut self, act: impl FnOnce(&mut Self) -> Action) -> Action {
        self.now = calls::now();
        let action = act(self);
        self.spent(1);
        action
    }

    /// Counts what was done since the latest callback as time spent, `times` over.
    fn spent(&mut self, times: u64) {
        if self.exchange.is_ours() {
            let nanos = u64::try_from(calls::now().since(self.now).as_nanos()).unwrap_or(u64::MAX);
            self.exchange.spend(nanos.saturating_mul(times));
        }
    }

    fn on_request(&mut self, event: Event<'_>, held: usize) -> Action {
        match self.step(event) {
            Effect::Forward { head, body } => {
                calls::set_head(Map::RequestHeaders, &head);
                if let Some(body) = body {
                    calls::set_body(Buffer::RequestBody, held, &body);
                }
                Action::Continue
            }
            Effect::Hold => Action::Pause,
            Effect::Respond(reply) => {
                calls::respond(&reply);
                Action::Pause
            }
            Effect::Strip => {
                calls::remove_header(Map::RequestHeaders, &self.worker.plan.cluster_header);
                Action::Continue
            }
            Effect::Emit(_) | Effect::Pass | Effect::Release { .. } => Action::Continue,
        }
    }

    /// Acts on the answer, `held` bytes of whose body are there.
    fn on_response(&mut self, event: Event<'_>, held: usize) -> Action {
        let action = match self.step(event) {
            Effect::Emit(bytes) => {
                calls::set_body(Buffer::ResponseBody, held, &bytes);
                Action::Continue
            }
            Effect::Hold => Action::Pause,
            Effect::Release { head, body } => {
                calls::set_head(Map::ResponseHeaders, &head);
                if let Some(body) = body {
                    calls::set_body(Buffer::ResponseBody, held, &body);
                }
                Action::Continue
            }
            Effect::Respond(reply) => {
                calls::respond(&reply);
                Action::Pause
            }
            Effect::Forward { .. } | Effect::Pass | Effect::Strip => Action::Continue,
        };
        if action == Action::Continue {
            self.read = 0;
        }
        action
    }

    /// The request's body is complete: `size` bytes of it are held.
    fn request_complete(&mut self, size: usize) -> Action {
        if mem::replace(&mut self.whole, true) || self.exchange.wants() == Wants::Nothing {
            return Action::Continue;
        }
        self.timed(|stream| {
            let body = calls::body(Buffer::RequestBody, 0, size);
            stream.on_request(Event::Request { body: &body }, size)
        })
    }

    fn response_body(&mut self, size: usize, last: bool) -> Action {
        match self.exchange.wants() {
            Wants::Nothing => Action::Continue,
            Wants::Whole if !last => Action::Pause,
            Wants::Chunks if self.exchange.is_flowing() => self.flow(size, last),
            Wants::Chunks | Wants::Whole => self.timed(|stream| stream.chunk(size, last)),
        }
    }

    /// A chunk of a stream that is on its way. Asking for the time costs as much as half of what is
    /// done with one, so one in `SAMPLE` is timed and stands for all.
    fn flow(&mut self, size: usize, last: bool) -> Action {
        const SAMPLE: usize = 8;
        let sampled = self.chunks.is_multiple_of(SAMPLE);
        self.chunks = self.chunks.wrapping_add(1);
        if sampled {
            self.now = calls::now();
        }
        let action = self.chunk(size, last);
        if sampled {
            self.spent(u64::try_from(SAMPLE).unwrap_or(1));
        }
        action
    }

    fn chunk(&mut self, size: usize, last: bool) -> Action {
        let from = if self.exchange.wants() == Wants::Whole {
            0
        } else {
            self.read
        };
        let bytes = calls::body(Buffer::ResponseBody, from, size.saturating_sub(from));
        self.read = size;
        self.on_response(
            Event::Chunk {
                bytes: &bytes,
                last,
            },
            size,
        )
    }
}

impl HostContext for Stream {}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, last: bool) -> Action {
        self.timed(|stream| {
            let head = calls::head(Map::RequestHeaders);
            stream.on_request(Event::Arrived { head: &head, last }, 0)
        })
    }

    fn on_http_request_body(&mut self, size: usize, last: bool) -> Action {
        if self.exchange.wants() == Wants::Nothing {
            return Action::Continue;
        }
        if last {
            return self.request_complete(size);
        }
        self.on_request(Event::Growing { held: size }, size)
    }

    fn on_http_request_trailers(&mut self, _count: usize) -> Action {
        // Trailers end a body whose last bytes were not marked as such.
        self.request_complete(usize::MAX)
    }

    fn on_http_response_headers(&mut self, _count: usize, last: bool) -> Action {
        // The gateway's own answers come by here too.
        if !self.exchange.is_ours() || self.exchange.is_settled() {
            return Action::Continue;
        }
        self.read = 0;
        self.timed(|stream| {
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
            stream.on_response(event, 0)
        })
    }

    fn on_http_response_body(&mut self, size: usize, last: bool) -> Action {
        self.response_body(size, last)
    }

    fn on_http_response_trailers(&mut self, _count: usize) -> Action {
        match self.exchange.wants() {
            Wants::Nothing => Action::Continue,
            Wants::Chunks | Wants::Whole => self.response_body(usize::MAX, true),
        }
    }

    fn on_log(&mut self) {
        self.now = calls::now();
        if self.exchange.is_settled() {
            let _ = self.step(Event::Closed {
                status: None,
                details: "",
            });
            return;
        }
        let details = calls::response_details();
        let details = core::str::from_utf8(&details).unwrap_or_default();
        let status = calls::response_status();
        let _ = self.step(Event::Closed { status, details });
    }
}

/// Why Envoy answered, by its response code details; `None` when an upstream did.
fn local(details: &[u8]) -> Option<Local> {
    let details = core::str::from_utf8(details).unwrap_or_default();
    let has = |word: &str| details.contains(word);
    match details {
        "" | "via_upstream" => None,
        _ if has("cluster_not_found") => Some(Local::NoCluster),
        _ if has("overflow") => Some(Local::Unavailable),
        _ if has("timeout") => Some(Local::Timeout),
        _ if has("connection_failure") => Some(Local::Connect),
        _ if has("before_response_started") => Some(Local::Reset),
        _ => Some(Local::Unavailable),
    }
}
