//! Server-sent events read from bytes that may be cut anywhere: the WHATWG algorithm (HTML
//! Standard, "server-sent events"), with the tolerance that vendors' streams need at their end.

use core::ops::Range;

/// One dispatched event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event` field; empty when there was none.
    pub name: &'a [u8],
    /// The `data` lines, joined by line feeds.
    pub data: &'a [u8],
    /// All bytes the event came in, comments and its blank line included, for passing on as it is.
    /// Without a terminating blank line when the stream ended before one.
    pub raw: &'a [u8],
}

impl Event<'_> {
    /// Whether this is the marker that ends OpenAI-style streams. Like OpenAI's own client, anything
    /// that begins with it counts.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.data.trim_ascii_start().starts_with(b"[DONE]")
    }
}

/// An event grew beyond the decoder's limit; the stream cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Turns byte chunks into events; keeps what is incomplete until the rest comes.
#[derive(Debug)]
pub struct Decoder {
    kept: Vec<u8>,
    data: Vec<u8>,
    limit: usize,
    started: bool,
}

impl Decoder {
    /// A decoder that refuses events of more than `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            kept: Vec::new(),
            data: Vec::new(),
            limit,
            started: false,
        }
    }

    /// Whether bytes of an unfinished event are being kept.
    #[must_use]
    pub const fn holds_bytes(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Reads the next bytes, calling `each` for every event that they complete.
    ///
    /// # Errors
    /// When an unfinished event is longer than the limit.
    pub fn push<F: FnMut(Event<'_>)>(&mut self, bytes: &[u8], mut each: F) -> Result<(), TooLong> {
        let mut kept = core::mem::take(&mut self.kept);
        let whole: &[u8] = if kept.is_empty() {
            bytes
        } else {
            kept.extend_from_slice(bytes);
            &kept
        };
        let used = self.read(whole, &mut each);
        let rest = whole.get(used..).unwrap_or_default();
        if rest.len() > self.limit {
            return Err(TooLong);
        }
        if kept.is_empty() {
            self.kept.extend_from_slice(rest);
        } else {
            kept.drain(..used);
            self.kept = kept;
        }
        Ok(())
    }

    /// The stream has ended. An event without its blank line is dispatched all the same when it is
    /// complete in itself (`[DONE]`, or JSON), because several vendors omit that line; anything else
    /// is discarded, as the standard says.
    pub fn finish<F: FnMut(Event<'_>)>(&mut self, mut each: F) {
        let kept = core::mem::take(&mut self.kept);
        let mut closed = kept.clone();
        closed.extend_from_slice(b"\n\n");
        self.read(&closed, &mut |event| {
            let complete = event.is_done()
                || serde_json::from_slice::<serde::de::IgnoredAny>(event.data).is_ok();
            if complete {
                each(Event {
                    raw: &kept,
                    ..event
                });
            }
        });
    }

    /// Dispatches the complete events in `bytes` and returns how many bytes they took.
    fn read<F: FnMut(Event<'_>)>(&mut self, bytes: &[u8], each: &mut F) -> usize {
        let mut used = 0usize;
        while let Some(end) = self.event(bytes, used, each) {
            used = end;
        }
        used
    }

    /// Reads lines from `from` to the blank one that ends the event; `None` while it is missing.
    fn event<F: FnMut(Event<'_>)>(
        &mut self,
        bytes: &[u8],
        from: usize,
        each: &mut F,
    ) -> Option<usize> {
        let mut name: &[u8] = &[];
        let mut first: Option<&[u8]> = None;
        let mut several = false;
        let mut at = from.saturating_add(self.mark(bytes.get(from..)?));
        loop {
            let line = next_line(bytes, at)?;
            at = line.next;
            let text = bytes.get(line.text.clone()).unwrap_or_default();
            if text.is_empty() {
                break;
            }
            let (field, value) = split_field(text);
            match (field, first) {
                (b"data", None) => first = Some(value),
                (b"data", Some(before)) => {
                    if !several {
                        self.data.clear();
                        self.data.extend_from_slice(before);
                        several = true;
                    }
                    self.data.push(b'\n');
                    self.data.extend_from_slice(value);
                }
                (b"event", _) => name = value,
                (_, _) => {}
            }
        }
        self.started = true;
        if let Some(value) = first {
            let data = if several { self.data.as_slice() } else { value };
            if !data.is_empty() {
                let raw = bytes.get(from..at).unwrap_or_default();
                each(Event { name, data, raw });
            }
        }
        Some(at)
    }

    /// The length of the byte order mark that `bytes` begin with: white space, but only at the start of the stream.
    fn mark(&self, bytes: &[u8]) -> usize {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        if !self.started && bytes.starts_with(MARK) {
            MARK.len()
        } else {
            0
        }
    }
}

