//! What arrived, because tests judge the gateway by what the vendor received.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::http::request::Parts;
use serde_json::{Value, json};

const KEPT: usize = 200;

/// The last requests, and how many there were of each kind.
#[derive(Debug, Default)]
pub struct Record {
    requests: VecDeque<Value>,
    counts: BTreeMap<(String, String), u64>,
}

impl Record {
    /// Notes a request, for `model` if it named one.
    pub fn note(&mut self, head: &Parts, body: &[u8], model: &str) {
        let kind = (head.uri.path().to_owned(), model.to_owned());
        let count = self.counts.entry(kind).or_default();
        *count = count.saturating_add(1);
        if self.requests.len() >= KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(seen(head, body));
    }

    /// The last requests, oldest first.
    pub fn requests(&self) -> Value {
        self.requests.iter().cloned().collect()
    }

    /// How many requests came for each path and model.
    pub fn counts(&self) -> Value {
        let counts = self.counts.iter();
        counts
            .map(|((path, model), count)| json!({"path": path, "model": model, "count": count}))
            .collect()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

fn seen(head: &Parts, body: &[u8]) -> Value {
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    json!({
        "method": head.method.as_str(),
        "path": head.uri.path_and_query().map_or("", |path| path.as_str()),
        "version": format!("{:?}", head.version),
        "headers": headers,
        "body": String::from_utf8_lossy(body),
        "body_base64": STANDARD.encode(body),
    })
}
