//! All the ways in which a simulated provider fails.

use core::time::Duration;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 401.
    Auth,
    /// 400 without a reason the gateway knows.
    BadRequest,
    /// 409.
    Conflict,
    /// No connection.
    Connect,
    /// 400: the content is refused.
    ContentPolicy,
    /// 400: the prompt is too long.
    ContextWindow,
    /// The connection breaks after the head, before any content.
    CutEarly,
    /// The connection breaks in the middle of the content.
    CutLate,
    /// 200 and nothing.
    Empty,
    /// 200, and an error in place of content.
    ErrorEarly,
    /// An error in the middle of the content.
    ErrorLate,
    /// 403.
    Forbidden,
    /// 200, and a web page.
    Html,
    /// 429; whoever is told so waits that many milliseconds.
    Limited(Option<u64>),
    /// Something unreadable in place of content.
    MalformedEarly,
    /// Something unreadable in the middle of the content.
    MalformedLate,
    /// 404.
    NotFound,
    /// 529.
    Overloaded,
    /// 402.
    Quota,
    /// The connection breaks before there is a head.
    Reset,
    /// 500.
    Server,
    /// No head for long, and then the connection breaks.
    SilentFirst,
    /// A good answer that takes seconds.
    Slow,
    /// A head, then silence.
    StallEarly,
    /// Content, then silence.
    StallLate,
    /// 413.
    TooLarge,
    /// The answer ends before there is content, as if it were complete.
    TruncatedEarly,
    /// The answer ends in the middle of its content, as if it were complete.
    TruncatedLate,
    /// 503 with `x-should-retry: false`.
    Unwilling,
    /// 422.
    Unprocessable,
}

/// Faults that another deployment of the group makes good.
pub const PASSING: [Fault; 25] = [
    Fault::Auth,
    Fault::Connect,
    Fault::CutEarly,
    Fault::CutLate,
    Fault::Empty,
    Fault::ErrorEarly,
    Fault::ErrorLate,
    Fault::Forbidden,
    Fault::Html,
    Fault::Limited(None),
    Fault::Limited(Some(700)),
    Fault::Limited(Some(4_000)),
    Fault::MalformedEarly,
    Fault::MalformedLate,
    Fault::NotFound,
    Fault::Overloaded,
    Fault::Quota,
    Fault::Reset,
    Fault::Server,
    Fault::SilentFirst,
    Fault::Slow,
    Fault::StallEarly,
    Fault::StallLate,
    Fault::TruncatedEarly,
    Fault::TruncatedLate,
];

/// Faults for which the group is not tried again: the request is said to be wrong, or the provider does not want it again.
pub const FINAL: [Fault; 7] = [
    Fault::BadRequest,
    Fault::Conflict,
    Fault::ContentPolicy,
    Fault::ContextWindow,
    Fault::TooLarge,
    Fault::Unprocessable,
    Fault::Unwilling,
];

impl Fault {
    /// Whether no other deployment of the group need be asked.
    #[must_use]
    pub fn is_final(self) -> bool {
        FINAL.contains(&self)
    }

    /// Whether content goes out before it shows, if the client wants a stream.
    #[must_use]
    pub const fn is_late(self) -> bool {
        matches!(
            self,
            Self::CutLate
                | Self::ErrorLate
                | Self::MalformedLate
                | Self::StallLate
                | Self::TruncatedLate
        )
    }

    /// How long its provider asks to be left alone.
    #[must_use]
    pub fn asks(self) -> Duration {
        match self {
            Self::Limited(Some(ms)) => Duration::from_millis(ms),
            _ => Duration::ZERO,
        }
    }

    /// The status of an answer that is all error.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        Some(match self {
            Self::BadRequest | Self::ContentPolicy | Self::ContextWindow => 400,
            Self::Auth => 401,
            Self::Quota => 402,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::Unprocessable => 422,
            Self::Limited(_) => 429,
            Self::Server => 500,
            Self::Unwilling => 503,
            Self::Overloaded => 529,
            Self::Connect
            | Self::CutEarly
            | Self::CutLate
            | Self::Empty
            | Self::ErrorEarly
            | Self::ErrorLate
            | Self::Html
            | Self::MalformedEarly
            | Self::MalformedLate
            | Self::Reset
            | Self::SilentFirst
            | Self::Slow
            | Self::StallEarly
            | Self::StallLate
            | Self::TruncatedEarly
            | Self::TruncatedLate => return None,
        })
    }
}
