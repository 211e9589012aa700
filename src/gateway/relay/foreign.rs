//! Streams of vendors with a format of their own, worded as OpenAI's chunks.

use super::{Output, Relay, Seen, cut_short};
use crate::api::chat::chunks::Chunks;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::gateway::heads::blackened;
use crate::provider::Decode;
use crate::value::secret::Secret;

/// One stream.
#[derive(Debug)]
pub struct ForeignRelay {
    chunks: Chunks,
    decode: Box<dyn Decode>,
    secrets: Vec<Secret>,
    seen: Seen,
}

impl ForeignRelay {
    /// A stream read by `decode` and worded by `chunks`. The secrets are blacked out wherever they
    /// appear.
    #[must_use]
    pub fn new(decode: Box<dyn Decode>, chunks: Chunks, secrets: Vec<Secret>) -> Self {
        Self {
            chunks,
            decode,
            secrets,
            seen: Seen::default(),
        }
    }

    fn fail(&mut self, failure: ApiError) {
        let secrets: Vec<&str> = self.secrets.iter().map(Secret::expose).collect();
        self.seen.failure = Some(failure.redacted(&secrets));
    }
}

impl Relay for ForeignRelay {
    fn push(&mut self, bytes: &[u8], last: bool) -> Output {
        let mut out = Vec::with_capacity(bytes.len());
        let mut failure = None;
        if !self.seen.over() {
            let chunks = &mut self.chunks;
            self.decode.stream(bytes, last, &mut |piece| match piece {
                Piece::Failed(error) if failure.is_none() && !chunks.has_ended() => {
                    failure = Some(error)
                }
                _ if failure.is_none() => chunks.push(&piece, &mut out),
                _ => {}
            });
        }
        self.seen.content = self.chunks.has_content();
        self.seen.complete = self.chunks.has_ended();
        self.seen.usage = self.chunks.usage();
        self.seen.text_tokens = self.chunks.estimated_output();
        if let Some(failure) = failure {
            self.fail(failure);
        } else if last && !self.seen.over() {
            self.fail(cut_short());
        }
        let secrets: Vec<&Secret> = self.secrets.iter().collect();
        Output::Changed(blackened(&out, &secrets).unwrap_or(out))
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
