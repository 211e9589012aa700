//! What Envoy does with what the gateway says; what may not happen stops the test.

use dragoman::config::plan::Transport;
use dragoman::gateway::effect::{self, Effect, Reply};
use dragoman::gateway::event::{Event, Local, Wants};
use dragoman::gateway::{Context, Exchange, transport};
use dragoman::value::head::Head;

use super::super::World;
use super::{Answer, Did, Sent, Visit};

impl Visit<'_> {
    pub(super) fn parts_of(&mut self) -> (&mut Exchange, Context<'_>) {
        let World {
            desk,
            ledger,
            now,
            plan,
            rng,
            store,
        } = &mut *self.world;
        let context = Context {
            now: *now,
            rng,
            meter: ledger,
            plan,
            store,
            desk,
        };
        (&mut self.exchange, context)
    }

    pub(super) fn step(&mut self, event: Event<'_>) -> Effect {
        let (exchange, mut context) = self.parts_of();
        let effect = exchange.step(event, &mut context);
        if self.exchange.is_over() {
            let left = self.world.under_way();
            assert_eq!(
                left, self.under_way,
                "an exchange that is over leaves nothing under way"
            );
        }
        self.did.push(match &effect {
            Effect::Close => Did::Close,
            Effect::Dispatch(_) => Did::Dispatch,
            Effect::Drop => Did::Drop,
            Effect::Emit(_) => Did::Emit,
            Effect::Forward { .. } => Did::Forward,
            Effect::Hold => Did::Hold,
            Effect::Pass => Did::Pass,
            Effect::Release { body: None, .. } => Did::Release,
            Effect::Release { .. } => Did::Replace,
            Effect::Respond(_) => Did::Respond,
            Effect::Strip => Did::Strip,
        });
        effect
    }

    /// Envoy brings the request.
    pub(super) fn request(&mut self) {
        let call = self.call.clone();
        let last = call.parts.len().checked_sub(1);
        let end = last.filter(|_| call.complete);
        let arrived = Event::Arrived {
            head: &call.head,
            last: last.is_none(),
        };
        let mut body = Vec::new();
        let mut effect = self.step(arrived);
        // What was held when the request went on: what comes after follows it.
        let mut held = 0;
        for (index, part) in call.parts.iter().enumerate() {
            body.extend_from_slice(part);
            if self.exchange.wants() == Wants::Nothing {
                continue;
            }
            assert_eq!(effect, Effect::Hold, "a body that is wanted is waited for");
            held = body.len();
            effect = self.step(if Some(index) == end {
                Event::Request { body: body.clone() }
            } else {
                let is_wanted = self.exchange.wants() == Wants::Chunks;
                Event::Growing {
                    bytes: if is_wanted { &body } else { b"" },
                    held: body.len(),
                }
            });
        }
        match effect {
            Effect::Forward { head, body: other } => {
                let sent = other.map(|other| [&other[..], &body[held..]].concat());
                self.send(head, sent.unwrap_or(body));
            }
            Effect::Pass => self.send(call.head.clone(), body),
            Effect::Respond(reply) => self.reply(reply),
            Effect::Strip => {
                let mut head = call.head.clone();
                head.remove(&self.world.plan.cluster_header);
                self.send(head, body);
            }
            Effect::Hold if !call.complete || self.wakes_at().is_some() => {}
            Effect::Close
            | Effect::Dispatch(_)
            | Effect::Drop
            | Effect::Emit(_)
            | Effect::Hold
            | Effect::Release { .. } => {
                panic!("{effect:?} for a request that is complete")
            }
        }
    }

    fn send(&mut self, head: Head, body: Vec<u8>) {
        assert!(!self.is_answered() && !self.forwarded);
        self.forwarded = true;
        self.sent.push(Sent { head, body });
    }

    /// The answer's head comes; `local` when Envoy made it.
    pub(super) fn head(&mut self, head: &Head, last: bool, local: Option<Local>) {
        assert!(self.is_sent(), "nobody was asked");
        self.forwarded = false;
        if !self.exchange.is_ours() {
            self.release(head.clone());
            return;
        }
        let effect = self.step(Event::Head { head, last, local });
        if effect == Effect::Pass {
            self.release(head.clone());
            return;
        }
        self.respond(effect);
    }

    pub(super) fn respond(&mut self, effect: Effect) {
        match effect {
            Effect::Close => panic!("Envoy does not survive {effect:?} in a callback"),
            Effect::Dispatch(call) => {
                self.held.clear();
                self.read = 0;
                self.dispatch(call);
            }
            Effect::Drop => {
                assert!(
                    !self.is_answered() || self.calling > 0,
                    "bytes on their way are not dropped"
                );
                self.held.clear();
                self.read = 0;
            }
            Effect::Emit(bytes) => {
                self.held = bytes;
                self.go_on();
            }
            Effect::Hold => assert!(!self.is_answered(), "bytes on their way are not held"),
            Effect::Pass => self.go_on(),
            Effect::Release { head, body } => {
                self.held = body.unwrap_or_else(|| core::mem::take(&mut self.held));
                self.release(head);
                self.go_on();
            }
            Effect::Respond(reply) => self.reply(reply),
            Effect::Forward { .. } | Effect::Strip => panic!("{effect:?} for an answer"),
        }
    }

    /// Carries out what was decided in no callback of the message's.
    pub(super) fn outside(&mut self, effect: Effect) {
        match effect {
            Effect::Close => self.over = true,
            Effect::Dispatch(call) => self.dispatch(call),
            Effect::Emit(bytes) => {
                self.held = bytes;
                self.go_on();
            }
            Effect::Respond(reply) => self.reply(reply),
            Effect::Drop | Effect::Hold | Effect::Pass => {}
            // The request that Envoy still holds.
            Effect::Forward { head, body } => {
                let asked = self.call.parts.concat();
                self.send(head, body.unwrap_or(asked));
            }
            Effect::Release { .. } | Effect::Strip => {
                panic!("{effect:?} outside a callback")
            }
        }
    }

    fn dispatch(&mut self, call: effect::Call) {
        let effect::Call { head, body, .. } = call;
        self.calling += 1;
        self.sent.push(Sent { head, body });
    }

    fn release(&mut self, head: Head) {
        assert!(!self.is_answered(), "a client is answered once");
        self.answer = Some(Answer {
            status: head.status().expect("an answer has a status"),
            head,
            body: Vec::new(),
        });
    }

    /// What is held goes to the client.
    pub(super) fn go_on(&mut self) {
        let answer = self.answer.as_mut().expect("a head goes first");
        answer.body.append(&mut self.held);
        self.read = 0;
    }

    /// The filter answers by itself.
    fn reply(&mut self, reply: Reply) {
        let mut head = Head::default();
        head.push(":status", reply.status.to_string());
        for (name, value) in reply.headers {
            head.push(&*name, value);
        }
        let head = self.shown(head);
        let is_final = head.get(transport::FINAL).is_some();
        if self.world.plan.transport == Transport::Envoy && !is_final {
            self.forwarded = false;
            self.held.clear();
            self.read = 0;
            self.calling = 0;
            self.end(None, "");
            self.bring_again();
            return;
        }
        self.release(head);
        self.held = reply.body;
        self.go_on();
        self.over = true;
    }

    /// Envoy shows the filter its own answer, too, and the filter lets it go as it is.
    fn shown(&mut self, head: Head) -> Head {
        let settled = self.exchange.is_settled();
        let effect = self.step(Event::Head {
            head: &head,
            last: false,
            local: None,
        });
        self.did.pop();
        assert_eq!(self.exchange.wants(), Wants::Nothing);
        match effect {
            Effect::Release { head, body: None } => head,
            Effect::Pass if settled => head,
            // What nobody has judged is not tried again.
            Effect::Pass => {
                let mut head = head;
                if self.world.plan.transport == Transport::Envoy {
                    head.set(transport::FINAL, "1");
                }
                head
            }
            other => panic!("{other:?} for an answer of its own"),
        }
    }

    /// Nobody had marked the answer as final.
    pub(super) fn bring_again(&mut self) {
        let brings = self.world.plan.transport == Transport::Envoy && !self.deserted;
        if brings && !self.is_answered() {
            self.request();
        }
    }
}
