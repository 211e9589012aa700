//! How records become bytes, and how one is changed while others may change it, too.
//!
//! A record is little-endian numbers behind a byte that tells its version. What cannot be read counts as not there: a record
//! of another version, or half of one, must not decide anything.

use super::{Lost, Store, Version};
use crate::value::time::Timestamp;

/// How often a change is tried before whoever makes it gives up. Nobody waits for anybody here: who loses this often stands
/// in a crowd, and another one of it has got through each time.
const TRIES: u32 = 16;

/// Something that is kept in a [`Store`].
pub trait Record: Default {
    /// Its bytes.
    fn encode(&self) -> Vec<u8>;

    /// What the bytes say; `None` when they are not such a record.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// The record; an empty one when it is not there.
pub fn read<R: Record>(store: &dyn Store, name: &str) -> R {
    read_version(store, name).0
}

/// The record and which state of it that is.
pub fn read_version<R: Record>(store: &dyn Store, name: &str) -> (R, Version) {
    match store.get(name) {
        Some((bytes, version)) => (R::decode(&bytes).unwrap_or_default(), version),
        None => (R::default(), Version::ABSENT),
    }
}

/// Changes the record as `change` says, on what is there then, however often somebody else comes first. Where `change` returns
/// `None`, nothing is written.
///
/// # Errors
/// When others came first too often; nothing was written.
pub fn update<R: Record, T>(
    store: &dyn Store,
    name: &str,
    mut change: impl FnMut(&mut R) -> Option<T>,
) -> Result<Option<T>, Lost> {
    for _ in 0..TRIES {
        let (mut record, version) = read_version(store, name);
        let Some(outcome) = change(&mut record) else {
            return Ok(None);
        };
        if store.swap(name, version, &record.encode()).is_ok() {
            return Ok(Some(outcome));
        }
    }
    Err(Lost)
}

/// Writes a record's bytes.
#[derive(Debug)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A record of this version.
    pub fn new(version: u8) -> Self {
        Self(vec![version])
    }

    pub fn u8(&mut self, number: u8) -> &mut Self {
        self.bytes(&[number])
    }

    pub fn u32(&mut self, number: u32) -> &mut Self {
        self.bytes(&number.to_le_bytes())
    }

    pub fn u64(&mut self, number: u64) -> &mut Self {
        self.bytes(&number.to_le_bytes())
    }

    pub fn f64(&mut self, number: f64) -> &mut Self {
        self.bytes(&number.to_le_bytes())
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.u32(length).bytes(text.as_bytes())
    }

    pub fn time(&mut self, time: Timestamp) -> &mut Self {
        self.u64(time.nanos())
    }

    pub fn done(self) -> Vec<u8> {
        self.0
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

/// Reads a record's bytes.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The bytes, if they are a record of this version.
    pub fn new(bytes: &'a [u8], version: u8) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        (*first == version).then_some(Self(rest))
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(u8::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    /// A number that is one.
    pub fn f64(&mut self) -> Option<f64> {
        let number = self.take().map(f64::from_le_bytes)?;
        number.is_finite().then_some(number)
    }

    /// Text of at most so many bytes.
    pub fn text(&mut self, most: usize) -> Option<String> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length).filter(|_| length <= most)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    pub fn time(&mut self) -> Option<Timestamp> {
        self.u64().map(Timestamp::from_nanos)
    }

    /// Whatever `read` reads, until the bytes end; `None` when there are more than `most` or they end within one.
    pub fn all<T>(
        mut self,
        most: usize,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        while !self.0.is_empty() {
            if found.len() == most {
                return None;
            }
            found.push(read(&mut self)?);
        }
        Some(found)
    }

    /// `record`, if the bytes end here.
    pub fn end<T>(self, record: T) -> Option<T> {
        self.0.is_empty().then_some(record)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }
}

/// Holds that a record comes back from its bytes, and that no part or other version of them is taken for one.
#[cfg(test)]
pub(super) fn assert_round_trip<R: Record + PartialEq + core::fmt::Debug>(record: &R) {
    let bytes = record.encode();
    assert_eq!(R::decode(&bytes).as_ref(), Some(record));
    assert_eq!(R::decode(&[]), None, "nothing is no record");
    let mut other = bytes.clone();
    other[0] = other[0].wrapping_add(1);
    assert_eq!(R::decode(&other), None, "another version is not read");
    for cut in 1..bytes.len() {
        let part = R::decode(&bytes[..cut]);
        assert_ne!(part.as_ref(), Some(record), "cut at {cut}");
    }
    for noise in 0..=255 {
        let _ = R::decode(&vec![noise; bytes.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Number(u32);

    impl Record for Number {
        fn encode(&self) -> Vec<u8> {
            let mut writer = Writer::new(1);
            writer.u32(self.0);
            writer.done()
        }

        fn decode(bytes: &[u8]) -> Option<Self> {
            let mut reader = Reader::new(bytes, 1)?;
            let number = reader.u32()?;
            reader.end(Self(number))
        }
    }

    fn increase(number: &mut Number) -> Option<u32> {
        number.0 += 1;
        Some(number.0)
    }

    #[test]
    fn a_change_is_made_on_what_others_have_made_of_it() {
        let store = Memory::default();
        let once = core::cell::Cell::new(true);
        store.interfere(move |store, name| {
            if once.replace(false) {
                update(store, name, increase).unwrap();
            }
        });
        assert_eq!(update(&store, "n", increase), Ok(Some(2)));
        assert_eq!(read::<Number>(&store, "n"), Number(2));
    }

    #[test]
    fn who_always_loses_gives_up_and_has_written_nothing() {
        let store = Memory::default();
        store.put("n", &Number(1).encode());
        store.interfere(|store, name| store.put(name, &Number(7).encode()));
        assert_eq!(update(&store, "n", increase), Err(Lost));
        assert_eq!(read::<Number>(&store, "n"), Number(7));
    }

    #[test]
    fn what_cannot_be_read_counts_as_not_there_and_is_replaced() {
        let store = Memory::default();
        store.put("n", b"\xffgarbage");
        assert_eq!(read::<Number>(&store, "n"), Number(0));
        assert_eq!(update(&store, "n", increase), Ok(Some(1)));
    }

    #[test]
    fn a_change_that_is_none_writes_nothing() {
        let store = Memory::default();
        assert_eq!(update(&store, "n", |_: &mut Number| None::<()>), Ok(None));
        assert!(store.names().is_empty());
    }

    #[test]
    fn records_round_trip_and_survive_garbage() {
        assert_round_trip(&Number(0x0102_0304));
    }
}
