//! How deployments are picked: the router's strategy, and the routing groups that have their own.

use core::time::Duration;
use std::collections::HashMap;

use serde_json::Value;

use super::directory::Directory;
use super::environment::Text;
use super::faults::{Note, Trouble};
use super::groups;
use super::kind::Type;
use super::path::Path;
use super::plan::{Deployment, Group};
use super::schema::{ROUTING_GROUP, STRATEGY_ARGS};
use super::section::{Findings, Section};
use crate::routing::Strategy;

/// LiteLLM's name of the strategy that nobody needs to ask for.
const USUAL: &str = "simple-shuffle";

const ARGS: &str = "routing_strategy_args";

/// LiteLLM keeps latencies for an hour.
const TTL: Duration = Duration::from_secs(3600);

/// What is read of `router_settings` about picking.
pub(super) struct Routing {
    general: Strategy,
    groups: Vec<RoutingGroup>,
}

/// An entry of `routing_groups`: model groups that share a strategy, and can be asked for together.
struct RoutingGroup {
    at: Path,
    members: Vec<Text>,
    name: String,
    strategy: Strategy,
}

impl Routing {
    /// Reads the router's strategy and its routing groups.
    pub fn read(router: &Section<'_>, findings: &mut Findings<'_>) -> Routing {
        let general = strategy(router, findings);
        let mut groups = Vec::new();
        let mut names = HashMap::new();
        for (index, entry) in entries(router, findings).iter().enumerate() {
            let at = router.place("routing_groups").index(index);
            let Some(group) = routing_group(entry, at, findings) else {
                continue;
            };
            match names.get(&group.name).cloned() {
                None => drop(names.insert(group.name.clone(), group.at.clone())),
                Some(first) => findings.fault(group.at.clone(), Trouble::Duplicate { first }),
            }
            groups.push(group);
        }
        one_group_each(&groups, findings);
        Routing { general, groups }
    }

    /// How a deployment of the model group with this name is picked.
    pub fn strategy_of(&self, model: &str) -> Strategy {
        let has = |group: &&RoutingGroup| group.members.iter().any(|name| name.value == model);
        let own = self.groups.iter().find(has);
        own.map_or(self.general, |group| group.strategy)
    }

    /// Makes the routing groups into groups that callers can ask for.
    pub fn enter(
        self,
        deployments: &[Deployment],
        directory: &mut Directory,
        findings: &mut Findings<'_>,
    ) {
        let unite = |group: &RoutingGroup| group.united(deployments, directory, findings);
        let united: Vec<Option<Group>> = self.groups.iter().map(unite).collect();
        for (group, united) in self.groups.into_iter().zip(united) {
            match united {
                None => directory.add_broken(group.name),
                Some(_) if directory.is_taken(&group.name) => {
                    findings.fault(group.at.key("group_name"), Trouble::AliasShadows);
                }
                Some(united) => drop(directory.add(united, false)),
            }
        }
    }
}

impl RoutingGroup {
    /// The deployments of all members as one group; `None` when there are none, which has been told.
    fn united(
        &self,
        deployments: &[Deployment],
        directory: &Directory,
        findings: &mut Findings<'_>,
    ) -> Option<Group> {
        let members = self.members(directory, findings);
        let indexes = members.iter().flat_map(|(_, group)| &group.deployments);
        let indexes: Vec<usize> = indexes.copied().collect();
        let all: Vec<&Deployment> = of(&indexes, deployments);
        if let Some((column, value)) = groups::deciding(&all)
            && self.strategy == Strategy::SimpleShuffle
        {
            let lacks = |group: &&Group| {
                let own = of(&group.deployments, deployments);
                own.iter().all(|deployment| value(deployment).is_none())
            };
            let idle = members.iter().filter(|(_, group)| lacks(group));
            for (model, _) in idle {
                let model = model.written.clone();
                findings.warn(self.at.key("models"), Note::NoShare { column, model });
            }
        }
        let weights = groups::weights(&all);
        (!all.is_empty()).then(|| groups::group(&self.name, indexes, weights, self.strategy))
    }

