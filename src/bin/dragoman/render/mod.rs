//! A complete Envoy configuration for one of ours, so that an operator need not know Envoy's to begin.
//!
//! It is built as a tree of values and written by a YAML library. What Envoy 1.40 was seen to do, and what this relies
//! on, is said where it is used.

mod access_log;
mod cel;
mod clusters;
mod filter;
mod inner;
mod listener;
mod local_reply;
mod options;
mod routes;
mod stats;

use core::mem;
use std::net::SocketAddr;

use dragoman::config::plan::Transport;
use serde_json::{Value, json};

pub use options::Options;

/// What the configuration is made from.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where Envoy's admin interface listens.
    pub admin: SocketAddr,
    /// The module's file.
    pub wasm: String,
    /// The operator's file, as written: references to the environment are not resolved.
    pub config: Value,
    /// The environment variables it names.
    pub variables: Vec<String>,
    /// Where requests can go; one for each cluster.
    pub upstreams: Vec<Upstream>,
    /// The request header by which the module names the cluster.
    pub cluster_header: String,
    /// The longest request body taken, in bytes.
    pub max_body: u32,
    /// The file with the certificate authorities that providers are checked against.
    pub authorities: String,
    /// How a request is tried again.
    pub transport: Transport,
}

/// One place requests can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The cluster's name.
    pub cluster: String,
    /// Whether the connection is TLS.
    pub tls: bool,
    /// A DNS name or an IP address; IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The whole configuration as YAML.
///
/// # Errors
/// When the YAML library cannot write it, which no input is known to cause.
pub fn yaml(input: &Bootstrap) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(&bootstrap(input))
}

/// The whole configuration.
pub fn bootstrap(input: &Bootstrap) -> Value {
    let common = json!({
        "admin": {"address": address(&input.admin.ip().to_string(), input.admin.port())},
        "stats_config": stats::stats_config(),
        "overload_manager": overload_manager(),
    });
    let mut clusters = clusters::clusters(input);
    let own = match input.transport {
        Transport::Dispatch => json!({}),
        Transport::Envoy => {
            clusters.push(inner::cluster());
            json!({"bootstrap_extensions": [inner::extension()]})
        }
    };
    let resources = json!({"listeners": listener::listeners(input), "clusters": clusters});
    merged([common, own, json!({"static_resources": resources})])
}

/// One mapping with the members of all.
fn merged<const N: usize>(parts: [Value; N]) -> Value {
    let members = parts
        .into_iter()
        .filter_map(|mut part| part.as_object_mut().map(mem::take));
    Value::Object(members.flatten().collect())
}

/// Envoy warns at start unless the number of client connections has a limit.
fn overload_manager() -> Value {
    json!({"resource_monitors": [{
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            "max_active_downstream_connections": 65_536,
        },
    }]})
}

fn address(host: &str, port: u16) -> Value {
    json!({"socket_address": {"address": host, "port_value": port}})
}

#[cfg(test)]
mod tests;
