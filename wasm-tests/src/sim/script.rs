//! What a simulated provider is going to say to one request, piece by piece, and when.

use core::fmt;
use core::time::Duration;

use dragoman::gateway::event::Local;
use dragoman::value::head::Head;

use super::dice::Dice;
use super::fault::Fault;
use super::words::Format;

/// How long a connection may be silent before it breaks.
const SILENCE_S: u64 = 30;

/// What Envoy says of an upstream that broke off its answer.
pub const CUT: &str = "upstream_reset_after_response_started{connection_termination}";

/// One thing that Envoy hears of an upstream.
#[derive(Clone, Debug)]
pub enum Piece {
    /// More of the answer's body.
    Chunk {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Whether the answer ends with it.
        last: bool,
    },
    /// The connection breaks, in the middle of the answer.
    Cut,
    /// The answer's head.
    Head {
        /// The head itself.
        head: Head,
        /// Whether there is no body.
        last: bool,
    },
    /// There is no answer.
    Local(Local),
}

/// What a provider is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// How it words things.
    pub format: Format,
    /// How it fails, if it does.
    pub fault: Option<Fault>,
    /// Marks what it says.
    pub serial: u64,
    /// Whether it is to answer piece by piece.
    pub stream: bool,
}

/// What a provider is going to say.
#[derive(Clone, Debug)]
pub struct Script {
    /// How it fails, if it does.
    pub fault: Option<Fault>,
    /// The pieces, each so long after the one before.
    pub pieces: Vec<(Duration, Piece)>,
    /// All that a good answer says.
    pub text: String,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chunk { bytes, last } => {
                let end = if *last { ", the end" } else { "" };
                write!(f, "{:?}{end}", String::from_utf8_lossy(bytes))
            }
            Self::Cut => f.write_str("nothing: the connection is cut"),
            Self::Head { head, last } => {
                let end = if *last { ", the end" } else { "" };
                let media = head.get("content-type").unwrap_or_default();
                write!(f, "{} {media}{end}", head.status().unwrap_or_default())
            }
            Self::Local(why) => write!(f, "nothing: {why:?}"),
        }
    }
}

impl Script {
    /// What a provider says to that.
    #[must_use]
    pub fn of(asked: &Asked, dice: &mut Dice) -> Self {
        let words: Vec<String> = (0..dice.within(2..=6))
            .map(|word| format!("{}.{word} ", asked.serial))
            .collect();
        let mut writer = Writer {
            asked: *asked,
            dice,
            pieces: Vec::new(),
        };
        writer.write(&words);
        Self {
            fault: asked.fault,
            pieces: writer.pieces,
            text: words.concat(),
        }
    }

    /// How long it takes.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.pieces.iter().map(|(wait, _)| *wait).sum()
    }

    /// The same for somebody who gets it whole: the answer, or why there is none.
    ///
    /// # Errors
    /// Why there is no answer.
    pub fn whole(&self) -> Result<(Head, Vec<u8>), Local> {
        let (mut found, mut body) = (None, Vec::new());
        for (_, piece) in &self.pieces {
            match piece {
                Piece::Chunk { bytes, .. } => body.extend(bytes),
                Piece::Cut => return Err(Local::Reset),
                Piece::Head { head, .. } => found = Some(head.clone()),
                Piece::Local(why) => return Err(*why),
            }
        }
        found.map(|head| (head, body)).ok_or(Local::Reset)
    }
}

struct Writer<'d> {
    asked: Asked,
    dice: &'d mut Dice,
    pieces: Vec<(Duration, Piece)>,
}

