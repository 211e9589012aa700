//! The checked configuration: what the data path works from, with nothing left to look up.

use core::time::Duration;
use std::borrow::Cow;
use std::collections::HashMap;

use super::pattern::{self, Pattern};
use super::prices;
use crate::canonical::think::Tag;
use crate::policy::{Budget, Chains, CooldownRules, Hop, Retries};
use crate::provider::grant::Grant;
use crate::provider::{Options, Provider, Rules};
use crate::routing::Strategy;
use crate::usage::prices::{Abilities, Prices};
use crate::value::secret::Secret;

/// Everything the gateway does follows from this.
#[derive(Debug)]
pub struct Plan {
    /// All deployments, those of one group next to each other.
    pub deployments: Vec<Deployment>,
    /// Model groups in the order of the file.
    pub groups: Vec<Group>,
    /// Group and alias names to the group's index. Names that are patterns are not among them.
    pub names: HashMap<String, GroupName>,
    /// The deployments by their ids: a request may name one instead of a group, unless its model has a `*`.
    pub ids: HashMap<String, usize>,
    /// The groups whose names are patterns, the most specific first, as indexes into [`Plan::groups`].
    pub patterns: Vec<usize>,
    /// The key callers must present, if any.
    pub master_key: Option<Secret>,
    /// What bounds a whole request, over all its attempts and waits: `litellm_settings.request_timeout`, else
    /// `router_settings.timeout`.
    pub timeout: Option<Duration>,
    /// `dragoman.stream_idle_timeout`: the longest silence between the chunks of a stream.
    pub stream_idle_timeout: Option<Duration>,
    /// `dragoman.hedge_after`: when a second deployment is asked because the first has not said anything.
    pub hedge_after: Option<Duration>,
    /// `dragoman.midstream`: what becomes of a stream that breaks off after its first content.
    pub midstream: Midstream,
    /// `dragoman.retry_transport`: how a request is tried again.
    pub transport: Transport,
    /// `router_settings.retry_after`: the least time between two attempts that must wait at all.
    pub retry_after: Duration,
    /// `dragoman.retry_budget`.
    pub retry_budget: Budget,
    /// `max_fallbacks`: how many other models a request may go on to.
    pub max_fallbacks: u32,
    /// `default_fallbacks`, for models nobody knows.
    pub default_fallbacks: Vec<Hop>,
    /// `enable_tag_filtering`, and how the tags must match.
    pub tags: Option<TagMatch>,
    /// `enable_pre_call_checks`.
    pub pre_call_checks: bool,
    /// The longest request body taken, in bytes.
    pub max_body: usize,
    /// The request header that names the upstream cluster to Envoy.
    pub cluster_header: String,
}

