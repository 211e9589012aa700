//! Tool calls in deltas: some servers number them, some name them by id, some do neither.

use super::Each;
use super::outline::number;
use crate::canonical::piece::Piece;
use crate::wire::json::{Fault, Reader, Text, compact};

/// The calls of one answer so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    list: Vec<Call>,
    /// What made-up ids are made of.
    seed: u64,
}

#[derive(Debug)]
struct Call {
    id: String,
    /// Whether the client has been told of it. A name is needed for that.
    told: bool,
    /// The server's number for it.
    number: Option<u64>,
    /// Arguments that came before the name.
    waiting: String,
}

/// What one element says.
#[derive(Clone, Copy, Debug, Default)]
struct Element<'a> {
    arguments: Option<&'a [u8]>,
    id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    number: Option<u64>,
}

impl Calls {
    /// Whether nothing has been called.
    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Ids that the server leaves out are made from the answer's.
    pub fn seed(&mut self, bytes: &[u8]) {
        self.seed = hash(self.seed, bytes);
    }

    /// Reads `tool_calls`: an array, or a single call.
    pub fn read(&mut self, json: Option<&[u8]>, each: Each<'_>) {
        let Some(json) = json else { return };
        let mut reader = Reader::new(json);
        // The bytes have been read once and are JSON; an element of another type says nothing.
        let _ = if json.starts_with(b"[") {
            reader.array(|reader, _| {
                let element = Element::read(reader)?;
                self.element(&element, each);
                Ok(())
            })
        } else {
            Element::read(&mut reader).map(|element| self.element(&element, each))
        };
    }

    /// Reads `function_call`, of which there is one.
    pub fn read_function(&mut self, json: Option<&[u8]>, each: Each<'_>) {
        let Some(json) = json else { return };
        let mut element = Element {
            number: Some(0),
            ..Element::default()
        };
        if Reader::new(json)
            .object(|reader, key| element.function(reader, key))
            .is_ok()
        {
            self.element(&element, each);
        }
    }

    /// Tells of calls that never were given a name.
    pub fn close(&mut self, each: Each<'_>) {
        for (index, call) in (0..).zip(&mut self.list) {
            call.tell(index, "", each);
        }
    }

    fn element(&mut self, element: &Element<'_>, each: Each<'_>) {
        let (id, name) = (decoded(element.id), decoded(element.name));
        let at = self
            .place(element.number, &id, &name)
            .unwrap_or_else(|| self.open(element.number, id, &name));
        let Some(call) = self.list.get_mut(at) else {
            return;
        };
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        if !name.is_empty() {
            call.tell(index, &name, each);
        }
        let fragment = arguments(element.arguments);
        if fragment.is_empty() {
            return;
        }
        if call.told {
            each(Piece::ToolArguments {
                index,
                fragment: &fragment,
            });
        } else {
            call.waiting.push_str(&fragment);
        }
    }

    /// Which call the element goes on with; `None` when it begins one. Servers that number every call 0 tell them apart by id.
    fn place(&self, number: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let last = self.list.len().checked_sub(1)?;
        match number {
            Some(_) => {
                let at = self.list.iter().rposition(|call| call.number == number)?;
                let call = self.list.get(at)?;
                (id.is_empty() || call.id == id || !call.told).then_some(at)
            }
            None if !id.is_empty() => self.list.iter().rposition(|call| call.id == id),
            None => name.is_empty().then_some(last),
        }
    }

    fn open(&mut self, number: Option<u64>, id: String, name: &str) -> usize {
        let at = self.list.len();
        let id = if id.is_empty() {
            made_up(hash(self.seed, name.as_bytes()), at)
        } else {
            id
        };
        self.list.push(Call {
            id,
            told: false,
            number,
            waiting: String::new(),
        });
        at
    }
}

impl Call {
    fn tell(&mut self, index: u32, name: &str, each: Each<'_>) {
        if self.told {
            return;
        }
        self.told = true;
        each(Piece::ToolStart {
            index,
            id: &self.id,
            name,
        });
        let fragment = core::mem::take(&mut self.waiting);
        if !fragment.is_empty() {
            each(Piece::ToolArguments {
                index,
                fragment: &fragment,
            });
        }
    }
}

impl<'a> Element<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let mut element = Self::default();
        reader.optional_object(|reader, key| {
            match key.raw() {
                b"id" => element.id = reader.optional_string()?,
                b"index" => element.number = number(reader.skip()?),
                b"custom" | b"function" => {
                    reader.optional_object(|reader, key| element.function(reader, key))?;
                }
                _ => reader.ignore()?,
            }
            Ok(())
        })?;
        Ok(element)
    }

    fn function(&mut self, reader: &mut Reader<'a>, key: Text<'a>) -> Result<(), Fault> {
        match key.raw() {
            b"arguments" | b"input" => self.arguments = Some(reader.skip()?),
            b"name" => self.name = reader.optional_string()?,
            _ => reader.ignore()?,
        }
        Ok(())
    }
}

/// Arguments as text: an object is spelled out, as OpenAI has it.
fn arguments(value: Option<&[u8]>) -> String {
    match value {
        None | Some(b"null") => String::new(),
        Some(value) if value.starts_with(b"\"") => decoded(Reader::new(value).string().ok()),
        Some(value) => String::from_utf8_lossy(&compact(value)).into_owned(),
    }
}

fn decoded(text: Option<Text<'_>>) -> String {
    text.map_or_else(String::new, |text| text.decode().into_owned())
}

/// An id for a call that has none, in OpenAI's form.
fn made_up(seed: u64, at: usize) -> String {
    let one = hash(seed, &at.to_le_bytes());
    let other = hash(one, b"call") & 0xffff_ffff;
    format!("call_{one:016x}{other:08x}")
}

/// FNV-1a.
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
}
