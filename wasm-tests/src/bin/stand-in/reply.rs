//! A response before it is sent, so that everything up to here is plain values.

use hyper::Response;
use serde_json::Value;

use crate::behaviour::Behaviour;
use crate::play::{Piece, Play, Watch};

/// A response before it is sent.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Its headers, without those hyper adds.
    pub headers: Vec<(String, String)>,
    /// The body, as it is played.
    pub pieces: Vec<Piece>,
}

impl Reply {
    /// A JSON document.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    /// A document of any type.
    pub fn text(status: u16, content_type: &str, text: String) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let pieces = if text.is_empty() {
            Vec::new()
        } else {
            vec![Piece::Bytes(text.into())]
        };
        Self {
            status,
            headers,
            pieces,
        }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What hyper sends; `watch` hears how it ends.
    pub fn response(&self, watch: Watch) -> Response<Play> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let unsound = |_| Response::new(Play::new([], Watch::default()));
        response
            .body(Play::new(self.pieces.clone(), watch))
            .unwrap_or_else(unsound)
    }

    /// The same with the headers that were ordered.
    pub fn with(mut self, behaviour: &Behaviour) -> Self {
        if let Some(content_type) = &behaviour.content_type {
            self.headers.retain(|(name, _)| name != "content-type");
            self = self.header("content-type", content_type);
        }
        self.headers.extend(behaviour.headers.clone());
        self
    }
}
