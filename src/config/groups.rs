//! Deployments gathered into groups, and the names callers may use for them.

use std::collections::{HashMap, HashSet};

use super::deployment::Draft;
use super::environment::Text;
use super::faults::{Note, Trouble};
use super::kind::{self, Type};
use super::path::Path;
use super::plan::{Deployment, Group, GroupName};
use super::schema::{self, ALIAS};
use super::section::{Findings, Section};

/// Drafts in the order of their groups, and the groups.
pub(super) fn gathered(
    drafts: Vec<Draft>,
    findings: &mut Findings<'_>,
) -> (Vec<Draft>, Vec<Group>) {
    let mut members: Vec<(String, Vec<Draft>)> = Vec::new();
    let mut indexes: HashMap<String, usize> = HashMap::new();
    for draft in drafts {
        let index = *indexes.entry(draft.group.clone()).or_insert_with(|| {
            members.push((draft.group.clone(), Vec::new()));
            members.len().saturating_sub(1)
        });
        if let Some((_, drafts)) = members.get_mut(index) {
            drafts.push(draft);
        }
    }
    let (mut all, mut groups): (Vec<Draft>, Vec<Group>) = (Vec::new(), Vec::new());
    for (index, (name, drafts)) in members.into_iter().enumerate() {
        weigh(&name, &drafts, findings);
        let start = all.len();
        let weights = weights(&drafts);
        all.extend(drafts.into_iter().map(|draft| Draft {
            deployment: Deployment {
                group: index,
                ..draft.deployment
            },
            ..draft
        }));
        groups.push(Group {
            name,
            deployments: (start..all.len()).collect(),
            weights,
            strategy: crate::routing::Strategy::SimpleShuffle,
            retries: crate::policy::Retries {
                by_class: crate::policy::PerClass::default(),
                number: 2,
            },
            chains: crate::policy::Chains::default(),
        });
    }
    (all, groups)
}

type Column = fn(&Deployment) -> Option<f64>;

/// What decides how often a deployment is picked, most decisive first.
const COLUMNS: [(&str, Column); 3] = [
    ("weight", |deployment| deployment.weight),
    ("rpm", |deployment| deployment.rpm.map(as_weight)),
    ("tpm", |deployment| deployment.tpm.map(as_weight)),
];

fn weights(drafts: &[Draft]) -> Vec<f64> {
    let column = |of: Column| -> Vec<f64> {
        drafts
            .iter()
            .map(|draft| of(&draft.deployment).unwrap_or_default())
            .collect()
    };
    COLUMNS
        .into_iter()
        .map(|(_, of)| column(of))
        .find(|weights| weights.iter().any(|weight| *weight > 0.0))
        .unwrap_or_else(|| vec![1.0; drafts.len()])
}

/// `weight` decides, else `rpm`, else `tpm`; whoever lacks what decides gets nothing.
fn weigh(group: &str, drafts: &[Draft], findings: &mut Findings<'_>) {
    let weights = || drafts.iter().filter_map(|draft| draft.deployment.weight);
    if let Some(first) = drafts
        .first()
        .filter(|_| weights().count() > 0 && weights().all(|weight| weight == 0.0))
    {
        findings.fault(first.at.clone(), Trouble::Weightless(group.to_owned()));
    }
    let decides = COLUMNS
        .into_iter()
        .find(|(_, of)| drafts.iter().any(|draft| of(&draft.deployment) > Some(0.0)));
    let Some((column, of)) = decides else { return };
    for draft in drafts
        .iter()
        .filter(|draft| of(&draft.deployment).is_none())
    {
        findings.warn(draft.at.key("litellm_params"), Note::NoWeight(column));
    }
}

/// Limits above 2^32 a minute weigh the same.
fn as_weight(limit: u64) -> f64 {
    f64::from(u32::try_from(limit).unwrap_or(u32::MAX))
}

/// An entry of `model_group_alias`.
struct Alias<'v> {
    at: Path,
    hidden: bool,
    name: &'v str,
    target: Text,
}