impl Plan {
    /// What a request for the model `name` is for: the group or alias of that name, else the deployment with that id, else the
    /// group whose pattern fits it best. `None` when it is nothing here.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<Resolved> {
        let named = |(index, deployment): (usize, Option<usize>)| {
            let model = self.groups.get(index)?.name.clone();
            let group = index;
            Some(Resolved {
                hop: Hop { group, model },
                deployment,
            })
        };
        let group = self.names.get(name).map(|named| (named.group, None));
        let by_id = || {
            let index = *self.ids.get(name)?;
            Some((self.deployments.get(index)?.group, Some(index)))
        };
        let found = group.or_else(by_id).and_then(named);
        found.or_else(|| self.matching(name))
    }

    fn matching(&self, name: &str) -> Option<Resolved> {
        let fits = |index: &&usize| {
            let group = self.groups.get(**index);
            let pattern = group.and_then(|group| group.pattern.as_ref());
            pattern.is_some_and(|pattern| pattern.captures(name).is_some())
        };
        let group = *self.patterns.iter().find(fits)?;
        let model = name.to_owned();
        Some(Resolved {
            hop: Hop { group, model },
            deployment: None,
        })
    }

    /// The names that `/v1/models` lists: the groups in the order of the file, then aliases by name. Patterns are not names.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        let groups = self.groups.iter().filter(|group| group.pattern.is_none());
        let groups = groups.map(|group| group.name.as_str());
        let mut aliases: Vec<&str> = self
            .names
            .iter()
            .filter(|(name, of)| !of.hidden && self.groups.iter().all(|group| group.name != **name))
            .map(|(name, _)| name.as_str())
            .collect();
        aliases.sort_unstable();
        groups.chain(aliases)
    }

    /// The model a deployment is asked for when a request goes on with `hop`: its own, with each `*` filled by what the hop's
    /// model has in its place.
    #[must_use]
    pub fn asked_of<'d>(&self, deployment: &'d Deployment, hop: &Hop) -> Cow<'d, str> {
        let group = self.groups.get(hop.group);
        let pattern = group.and_then(|group| group.pattern.as_ref());
        let captures = pattern.and_then(|pattern| pattern.captures(&hop.model));
        captures.map_or(Cow::Borrowed(&*deployment.model), |captures| {
            Cow::Owned(pattern::fill(&deployment.model, &captures))
        })
    }

    /// Whether a request's body must be kept once it was sent on: Envoy brings it again only through an internal listener.
    #[must_use]
    pub fn keeps_bodies(&self) -> bool {
        self.transport == Transport::Dispatch
            || self.hedge_after.is_some()
            || self.midstream == Midstream::Continue
    }

    /// The deployments of a group.
    pub fn members(&self, group: &Group) -> impl Iterator<Item = &Deployment> {
        group
            .deployments
            .iter()
            .filter_map(|index| self.deployments.get(*index))
    }
}

/// What a name in a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The group, and the model's name in it.
    pub hop: Hop,
    /// The one deployment of it that was asked for, as an index into [`Plan::deployments`]; usually none is.
    pub deployment: Option<usize>,
}

/// How a request is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The filter calls the next provider itself: any Envoy will do, and a stream that was tried again arrives whole.
    #[default]
    Dispatch,
    /// Envoy replays the request through an internal listener: streams stay streams.
    Envoy,
}

/// What becomes of a stream that breaks off after its first content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Midstream {
    /// A fallback is asked to go on from the text so far.
    Continue,
    /// The client is told.
    #[default]
    Fail,
}

/// When a deployment's tags fit a request's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagMatch {
    /// It has all of them.
    All,
    /// It has one of them.
    Any,
}

/// A name callers may use for a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName {
    /// Index into [`Plan::groups`].
    pub group: usize,
    /// Whether `/v1/models` leaves it out.
    pub hidden: bool,
}

/// Deployments that share one `model_name`, or those of the members of a routing group.
#[derive(Clone, Debug)]
pub struct Group {
    /// The `model_name`, or the routing group's name. A model that only a pattern matches has a group of this kind, too, where
    /// the file says something about it in particular.
    pub name: String,
    /// The `model_name` as a pattern, if it has a `*`: what a requested name puts in its place replaces the `*` in
    /// [`Deployment::model`].
    pub pattern: Option<Pattern>,
    /// Indexes into [`Plan::deployments`].
    pub deployments: Vec<usize>,
    /// How often each of them is picked, relative to the others: by `weight`, else `rpm`, else
    /// `tpm`, whichever one of them has above 0; else all alike. One that lacks what decides has 0.
    pub weights: Vec<f64>,
    /// How one of them is picked.
    pub strategy: Strategy,
    /// How often it is tried again.
    pub retries: Retries,
    /// Where its requests go when it has failed.
    pub chains: Chains,
}

