//! What happens to an exchange: the only things it ever reacts to.

use crate::value::head::Head;

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A request of the gateway's own was answered.
    Answer {
        /// The answer's head; `None` when there was no answer.
        head: Option<&'a Head>,
        /// Its whole body.
        body: &'a [u8],
        /// Why there was no answer, or why Envoy made it because no upstream did.
        local: Option<Local>,
    },
    /// A client's request begins, or is replayed by Envoy because its answer was not marked final.
    Arrived {
        /// Its head.
        head: &'a Head,
        /// Whether it has no body.
        last: bool,
    },
    /// More of the request's body has come; it is not complete yet.
    Growing {
        /// The bytes so far, if [`Wants::Chunks`]; else none.
        bytes: &'a [u8],
        /// How many there are so far.
        held: usize,
    },
    /// The request is complete.
    Request {
        /// Its whole body.
        body: Vec<u8>,
    },
    /// The forwarded request is being answered.
    Head {
        /// The answer's head.
        head: &'a Head,
        /// Whether the answer has no body.
        last: bool,
        /// Set when Envoy made the answer because no upstream did.
        local: Option<Local>,
    },
    /// More of the answer's body has come.
    Chunk {
        /// Its bytes: the whole body if [`Wants::Whole`], else what is new.
        bytes: &'a [u8],
        /// Whether it is complete.
        last: bool,
    },
    /// The exchange is over, whether or not it was finished.
    Closed {
        /// What Envoy answered, if it did so without asking the gateway.
        status: Option<u16>,
        /// Envoy's word on how it ended; may be empty.
        details: &'a str,
    },
    /// It is time: see [`Exchange::wakes_at`](super::Exchange::wakes_at).
    Woke,
}

/// Why Envoy answered in an upstream's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// The connection could not be made.
    Connect,
    /// The cluster does not exist.
    NoCluster,
    /// The upstream broke the connection before it answered.
    Reset,
    /// A time limit ended the wait.
    Timeout,
    /// Another reason: no healthy host, a circuit breaker, a protocol error.
    Unavailable,
}

/// What an exchange wants of a message's body next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Nothing: let it flow.
    Nothing,
    /// Every chunk as it comes; of a request, with all that came before.
    Chunks,
    /// All of it, once it is complete.
    Whole,
}
