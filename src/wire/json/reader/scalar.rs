//! Strings, numbers and words: what has no members. Strings are searched sixteen bytes at a time.

use wide::u8x16;

use super::{Fault, Reader};
use crate::wire::json::text::Text;

impl<'a> Reader<'a> {
    pub(super) fn scalar(&mut self) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) | None => Err(self.malformed()),
        }
    }

    fn literal(&mut self, word: &[u8]) -> Result<(), Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.malformed());
        }
        self.advance(word.len());
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.byte() == Some(b'-') {
            self.bump();
        }
        if self.byte() == Some(b'0') {
            self.bump();
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.bump();
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.bump();
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.bump();
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !matches!(self.byte(), Some(b'0'..=b'9')) {
            return Err(self.malformed());
        }
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.bump();
        }
        Ok(())
    }

    /// The rest of a string whose opening quote has been read.
    pub(super) fn string_tail(&mut self) -> Result<Text<'a>, Fault> {
        let from = self.at;
        let mut seen = Seen::default();
        loop {
            self.run(&mut seen);
            match self.byte() {
                Some(b'"') => {
                    let raw = self.bytes.get(from..self.at).unwrap_or_default();
                    if seen.high && simdutf8::basic::from_utf8(raw).is_err() {
                        return Err(Fault::Malformed { at: from });
                    }
                    self.bump();
                    return Ok(Text::new(raw, seen.escaped));
                }
                Some(b'\\') => {
                    seen.escaped = true;
                    self.escape()?;
                }
                Some(_) | None => return Err(self.malformed()),
            }
        }
    }

    /// Skips to the next quote or control byte, or to an escape that needs a closer look.
    #[inline(always)]
    fn run(&mut self, seen: &mut Seen) {
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        while let Some((chunk, tail)) = rest.split_first_chunk::<16>() {
            let lanes = u8x16::from(*chunk);
            let highs = lanes.to_bitmask();
            if let Some(stop) = stop(chunk, lanes, seen) {
                seen.high |= highs & !(u32::MAX << stop) != 0;
                self.advance(stop as usize);
                return;
            }
            seen.high |= highs != 0;
            self.advance(16);
            rest = tail;
        }
        for byte in rest {
            if matches!(byte, b'"' | b'\\' | 0..=0x1f) {
                break;
            }
            seen.high |= *byte >= 0x80;
            self.bump();
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        self.bump();
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.bump();
                Ok(())
            }
            Some(b'u') => {
                self.bump();
                for _ in 0..4 {
                    if !self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(self.malformed());
                    }
                    self.bump();
                }
                Ok(())
            }
            Some(_) | None => Err(self.malformed()),
        }
    }
}

/// What a string was seen to contain.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// An escape.
    escaped: bool,
    /// A byte that is not ASCII.
    high: bool,
}

/// Where in the chunk the reader must stop, if anywhere. Escapes of two bytes are passed over here:
/// code and prose in a prompt are full of them, and a stop costs as much as several chunks.
#[inline(always)]
fn stop(chunk: &[u8; 16], lanes: u8x16, seen: &mut Seen) -> Option<u32> {
    let stops = lanes.simd_eq(u8x16::splat(b'"'))
        | lanes.simd_eq(u8x16::splat(b'\\'))
        | lanes.min(u8x16::splat(0x1f)).simd_eq(lanes);
    let mut mask = stops.to_bitmask();
    while mask != 0 {
        let at = mask.trailing_zeros();
        let mut here = chunk.iter().skip(at as usize);
        let (byte, next) = (here.next(), here.next());
        let simple = matches!(
            next,
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')
        );
        if byte != Some(&b'\\') || !simple {
            return Some(at);
        }
        seen.escaped = true;
        mask &= !(0b11 << at);
    }
    None
}
