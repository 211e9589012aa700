//! What clients send, and what providers answer.

use dragoman::value::head::Head;

/// A client's request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whether the last part of the body is marked as such.
    pub(super) complete: bool,
    pub(super) head: Head,
    /// The body's parts as they arrive; empty for a request without a body.
    pub(super) parts: Vec<Vec<u8>>,
}

impl Call {
    /// A request without a body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let mut head = Head::default();
        for (name, value) in [
            (":method", method),
            (":path", path),
            (":scheme", "http"),
            (":authority", "gateway.example"),
            ("x-forwarded-proto", "http"),
            ("x-request-id", "request-7"),
        ] {
            head.push(name, value);
        }
        Self {
            complete: true,
            head,
            parts: Vec::new(),
        }
    }

    /// `GET` for this path.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A chat request with this body.
    #[must_use]
    pub fn chat(body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        Self::new("POST", "/v1/chat/completions")
            .header("content-type", "application/json")
            .header("content-length", body.len().to_string())
            .body(&[body])
    }

    /// Its head.
    #[must_use]
    pub fn head(&self) -> Head {
        self.head.clone()
    }

    /// The same for another path.
    #[must_use]
    pub fn to(mut self, path: &str) -> Self {
        self.head.set(":path", path);
        self
    }

    /// The same with this header field besides.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.head.push(name, value.as_ref());
        self
    }

    /// The same without this header field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.head.remove(name);
        self
    }

    /// The same with a body that comes in these parts.
    #[must_use]
    pub fn body(mut self, parts: &[&[u8]]) -> Self {
        self.parts = parts.iter().map(|part| part.to_vec()).collect();
        self
    }

    /// The same without an end of its body.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.complete = false;
        self
    }
}

/// A provider's answer.
#[derive(Clone, Debug)]
pub struct Upstream {
    pub(super) head: Head,
    pub(super) parts: Vec<Vec<u8>>,
}

impl Upstream {
    /// An answer without a body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let mut head = Head::default();
        head.push(":status", status.to_string());
        Self {
            head,
            parts: Vec::new(),
        }
    }

    /// An answer with a body of that type.
    #[must_use]
    pub fn of(status: u16, media: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        Self::status(status)
            .header("content-type", media)
            .header("content-length", body.len().to_string())
            .body(&[body])
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::of(status, "application/json", body)
    }

    /// A stream that comes in these parts.
    #[must_use]
    pub fn stream(parts: &[&[u8]]) -> Self {
        Self::status(200)
            .header("content-type", "text/event-stream")
            .body(parts)
    }

    /// The same with this header field besides.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.head.push(name, value.as_ref());
        self
    }

    /// The same with a body that comes in these parts.
    #[must_use]
    pub fn body(mut self, parts: &[&[u8]]) -> Self {
        self.parts = parts.iter().map(|part| part.to_vec()).collect();
        self
    }
}
