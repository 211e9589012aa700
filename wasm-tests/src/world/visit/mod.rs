//! One exchange, told what happens as Envoy tells the filter, with Envoy's buffers; what may not happen stops the test.

mod envoy;
mod seen;

use core::time::Duration;

use dragoman::gateway::Exchange;
use dragoman::gateway::effect::Effect;
use dragoman::gateway::event::{Event, Local, Wants};
use dragoman::value::time::Timestamp;

use super::{Call, Ledger, Upstream, World};

pub use seen::{Answer, Did, Sent};

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
    /// What was under way before.
    under_way: [u32; 3],
    world: &'w mut World,
}

impl<'w> Visit<'w> {
    pub(super) fn of(world: &'w mut World, call: Call) -> Self {
        let under_way = world.under_way();
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
            under_way,
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

    /// Whether an attempt is under way.
    #[must_use]
    pub const fn is_asking(&self) -> bool {
        self.forwarded || self.calling > 0
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

    /// The world it happens in.
    pub const fn world(&mut self) -> &mut World {
        self.world
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
        let (exchange, context) = self.parts_of();
        exchange.wakes_at(&context)
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
        for _ in 0..600 {
            if !self.is_asking() && !self.is_answered() {
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
        // Envoy names the status of an answer that it holds, too.
        self.end(Some(500), "downstream_remote_disconnect");
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
}
