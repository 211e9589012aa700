//! The operator's command: everything about a configuration that can be known without running it.

mod check;
mod prices;
mod providers;
mod remarks;
mod render;
mod rules;
mod source;
mod summary;
mod yaml;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Works on the configuration of Dragoman, an LLM gateway inside Envoy.
#[derive(Debug, Parser)]
#[command(name = "dragoman", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Says what is wrong with a configuration, or what it amounts to.
    Check {
        /// The configuration: YAML in the shape of LiteLLM's.
        file: PathBuf,
        /// Takes environment variables that are not set for warnings instead of faults.
        #[arg(long)]
        allow_missing_env: bool,
    },
    /// Works on the table of prices.
    #[command(subcommand)]
    Prices(prices::Prices),
    /// Lists the providers: names, addresses, keys and what they are asked.
    Providers,
    /// Prints a complete Envoy configuration.
    Render(render::Options),
}

/// What a command has to say.
#[derive(Debug, Default)]
struct Report {
    /// For standard error.
    complaints: String,
    /// Whether the command did what it was asked.
    good: bool,
    /// For standard output.
    output: String,
}

fn main() -> ExitCode {
    let report = match Arguments::parse().command {
        Command::Check {
            file,
            allow_missing_env,
        } => check::run(&file, allow_missing_env, &variable),
        Command::Prices(prices) => prices.run(),
        Command::Providers => providers::run(),
        Command::Render(options) => options.run(&variable),
    };
    let written = std::io::stderr()
        .write_all(report.complaints.as_bytes())
        .and_then(|()| std::io::stdout().write_all(report.output.as_bytes()));
    match written {
        Ok(()) if report.good => ExitCode::SUCCESS,
        Ok(()) | Err(_) => ExitCode::FAILURE,
    }
}

fn variable(name: &str) -> Option<String> {
    let is_possible = !name.is_empty() && !name.contains(['=', '\0']);
    is_possible.then(|| std::env::var(name).ok()).flatten()
}
