//! The names callers may use: the groups' own and those the operator gives them besides.

use std::collections::{HashMap, HashSet};

use super::environment::Text;
use super::faults::Trouble;
use super::kind::{self, Type};
use super::path::Path;
use super::plan::{Group, GroupName};
use super::schema::{self, ALIAS};
use super::section::{Findings, Section};

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
