//! The operator's command.

mod render;

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Parser;
use dragoman::config::plan::Plan;

/// Checks configurations of the Dragoman gateway and makes Envoy's from them.
#[derive(Parser)]
enum Command {
    /// Print a complete Envoy configuration
    Render(render::Options),
}

fn main() -> ExitCode {
    let Command::Render(options) = Command::parse();
    let config = std::fs::read(&options.file)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    // Until the configuration is read: no deployments, and the stand-in provider as the only place to go.
    let plan = Plan {
        deployments: Vec::new(),
        groups: Vec::new(),
        names: HashMap::new(),
        master_key: None,
        timeout: None,
        max_body: 33_554_432,
        cluster_header: "x-dragoman-cluster".to_owned(),
    };
    let mut input = options.bootstrap(config.unwrap_or_default(), &plan, Vec::new());
    input.upstreams.push(render::Upstream {
        cluster: "127.0.0.1_10001".to_owned(),
        tls: false,
        host: "127.0.0.1".to_owned(),
        port: 10_001,
    });
    match render::yaml(&input) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