/// Every name callers may use: the groups' own and `router_settings.model_group_alias`.
pub(super) fn names(
    groups: &[Group],
    declared: &HashSet<String>,
    router: &Section<'_>,
    findings: &mut Findings<'_>,
) -> HashMap<String, GroupName> {
    let own = groups.iter().enumerate().map(|(group, named)| {
        (
            named.name.clone(),
            GroupName {
                group,
                hidden: false,
            },
        )
    });
    let mut names: HashMap<String, GroupName> = own.collect();
    let aliases = aliases(router, findings);
    let (by_alias, by_group) = (
        aliases.iter().map(|alias| (alias.name, alias)).collect(),
        targets(groups, declared),
    );
    for alias in &aliases {
        match target(alias, &by_alias, &by_group) {
            Err(trouble) => findings.fault(alias.at.clone(), trouble),
            Ok(None) => {}
            Ok(Some(group)) => {
                names.insert(
                    alias.name.to_owned(),
                    GroupName {
                        group,
                        hidden: alias.hidden,
                    },
                );
            }
        }
    }
    names
}

/// What an alias can stand for: groups, and those whose deployments all have faults, which have no index.
fn targets<'g>(
    groups: &'g [Group],
    declared: &'g HashSet<String>,
) -> HashMap<&'g str, Option<usize>> {
    let declared = declared.iter().map(|name| (name.as_str(), None));
    let groups = groups
        .iter()
        .enumerate()
        .map(|(index, group)| (group.name.as_str(), Some(index)));
    declared.chain(groups).collect()
}

/// The group an alias stands for, perhaps by way of other aliases.
fn target(
    alias: &Alias<'_>,
    aliases: &HashMap<&str, &Alias<'_>>,
    groups: &HashMap<&str, Option<usize>>,
) -> Result<Option<usize>, Trouble> {
    if groups.contains_key(alias.name) {
        return Err(Trouble::AliasShadows);
    }
    let mut next = alias;
    for _ in 0..=aliases.len() {
        if let Some(group) = groups.get(next.target.value.as_str()) {
            return Ok(*group);
        }
        let Some(other) = aliases.get(next.target.value.as_str()) else {
            let nearest = schema::nearest(&next.target.written, groups.keys().copied());
            return Err(Trouble::AliasTarget {
                target: next.target.written.clone(),
                nearest: nearest.map(str::to_owned),
            });
        };
        next = other;
    }
    Err(Trouble::AliasLoop)
}

fn aliases<'v>(router: &Section<'v>, findings: &mut Findings<'_>) -> Vec<Alias<'v>> {
    let at = router.place("model_group_alias");
    let mut aliases = Vec::new();
    for (name, value) in router.entries("model_group_alias", findings) {
        let place = at.key(name);
        if name.is_empty() || name.chars().any(char::is_control) {
            findings.fault(place, Trouble::Characters);
            continue;
        }
        aliases.extend(alias(name, value, place, findings));
    }
    aliases
}

fn alias<'v>(
    name: &'v str,
    value: &'v serde_json::Value,
    at: Path,
    findings: &mut Findings<'_>,
) -> Option<Alias<'v>> {
    if value.is_object() {
        let section = Section::open(Some(value), at.clone(), &ALIAS, findings);
        if section.value("model").is_none() {
            findings.fault(at.clone(), Trouble::Missing("model"));
        }
        let hidden = section.flag("hidden", &findings.env).unwrap_or(false);
        return section.name("model", &findings.env).map(|target| Alias {
            at,
            hidden,
            name,
            target,
        });
    }
    let read = if value.is_string() {
        kind::name(value, &findings.env)
    } else {
        Err(Type::Text.but(value))
    };
    read.map(|target| Alias {
        at: at.clone(),
        hidden: false,
        name,
        target,
    })
    .map_err(|trouble| findings.fault(at, trouble))
    .ok()
}
