//! One exchange, told what happens as Envoy tells the filter, with Envoy's buffers; what may not happen stops the test.

use core::time::Duration;

use dragoman::gateway::effect::{Effect, Reply};
use dragoman::gateway::event::{Event, Local, Wants};
use dragoman::gateway::{Context, Exchange};
use dragoman::value::head::Head;
use serde_json::Value;

use super::{Call, Ledger, Upstream, World};

/// What the gateway did about an event, without the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Sent other bytes in the chunk's place.
    Emit,
    /// Sent the request to a provider.
    Forward,
    /// Held what there is.
    Hold,
    /// Let it go on.
    Pass,
    /// Let the answer go with its body as it was held.
    Release,
    /// Let the answer go with a body of its own.
    Replace,
    /// Answered by itself.
    Respond,
    /// Let the request go without the cluster's name.
    Strip,
}

/// What the provider, or another upstream, was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The head.
    pub head: Head,
    /// The body.
    pub body: Vec<u8>,
}

/// What the client was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The head.
    pub head: Head,
    /// The body so far.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header field.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name)
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The data of every event in a streamed body.
    ///
    /// # Panics
    /// When it is not a stream of `data` lines, each followed by a blank one.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        let text = self.text();
        assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
        text.split_terminator("\n\n")
            .map(|event| event.strip_prefix("data: ").expect(text).to_owned())
            .collect()
    }
}

/// One exchange and what became of it.
#[derive(Debug)]
pub struct Visit<'w> {
    answer: Option<Answer>,
    /// What the gateway did about each event.
    pub did: Vec<Did>,
    exchange: Exchange,
    held: Vec<u8>,
    over: bool,
    read: usize,
    sent: Option<Sent>,
    world: &'w mut World,
}

impl<'w> Visit<'w> {
    pub(super) fn of(world: &'w mut World, call: Call) -> Self {
        let mut visit = Self {
            answer: None,
            did: Vec::new(),
            exchange: Exchange::new(),
            held: Vec::new(),
            over: false,
            read: 0,
            sent: None,
            world,
        };
        visit.request(&call);
        visit
    }

    /// What the client was sent.
    ///
    /// # Panics
    /// When it was sent nothing.
    #[must_use]
    pub fn client(&self) -> &Answer {
        self.answer.as_ref().expect("the client was answered")
    }

    /// Whether the client was sent anything.
    #[must_use]
    pub const fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// What the provider was sent.
    ///
    /// # Panics
    /// When it was sent nothing.
    #[must_use]
    pub fn provider(&self) -> &Sent {
        self.sent.as_ref().expect("the request was sent on")
    }

