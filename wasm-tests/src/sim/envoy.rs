//! How Envoy treats an exchange: it brings requests, forwards and replays them, holds answers, makes calls.

use core::time::Duration;

use dragoman::config::plan::Transport;
use dragoman::gateway::effect::{Effect, Reply};
use dragoman::gateway::event::{Event, Local, Wants};
use dragoman::gateway::transport;
use dragoman::value::head::Head;

use super::agenda::Happening;
use super::run::Simulation;
use super::script::{CUT, Piece};
use super::visit::{Ending, Envoy};
use crate::world::{Answer, Call};

impl Simulation {
    /// Envoy brings the request, for the first time or again.
    pub(super) fn arrives(&mut self, visit: usize) {
        let now = self.now;
        let it = &mut self.visits[visit];
        if it.ending.is_some() {
            return;
        }
        it.envoy = Envoy {
            away_since: it.envoy.away_since,
            leg: it.envoy.leg + 1,
            open: true,
            ..Envoy::default()
        };
        let leg = it.envoy.leg;
        let mut wait = Duration::from_millis(1);
        if it.arrived.is_none() {
            it.arrived = Some(now);
            wait = it.request.body_after;
            if let Some(patience) = it.request.leaves_after {
                self.agenda
                    .plan(now.after(patience), Happening::Leaves { visit });
            }
        }
        let call = Call::chat(&self.visits[visit].request.body)
            .header("x-dragoman-exchange", format!("exchange-{visit}"));
        let head = call.head();
        match self.step(
            visit,
            Event::Arrived {
                head: &head,
                last: false,
            },
        ) {
            Effect::Hold => {
                let whole = Happening::Completes { visit, leg };
                self.agenda.plan(now.after(wait), whole);
            }
            Effect::Respond(reply) => self.reply(visit, reply),
            effect => self.fault(visit, format!("{effect:?} for a request's head")),
        }
    }

    /// The rest of the request is there.
    pub(super) fn completes(&mut self, visit: usize, leg: u32) {
        let now = self.now;
        let it = &mut self.visits[visit];
        if !it.envoy.open || it.envoy.leg != leg {
            return;
        }
        let away = it.envoy.away_since.take();
        if let (Some(since), Some(verdict)) = (away, &mut it.verdict) {
            verdict.away += now.since(since);
        }
        let body = it.request.body.clone();
        match self.step(visit, Event::Request { body }) {
            Effect::Forward { head, .. } => self.forward(visit, &head),
            Effect::Respond(reply) => self.reply(visit, reply),
            Effect::Hold if self.wakes_at(visit).is_some() => {}
            effect => self.fault(visit, format!("{effect:?} for a request that is complete")),
        }
    }

    /// The request that is held goes upstream.
    pub(super) fn forward(&mut self, visit: usize, head: &Head) {
        let cluster = head.get(&self.plan.cluster_header).unwrap_or_default();
        let attempt = self.attempt(visit, cluster, None);
        self.visits[visit].envoy.native = Some(attempt);
        self.plan_piece(visit, attempt);
    }

    fn plan_piece(&mut self, visit: usize, attempt: usize) {
        let it = &self.visits[visit];
        let piece = it.attempts[attempt].script.pieces.get(it.envoy.next_piece);
        if let Some((wait, _)) = piece {
            let says = Happening::Says { visit, attempt };
            self.agenda.plan(self.now.after(*wait), says);
        }
    }

    /// The upstream of the request that was forwarded says more.
    pub(super) fn says(&mut self, visit: usize, attempt: usize) {
        let it = &mut self.visits[visit];
        if it.envoy.native != Some(attempt) {
            return;
        }
        let index = it.envoy.next_piece;
        it.envoy.next_piece += 1;
        let (_, piece) = it.attempts[attempt].script.pieces[index].clone();
        self.plan_piece(visit, attempt);
        self.trace(visit, || format!("upstream {attempt} says {piece}"));
        match piece {
            Piece::Chunk { bytes, last } => self.chunk(visit, &bytes, last),
            Piece::Cut => self.cut(visit),
            Piece::Head { head, last } => self.head(visit, &head, last, None),
            Piece::Local(why) => {
                let mut head = Head::default();
                head.push(":status", "503");
                self.head(visit, &head, false, Some(why));
                if self.visits[visit].envoy.native == Some(attempt) {
                    self.chunk(visit, b"upstream connect error", true);
                }
            }
        }
    }

