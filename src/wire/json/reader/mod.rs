//! A pull reader: the caller says what it expects next and the reader checks the grammar.
//!
//! Grammar: RFC 8259. Stricter than the RFC allows nowhere, laxer nowhere; nesting is bounded.

mod scalar;

use core::fmt;

use super::text::Text;

/// How deep arrays and objects may nest: serde_json's own limit, so both readers agree.
pub const MAX_DEPTH: u32 = 128;

/// Why bytes are not the JSON that was expected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nested deeper than [`MAX_DEPTH`].
    Deep {
        /// Byte offset.
        at: usize,
    },
    /// Not JSON.
    Malformed {
        /// Byte offset of the first byte that cannot be.
        at: usize,
    },
    /// JSON, but of another type than the reader was asked for.
    Unexpected {
        /// Byte offset of the value.
        at: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deep { at } => {
                write!(f, "byte {at}: nested deeper than {MAX_DEPTH} levels")
            }
            Self::Malformed { at } => write!(f, "byte {at}: not valid JSON"),
            Self::Unexpected { at } => write!(f, "byte {at}: a value of another type was expected"),
        }
    }
}

/// Reads one JSON text from a slice, front to back.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// A reader at the first byte.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            depth: 0,
        }
    }

    /// The offset of the next unread byte.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// The first byte of the next value, white space skipped; `None` at the end.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.bump();
        }
        None
    }

    /// Reads an object, handing each member's key to `each`, which must read the value.
    ///
    /// # Errors
    /// When the next value is not a well-formed object, or what `each` returns.
    pub fn object<F>(&mut self, mut each: F) -> Result<(), Fault>
    where
        F: FnMut(&mut Self, Text<'a>) -> Result<(), Fault>,
    {
        self.open(b'{')?;
        if self.empty(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            each(self, key)?;
            if self.comma_or(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads an array, calling `each` with every element's index; it must read the element.
    ///
    /// # Errors
    /// When the next value is not a well-formed array, or what `each` returns.
    pub fn array<F>(&mut self, mut each: F) -> Result<(), Fault>
    where
        F: FnMut(&mut Self, usize) -> Result<(), Fault>,
    {
        self.open(b'[')?;
        if self.empty(b']') {
            return Ok(());
        }
        let mut index: usize = 0;
        loop {
            each(self, index)?;
            if self.comma_or(b']')? {
                return Ok(());
            }
            index = index.saturating_add(1);
        }
    }

    /// Reads a string, without decoding it.
    ///
    /// # Errors
    /// When the next value is not a well-formed string.
    pub fn string(&mut self) -> Result<Text<'a>, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        self.bump();
        self.string_tail()
    }

    /// Reads a value that is a string, or skips another one and returns `None`.
    ///
    /// # Errors
    /// When the next value is malformed.
    pub fn optional_string(&mut self) -> Result<Option<Text<'a>>, Fault> {
        if self.peek() == Some(b'"') {
            return self.string().map(Some);
        }
        self.skip().map(|_| None)
    }

    /// Reads any value and leaves it at that.
    ///
    /// # Errors
    /// When the value is malformed or nests too deeply.
    pub fn ignore(&mut self) -> Result<(), Fault> {
        self.skip().map(|_| ())
    }

    /// Reads an object as [`Reader::object`] does, or skips another value and returns `false`.
    ///
    /// # Errors
    /// When the next value is malformed, or what `each` returns.
    pub fn optional_object<F>(&mut self, each: F) -> Result<bool, Fault>
    where
        F: FnMut(&mut Self, Text<'a>) -> Result<(), Fault>,
    {
        if self.peek() == Some(b'{') {
            return self.object(each).map(|()| true);
        }
        self.skip().map(|_| false)
    }

    /// Reads an array as [`Reader::array`] does, or skips another value and returns `false`.
    ///
    /// # Errors
    /// When the next value is malformed, or what `each` returns.
    pub fn optional_array<F>(&mut self, each: F) -> Result<bool, Fault>
    where
        F: FnMut(&mut Self, usize) -> Result<(), Fault>,
    {
        if self.peek() == Some(b'[') {
            return self.array(each).map(|()| true);
        }
        self.skip().map(|_| false)
    }

    /// Reads any value and returns its bytes, checked but not decoded.
    ///
    /// # Errors
    /// When the value is malformed or nests too deeply.
    pub fn skip(&mut self) -> Result<&'a [u8], Fault> {
        self.peek();
        let from = self.at;
        let outer = self.depth;
        // One bit per open level, innermost lowest: set for objects.
        let mut objects: u128 = 0;
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.open(b'{')?;
                    if !self.empty(b'}') {
                        objects = (objects << 1) | 1;
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.open(b'[')?;
                    if !self.empty(b']') {
                        objects <<= 1;
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            // A value is complete: close what it completes, or go on to its sibling.
            loop {
                if self.depth == outer {
                    return Ok(self.bytes.get(from..self.at).unwrap_or_default());
                }
                let in_object = objects & 1 == 1;
                if self.comma_or(if in_object { b'}' } else { b']' })? {
                    objects >>= 1;
                    continue;
                }
                if in_object {
                    self.key()?;
                }
                break;
            }
        }
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// At the first other byte.
    pub fn end(&mut self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.malformed()),
        }
    }

    fn key(&mut self) -> Result<Text<'a>, Fault> {
        self.expect(b'"')?;
        let key = self.string_tail()?;
        self.expect(b':')?;
        Ok(key)
    }

    fn open(&mut self, bracket: u8) -> Result<(), Fault> {
        if self.peek() != Some(bracket) {
            return Err(self.unexpected());
        }
        if self.depth >= MAX_DEPTH {
            return Err(Fault::Deep { at: self.at });
        }
        self.depth = self.depth.saturating_add(1);
        self.bump();
        Ok(())
    }

    /// Reads the bracket of a collection without elements, if it is one.
    fn empty(&mut self, bracket: u8) -> bool {
        let empty = self.peek() == Some(bracket);
        if empty {
            self.close();
        }
        empty
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.bump();
    }

    /// Reads a comma (`false`) or the bracket that ends the collection (`true`).
    fn comma_or(&mut self, bracket: u8) -> Result<bool, Fault> {
        match self.peek() {
            Some(b',') => {
                self.bump();
                Ok(false)
            }
            Some(byte) if byte == bracket => {
                self.close();
                Ok(true)
            }
            Some(_) | None => Err(self.malformed()),
        }
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Fault> {
        if self.peek() == Some(wanted) {
            self.bump();
            return Ok(());
        }
        Err(self.malformed())
    }

    // The module is built for size: what is done for every byte or two is put where it is used all the same.
    #[inline(always)]
    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline(always)]
    fn bump(&mut self) {
        self.advance(1);
    }

    #[inline(always)]
    fn advance(&mut self, by: usize) {
        self.at = self.at.saturating_add(by);
    }

    /// The value here is JSON of another type, or no JSON at all.
    fn unexpected(&mut self) -> Fault {
        let at = self.at;
        match self.clone().skip() {
            Ok(_) => Fault::Unexpected { at },
            Err(fault) => fault,
        }
    }

    const fn malformed(&self) -> Fault {
        Fault::Malformed { at: self.at }
    }
}
