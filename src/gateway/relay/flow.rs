//! Answers that pass by untouched, whatever they are: of their first and last bytes what they took is read.

use super::{Output, Relay, Seen};
use crate::usage::Usage;
use crate::value::secret::Secret;

/// How much of the beginning is kept: a stream may state there how long the prompt is.
const BEGIN: usize = 4 << 10;
/// How much of the end is kept: whole answers, and most streams, state there what they took.
const END: usize = 16 << 10;

/// One answer.
#[derive(Debug)]
pub struct FlowRelay {
    begin: Vec<u8>,
    end: Vec<u8>,
    secrets: Vec<Secret>,
    seen: Seen,
}

impl FlowRelay {
    /// An answer that goes to the client as it comes. The secrets are blacked out where a chunk has them.
    #[must_use]
    pub fn new(secrets: Vec<Secret>) -> Self {
        Self {
            begin: Vec::new(),
            end: Vec::new(),
            secrets,
            seen: Seen {
                content: true,
                ..Seen::default()
            },
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = BEGIN.saturating_sub(self.begin.len());
        let first = bytes.get(..room.min(bytes.len()));
        self.begin.extend_from_slice(first.unwrap_or_default());
        let last = bytes.get(bytes.len().saturating_sub(END)..);
        self.end.extend_from_slice(last.unwrap_or_default());
        // Twice as much is kept so that small chunks do not each move all of it.
        if self.end.len() > 2 * END {
            let old = self.end.len().saturating_sub(END);
            self.end.drain(..old);
        }
    }
}

impl Relay for FlowRelay {
    fn push(&mut self, bytes: &[u8], last: bool) -> Output {
        self.keep(bytes);
        if last {
            self.seen.complete = true;
            self.seen.usage = Usage::found(&self.begin, &self.end);
        }
        match covered(bytes, &self.secrets) {
            Some(covered) => Output::Changed(covered),
            None => Output::Same,
        }
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

/// The bytes with a star for each of a secret's, so that there are as many as the head has promised; `None` when there is none.
fn covered(bytes: &[u8], secrets: &[Secret]) -> Option<Vec<u8>> {
    let mut out: Option<Vec<u8>> = None;
    for secret in secrets {
        let secret = secret.expose().as_bytes();
        if secret.is_empty() {
            continue;
        }
        for at in memchr::memmem::find_iter(bytes, secret) {
            let out = out.get_or_insert_with(|| bytes.to_vec());
            if let Some(place) = out.get_mut(at..at.saturating_add(secret.len())) {
                place.fill(b'*');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_passes_as_it_is_and_its_usage_is_found_at_its_end() {
        let text = "x".repeat(100_000);
        let usage = r#"{"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
        let answer = format!("{text}{usage}");
        for size in [1, 7, 1000, 100_000] {
            let mut relay = FlowRelay::new(Vec::new());
            for chunk in answer.as_bytes().chunks(size) {
                assert_eq!(relay.push(chunk, false), Output::Same);
            }
            assert!(!relay.seen().complete);
            relay.push(b"", true);
            let found = relay.seen().usage.unwrap();
            assert_eq!((found.input, found.output), (3, 4), "by {size}");
            assert!(relay.end.len() <= 2 * END && relay.begin.len() <= BEGIN);
        }
    }

    #[test]
    fn a_secret_is_covered_without_changing_the_length() {
        let mut relay = FlowRelay::new(vec![Secret::new("sk-1".to_owned())]);
        let out = relay.push(b"a sk-1 b sk-1", true);
        assert_eq!(out, Output::Changed(b"a **** b ****".to_vec()));
    }
}
