//! What is to be done about an event: exactly one thing.

use core::time::Duration;
use std::borrow::Cow;

use crate::value::head::Head;

/// The one thing to do.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// End the answer where it is. Said only when the exchange is woken: Envoy does not survive it in the middle of a callback.
    Close,
    /// Ask this upstream besides, and keep the answer of the one that was asked first, if there is one, from the client.
    Dispatch(Call),
    /// Throw away what is held of the answer's body, and let nothing through.
    Drop,
    /// Send these bytes in place of the chunk, or of what is held.
    Emit(Vec<u8>),
    /// Send the request upstream with this head; `None` leaves its body as the client sent it.
    Forward {
        /// The request's head: the routing header names the cluster.
        head: Head,
        /// The body.
        body: Option<Vec<u8>>,
    },
    /// Keep what there is and wait for more.
    Hold,
    /// Let it go on as it stands.
    Pass,
    /// Let the held answer go with this head; `None` leaves what is held of its body.
    Release {
        /// The answer's head.
        head: Head,
        /// The body so far.
        body: Option<Vec<u8>>,
    },
    /// Answer the client with this, and ask no upstream any further.
    Respond(Reply),
    /// Let the request go on without the header that names a cluster.
    Strip,
}

/// A request that the gateway makes by itself. Its answer comes whole, as an [`Event::Answer`](super::event::Event::Answer).
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// The request's head, without the field that names a cluster.
    pub head: Head,
    /// Its body.
    pub body: Vec<u8>,
    /// Envoy's cluster.
    pub cluster: String,
    /// How long the answer may take.
    pub timeout: Duration,
}

/// An answer of the gateway's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header fields, `content-type` among them; `content-length` is the host's to add.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Vec<u8>,
}
