//! AWS event streams: binary frames with typed headers and two checksums, read from bytes that may be cut anywhere.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, Table};

/// The most bytes of headers a frame may have, as AWS's own clients have it.
const MAX_HEADERS: usize = 128 << 10;
/// The most bytes of payload a frame may have, as AWS's own clients have it.
const MAX_PAYLOAD: usize = 24 << 20;
/// The two lengths and their checksum.
const PRELUDE: usize = 12;
/// A checksum's bytes.
const CHECKSUM: usize = 4;
/// What a frame has besides headers and payload.
const AROUND: usize = PRELUDE + CHECKSUM;

/// The table of one byte is enough for frames of a few hundred bytes, and sixteen times smaller than the fastest.
const CRC32: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    headers: &'a [u8],
    /// What it carries.
    pub payload: &'a [u8],
}

/// Why bytes are no event stream. There is no way to find the next frame after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The bytes are not those that were sent.
    Checksum,
    /// A header that is none.
    Header,
    /// A length that no frame has.
    Length,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Checksum => "a frame's checksum is wrong",
            Self::Header => "a frame's headers cannot be read",
            Self::Length => "a frame's length is impossible",
        })
    }
}

impl<'a> Frame<'a> {
    /// The header of that name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.headers;
        while let Ok(Some((header, tail))) = next_header(rest) {
            if header.name == name.as_bytes() {
                return core::str::from_utf8(header.text?).ok();
            }
            rest = tail;
        }
        None
    }

    /// A frame of the bytes behind its prelude and before its last checksum.
    fn of(body: &'a [u8], headers: usize) -> Result<Self, Fault> {
        let (headers, payload) = body.split_at_checked(headers).ok_or(Fault::Length)?;
        let mut rest = headers;
        while let Some((_, tail)) = next_header(rest)? {
            rest = tail;
        }
        Ok(Self { headers, payload })
    }
}

struct Header<'a> {
    name: &'a [u8],
    text: Option<&'a [u8]>,
}

/// The first header in `bytes` and what is behind it; `None` when there are no more.
fn next_header(bytes: &[u8]) -> Result<Option<(Header<'_>, &[u8])>, Fault> {
    const TEXT: u8 = 7;
    let Some((length, rest)) = bytes.split_first() else {
        return Ok(None);
    };
    let (name, rest) = cut(rest, usize::from(*length))?;
    let (kind, rest) = rest.split_first().ok_or(Fault::Header)?;
    let (length, rest) = match kind {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        6 | 7 => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or(Fault::Header)?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        9 => (16, rest),
        _ => return Err(Fault::Header),
    };
    let (value, rest) = cut(rest, length)?;
    let text = (*kind == TEXT).then_some(value);
    Ok(Some((Header { name, text }, rest)))
}

fn cut(bytes: &[u8], length: usize) -> Result<(&[u8], &[u8]), Fault> {
    bytes.split_at_checked(length).ok_or(Fault::Header)
}

/// Turns byte chunks into frames; keeps what is incomplete until the rest comes.
#[derive(Debug, Default)]
pub struct Decoder {
    kept: Vec<u8>,
}

impl Decoder {
    /// Whether bytes of an unfinished frame are being kept.
    #[must_use]
    pub const fn holds_bytes(&self) -> bool {
        !self.kept.is_empty()
    }

    /// Reads the next bytes, calling `each` for every frame that they complete.
    ///
    /// # Errors
    /// When the bytes are no event stream; what comes behind them cannot be read.
    pub fn push<F: FnMut(Frame<'_>)>(&mut self, bytes: &[u8], mut each: F) -> Result<(), Fault> {
        let mut kept = core::mem::take(&mut self.kept);
        let whole: &[u8] = if kept.is_empty() {
            bytes
        } else {
            kept.extend_from_slice(bytes);
            &kept
        };
        let mut rest = whole;
        while let Some((frame, tail)) = next_frame(rest)? {
            each(frame);
            rest = tail;
        }
        let used = whole.len().saturating_sub(rest.len());
        if kept.is_empty() {
            self.kept.extend_from_slice(rest);
        } else {
            kept.drain(..used);
            self.kept = kept;
        }
        Ok(())
    }
}