struct Line {
    text: Range<usize>,
    next: usize,
}

/// The line at `from`. A carriage return that is the last byte so far may be half of a CRLF, so the
/// line is not complete before the byte behind it is known.
fn next_line(bytes: &[u8], from: usize) -> Option<Line> {
    let rest = bytes.get(from..)?;
    let length = memchr::memchr2(b'\n', b'\r', rest)?;
    let end = from.saturating_add(length);
    let after = end.saturating_add(1);
    let next = if rest.get(length) == Some(&b'\r') {
        match bytes.get(after)? {
            b'\n' => after.saturating_add(1),
            _ => after,
        }
    } else {
        after
    };
    Some(Line {
        text: from..end,
        next,
    })
}

fn split_field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr::memchr(b':', line) else {
        return (line, &[]);
    };
    let (field, value) = line.split_at(colon);
    let value = value.strip_prefix(b":").unwrap_or(value);
    (field, value.strip_prefix(b" ").unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = Vec<(String, String)>;

    fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Seen {
        let mut seen = Seen::new();
        let mut decoder = Decoder::new(1 << 20);
        let mut each = |event: Event<'_>| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            seen.push((text(event.name), text(event.data)));
        };
        for chunk in chunks {
            decoder.push(chunk, &mut each).unwrap();
        }
        decoder.finish(&mut each);
        seen
    }

    fn pairs(list: &[(&str, &str)]) -> Seen {
        list.iter()
            .map(|(name, data)| ((*name).to_owned(), (*data).to_owned()))
            .collect()
    }

    const STREAM: &str = "\u{feff}: hello\n\nevent: a\ndata: {\"text\":\"žluť 🦀\"}\n\ndata:{\"x\":\r\ndata: 1}\r\n\r\n\
                          id: 7\rretry: 1\rdata:  two\r\rnocolon\ndata\n\n: ping\ndata: [DONE] \n\n";

    fn expected() -> Seen {
        pairs(&[
            ("a", "{\"text\":\"žluť 🦀\"}"),
            ("", "{\"x\":\n1}"),
            ("", " two"),
            ("", "[DONE] "),
        ])
    }

    #[test]
    fn events_do_not_depend_on_where_the_bytes_are_cut() {
        for cut in 0..=STREAM.len() {
            let (head, tail) = STREAM.as_bytes().split_at(cut);
            assert_eq!(decode([head, tail]), expected(), "cut at {cut}");
        }
        assert_eq!(decode(STREAM.as_bytes().chunks(1)), expected());
    }

    #[test]
    fn a_last_event_without_blank_line_counts_only_when_it_is_complete() {
        assert_eq!(
            decode([&b"data: {\"a\":1}"[..]]),
            pairs(&[("", "{\"a\":1}")])
        );
        assert_eq!(decode([&b"data: [DONE]\n"[..]]), pairs(&[("", "[DONE]")]));
        assert_eq!(decode([&b"data: {\"a\":"[..]]), pairs(&[]));
    }

    #[test]
    fn raw_bytes_add_up_to_the_stream() {
        let mut raw = Vec::new();
        let mut decoder = Decoder::new(1 << 20);
        for chunk in b"data: 1\n\n: c\ndata: 2\r\n\r\nevent: x\ndata: 3\n\n".chunks(3) {
            decoder
                .push(chunk, |event| raw.extend_from_slice(event.raw))
                .unwrap();
        }
        assert_eq!(raw, b"data: 1\n\n: c\ndata: 2\r\n\r\nevent: x\ndata: 3\n\n");
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut decoder = Decoder::new(100);
        assert_eq!(decoder.push(&[b'x'; 101], |_| ()), Err(TooLong));
    }
}
