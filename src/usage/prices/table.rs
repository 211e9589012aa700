//! The prices of thousands of models in one compact file, looked up without unpacking it.
//!
//! Little-endian: `DGPRICE1`, then as u32 the numbers of rates and of names and the lengths of names and of rows; the rates as u64; per name,
//! sorted, where it and its row begin as u32; names as a length byte and text; rows as in `pack`.

use std::fmt;
use std::sync::OnceLock;

use super::{Prices, pack};

pub(super) const MAGIC: &[u8; 8] = b"DGPRICE1";

static EMBEDDED: &[u8] = include_bytes!("../prices.bin");

/// A checked price table over its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Table<'b> {
    index: &'b [[u8; 8]],
    names: &'b [u8],
    rates: &'b [[u8; 8]],
    rows: &'b [u8],
}

impl Table<'static> {
    /// The table built in.
    pub fn embedded() -> &'static Table<'static> {
        static TABLE: OnceLock<Table<'static>> = OnceLock::new();
        TABLE.get_or_init(|| Table::parse(EMBEDDED).unwrap_or(Table::EMPTY))
    }
}

impl<'b> Table<'b> {
    const EMPTY: Table<'static> = Table {
        index: &[],
        names: &[],
        rates: &[],
        rows: &[],
    };

    /// Reads a table made by `import`, every row of it, so that no look-up can fail later.
    pub fn parse(bytes: &'b [u8]) -> Result<Table<'b>, TableError> {
        let table = Table::cut(bytes)?;
        let names: Option<Vec<&[u8]>> = table.index.iter().map(|entry| table.name(entry)).collect();
        let names = names.ok_or(TableError::Broken)?;
        let sorted = names.is_sorted_by(|a, b| a < b);
        let readable = table.index.iter().all(|entry| table.row(entry).is_some());
        if sorted && readable {
            Ok(table)
        } else {
            Err(TableError::Broken)
        }
    }

    /// How many models it prices.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether it prices none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The prices of `model` at a provider (both as LiteLLM calls them): those of `provider/model`, else those of the bare
    /// name if that belongs to the provider, else the same without the date the name ends in. No provider matches any.
    pub fn find(&self, provider: &str, model: &str) -> Option<Prices> {
        let exact = self.of_provider(provider, model);
        exact.or_else(|| self.of_provider(provider, undated(model)?))
    }

    /// The prices under exactly this name.
    pub fn find_key(&self, key: &str) -> Option<Prices> {
        self.row_of(key).map(|row| row.prices)
    }

    fn of_provider(&self, provider: &str, model: &str) -> Option<Prices> {
        let full = if provider.is_empty() {
            None
        } else {
            self.find_key(&format!("{provider}/{model}"))
        };
        full.or_else(|| {
            let row = self.row_of(model)?;
            let owner = model
                .split_once('/')
                .map_or(row.provider.as_str(), |(owner, _)| owner);
            is_family(provider, owner).then_some(row.prices)
        })
    }

    fn row_of(&self, key: &str) -> Option<pack::Row> {
        let name = |entry: &[u8; 8]| self.name(entry).unwrap_or_default();
        let place = self
            .index
            .binary_search_by(|entry| name(entry).cmp(key.as_bytes()))
            .ok()?;
        self.row(self.index.get(place)?)
    }

    fn name(&self, entry: &[u8; 8]) -> Option<&'b [u8]> {
        let (length, rest) = self.names.get(halves(entry).0..)?.split_first()?;
        rest.get(..usize::from(*length))
    }

    fn row(&self, entry: &[u8; 8]) -> Option<pack::Row> {
        pack::read(self.rows.get(halves(entry).1..)?, self.rates)
    }

    fn cut(bytes: &'b [u8]) -> Result<Table<'b>, TableError> {
        let bytes = bytes.strip_prefix(MAGIC).ok_or(TableError::NotATable)?;
        let (sizes, bytes) = bytes.split_first_chunk::<16>().ok_or(TableError::Broken)?;
        let (sizes, _) = sizes.as_chunks::<8>();
        let [first, second] = sizes else {
            return Err(TableError::Broken);
        };
        let ((rates, names), (names_length, rows_length)) = (halves(first), halves(second));
        let (rates, bytes) = chunks(bytes, rates)?;
        let (index, bytes) = chunks(bytes, names)?;
        let (names, rows) = bytes
            .split_at_checked(names_length)
            .ok_or(TableError::Broken)?;
        let table = Table {
            index,
            names,
            rates,
            rows,
        };
        if rows.len() == rows_length {
            Ok(table)
        } else {
            Err(TableError::Broken)
        }
    }
}

/// The first `count` groups of eight bytes, and the rest.
fn chunks(bytes: &[u8], count: usize) -> Result<(&[[u8; 8]], &[u8]), TableError> {
    let length = count.checked_mul(8).ok_or(TableError::Broken)?;
    let (head, rest) = bytes.split_at_checked(length).ok_or(TableError::Broken)?;
    Ok((head.as_chunks().0, rest))
}

/// The two u32 in eight bytes. What does not fit the machine is beyond the end of any table.
fn halves(bytes: &[u8; 8]) -> (usize, usize) {
    let both = u64::from_le_bytes(*bytes);
    let size = |half: u64| usize::try_from(half).unwrap_or(usize::MAX);
    (size(both & u64::from(u32::MAX)), size(both >> 32))
}

/// Whether rows of `owner` hold for `provider`: LiteLLM splits some vendors (`vertex_ai-mistral_models`, `bedrock_converse`).
fn is_family(provider: &str, owner: &str) -> bool {
    const PARTS: [&str; 4] = ["-", "_chat", "_converse", "_text"];
    if provider.is_empty() || owner.is_empty() || owner == provider {
        return true;
    }
    let part = owner
        .strip_prefix(provider)
        .is_some_and(|rest| PARTS.iter().any(|p| rest.starts_with(p)));
    part || owner.strip_prefix("text-completion-") == Some(provider)
}

/// The name without the date it ends in, `-20251001` or `-2025-10-01`.
fn undated(model: &str) -> Option<&str> {
    const FORMS: [&str; 2] = ["-dddddddd", "-dddd-dd-dd"];
    FORMS.iter().find_map(|form| {
        let (name, date) = model.split_at_checked(model.len().checked_sub(form.len())?)?;
        let fits = |(byte, wanted): (u8, u8)| {
            if wanted == b'd' {
                byte.is_ascii_digit()
            } else {
                byte == wanted
            }
        };
        (!name.is_empty() && date.bytes().zip(form.bytes()).all(fits)).then_some(name)
    })
}

/// Why bytes are not a price table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TableError {
    /// Cut off or damaged.
    Broken,
    /// Something else, or of another version.
    NotATable,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TableError::Broken => "price table: cut off or damaged",
            TableError::NotATable => "price table: not a price table of this version",
        })
    }
}

impl std::error::Error for TableError {}
