//! Streams in the format of the client, whatever it is: passed on as they are, and followed.

use super::{EVENT_LIMIT, Output, Relay, Seen, cut_short, malformed};
use crate::canonical::error::ApiError;
use crate::gateway::heads::blackened;
use crate::provider::Follow;
use crate::value::secret::Secret;
use crate::wire::sse::{Decoder, Event};

/// One stream.
#[derive(Debug)]
pub struct NativeRelay {
    decoder: Decoder,
    follow: Box<dyn Follow>,
    secrets: Vec<Secret>,
    seen: Seen,
}

impl NativeRelay {
    /// A stream that `follow` understands. The secrets are blacked out wherever they appear.
    #[must_use]
    pub fn new(follow: Box<dyn Follow>, secrets: Vec<Secret>) -> Self {
        Self {
            decoder: Decoder::new(EVENT_LIMIT),
            follow,
            secrets,
            seen: Seen::default(),
        }
    }

    fn fail(&mut self, failure: ApiError) {
        let secrets: Vec<&str> = self.secrets.iter().map(Secret::expose).collect();
        self.seen.failure = Some(failure.redacted(&secrets));
    }
}

impl Relay for NativeRelay {
    fn push(&mut self, bytes: &[u8], last: bool) -> Output {
        let mut out = Vec::new();
        // Bytes kept from before are owed to the client, those kept now are not sent yet.
        let mut same = !self.decoder.holds_bytes();
        let (follow, seen, secrets) = (&mut self.follow, &mut self.seen, &self.secrets);
        let mut each = |event: &Event<'_>| {
            if seen.failure.is_some() {
                same = false;
                return;
            }
            let name = (!event.name.is_empty()).then_some(event.name);
            follow.event(name, event.data, seen);
            if seen.failure.is_some() {
                same = false;
                return;
            }
            same &= emit(event, secrets, &mut out);
        };
        let pushed = self.decoder.push(bytes, |event| each(&event));
        if last {
            self.decoder.finish(|event| each(&event));
        }
        same &= !self.decoder.holds_bytes();
        if pushed.is_err() {
            self.fail(malformed("an event is too long"));
        } else if let Some(failure) = self.seen.failure.take() {
            self.fail(failure);
        } else if last && !self.seen.over() {
            self.fail(cut_short());
        }
        if same && self.seen.failure.is_none() {
            Output::Same
        } else {
            Output::Changed(out)
        }
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

/// Sends an event on as it came, but for secrets; says whether nothing was changed.
fn emit(event: &Event<'_>, secrets: &[Secret], out: &mut Vec<u8>) -> bool {
    let secrets: Vec<&Secret> = secrets.iter().collect();
    match blackened(event.raw, &secrets) {
        None => {
            out.extend_from_slice(event.raw);
            true
        }
        Some(clean) => {
            out.extend(clean);
            false
        }
    }
}
