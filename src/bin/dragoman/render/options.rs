//! What `dragoman render` takes on its command line, and what it takes from the checked configuration.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use dragoman::config::plan::{Endpoint, Plan};
use dragoman::gateway::tokens;
use serde_json::Value;

use super::{Bootstrap, Upstream};
use crate::{Report, check};

/// The arguments of `render`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The configuration file
    pub file: PathBuf,
    /// The address clients connect to
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:10000")]
    pub listen: SocketAddr,
    /// The address of Envoy's admin interface; it has no authentication
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:9901")]
    pub admin: SocketAddr,
    /// The module, as Envoy will find it [default: dragoman.wasm next to this command]
    #[arg(long, value_name = "PATH")]
    pub wasm: Option<PathBuf>,
    /// The certificate authorities that providers are checked against, as Envoy will find them
    #[arg(
        long,
        value_name = "PATH",
        default_value = "/etc/ssl/certs/ca-certificates.crt"
    )]
    pub authorities: PathBuf,
}

impl Options {
    /// Checks the file and prints Envoy's configuration for it. The machine that runs this need not
    /// have the secrets: Envoy's own environment must.
    pub fn run(&self, env: &dyn Fn(&str) -> Option<String>) -> Report {
        let accepted = match check::read(&self.file, true, env) {
            Ok(accepted) => accepted,
            Err(report) => return report,
        };
        let variables = accepted.checked.variables.into_iter().collect();
        let input = self.bootstrap(accepted.value, &accepted.checked.plan, variables);
        match super::yaml(&input) {
            Ok(output) => Report {
                complaints: accepted.warnings,
                good: true,
                output,
            },
            Err(error) => Report {
                complaints: format!("{error}\n"),
                ..Report::default()
            },
        }
    }

    /// The bootstrap for `config`, the operator's file as written, and the `plan` it was checked into.
    pub fn bootstrap(&self, config: Value, plan: &Plan, variables: Vec<String>) -> Bootstrap {
        Bootstrap {
            listen: self.listen,
            admin: self.admin,
            wasm: self
                .wasm
                .clone()
                .unwrap_or_else(beside_this_command)
                .to_string_lossy()
                .into_owned(),
            config,
            variables,
            upstreams: upstreams(plan),
            cluster_header: plan.cluster_header.clone(),
            max_body: u32::try_from(plan.max_body).unwrap_or(u32::MAX),
            authorities: self.authorities.to_string_lossy().into_owned(),
            transport: plan.transport,
        }
    }
}

/// Where the deployments are, and where their tokens are fetched. One that answers from the file needs no place.
fn upstreams(plan: &Plan) -> Vec<Upstream> {
    let asked = plan
        .deployments
        .iter()
        .filter(|deployment| deployment.mock_response.is_none());
    let tokens = tokens::all(plan).map(|granted| &granted.endpoint);
    distinct(asked.map(|deployment| &deployment.endpoint).chain(tokens))
}

/// Each cluster once, in order of appearance.
fn distinct<'a>(endpoints: impl Iterator<Item = &'a Endpoint>) -> Vec<Upstream> {
    let mut seen = HashSet::new();
    endpoints
        .filter(|endpoint| seen.insert(endpoint.cluster.as_str()))
        .map(|endpoint| Upstream {
            cluster: endpoint.cluster.clone(),
            tls: endpoint.tls,
            host: endpoint.host.clone(),
            port: endpoint.port,
        })
        .collect()
}

fn beside_this_command() -> PathBuf {
    let here = std::env::current_exe().unwrap_or_default();
    here.with_file_name("dragoman.wasm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployments_at_one_place_share_a_cluster() {
        let at = |host: &str, path: &str| Endpoint {
            cluster: format!("{host}_443"),
            tls: true,
            host: host.to_owned(),
            port: 443,
            authority: host.to_owned(),
            base_path: path.to_owned(),
        };
        let endpoints = [
            at("a.example", "/v1"),
            at("b.example", ""),
            at("a.example", "/v2"),
        ];

        let clusters = distinct(endpoints.iter())
            .into_iter()
            .map(|upstream| upstream.cluster)
            .collect::<Vec<_>>();

        assert_eq!(clusters, ["a.example_443", "b.example_443"]);
    }
}