impl Writer<'_> {
    fn write(&mut self, words: &[String]) {
        let first = self.first();
        let Some(fault) = self.asked.fault else {
            return self.good(first, words);
        };
        match fault {
            Fault::Connect => self.say(first, Piece::Local(Local::Connect)),
            Fault::Empty => self.head(first, 200, "text/plain", true),
            Fault::Html => self.body(first, 200, "text/html", "<html><title>Hi</title></html>"),
            Fault::Reset => self.say(first, Piece::Local(Local::Reset)),
            Fault::SilentFirst => {
                self.say(Duration::from_secs(SILENCE_S), Piece::Local(Local::Reset));
            }
            Fault::Slow => {
                let first = self.dice.ms(2_000..=6_000);
                self.good(first, words);
            }
            fault => match fault.status() {
                Some(status) => self.error(first, fault, status),
                None if self.asked.stream => self.broken_stream(first, fault, words),
                None => self.broken_whole(first, fault, words),
            },
        }
    }

    fn first(&mut self) -> Duration {
        self.dice.ms(5..=400)
    }

    fn good(&mut self, first: Duration, words: &[String]) {
        if !self.asked.stream {
            let body = self.asked.format.whole(&words.concat());
            return self.body(first, 200, "application/json", &body);
        }
        let stream = self.asked.format.stream(words);
        self.head(first, 200, "text/event-stream", false);
        self.chunk(stream.beginning, false);
        for word in stream.content {
            self.chunk(word, false);
        }
        self.chunk(stream.end, true);
    }

    fn error(&mut self, first: Duration, fault: Fault, status: u16) {
        let (code, message) = match fault {
            Fault::ContentPolicy => ("content_policy_violation", "the content is not allowed"),
            Fault::ContextWindow => (
                "context_length_exceeded",
                "prompt is too long: 200001 tokens > 200000 maximum",
            ),
            Fault::Quota => ("insufficient_quota", "pay first"),
            _ => ("failed", "it did not work"),
        };
        let body = self.asked.format.error(status, code, message);
        let mut head = head_of(status, "application/json");
        match fault {
            Fault::Limited(Some(ms)) if ms % 1_000 == 0 => {
                head.push("retry-after", (ms / 1_000).to_string());
            }
            Fault::Limited(Some(ms)) => head.push("retry-after-ms", ms.to_string()),
            Fault::Unwilling => head.push("x-should-retry", "false"),
            _ => {}
        }
        self.say(first, Piece::Head { head, last: false });
        self.chunk(body, true);
    }

    /// A stream that fails before its content or in the middle of it.
    fn broken_stream(&mut self, first: Duration, fault: Fault, words: &[String]) {
        let stream = self.asked.format.stream(words);
        self.head(first, 200, "text/event-stream", false);
        self.chunk(stream.beginning, false);
        if fault.is_late() {
            for word in stream.content.iter().take(1 + words.len() / 2) {
                self.chunk(word.clone(), false);
            }
        }
        match fault {
            Fault::ErrorEarly | Fault::ErrorLate => {
                self.chunk(self.asked.format.error_event(), false);
                self.end_or_cut();
            }
            Fault::MalformedEarly | Fault::MalformedLate => {
                self.chunk(self.asked.format.malformed_event().to_owned(), false);
                self.end_or_cut();
            }
            Fault::StallEarly | Fault::StallLate => {
                self.say(Duration::from_secs(SILENCE_S), Piece::Cut);
            }
            Fault::TruncatedEarly | Fault::TruncatedLate => self.chunk(String::new(), true),
            _ => self.cut(),
        }
    }

    /// A whole answer that fails.
    fn broken_whole(&mut self, first: Duration, fault: Fault, words: &[String]) {
        let format = self.asked.format;
        let good = format.whole(&words.concat());
        match fault {
            Fault::ErrorEarly | Fault::ErrorLate => {
                let body = format.error(500, "server_error", "it broke");
                return self.body(first, 200, "application/json", &body);
            }
            Fault::MalformedEarly | Fault::MalformedLate => {
                return self.body(first, 200, "application/json", "{\"choices\": 7");
            }
            _ => {}
        }
        self.head(first, 200, "application/json", false);
        self.chunk(good[..good.len() / 2].to_owned(), false);
        match fault {
            Fault::StallEarly | Fault::StallLate => {
                self.say(Duration::from_secs(SILENCE_S), Piece::Cut);
            }
            Fault::TruncatedEarly | Fault::TruncatedLate => self.chunk(String::new(), true),
            _ => self.cut(),
        }
    }

    fn end_or_cut(&mut self) {
        if self.dice.chance(70) {
            self.chunk(String::new(), true);
        } else {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let wait = self.dice.ms(1..=60);
        self.say(wait, Piece::Cut);
    }

    fn body(&mut self, first: Duration, status: u16, media: &str, body: &str) {
        self.head(first, status, media, false);
        self.chunk(body.to_owned(), true);
    }

    fn head(&mut self, first: Duration, status: u16, media: &str, last: bool) {
        let head = head_of(status, media);
        self.say(first, Piece::Head { head, last });
    }

    /// More of the body, now and then in two parts.
    fn chunk(&mut self, text: String, last: bool) {
        let mut bytes = text.into_bytes();
        if bytes.len() > 1 && self.dice.chance(20) {
            let at = self.dice.index(bytes.len());
            let rest = bytes.split_off(at);
            let wait = self.dice.ms(1..=40);
            self.say(wait, Piece::Chunk { bytes, last: false });
            bytes = rest;
        }
        let wait = self.dice.ms(1..=60);
        self.say(wait, Piece::Chunk { bytes, last });
    }

    fn say(&mut self, wait: Duration, piece: Piece) {
        self.pieces.push((wait, piece));
    }
}

fn head_of(status: u16, media: &str) -> Head {
    let mut head = Head::default();
    head.push(":status", status.to_string());
    head.push("content-type", media);
    head
}
