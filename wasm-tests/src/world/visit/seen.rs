//! What a visit shows: what the gateway did, and what client and providers were sent.

use dragoman::value::head::Head;
use serde_json::Value;

/// What the gateway did about an event, without the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Cut the answer short, with last words.
    Close,
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