    /// Whether any upstream was sent anything.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// The exchange itself.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// What was counted in this world so far.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.world.ledger
    }

    /// Lets time go by.
    pub fn wait(&mut self, time: Duration) {
        self.world.wait(time);
    }

    /// The upstream answers, and the exchange is over.
    #[must_use]
    pub fn answered(mut self, upstream: &Upstream) -> Self {
        self.begin(upstream);
        self.parts(upstream);
        self.close();
        self
    }

    /// The head of the upstream's answer comes.
    pub fn begin(&mut self, upstream: &Upstream) {
        self.head(&upstream.head, upstream.parts.is_empty(), None);
    }

    fn parts(&mut self, upstream: &Upstream) {
        let last = upstream.parts.len().saturating_sub(1);
        for (index, part) in upstream.parts.iter().enumerate() {
            self.chunk(part, index == last);
        }
    }

    /// Envoy answers in the upstream's place.
    #[must_use]
    pub fn local(mut self, status: u16, why: Local) -> Self {
        let upstream = Upstream::of(status, "text/plain", "upstream connect error");
        self.head(&upstream.head, false, Some(why));
        self.parts(&upstream);
        self.close();
        self
    }

    /// More of the answer's body comes.
    pub fn chunk(&mut self, bytes: &[u8], last: bool) {
        // After an answer of the filter's own Envoy resets the upstream.
        if self.over {
            return;
        }
        self.held.extend_from_slice(bytes);
        let from = match self.exchange.wants() {
            Wants::Nothing => {
                self.go_on();
                return;
            }
            Wants::Whole if !last => return,
            Wants::Whole => 0,
            Wants::Chunks => self.read,
        };
        let bytes = self.held[from..].to_vec();
        self.read = self.held.len();
        let event = Event::Chunk {
            bytes: &bytes,
            last,
        };
        let effect = self.step(event);
        self.respond(effect);
    }

    /// The exchange is over, as far as client and upstream are concerned.
    pub fn close(&mut self) {
        self.end(None, "");
    }

    /// The client leaves.
    pub fn leave(&mut self) {
        self.end(None, "downstream_remote_disconnect");
    }

    /// The exchange is over; Envoy has answered with `status` by itself, if it has one.
    pub fn end(&mut self, status: Option<u16>, details: &str) {
        let (status, details) = if self.exchange.is_settled() {
            (None, "")
        } else {
            (status, details)
        };
        let effect = self.step(Event::Closed { status, details });
        assert_eq!(effect, Effect::Pass, "nothing is done after the end");
    }

    fn step(&mut self, event: Event<'_>) -> Effect {
        let World {
            desk,
            ledger,
            now,
            plan,
            rng,
            store,
        } = &mut *self.world;
        let mut context = Context {
            now: *now,
            rng,
            meter: ledger,
            plan,
            store,
            desk,
        };
        let effect = self.exchange.step(event, &mut context);
        self.did.push(match &effect {
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

    fn request(&mut self, call: &Call) {
        let last = call.parts.len().checked_sub(1);
        let end = last.filter(|_| call.complete);
        let arrived = Event::Arrived {
            head: &call.head,
            last: last.is_none(),
        };
        let mut body = Vec::new();
        let mut effect = self.step(arrived);
        for (index, part) in call.parts.iter().enumerate() {
            body.extend_from_slice(part);
            if self.exchange.wants() == Wants::Nothing {
                continue;
            }
            assert_eq!(effect, Effect::Hold, "a body that is wanted is waited for");
            effect = self.step(if Some(index) == end {
                Event::Request { body: &body }
            } else {
                Event::Growing { held: body.len() }
            });
        }
        match effect {
            Effect::Forward { head, body: other } => self.send(head, other.unwrap_or(body)),
            Effect::Pass => self.send(call.head.clone(), body),
            Effect::Respond(reply) => self.reply(reply),
            Effect::Strip => {
                let mut head = call.head.clone();
                head.remove(&self.world.plan.cluster_header);
                self.send(head, body);
            }
            Effect::Hold if !call.complete => {}
            Effect::Emit(_) | Effect::Hold | Effect::Release { .. } => {
                panic!("{effect:?} for a request that is complete")
            }
        }
    }

    fn send(&mut self, head: Head, body: Vec<u8>) {
        assert!(!self.is_answered() && !self.is_sent());
        self.sent = Some(Sent { head, body });
    }

    /// The answer's head comes; `local` when Envoy made it.
    fn head(&mut self, head: &Head, last: bool, local: Option<Local>) {
        assert!(self.is_sent(), "nobody was asked");
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

    fn respond(&mut self, effect: Effect) {
        match effect {
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

    fn release(&mut self, head: Head) {
        assert!(!self.is_answered(), "a client is answered once");
        self.answer = Some(Answer {
            status: head.status().expect("an answer has a status"),
            head,
            body: Vec::new(),
        });
    }

    /// What is held goes to the client.
    fn go_on(&mut self) {
        let answer = self.answer.as_mut().expect("a head goes first");
        answer.body.append(&mut self.held);
        self.read = 0;
    }

    fn reply(&mut self, reply: Reply) {
        let mut head = Head::default();
        head.push(":status", reply.status.to_string());
        for (name, value) in reply.headers {
            head.push(&*name, value);
        }
        self.release(head.clone());
        self.held = reply.body;
        self.go_on();
        self.over = true;
        // Envoy shows the filter its own answer, too.
        let shown = self.step(Event::Head {
            head: &head,
            last: false,
            local: Some(Local::Unavailable),
        });
        assert_eq!(shown, Effect::Pass, "an answer of its own goes as it is");
        assert_eq!(self.exchange.wants(), Wants::Nothing);
        self.did.pop();
    }
}
