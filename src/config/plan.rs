//! The checked configuration: what the data path works from, with nothing left to look up.

use core::time::Duration;
use std::collections::HashMap;

use crate::provider::Provider;
use crate::usage::prices::Prices;
use crate::value::secret::Secret;

/// Everything the gateway does follows from this.
#[derive(Debug)]
pub struct Plan {
    /// All deployments, those of one group next to each other.
    pub deployments: Vec<Deployment>,
    /// Model groups in the order of the file.
    pub groups: Vec<Group>,
    /// Group and alias names to the group's index.
    pub names: HashMap<String, GroupName>,
    /// The key callers must present, if any.
    pub master_key: Option<Secret>,
    /// `litellm_settings.request_timeout`, else `router_settings.timeout`.
    pub timeout: Option<Duration>,
    /// The longest request body taken, in bytes.
    pub max_body: usize,
    /// The request header that names the upstream cluster to Envoy.
    pub cluster_header: String,
}

impl Plan {
    /// The names that `/v1/models` lists: the groups in the order of the file, then aliases by name.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        let groups = self.groups.iter().map(|group| group.name.as_str());
        let mut aliases: Vec<&str> = self
            .names
            .iter()
            .filter(|(name, of)| !of.hidden && self.groups.iter().all(|group| group.name != **name))
            .map(|(name, _)| name.as_str())
            .collect();
        aliases.sort_unstable();
        groups.chain(aliases)
    }

    /// The deployments of a group.
    #[must_use]
    pub fn members(&self, group: &Group) -> &[Deployment] {
        self.deployments
            .get(group.deployments.clone())
            .unwrap_or_default()
    }
}

/// A name callers may use for a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName {
    /// Index into [`Plan::groups`].
    pub group: usize,
    /// Whether `/v1/models` leaves it out.
    pub hidden: bool,
}

/// Deployments that share one `model_name`.
#[derive(Debug)]
pub struct Group {
    /// The `model_name`.
    pub name: String,
    /// Indexes into [`Plan::deployments`].
    pub deployments: core::ops::Range<usize>,
    /// How often each of them is picked, relative to the others: by `weight`, else `rpm`, else
    /// `tpm`, whichever one of them has above 0; else all alike. One that lacks what decides has 0.
    pub weights: Vec<f64>,
}

/// One entry of `model_list`.
#[derive(Debug)]
pub struct Deployment {
    /// `model_info.id`, or one made from the entry.
    pub id: String,
    /// Index into [`Plan::groups`].
    pub group: usize,
    /// The vendor.
    pub provider: &'static dyn Provider,
    /// The model's name at the vendor.
    pub model: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// `api_key`.
    pub api_key: Option<Secret>,
    /// `weight`.
    pub weight: Option<f64>,
    /// `rpm`.
    pub rpm: Option<u64>,
    /// `tpm`.
    pub tpm: Option<u64>,
    /// `timeout`.
    pub timeout: Option<Duration>,
    /// `stream_timeout`, the deployment's or the router's.
    pub stream_timeout: Option<Duration>,
    /// `extra_headers`; names in lower case. Values may be credentials.
    pub extra_headers: Vec<(String, Secret)>,
    /// `drop_params`, the deployment's or the general one.
    pub drop_params: bool,
    /// `mock_response`.
    pub mock_response: Option<String>,
    /// What it costs; `None` when nobody knows.
    pub prices: Option<Prices>,
}

/// Where requests of a deployment go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Envoy's cluster.
    pub cluster: String,
    /// Whether the connection is TLS.
    pub tls: bool,
    /// The host without a port, in lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The `:authority`: the host, with the port when it is not the scheme's own.
    pub authority: String,
    /// The path of `api_base` without a slash at its end.
    pub base_path: String,
}
