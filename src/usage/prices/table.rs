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

#[cfg(test)]
mod tests {
    use super::super::import;
    use super::*;

    fn input(prices: Option<Prices>) -> Option<String> {
        prices
            .and_then(|prices| prices.rates(1, None).input)
            .map(|rate| rate.to_string())
    }

    fn found(provider: &str, model: &str) -> Option<String> {
        input(Table::embedded().find(provider, model))
    }

    #[test]
    fn the_built_in_table_is_whole_and_small() {
        assert!(Table::parse(EMBEDDED).is_ok());
        assert!(Table::embedded().len() > 3_000);
        assert!(EMBEDDED.len() <= 250_000, "{}", EMBEDDED.len());
    }

    #[test]
    fn a_model_is_found_under_its_provider_or_alone() {
        assert_eq!(found("openai", "gpt-4o").as_deref(), Some("2.5"));
        assert_eq!(found("azure", "gpt-4o").as_deref(), Some("2.5"));
        assert_eq!(found("", "gpt-4o").as_deref(), Some("2.5"));
        assert_eq!(found("", "azure/gpt-4o").as_deref(), Some("2.5"));
        assert_eq!(found("anthropic", "claude-haiku-4-5").as_deref(), Some("1"));
        assert_eq!(found("deepseek", "deepseek-chat").as_deref(), Some("0.28"));
        assert_eq!(found("dashscope", "qwen-plus").as_deref(), Some("0.4"));
    }

    #[test]
    fn a_bare_name_of_another_provider_is_not_taken() {
        assert_eq!(found("groq", "gpt-4o"), None);
        assert_eq!(found("deepseek", "azure/gpt-4o"), None);
    }

    #[test]
    fn parts_of_a_vendor_belong_to_it() {
        assert_eq!(
            found("bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0").as_deref(),
            Some("1.1")
        );
        assert_eq!(
            found("openai", "gpt-3.5-turbo-instruct").as_deref(),
            Some("1.5")
        );
        assert!(is_family("vertex_ai", "vertex_ai-mistral_models"));
        assert!(is_family("cohere", "cohere_chat"));
        assert!(!is_family("azure", "azure_ai"));
        assert!(!is_family("open", "openai"));
    }

    #[test]
    fn a_date_is_dropped_only_when_nothing_else_fits() {
        let json = br#"{"p/a":{"input_cost_per_token":1e-6},"p/a-2025-01-02":{"input_cost_per_token":2e-6}}"#;
        let (bytes, _) = import(json).unwrap();
        let table = Table::parse(&bytes).unwrap();
        let found = |model| input(table.find("p", model));
        assert_eq!(found("a-2025-01-02").as_deref(), Some("2"));
        assert_eq!(found("a-2024-12-31").as_deref(), Some("1"));
        assert_eq!(found("a-20241231").as_deref(), Some("1"));
        for other in [
            "a-2024123",
            "a-202412311",
            "a-2024-1231",
            "a20241231",
            "-20241231",
            "a-\u{661}2024123",
            "b",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn the_table_cut_anywhere_is_refused() {
        let (bytes, _) = import(
            br#"{"a":{"input_cost_per_token":1e-6,"litellm_provider":"p"},"b":{"max_tokens":9}}"#,
        )
        .unwrap();
        for end in 0..bytes.len() {
            assert!(Table::parse(&bytes[..end]).is_err(), "cut at {end}");
        }
        assert_eq!(Table::parse(b"{}").unwrap_err(), TableError::NotATable);
    }

    #[test]
    fn a_damaged_table_is_refused_or_read_but_never_panics() {
        let (bytes, _) = import(
            br#"{"a":{"input_cost_per_token":1e-6,"litellm_provider":"p"},"b":{"max_tokens":9}}"#,
        )
        .unwrap();
        for place in 0..bytes.len() {
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[place] = value;
                if let Ok(table) = Table::parse(&damaged) {
                    let _ = (table.find("p", "a"), table.find_key("b"));
                }
            }
        }
    }

    #[test]
    fn names_out_of_order_are_refused() {
        let (bytes, _) = import(br#"{"a":{"max_tokens":9},"b":{"max_tokens":9}}"#).unwrap();
        let swapped: Vec<u8> = bytes
            .iter()
            .map(|byte| match byte {
                b'a' => b'b',
                b'b' => b'a',
                other => *other,
            })
            .collect();
        assert_eq!(Table::parse(&swapped).unwrap_err(), TableError::Broken);
    }
}