    fn head(&mut self, visit: usize, head: &Head, last: bool, local: Option<Local>) {
        self.visits[visit].envoy.headed = true;
        match self.step(visit, Event::Head { head, last, local }) {
            Effect::Pass => self.fault(visit, "a head passed as it came".to_owned()),
            effect => self.respond(visit, effect, last),
        }
    }

    fn chunk(&mut self, visit: usize, bytes: &[u8], last: bool) {
        let it = &mut self.visits[visit];
        it.envoy.held.extend_from_slice(bytes);
        let from = match it.exchange.wants() {
            Wants::Nothing => {
                return self.respond(visit, Effect::Pass, last);
            }
            Wants::Whole if !last => return,
            Wants::Whole => 0,
            Wants::Chunks => it.envoy.read,
        };
        let bytes = it.envoy.held[from..].to_vec();
        it.envoy.read = it.envoy.held.len();
        let event = Event::Chunk {
            bytes: &bytes,
            last,
        };
        let effect = self.step(visit, event);
        self.respond(visit, effect, last);
    }

    /// Carries out what was decided about a part of the answer.
    fn respond(&mut self, visit: usize, effect: Effect, last: bool) {
        self.visits[visit].envoy.ended |= last;
        match effect {
            Effect::Close => self.fault(
                visit,
                "Envoy does not survive an end in a callback".to_owned(),
            ),
            Effect::Dispatch(call) => {
                self.drop_held(visit);
                self.dispatch(visit, &call);
            }
            Effect::Drop => {
                self.drop_held(visit);
                let it = &self.visits[visit];
                if it.answer.is_some() && it.envoy.call.is_none() {
                    self.fault(visit, "bytes on their way are dropped".to_owned());
                }
            }
            Effect::Emit(bytes) => {
                self.visits[visit].envoy.held = bytes;
                self.go_on(visit, last);
            }
            Effect::Hold => {
                if self.visits[visit].answer.is_some() {
                    self.fault(visit, "bytes on their way are held".to_owned());
                }
            }
            Effect::Pass => self.go_on(visit, last),
            Effect::Release { head, body } => {
                if let Some(body) = body {
                    self.visits[visit].envoy.held = body;
                }
                self.release(visit, head);
                self.go_on(visit, last);
            }
            Effect::Respond(reply) => self.reply(visit, reply),
            Effect::Forward { .. } | Effect::Strip => {
                self.fault(visit, format!("{effect:?} for an answer"));
            }
        }
    }

    fn drop_held(&mut self, visit: usize) {
        let envoy = &mut self.visits[visit].envoy;
        envoy.held.clear();
        envoy.read = 0;
    }

    /// The answer is ended where it is.
    pub(super) fn close(&mut self, visit: usize) {
        self.visits[visit].envoy.held.clear();
        self.go_on(visit, true);
    }

    /// What is held goes to the client; `last` when nothing follows.
    pub(super) fn go_on(&mut self, visit: usize, last: bool) {
        let it = &mut self.visits[visit];
        it.envoy.read = 0;
        let held = core::mem::take(&mut it.envoy.held);
        let Some(answer) = &mut it.answer else {
            return self.fault(visit, "a body goes before its head".to_owned());
        };
        answer.body.extend(held);
        if last {
            self.end(visit, Ending::Answered);
        }
    }

