//! What reaches an exchange in no callback of its own: answers to calls, and the time.

use core::time::Duration;

use dragoman::gateway::effect::{self, Effect};
use dragoman::gateway::event::{Event, Local};
use dragoman::value::time::Timestamp;

use super::agenda::Happening;
use super::run::Simulation;

impl Simulation {
    /// The gateway asks a provider by a call of its own.
    pub(super) fn dispatch(&mut self, visit: usize, call: &effect::Call) {
        if self.visits[visit].envoy.call.is_some() {
            self.fault(visit, "two calls at the same time".to_owned());
        }
        let timeout = call.timeout.max(Duration::from_millis(1));
        let attempt = self.attempt(visit, &call.cluster, Some(timeout));
        let it = &mut self.visits[visit];
        it.envoy.call = Some(attempt);
        let length = it.attempts[attempt].script.length().min(timeout);
        let answers = Happening::Answers { visit, attempt };
        self.agenda.plan(self.now.after(length), answers);
    }

    /// A call of the gateway's own is answered.
    pub(super) fn answers(&mut self, visit: usize, attempt: usize) {
        let it = &mut self.visits[visit];
        if it.envoy.call != Some(attempt) {
            return;
        }
        it.envoy.call = None;
        let made = &it.attempts[attempt];
        let outcome = if made.times_out() {
            Err(Local::Timeout)
        } else {
            made.script.whole()
        };
        self.trace(visit, || match &outcome {
            Ok((head, body)) => {
                let body = String::from_utf8_lossy(body);
                format!("call {attempt} brings {:?} {body:?}", head.status())
            }
            Err(why) => format!("call {attempt} brings nothing: {why:?}"),
        });
        let effect = match &outcome {
            Ok((head, body)) => self.step(
                visit,
                Event::Answer {
                    head: Some(head),
                    body,
                    local: None,
                },
            ),
            Err(why) => self.step(
                visit,
                Event::Answer {
                    head: None,
                    body: b"",
                    local: Some(*why),
                },
            ),
        };
        self.visits[visit].attempts[attempt].open = false;
        self.outside(visit, effect);
    }

    /// The exchange is woken, if it still wants to be.
    pub(super) fn wakes(&mut self, visit: usize, at: Timestamp) {
        if self.visits[visit].wakes_at != Some(at) {
            return;
        }
        self.visits[visit].wakes_at = None;
        let effect = self.step(visit, Event::Woke);
        if self.visits[visit].envoy.open {
            self.outside(visit, effect);
        }
    }

    /// Carries out what was decided in no callback of the message's.
    fn outside(&mut self, visit: usize, effect: Effect) {
        match effect {
            Effect::Close => self.close(visit),
            Effect::Dispatch(call) => self.dispatch(visit, &call),
            Effect::Emit(bytes) => {
                self.visits[visit].envoy.held = bytes;
                let ended = self.visits[visit].envoy.ended;
                self.go_on(visit, ended);
            }
            Effect::Respond(reply) => self.reply(visit, reply),
            Effect::Drop | Effect::Hold | Effect::Pass => {}
            // Envoy still holds the request: nothing was sent upstream with it.
            Effect::Forward { head, .. } if self.visits[visit].envoy.native.is_none() => {
                self.forward(visit, &head);
            }
            Effect::Forward { .. } | Effect::Release { .. } | Effect::Strip => {
                self.fault(visit, format!("{effect:?} outside a callback"));
            }
        }
    }
}
