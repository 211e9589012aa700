//! JSON lines read from bytes that may be cut anywhere: one JSON text per line, as Ollama streams.

pub use super::sse::TooLong;

/// Turns byte chunks into lines; keeps what is incomplete until the rest comes.
#[derive(Debug)]
pub struct Decoder {
    kept: Vec<u8>,
    limit: usize,
}

impl Decoder {
    /// A decoder that refuses lines of more than `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            kept: Vec::new(),
            limit,
        }
    }

    /// Reads the next bytes, calling `each` for every line that they complete, without its end. Blank lines are skipped.
    ///
    /// # Errors
    /// When an unfinished line is longer than the limit.
    pub fn push<F: FnMut(&[u8])>(&mut self, bytes: &[u8], mut each: F) -> Result<(), TooLong> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, tail) = rest.split_at(end);
            rest = tail.strip_prefix(b"\n").unwrap_or(tail);
            if self.kept.is_empty() {
                say(line, &mut each);
            } else {
                self.kept.extend_from_slice(line);
                say(&self.kept, &mut each);
                self.kept.clear();
            }
        }
        self.kept.extend_from_slice(rest);
        if self.kept.len() > self.limit {
            return Err(TooLong);
        }
        Ok(())
    }

    /// The stream has ended. A last line without its end counts when it is complete JSON.
    pub fn finish<F: FnMut(&[u8])>(&mut self, mut each: F) {
        let kept = core::mem::take(&mut self.kept);
        if serde_json::from_slice::<serde::de::IgnoredAny>(&kept).is_ok() {
            say(&kept, &mut each);
        }
    }
}

fn say(line: &[u8], each: &mut impl FnMut(&[u8])) {
    let line = line.trim_ascii();
    if !line.is_empty() {
        each(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut seen = Vec::new();
        let mut decoder = Decoder::new(1 << 10);
        let mut each = |line: &[u8]| seen.push(String::from_utf8(line.to_vec()).unwrap());
        for chunk in chunks {
            decoder.push(chunk, &mut each).unwrap();
        }
        decoder.finish(&mut each);
        seen
    }

    const STREAM: &str = "{\"a\":\"žluť 🦀\"}\r\n\n  \n{\"b\":\n{\"c\":1}";

    #[test]
    fn t98_lines_do_not_depend_on_where_the_bytes_are_cut() {
        let lines = ["{\"a\":\"žluť 🦀\"}", "{\"b\":", "{\"c\":1}"];
        for cut in 0..=STREAM.len() {
            let (head, tail) = STREAM.as_bytes().split_at(cut);
            assert_eq!(decode([head, tail]), lines, "cut at {cut}");
        }
        assert_eq!(decode(STREAM.as_bytes().chunks(1)), lines);
    }

    #[test]
    fn a_last_line_without_its_end_counts_only_when_it_is_complete() {
        assert_eq!(decode([&b"{\"a\":1}"[..]]), ["{\"a\":1}"]);
        assert_eq!(decode([&b"{\"a\":"[..]]), [""; 0]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut decoder = Decoder::new(10);
        assert_eq!(decoder.push(&[b'x'; 11], |_| ()), Err(TooLong));
    }
}
