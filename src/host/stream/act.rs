//! What an effect is in host calls, which depends on where it is carried out.

use std::rc::Rc;

use proxy_wasm::types::Action;

use super::inner::Inner;
use crate::config::plan::Transport;
use crate::gateway::effect::{Call, Effect};
use crate::gateway::event::{Event, Local};
use crate::gateway::transport;
use crate::host::abi::{Buffer, Map};
use crate::host::calls;

/// Where an effect is carried out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In no callback of the message's.
    Outside,
    /// In one of the request's, of whose body so many bytes are held.
    Request(usize),
    /// In one of the answer's.
    Response { held: usize, last: bool },
}

impl Inner {
    pub(super) fn act(self: &Rc<Self>, effect: Effect, place: Place) -> Action {
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
                // Nothing that still comes of the request is the gateway's concern.
                self.whole.set(true);
                calls::set_head(Map::Request, &head);
                let held = match place {
                    Place::Request(held) => held,
                    Place::Outside | Place::Response { .. } => self.asked.get(),
                };
                if let Some(body) = body {
                    calls::set_body(Buffer::RequestBody, 0..held, &body);
                }
                if let Place::Outside = place {
                    calls::continue_request();
                }
                Action::Continue
            }
            Effect::Hold => {
                match place {
                    Place::Outside => {}
                    Place::Request(held) => self.asked.set(held),
                    Place::Response { held, .. } => self.read.set(held),
                }
                Action::Pause
            }
            Effect::Pass => self.pass(place),
            Effect::Release { head, body } => {
                calls::set_head(Map::Response, &head);
                self.release(body.as_deref(), place)
            }
            Effect::Respond(reply) => {
                calls::respond(&reply);
                Action::Pause
            }
            Effect::Strip => {
                calls::remove_header(Map::Request, &self.worker.plan.cluster_header);
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
    pub(super) fn go_on(&self, last: bool) -> Action {
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
    pub(super) fn mark_final(&self) {
        if self.worker.plan.transport == Transport::Envoy {
            calls::add_header(Map::Response, transport::FINAL, "1");
        }
    }
}
