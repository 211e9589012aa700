//! One exchange, told what happens as Envoy tells the filter, with Envoy's buffers; what may not happen stops the test.

use core::time::Duration;

use dragoman::config::plan::Transport;
use dragoman::gateway::effect::{self, Effect, Reply};
use dragoman::gateway::event::{Event, Local, Wants};
use dragoman::gateway::{Context, Exchange, transport};
use dragoman::value::head::Head;
use dragoman::value::time::Timestamp;
use serde_json::Value;

use super::{Call, Ledger, Upstream, World};

/// What the gateway did about an event, without the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Cut the answer short, with last words.
    Abort,
    /// Asked a provider besides.
    Dispatch,
    /// Threw away what was held.
    Drop,
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
    call: Call,
    /// Whether Envoy will not bring the request again, because nobody waits for its answer.
    deserted: bool,
    /// How many calls of the gateway's own are not answered yet.
    calling: usize,
    /// What the gateway did about each event.
    pub did: Vec<Did>,
    exchange: Exchange,
    held: Vec<u8>,
    over: bool,
    read: usize,
    /// Whether the request that Envoy held was sent on.
    forwarded: bool,
    sent: Vec<Sent>,
    world: &'w mut World,
}

impl<'w> Visit<'w> {
    pub(super) fn of(world: &'w mut World, call: Call) -> Self {
        let mut visit = Self {
            answer: None,
            call,
            deserted: false,
            calling: 0,
            did: Vec::new(),
            exchange: Exchange::new(),
            held: Vec::new(),
            over: false,
            read: 0,
            forwarded: false,
            sent: Vec::new(),
            world,
        };
        visit.request();
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

    /// What the provider asked last was sent.
    ///
    /// # Panics
    /// When none was sent anything.
    #[must_use]
    pub fn provider(&self) -> &Sent {
        self.sent.last().expect("the request was sent on")
    }

    /// What all upstreams were sent, in order.
    #[must_use]
    pub fn providers(&self) -> &[Sent] {
        &self.sent
    }

    /// Whether any upstream was sent anything.
    #[must_use]
    pub const fn is_sent(&self) -> bool {
        !self.sent.is_empty()
    }

    /// Whether a call of the gateway's own is to be answered.
    #[must_use]
    pub const fn is_calling(&self) -> bool {
        self.calling > 0
    }

    /// The time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.world.now
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

    /// Lets time go by, and wakes the exchange whenever it wants to be.
    pub fn wait(&mut self, time: Duration) {
        let until = self.world.now.after(time);
        while let Some(at) = self.wakes_at().filter(|at| *at <= until) {
            self.world.now = at.max(self.world.now);
            let effect = self.step(Event::Woke);
            self.outside(effect);
        }
        self.world.now = until;
    }

    /// When the exchange wants to be woken.
    pub fn wakes_at(&mut self) -> Option<Timestamp> {
        let (exchange, mut context) = self.parts_of();
        exchange.wakes_at(&mut context)
    }

    /// The call of the gateway's own is answered.
    ///
    /// # Panics
    /// When there is none.
    pub fn returns(&mut self, upstream: &Upstream) {
        self.calling = self.calling.checked_sub(1).expect("a call is under way");
        let effect = self.step(Event::Answer {
            head: Some(&upstream.head),
            body: &upstream.parts.concat(),
            local: None,
        });
        self.outside(effect);
    }

    /// The call of the gateway's own comes to nothing.
    ///
    /// # Panics
    /// When there is none.
    pub fn returns_nothing(&mut self, why: Local) {
        self.calling = self.calling.checked_sub(1).expect("a call is under way");
        let effect = self.step(Event::Answer {
            head: None,
            body: b"",
            local: Some(why),
        });
        self.outside(effect);
    }

    /// Each attempt is answered by the next of these, waits included, and the exchange is over.
    ///
    /// # Panics
    /// When there are more attempts than answers, or fewer.
    #[must_use]
    pub fn answered_in_turn(mut self, upstreams: &[Upstream]) -> Self {
        for upstream in upstreams {
            self.next(upstream);
        }
        assert!(self.is_answered(), "there are more attempts than answers");
        self.close();
        self
    }

    /// The attempt that is under way, or comes next, is answered.
    ///
    /// # Panics
    /// When there is none within a minute.
    pub fn next(&mut self, upstream: &Upstream) {
        let waits = |visit: &Self| !visit.forwarded && visit.calling == 0 && !visit.is_answered();
        for _ in 0..600 {
            if waits(self) {
                self.wait(Duration::from_millis(100));
            }
        }
        if self.is_calling() {
            self.returns(upstream);
        } else {
            self.answer_the_first(upstream);
        }
    }

    /// The attempt that is under way comes to nothing, and Envoy says why in the provider's place.
    pub fn fails(&mut self, why: Local) {
        if self.is_calling() {
            self.returns_nothing(why);
            return;
        }
        let upstream = Upstream::of(503, "text/plain", "upstream connect error");
        let legs = self.exchange.legs();
        self.head(&upstream.head, false, Some(why));
        self.parts(legs, &upstream);
    }

    /// The connection is cut while the answer is held, and Envoy ends the stream without asking the gateway. The outer listener brings
    /// the request again: there is no answer, so none that is marked final.
    pub fn cut(&mut self) {
        self.forwarded = false;
        self.held.clear();
        self.read = 0;
        self.calling = 0;
        self.end(
            Some(502),
            "upstream_reset_before_response_started{connection_termination}",
        );
        self.bring_again();
    }

    fn bring_again(&mut self) {
        let brings = self.world.plan.transport == Transport::Envoy && !self.deserted;
        if brings && !self.is_answered() {
            self.request();
        }
    }

    /// The upstream answers, and the exchange is over.
    #[must_use]
    pub fn answered(mut self, upstream: &Upstream) -> Self {
        self.answer_the_first(upstream);
        self.close();
        self
    }

    /// The upstream that the request was sent to answers, whatever else is under way.
    pub fn answer_the_first(&mut self, upstream: &Upstream) {
        let legs = self.exchange.legs();
        self.begin(upstream);
        self.parts(legs, upstream);
    }

    /// The head of the upstream's answer comes.
    pub fn begin(&mut self, upstream: &Upstream) {
        self.head(&upstream.head, upstream.parts.is_empty(), None);
    }

    fn parts(&mut self, legs: u32, upstream: &Upstream) {
        let last = upstream.parts.len().saturating_sub(1);
        for (index, part) in upstream.parts.iter().enumerate() {
            // What an attempt still says once Envoy has brought the request again, nobody hears.
            if self.exchange.legs() > legs {
                return;
            }
            self.chunk(part, index == last);
        }
    }

    /// Envoy answers in the upstream's place.
    #[must_use]
    pub fn local(mut self, status: u16, why: Local) -> Self {
        let upstream = Upstream::of(status, "text/plain", "upstream connect error");
        let legs = self.exchange.legs();
        self.head(&upstream.head, false, Some(why));
        self.parts(legs, &upstream);
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

    /// The client leaves between two attempts: Envoy has no reason to bring the request again.
    pub const fn desert(&mut self) {
        self.deserted = true;
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

    fn parts_of(&mut self) -> (&mut Exchange, Context<'_>) {
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

    fn step(&mut self, event: Event<'_>) -> Effect {
        let (exchange, mut context) = self.parts_of();
        let effect = exchange.step(event, &mut context);
        self.did.push(match &effect {
            Effect::Abort(_) => Did::Abort,
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
    fn request(&mut self) {
        let call = self.call.clone();
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
                Event::Request { body: body.clone() }
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
            Effect::Hold if !call.complete || self.wakes_at().is_some() => {}
            Effect::Abort(_)
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
    fn head(&mut self, head: &Head, last: bool, local: Option<Local>) {
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

    fn respond(&mut self, effect: Effect) {
        match effect {
            Effect::Abort(bytes) => self.abort(bytes),
            Effect::Dispatch(call) => self.dispatch(call),
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
    fn outside(&mut self, effect: Effect) {
        match effect {
            Effect::Abort(bytes) => self.abort(bytes),
            Effect::Dispatch(call) => self.dispatch(call),
            Effect::Emit(bytes) => {
                self.held = bytes;
                self.go_on();
            }
            Effect::Respond(reply) => self.reply(reply),
            Effect::Drop | Effect::Hold | Effect::Pass => {}
            Effect::Forward { .. } | Effect::Release { .. } | Effect::Strip => {
                panic!("{effect:?} outside a callback")
            }
        }
    }

    fn abort(&mut self, bytes: Vec<u8>) {
        self.held = bytes;
        self.go_on();
        self.over = true;
    }

    fn dispatch(&mut self, call: effect::Call) {
        let effect::Call { head, body, .. } = call;
        self.held.clear();
        self.read = 0;
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
    fn go_on(&mut self) {
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
}