    fn members<'d>(
        &self,
        directory: &'d Directory,
        findings: &mut Findings<'_>,
    ) -> Vec<(&Text, &'d Group)> {
        let mut members = Vec::new();
        for (index, name) in self.members.iter().enumerate() {
            match directory.hop(name) {
                Err(trouble) => findings.fault(self.at.key("models").index(index), trouble),
                Ok(None) => {}
                Ok(Some(hop)) => {
                    let group = directory.groups().get(hop.group);
                    let (plain, patterns): (Vec<_>, Vec<_>) =
                        group.into_iter().partition(|group| group.pattern.is_none());
                    members.extend(plain.into_iter().map(|group| (name, group)));
                    if !patterns.is_empty() {
                        let trouble = Trouble::PatternMember(name.written.clone());
                        findings.fault(self.at.key("models").index(index), trouble);
                    }
                }
            }
        }
        members
    }
}

fn of<'d>(indexes: &[usize], deployments: &'d [Deployment]) -> Vec<&'d Deployment> {
    let found = indexes.iter().filter_map(|index| deployments.get(*index));
    found.collect()
}

/// The strategy a section names, with its arguments.
fn strategy(section: &Section<'_>, findings: &mut Findings<'_>) -> Strategy {
    let args = section.section(ARGS, &STRATEGY_ARGS, findings);
    let latency = Strategy::Latency {
        buffer: args
            .weight("lowest_latency_buffer", &findings.env)
            .unwrap_or_default(),
        ttl: args.seconds("ttl", &findings.env).unwrap_or(TTL),
    };
    let known = [
        ("cost-based-routing", Strategy::Cost),
        ("latency-based-routing", latency),
        ("least-busy", Strategy::LeastBusy),
        (USUAL, Strategy::SimpleShuffle),
        ("usage-based-routing", Strategy::Usage),
        ("usage-based-routing-v2", Strategy::Usage),
    ];
    let strategy = not_later(section, findings)
        .then(|| section.choice("routing_strategy", "strategy", &known, findings))
        .flatten()
        .unwrap_or(Strategy::SimpleShuffle);
    if strategy != latency && section.switched_on(ARGS).is_some() {
        let why = "only `latency-based-routing` has arguments";
        findings.warn(section.place(ARGS), Note::Ignored(why));
    }
    strategy
}

/// Whether the strategy is none of those that only LiteLLM has.
fn not_later(section: &Section<'_>, findings: &mut Findings<'_>) -> bool {
    const LATER: [&str; 3] = ["lar1", "priority", "provider-budget-routing"];
    let name = section.text("routing_strategy", &findings.env);
    let Some(name) = name.filter(|name| LATER.contains(&name.value.as_str())) else {
        return true;
    };
    let trouble = Trouble::NotYet {
        what: "the strategy",
        name: name.written,
    };
    findings.fault(section.place("routing_strategy"), trouble);
    false
}

fn entries<'v>(router: &Section<'v>, findings: &mut Findings<'_>) -> &'v [Value] {
    match router.value("routing_groups") {
        None => &[],
        Some(Value::Array(entries)) => entries,
        Some(other) => {
            findings.fault(router.place("routing_groups"), Type::List.but(other));
            &[]
        }
    }
}

fn routing_group(entry: &Value, at: Path, findings: &mut Findings<'_>) -> Option<RoutingGroup> {
    let section = Section::open(Some(entry), at.clone(), &ROUTING_GROUP, findings);
    if !section.is_there() {
        return None;
    }
    for key in ["group_name", "models", "routing_strategy"] {
        if section.value(key).is_none() {
            findings.fault(at.clone(), Trouble::Missing(key));
        }
    }
    let name = section.name("group_name", &findings.env)?;
    if name.value.contains('*') {
        findings.fault(
            section.place("group_name"),
            Trouble::PatternTarget(name.written),
        );
        return None;
    }
    let members = section.names("models", &findings.env)?;
    if members.is_empty() {
        findings.fault(section.place("models"), Trouble::Empty);
    }
    Some(RoutingGroup {
        members,
        name: name.value,
        strategy: strategy(&section, findings),
        at,
    })
}

/// A model can be picked in one way only, so it belongs to one routing group at most.
fn one_group_each(groups: &[RoutingGroup], findings: &mut Findings<'_>) {
    let mut taken: HashMap<&str, Path> = HashMap::new();
    for group in groups {
        for (index, model) in group.members.iter().enumerate() {
            let at = group.at.key("models").index(index);
            match taken.get(model.value.as_str()).cloned() {
                None => drop(taken.insert(&model.value, at)),
                Some(first) => findings.fault(at, Trouble::Duplicate { first }),
            }
        }
    }
}