/// The first frame and what is behind it; `None` while it is incomplete.
fn next_frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, &[u8])>, Fault> {
    let Some((prelude, _)) = bytes.split_first_chunk::<PRELUDE>() else {
        return Ok(None);
    };
    let [t0, t1, t2, t3, h0, h1, h2, h3, sum @ ..] = *prelude;
    if CRC32.checksum(&[t0, t1, t2, t3, h0, h1, h2, h3]) != u32::from_be_bytes(sum) {
        return Err(Fault::Checksum);
    }
    let total = size([t0, t1, t2, t3])?;
    let headers = size([h0, h1, h2, h3])?;
    let payload = total
        .checked_sub(AROUND)
        .and_then(|inner| inner.checked_sub(headers));
    if headers > MAX_HEADERS || payload.is_none_or(|payload| payload > MAX_PAYLOAD) {
        return Err(Fault::Length);
    }
    let Some((frame, rest)) = bytes.split_at_checked(total) else {
        return Ok(None);
    };
    let (covered, sum) = frame.split_last_chunk::<CHECKSUM>().ok_or(Fault::Length)?;
    if CRC32.checksum(covered) != u32::from_be_bytes(*sum) {
        return Err(Fault::Checksum);
    }
    let body = covered.get(PRELUDE..).unwrap_or_default();
    Ok(Some((Frame::of(body, headers)?, rest)))
}

fn size(bytes: [u8; 4]) -> Result<usize, Fault> {
    usize::try_from(u32::from_be_bytes(bytes)).map_err(|_| Fault::Length)
}

