//! Turns a good answer and a behaviour into the pieces a body plays: every fault of timing and framing is here.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::behaviour::Behaviour;
use crate::play::Piece;

/// Long enough for what was sent to be read before the connection breaks.
const SETTLE: Piece = Piece::Wait(Duration::from_millis(20));

/// An event that is not JSON.
const MALFORMED: Bytes = Bytes::from_static(b"data: {\"broken\":\n\n");

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The `event:` line.
    pub name: Option<&'static str>,
    /// The `data:` line.
    pub data: String,
    /// What it is for, as far as faults care.
    pub role: Role,
}

/// What an event is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// It carries a part of the answer.
    Content,
    /// It opens, closes or counts.
    Frame,
    /// It ends the stream.
    Terminal,
}

impl Event {
    /// As a server-sent event.
    pub fn sse(&self, crlf: bool) -> Bytes {
        let end = if crlf { "\r\n" } else { "\n" };
        let name = self
            .name
            .map(|name| format!("event: {name}{end}"))
            .unwrap_or_default();
        format!("{name}data: {}{end}{end}", self.data).into()
    }
}

/// How events become bytes; whether lines end with CRLF, where there are lines.
pub type Framing = fn(&Event, bool) -> Bytes;

/// The pieces of a streamed answer; `error` is the vendor's error event.
pub fn stream(
    events: &[Event],
    error: &Event,
    behaviour: &Behaviour,
    framing: Framing,
) -> Vec<Piece> {
    if let Some(end) = nothing_but_headers(behaviour) {
        return end;
    }
    let mut pieces = Vec::with_capacity(events.len());
    if behaviour.comment_first {
        pieces.push(Piece::Bytes(Bytes::from_static(b": keep-alive\n\n")));
    }
    if behaviour.malformed_frame_first {
        pieces.push(Piece::Bytes(MALFORMED));
    }
    if behaviour.error_event_first {
        pieces.push(Piece::Bytes(framing(error, behaviour.crlf)));
    } else {
        body(events, (error, framing), behaviour, &mut pieces);
    }
    if behaviour.gzip {
        return vec![Piece::Bytes(gzip(&joined(&pieces)))];
    }
    match behaviour.split_bytes {
        Some(size) => split(pieces, size),
        None => pieces,
    }
}

/// The body that goes wrong before its first byte, if one was ordered.
fn nothing_but_headers(behaviour: &Behaviour) -> Option<Vec<Piece>> {
    if behaviour.cut_after_headers {
        return Some(vec![SETTLE, Piece::Abort]);
    }
    behaviour.stall_after_headers.then(|| vec![Piece::Stall])
}

fn body(
    events: &[Event],
    (error, framing): (&Event, Framing),
    behaviour: &Behaviour,
    pieces: &mut Vec<Piece>,
) {
    let faults = Faults::of(events, framing(error, behaviour.crlf), behaviour);
    let mut malformed = behaviour.malformed_frame_after;
    let mut sent = 0_usize;
    for event in events {
        let content = event.role == Role::Content;
        // The events that open a stream come before any fault: "after 0 chunks" is after them.
        if content || sent > 0 {
            if let Some(end) = faults.due(sent) {
                return pieces.extend(end);
            }
            if malformed.take_if(|after| sent >= *after).is_some() {
                pieces.push(Piece::Bytes(MALFORMED));
            }
        }
        if content {
            sent = sent.saturating_add(1);
            if behaviour.chunk_delay_ms > 0 {
                pieces.push(Piece::Wait(Duration::from_millis(behaviour.chunk_delay_ms)));
            }
        }
        if event.role != Role::Terminal || !behaviour.no_terminal {
            pieces.push(Piece::Bytes(framing(event, behaviour.crlf)));
        }
    }
}

/// The faults that end a stream, and after how many content chunks.
struct Faults {
    cut: Option<usize>,
    end: Option<usize>,
    error: Option<(usize, Bytes)>,
    stall: Option<usize>,
}

impl Faults {
    fn of(events: &[Event], error: Bytes, behaviour: &Behaviour) -> Self {
        let contents = events
            .iter()
            .filter(|event| event.role == Role::Content)
            .count();
        let error = behaviour.error_event_after.map(|after| (after, error));
        let half = behaviour.reset_mid_body.then_some(contents / 2);
        Self {
            cut: behaviour.cut_after_chunks.or(half),
            end: behaviour.end_after_chunks,
            error,
            stall: behaviour.stall_after_chunks,
        }
    }

    /// What happens instead of the rest, once `sent` content chunks are out.
    fn due(&self, sent: usize) -> Option<Vec<Piece>> {
        if self.cut.is_some_and(|after| sent >= after) {
            return Some(vec![SETTLE, Piece::Abort]);
        }
        if self.stall.is_some_and(|after| sent >= after) {
            return Some(vec![Piece::Stall]);
        }
        if self.end.is_some_and(|after| sent >= after) {
            return Some(Vec::new());
        }
        let (_, event) = self.error.as_ref().filter(|(after, _)| sent >= *after)?;
        Some(vec![Piece::Bytes(event.clone())])
    }
}

