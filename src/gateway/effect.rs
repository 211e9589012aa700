//! What is to be done about an event: exactly one thing.

use std::borrow::Cow;

use crate::value::head::Head;

/// The one thing to do.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Effect {
    /// Send these bytes in place of the chunk.
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