/// A frame with text headers, as AWS would send it: for tests and for stand-ins.
#[must_use]
pub fn framed(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        block.extend_from_slice(name.as_bytes());
        block.push(7);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let total = block
        .len()
        .saturating_add(payload.len())
        .saturating_add(AROUND);
    let mut frame = [length(total), length(block.len())].concat();
    frame.extend_from_slice(&CRC32.checksum(&frame).to_be_bytes());
    frame.extend_from_slice(&block);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&CRC32.checksum(&frame).to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `contentBlockDelta` as botocore writes it.
    const EVENT: &str = "0000009f00000057c37babff0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070005\
        6576656e747b22636f6e74656e74426c6f636b496e646578223a302c2264656c7461223a7b2274657874223a224869227d2c2270223a2261626364227df2ace5ff";
    /// `throttlingException` as botocore writes it.
    const EXCEPTION: &str = "000000b0000000614f5086b30f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009\
        657863657074696f6e7b226d657373616765223a22546f6f206d616e7920746f6b656e732c20706c656173652077616974206265666f726520747279696e6720616761696e2e227df70ae57f";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex
            .chars()
            .filter_map(|digit| digit.to_digit(16))
            .map(|digit| digit as u8)
            .collect();
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    }

    fn read<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> Result<Vec<String>, Fault> {
        let mut decoder = Decoder::default();
        let mut read = Vec::new();
        for part in parts {
            decoder.push(part, |frame| {
                let header = |name| frame.header(name).unwrap_or("-");
                let names = [":message-type", ":event-type", ":exception-type"].map(header);
                let payload = String::from_utf8_lossy(frame.payload);
                read.push(format!("{} {payload}", names.join(" ")));
            })?;
        }
        assert!(!decoder.holds_bytes(), "bytes are left");
        Ok(read)
    }

    fn both() -> Vec<u8> {
        [bytes(EVENT), bytes(EXCEPTION)].concat()
    }

    const READ: [&str; 2] = [
        r#"event contentBlockDelta - {"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abcd"}"#,
        r#"exception - throttlingException {"message":"Too many tokens, please wait before trying again."}"#,
    ];

    #[test]
    fn frames_do_not_depend_on_where_the_bytes_are_cut() {
        let stream = both();
        for cut in 0..=stream.len() {
            let (head, tail) = stream.split_at(cut);
            assert_eq!(read([head, tail]).unwrap(), READ, "cut at {cut}");
        }
        assert_eq!(read(stream.chunks(1)).unwrap(), READ);
    }

    #[test]
    fn a_frame_is_written_as_botocore_writes_it() {
        let headers = [
            (":event-type", "contentBlockDelta"),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ];
        let payload = br#"{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abcd"}"#;
        assert_eq!(framed(&headers, payload), bytes(EVENT));
    }

    #[test]
    fn the_checksum_is_the_one_of_ethernet() {
        assert_eq!(CRC32.checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let stream = bytes(EVENT);
        for at in 0..stream.len() * 8 {
            let mut flipped = stream.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            let fault = Decoder::default().push(&flipped, |_| panic!("bit {at} was not noticed"));
            assert_eq!(fault, Err(Fault::Checksum), "bit {at}");
        }
    }

    #[test]
    fn a_length_that_no_frame_has_is_refused_before_it_is_waited_for() {
        let prelude = |total: u32, headers: u32| {
            let mut prelude = [total.to_be_bytes(), headers.to_be_bytes()].concat();
            prelude.extend_from_slice(&CRC32.checksum(&prelude).to_be_bytes());
            Decoder::default().push(&prelude, |_| {})
        };
        assert_eq!(prelude(15, 0), Err(Fault::Length));
        assert_eq!(prelude(20, 5), Err(Fault::Length));
        assert_eq!(prelude(u32::MAX, 0), Err(Fault::Length));
        assert_eq!(prelude(1 << 20, 129 << 10), Err(Fault::Length));
        assert_eq!(prelude(16, 0), Ok(()));
        assert_eq!(prelude(25 << 20, 0), Err(Fault::Length));
    }

    /// A frame with this block of headers and no payload.
    fn with_headers(block: &[u8]) -> Vec<u8> {
        let mut frame = [
            (block.len() as u32 + 16).to_be_bytes(),
            (block.len() as u32).to_be_bytes(),
        ]
        .concat();
        frame.extend_from_slice(&CRC32.checksum(&frame).to_be_bytes());
        frame.extend_from_slice(block);
        frame.extend_from_slice(&CRC32.checksum(&frame).to_be_bytes());
        frame
    }

    #[test]
    fn headers_of_every_type_are_passed_over() {
        let mut block = Vec::new();
        for (kind, length) in [
            (0, 0),
            (1, 0),
            (2, 1),
            (3, 2),
            (4, 4),
            (5, 8),
            (8, 8),
            (9, 16),
        ] {
            block.extend([1, b'x', kind]);
            block.extend(vec![0; length]);
        }
        block.extend([1, b'y', 6, 0, 2, 7, 7, 1, b'z', 7, 0, 2, b'o', b'k']);
        let mut seen = None;
        let read = Decoder::default().push(&with_headers(&block), |frame| {
            seen = Some((
                frame.header("z").map(str::to_owned),
                frame.header("y").is_some(),
            ));
        });
        assert_eq!((read, seen), (Ok(()), Some((Some("ok".to_owned()), false))));
    }

    #[test]
    fn headers_that_are_none_are_refused() {
        for block in [
            &[1][..],
            &[1, b'x'],
            &[1, b'x', 10],
            &[1, b'x', 7, 0],
            &[1, b'x', 7, 0, 2, b'a'],
            &[1, b'x', 5, 0],
        ] {
            let read = Decoder::default().push(&with_headers(block), |_| {});
            assert_eq!(read, Err(Fault::Header), "{block:?}");
        }
    }
}
