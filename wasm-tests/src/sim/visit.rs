//! One exchange of a simulated world: what Envoy holds of it, what was tried for it, and what its client got.

use core::time::Duration;

use dragoman::gateway::Exchange;
use dragoman::value::time::Timestamp;

use super::scenario::Request;
use super::script::Script;
use crate::world::Answer;

/// An exchange.
#[derive(Debug)]
pub struct Visit {
    /// What its client was sent so far.
    pub answer: Option<Answer>,
    /// When it came.
    pub arrived: Option<Timestamp>,
    /// All attempts, in order.
    pub attempts: Vec<Attempt>,
    /// When the client was sent the head of its answer.
    pub begun: Option<Timestamp>,
    /// How often it was counted as a request.
    pub counted: u64,
    /// How it ended for its client, and when.
    pub ending: Option<(Timestamp, Ending)>,
    /// The exchange itself.
    pub exchange: Exchange,
    /// The groups it has been at, the present one last.
    pub groups: Vec<usize>,
    /// How often a second deployment was asked because the first was slow.
    pub hedges: usize,
    /// What Envoy has of it.
    pub envoy: Envoy,
    /// What the client sent.
    pub request: Request,
    /// Whether it counts among those that are being tried again.
    pub retrying: bool,
    /// How many attempts its present group had, hedges not among them.
    pub tries: usize,
    /// The deployments that were asked in its present group.
    pub tried: Vec<usize>,
    /// What was decided about its latest failure, until it is done.
    pub verdict: Option<Verdict>,
    /// When it is to be woken.
    pub wakes_at: Option<Timestamp>,
}

/// What Envoy has of an exchange.
#[derive(Debug, Default)]
pub struct Envoy {
    /// Since when it is not with the gateway, because it is being brought again.
    pub away_since: Option<Timestamp>,
    /// The attempt that a call of the gateway's own is.
    pub call: Option<usize>,
    /// Whether the upstream's answer is complete.
    pub ended: bool,
    /// Whether the upstream's answer has begun.
    pub headed: bool,
    /// What is held of the answer's body.
    pub held: Vec<u8>,
    /// How often the request was brought.
    pub leg: u32,
    /// The attempt whose upstream has the request that Envoy holds.
    pub native: Option<usize>,
    /// The next piece of what that upstream says.
    pub next_piece: usize,
    /// Whether the stream that brought the request is still there.
    pub open: bool,
    /// How much of what is held was read.
    pub read: usize,
    /// How the stream that brought it ended, where the gateway has not heard of that yet.
    pub unheard: Option<(u16, &'static str)>,
}

/// A request to a deployment.
#[derive(Debug)]
pub struct Attempt {
    /// When it was made.
    pub at: Timestamp,
    /// Which deployment was asked.
    pub deployment: usize,
    /// Whether it was made because another, which goes on, was slow.
    pub hedges: bool,
    /// Whether the gateway still waits for it.
    pub open: bool,
    /// Whether it tries if its deployment has recovered.
    pub probes: bool,
    /// What the provider says to it.
    pub script: Script,
    /// How long the gateway waits for a call; `None` for what Envoy forwards.
    pub timeout: Option<Duration>,
}

impl Attempt {
    /// Whether the gateway gives up waiting before the provider is done.
    #[must_use]
    pub fn times_out(&self) -> bool {
        self.timeout
            .is_some_and(|timeout| timeout < self.script.length())
    }
}

/// That the group is to be tried again.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// How long the provider asked to be left alone.
    pub asked: Duration,
    /// Since when.
    pub at: Timestamp,
    /// How much of the time since then went by while Envoy brought the request again.
    pub away: Duration,
    /// How many healthy deployments of the group were left to be asked.
    pub others: usize,
}

/// How an exchange ended for its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has an answer with an end.
    Answered,
    /// Its answer was broken off.
    Cut,
    /// The client has left.
    Left,
    /// Envoy has answered by itself, without asking the gateway.
    Overruled,
}

impl Visit {
    /// What a client is going to do.
    #[must_use]
    pub fn of(request: Request) -> Self {
        Self {
            answer: None,
            arrived: None,
            attempts: Vec::new(),
            begun: None,
            counted: 0,
            ending: None,
            envoy: Envoy::default(),
            exchange: Exchange::new(),
            groups: Vec::new(),
            hedges: 0,
            request,
            retrying: false,
            tries: 0,
            tried: Vec::new(),
            verdict: None,
            wakes_at: None,
        }
    }

    /// Whether there is nothing more to come.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.ending.is_some() && self.wakes_at.is_none() && self.exchange.is_settled()
    }

    /// Whether the gateway waits for that attempt of its, for certain: what Envoy forwarded may be given up before its upstream is
    /// done, once all is settled or where it fails while a call is under way.
    #[must_use]
    pub const fn awaits(&self, attempt: &Attempt) -> bool {
        let is_bad = attempt.script.fault.is_some();
        let may_be_over = self.exchange.is_settled() || (is_bad && self.envoy.call.is_some());
        attempt.open && (attempt.timeout.is_some() || !may_be_over)
    }

    /// The gateway waits for none of its attempts any more.
    pub fn give_up_attempts(&mut self) {
        for attempt in &mut self.attempts {
            attempt.open = false;
        }
    }
}