    fn release(&mut self, visit: usize, head: Head) {
        if self.visits[visit].answer.is_some() {
            return self.fault(visit, "a client is answered twice".to_owned());
        }
        self.visits[visit].begun = Some(self.now);
        self.visits[visit].answer = Some(Answer {
            status: head.status().unwrap_or_default(),
            head,
            body: Vec::new(),
        });
    }

    /// The gateway answers by itself: for good, or to have the request brought again.
    pub(super) fn reply(&mut self, visit: usize, reply: Reply) {
        self.visits[visit].envoy.native = None;
        let is_final = |(name, _): &(_, _)| name == transport::FINAL;
        if self.plan.transport == Transport::Envoy && !reply.headers.iter().any(is_final) {
            return self.bring_again(visit, 503, "");
        }
        let mut head = Head::default();
        head.push(":status", reply.status.to_string());
        for (name, value) in reply.headers {
            head.push(&*name, value);
        }
        self.release(visit, head);
        self.visits[visit].envoy.held = reply.body;
        self.go_on(visit, true);
    }

    /// Envoy ends the stream that brought the request and brings it again. The gateway learns of the end before or after.
    fn bring_again(&mut self, visit: usize, status: u16, details: &'static str) {
        let now = self.now;
        let it = &mut self.visits[visit];
        it.envoy.open = false;
        it.envoy.native = None;
        it.envoy.away_since = Some(now);
        if let Some(call) = it.envoy.call.take() {
            // Nobody hears what it brings, so it was not in vain.
            let deployment = it.attempts[call].deployment;
            it.tried.retain(|tried| *tried != deployment);
        }
        it.envoy.unheard = Some((status, details));
        if self.dice.chance(50) {
            self.hear(visit);
        }
        if self.dice.chance(3) {
            self.agenda.plan(now, Happening::Leaves { visit });
        }
        let wait = self.dice.ms(1..=4);
        let arrives = Happening::Arrives { visit };
        self.agenda.plan(now.after(wait), arrives);
    }

    /// The upstream's connection breaks in the middle of its answer: nobody asks the gateway what is to become of that.
    fn cut(&mut self, visit: usize) {
        self.visits[visit].envoy.native = None;
        if self.visits[visit].answer.is_some() {
            self.leave(visit, Ending::Cut, Some(200), CUT);
        } else if self.plan.transport == Transport::Envoy {
            self.bring_again(visit, 502, CUT);
        } else {
            self.leave(visit, Ending::Overruled, Some(502), CUT);
        }
    }

    /// The client loses its patience.
    pub(super) fn leaves(&mut self, visit: usize) {
        if self.visits[visit].ending.is_none() {
            self.leave(visit, Ending::Left, None, "downstream_remote_disconnect");
        }
    }

    fn end(&mut self, visit: usize, ending: Ending) {
        self.leave(visit, ending, Some(200), "via_upstream");
    }

    fn leave(&mut self, visit: usize, ending: Ending, status: Option<u16>, details: &str) {
        let it = &mut self.visits[visit];
        it.ending = Some((self.now, ending));
        it.envoy.native = None;
        it.envoy.call = None;
        it.give_up_attempts();
        self.trace(visit, || format!("ends: {ending:?}"));
        if core::mem::take(&mut self.visits[visit].envoy.open) {
            self.closed(visit, status, details);
        }
        self.hear(visit);
    }

    /// The gateway hears how the stream ended. Once the request is there again, it does not care.
    fn hear(&mut self, visit: usize) {
        if let Some((status, details)) = self.visits[visit].envoy.unheard.take() {
            self.closed(visit, Some(status), details);
        }
    }

    fn closed(&mut self, visit: usize, status: Option<u16>, details: &str) {
        let is_settled = self.visits[visit].exchange.is_settled();
        let (status, details) = if is_settled {
            (None, "")
        } else {
            (status, details)
        };
        let effect = self.step(visit, Event::Closed { status, details });
        if effect != Effect::Pass {
            self.fault(visit, format!("{effect:?} after the end"));
        }
    }
}
