//! Streams of vendors with a format of their own, worded in the client's.

use super::{Output, Relay, Seen, cut_short};
use crate::api::Voice;
use crate::canonical::error::ApiError;
use crate::canonical::piece::Piece;
use crate::gateway::heads::blackened;
use crate::provider::Decode;
use crate::usage::estimate::Estimator;
use crate::value::secret::Secret;

/// One stream.
#[derive(Debug)]
pub struct ForeignRelay {
    decode: Box<dyn Decode>,
    secrets: Vec<Secret>,
    seen: Seen,
    text: Estimator,
    voice: Box<dyn Voice>,
}

impl ForeignRelay {
    /// A stream read by `decode` and worded by `voice`. The secrets are blacked out wherever they appear.
    #[must_use]
    pub fn new(decode: Box<dyn Decode>, voice: Box<dyn Voice>, secrets: Vec<Secret>) -> Self {
        Self {
            decode,
            secrets,
            seen: Seen::default(),
            text: Estimator::default(),
            voice,
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
            let (voice, seen, text) = (&mut *self.voice, &mut self.seen, &mut self.text);
            self.decode.stream(bytes, last, &mut |piece| match piece {
                Piece::Failed(error) if failure.is_none() && !seen.complete => {
                    failure = Some(error);
                }
                _ if failure.is_none() && !seen.complete => {
                    seen.note(&piece);
                    feed(text, &piece);
                    voice.push(&piece, &mut out);
                }
                _ => {}
            });
            self.seen.text_tokens = self.text.tokens();
        }
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

/// Counts the text of a piece.
fn feed(text: &mut Estimator, piece: &Piece<'_>) {
    match piece {
        Piece::Content(said) | Piece::Reasoning(said) | Piece::Refusal(said) => {
            text.feed(said.as_bytes());
        }
        Piece::ToolArguments { fragment, .. } => text.feed(fragment.as_bytes()),
        Piece::ToolStart { name, .. } => text.feed(name.as_bytes()),
        Piece::Citation(_)
        | Piece::End
        | Piece::Failed(_)
        | Piece::Finish(_)
        | Piece::Start { .. }
        | Piece::Thinking(_)
        | Piece::Usage(_) => {}
    }
}
