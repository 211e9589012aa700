//! The same stream in every way it can be cut: what client and ledger get may not depend on it.

use super::{Answer, Call, Ledger, Upstream, World};

/// What became of a stream, however it was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the client was sent.
    pub answer: Answer,
    /// What was counted.
    pub ledger: Ledger,
}

/// Answers `call` with `stream` whole, cut at every place, and byte by byte.
///
/// # Panics
/// When the outcomes differ.
#[must_use]
pub fn at_every_cut(world: &mut World, call: &Call, stream: impl AsRef<[u8]>) -> Outcome {
    let stream = stream.as_ref();
    let whole = outcome(world, call, &[stream]);
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        same(&whole, &outcome(world, call, &[head, tail]), cut);
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).chain([&[][..]]).collect();
    same(&whole, &outcome(world, call, &bytes), "every byte");
    whole
}

fn outcome(world: &mut World, call: &Call, parts: &[&[u8]]) -> Outcome {
    world.forget();
    let visit = world.send(call.clone()).answered(&Upstream::stream(parts));
    let answer = visit.client().clone();
    Outcome {
        answer,
        ledger: world.ledger.clone(),
    }
}

fn same(whole: &Outcome, cut: &Outcome, place: impl core::fmt::Display) {
    let text = |outcome: &Outcome| String::from_utf8_lossy(&outcome.answer.body).into_owned();
    assert_eq!(text(whole), text(cut), "cut at {place}");
    assert_eq!(whole, cut, "cut at {place}");
}
