//! `dragoman prices`: the table of prices that is built into the module, made anew.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use dragoman::usage::prices::import;

use crate::Report;

/// What can be done to the table.
#[derive(Debug, Subcommand)]
pub enum Prices {
    /// Packs LiteLLM's price file into the table; the next build has it.
    Import {
        /// LiteLLM's `model_prices_and_context_window.json`, or one of its shape.
        file: PathBuf,
        /// Where the table goes.
        #[arg(long, value_name = "PATH", default_value = "src/usage/prices.bin")]
        output: PathBuf,
    },
}

impl Prices {
    /// Does it.
    pub fn run(&self) -> Report {
        let Self::Import { file, output } = self;
        match pack(file, output) {
            Ok(words) => Report {
                good: true,
                output: words,
                ..Report::default()
            },
            Err(words) => Report {
                complaints: words,
                ..Report::default()
            },
        }
    }
}

fn pack(file: &Path, output: &Path) -> Result<String, String> {
    let json = std::fs::read(file).map_err(|error| format!("{}: {error}\n", file.display()))?;
    let (table, summary) =
        import(&json).map_err(|error| format!("{}: {error}\n", file.display()))?;
    std::fs::write(output, &table).map_err(|error| format!("{}: {error}\n", output.display()))?;
    Ok(format!(
        "{summary}\n{}: {} bytes\n",
        output.display(),
        table.len()
    ))
}
