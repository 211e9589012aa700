//! A response body that follows a script of bytes and pauses, because faults are a matter of timing.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::socket::Abort;

/// What a body does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Breaks the connection: a reset on HTTP/1.1, a stream error on HTTP/2.
    Abort,
    /// Sends these bytes, in a write of their own.
    Bytes(Bytes),
    /// Sends nothing more and keeps the connection open.
    Stall,
    /// Does nothing for a while.
    Wait(Duration),
}

/// The script being played.
pub struct Play {
    pieces: VecDeque<Piece>,
    sleeping: Option<Pin<Box<Sleep>>>,
    flushing: bool,
    watch: Watch,
}

/// Who hears how a body ends.
#[derive(Debug, Default)]
pub struct Watch {
    abort: Abort,
    unfinished: Arc<AtomicU64>,
}

impl Watch {
    /// A broken body orders `abort`; one that the client leaves is counted in `unfinished`.
    pub fn new(abort: Abort, unfinished: Arc<AtomicU64>) -> Self {
        Self { abort, unfinished }
    }
}

/// The script said to break the connection.
#[derive(Debug)]
pub struct Broken;

impl Play {
    /// Plays `pieces`; a `Piece::Abort` among them orders the abort of `watch`.
    pub fn new(pieces: impl Into<VecDeque<Piece>>, watch: Watch) -> Self {
        Self {
            pieces: pieces.into(),
            sleeping: None,
            flushing: false,
            watch,
        }
    }
}

impl Drop for Play {
    fn drop(&mut self) {
        if !self.pieces.is_empty() {
            self.watch.unfinished.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Body for Play {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(sleeping) = &mut self.sleeping {
                std::task::ready!(sleeping.as_mut().poll(cx));
                self.sleeping = None;
            }
            if std::mem::take(&mut self.flushing) && !self.pieces.is_empty() {
                // hyper writes out what it has when a body is not ready: so every piece is a write.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match self.pieces.pop_front() {
                None => return Poll::Ready(None),
                Some(Piece::Abort) => {
                    self.watch.abort.order();
                    return Poll::Ready(Some(Err(Broken)));
                }
                Some(Piece::Bytes(bytes)) => {
                    self.flushing = true;
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Piece::Stall) => {
                    self.pieces.push_front(Piece::Stall);
                    return Poll::Pending;
                }
                Some(Piece::Wait(time)) => self.sleeping = Some(Box::pin(sleep(time))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match (self.pieces.front(), self.pieces.len()) {
            (None, _) => SizeHint::with_exact(0),
            (Some(Piece::Bytes(bytes)), 1) => {
                SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            }
            _ => SizeHint::default(),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the script breaks the connection here")
    }
}

impl std::error::Error for Broken {}