/// The pieces of an answer that is not streamed.
pub fn whole(body: Vec<u8>, behaviour: &Behaviour) -> Vec<Piece> {
    if let Some(end) = nothing_but_headers(behaviour) {
        return end;
    }
    let bytes = if behaviour.gzip {
        gzip(&body)
    } else {
        body.into()
    };
    let half = bytes.slice(..bytes.len() / 2);
    if behaviour.reset_mid_body || behaviour.cut_after_chunks.is_some() {
        return vec![Piece::Bytes(half), SETTLE, Piece::Abort];
    }
    if behaviour.stall_after_chunks.is_some() {
        return vec![Piece::Bytes(half), Piece::Stall];
    }
    if behaviour.end_after_chunks.is_some() {
        return vec![Piece::Bytes(half)];
    }
    match behaviour.split_bytes {
        Some(size) => split(vec![Piece::Bytes(bytes)], size),
        None => vec![Piece::Bytes(bytes)],
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default().into()
}

fn joined(pieces: &[Piece]) -> Vec<u8> {
    let mut all = Vec::new();
    for piece in pieces {
        if let Piece::Bytes(bytes) = piece {
            all.extend_from_slice(bytes);
        }
    }
    all
}

/// The same bytes, `size` at a time, whatever event they belong to.
fn split(pieces: Vec<Piece>, size: usize) -> Vec<Piece> {
    let mut cut = Vec::new();
    let mut run = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => run.extend_from_slice(&bytes),
            Piece::Abort | Piece::Stall | Piece::Wait(_) => {
                cut.extend(chunks(&run, size));
                run.clear();
                cut.push(piece);
            }
        }
    }
    cut.extend(chunks(&run, size));
    cut
}

fn chunks(run: &[u8], size: usize) -> impl Iterator<Item = Piece> {
    run.chunks(size.max(1))
        .map(|bytes| Piece::Bytes(Bytes::copy_from_slice(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(data: &str, role: Role) -> Event {
        Event {
            name: None,
            data: data.into(),
            role,
        }
    }

    fn played(behaviour: Behaviour) -> (String, Option<Piece>) {
        let events = [
            event("open", Role::Frame),
            event("ž", Role::Content),
            event("🦀", Role::Content),
            event("close", Role::Frame),
            event("end", Role::Terminal),
        ];
        let pieces = stream(
            &events,
            &event("error", Role::Frame),
            &behaviour,
            Event::sse,
        );
        let text = String::from_utf8(joined(&pieces))
            .expect("text")
            .replace("data: ", "")
            .replace("\n\n", " ");
        (
            text,
            pieces
                .last()
                .filter(|last| !matches!(last, Piece::Bytes(_)))
                .cloned(),
        )
    }

    #[test]
    fn a_fault_after_n_chunks_comes_when_n_chunks_are_out() {
        let cut = |n| {
            played(Behaviour {
                cut_after_chunks: Some(n),
                ..Behaviour::default()
            })
        };
        assert_eq!(cut(0), ("open ".into(), Some(Piece::Abort)));
        assert_eq!(cut(1), ("open ž ".into(), Some(Piece::Abort)));
        assert_eq!(cut(2), ("open ž 🦀 ".into(), Some(Piece::Abort)));
    }

    #[test]
    fn nothing_follows_an_error_event() {
        let after = played(Behaviour {
            error_event_after: Some(1),
            ..Behaviour::default()
        });
        let first = played(Behaviour {
            error_event_first: true,
            ..Behaviour::default()
        });
        assert_eq!(
            (after.0.as_str(), first.0.as_str()),
            ("open ž error ", "error ")
        );
    }

    #[test]
    fn a_malformed_event_does_not_end_the_stream() {
        let (text, _) = played(Behaviour {
            malformed_frame_after: Some(1),
            ..Behaviour::default()
        });
        assert_eq!(text, "open ž {\"broken\": 🦀 close end ");
    }

    #[test]
    fn the_first_event_may_be_malformed() {
        let (text, _) = played(Behaviour {
            malformed_frame_first: true,
            ..Behaviour::default()
        });
        assert_eq!(text, "{\"broken\": open ž 🦀 close end ");
    }

    #[test]
    fn a_truncated_stream_ends_cleanly_and_says_nothing_of_its_end() {
        let end = |n| {
            played(Behaviour {
                end_after_chunks: Some(n),
                ..Behaviour::default()
            })
        };
        assert_eq!(end(0), ("open ".into(), None));
        assert_eq!(end(1), ("open ž ".into(), None));
    }

    #[test]
    fn a_truncated_answer_is_half_of_one() {
        let behaviour = Behaviour {
            end_after_chunks: Some(1),
            ..Behaviour::default()
        };
        let half = Piece::Bytes(Bytes::from_static(b"{\"a\""));
        assert_eq!(whole(b"{\"a\":123}".to_vec(), &behaviour), [half]);
    }

    #[test]
    fn a_stall_after_the_headers_sends_nothing() {
        let behaviour = Behaviour {
            stall_after_headers: true,
            ..Behaviour::default()
        };
        assert_eq!(
            played(behaviour.clone()),
            (String::new(), Some(Piece::Stall))
        );
        assert_eq!(whole(b"{}".to_vec(), &behaviour), [Piece::Stall]);
    }

    #[test]
    fn splitting_changes_no_byte() {
        let good = played(Behaviour::default());
        for size in 1..20 {
            assert_eq!(
                played(Behaviour {
                    split_bytes: Some(size),
                    ..Behaviour::default()
                }),
                good
            );
        }
    }

    #[test]
    fn a_stream_without_its_end_ends_cleanly() {
        let (text, last) = played(Behaviour {
            no_terminal: true,
            ..Behaviour::default()
        });
        assert_eq!((text.as_str(), last), ("open ž 🦀 close ", None));
    }
}