/// One entry of `model_list`.
#[derive(Debug)]
pub struct Deployment {
    /// `model_info.id`, or one made from the entry.
    pub id: String,
    /// Index into [`Plan::groups`]: the group of its own `model_name`.
    pub group: usize,
    /// The vendor.
    pub provider: &'static dyn Provider,
    /// The model's name at the vendor. In a group with a pattern it may have `*`, which the requested name fills.
    pub model: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// `api_key`.
    pub api_key: Option<Secret>,
    /// The token that must be fetched before it is asked; `None` where a key will do.
    pub grant: Option<Granted>,
    /// `order`: the lowest one there is is used first; without one, last.
    pub order: Option<u64>,
    /// `tags`.
    pub tags: Vec<String>,
    /// `max_parallel_requests`, the deployment's or the router's `default_max_parallel_requests`.
    pub max_parallel: Option<u32>,
    /// `num_retries` of the deployment itself: it counts when the attempt that failed was its.
    pub num_retries: Option<u32>,
    /// When it is sent to rest.
    pub cooldown: CooldownRules,
    /// The largest prompt, in tokens: `model_info.max_input_tokens`, else the price table's.
    pub max_input: Option<u64>,
    /// What it can do, by `model_info.supports_*`, else by the price table; `None` where nobody knows. Of a model that the
    /// table does not list, what the file does not deny is taken for granted as far as a request may need it.
    pub abilities: Option<Abilities>,
    /// `dragoman.prefill`: it goes on from a last message of the assistant.
    pub prefill: bool,
    /// `dragoman.think_tags`: its text has reasoning in it, whose opening tag stands there.
    pub think_tags: Option<Tag>,
    /// `weight`.
    pub weight: Option<f64>,
    /// `rpm`.
    pub rpm: Option<u64>,
    /// `tpm`.
    pub tpm: Option<u64>,
    /// `timeout`: bounds one attempt.
    pub timeout: Option<Duration>,
    /// `stream_timeout`, the deployment's or the router's: bounds one attempt's time to its first content.
    pub stream_timeout: Option<Duration>,
    /// `extra_headers`; names in lower case. Values may be credentials.
    pub extra_headers: Vec<(String, Secret)>,
    /// `drop_params`, the deployment's or the general one.
    pub drop_params: bool,
    /// What only its vendor understands.
    pub options: Options,
    /// What is done about parameters.
    pub rules: Rules,
    /// `mock_response`.
    pub mock_response: Option<String>,
    /// What it costs; `None` when nobody knows. See also [`Deployment::prices_for`].
    pub prices: Option<Prices>,
}

impl Deployment {
    /// What it costs when the vendor is asked for `model`, which fills the `*` of its own: what the file says of the
    /// deployment, else what the price table says of that model. `None` when nobody knows.
    #[must_use]
    pub fn prices_for(&self, model: &str) -> Option<Cow<'_, Prices>> {
        let own = self.prices.as_ref().map(Cow::Borrowed);
        own.or_else(|| self.listed(model).map(Cow::Owned))
    }

    /// The largest prompt when the vendor is asked for `model`, found in the same way.
    #[must_use]
    pub fn max_input_for(&self, model: &str) -> Option<u64> {
        self.max_input.or_else(|| self.listed(model)?.max_input)
    }

    /// What it can do when the vendor is asked for `model`, found in the same way.
    #[must_use]
    pub fn abilities_for(&self, model: &str) -> Option<Abilities> {
        let listed = || Some(self.listed(model)?.abilities);
        self.abilities.or_else(listed)
    }

    /// What its vendor's model of that name costs, whichever its own is; without any price where nobody knows.
    #[must_use]
    pub fn prices_of(&self, model: &str) -> Prices {
        prices::listed(self.provider.name(), model).unwrap_or_default()
    }

    fn listed(&self, model: &str) -> Option<Prices> {
        let is_open = self.model.contains('*');
        is_open.then(|| prices::listed(self.provider.name(), model))?
    }
}

/// An access token that must be fetched.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Where it is fetched; the whole path is in [`Endpoint::base_path`].
    pub endpoint: Endpoint,
    /// What is asked.
    pub grant: Grant,
    /// The name of its record in the shared state.
    pub record: String,
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
