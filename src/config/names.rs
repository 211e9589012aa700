//! The names callers may use besides the groups' own: `model_group_alias`.

use std::collections::HashMap;

use super::directory::Directory;
use super::environment::Text;
use super::faults::Trouble;
use super::kind::{self, Type};
use super::path::Path;
use super::schema::ALIAS;
use super::section::{Findings, Section};

/// An entry of `model_group_alias`.
struct Alias<'v> {
    at: Path,
    hidden: bool,
    name: &'v str,
    target: Text,
}

/// Enters `router_settings.model_group_alias`.
pub(super) fn enter(router: &Section<'_>, directory: &mut Directory, findings: &mut Findings<'_>) {
    let aliases = aliases(router, findings);
    let by_name: HashMap<&str, &Alias<'_>> =
        aliases.iter().map(|alias| (alias.name, alias)).collect();
    let targets = aliases
        .iter()
        .map(|alias| target(alias, &by_name, directory));
    let targets: Vec<Result<&Text, Trouble>> = targets.collect();
    for (alias, target) in aliases.iter().zip(targets) {
        match target.and_then(|target| directory.subject(target)) {
            Err(trouble) => findings.fault(alias.at.clone(), trouble),
            Ok(None) => directory.add_broken(alias.name.to_owned()),
            Ok(Some(group)) => directory.alias(alias.name, group, alias.hidden),
        }
    }
}

/// What an alias stands for in the end, perhaps by way of other aliases.
fn target<'a>(
    alias: &'a Alias<'_>,
    aliases: &HashMap<&str, &'a Alias<'_>>,
    directory: &Directory,
) -> Result<&'a Text, Trouble> {
    if directory.is_taken(alias.name) {
        return Err(Trouble::AliasShadows);
    }
    let mut next = alias;
    for _ in 0..=aliases.len() {
        let target = &next.target;
        let other = aliases.get(target.value.as_str());
        match other.filter(|_| !directory.is_taken(&target.value)) {
            None if target.value.contains('*') => {
                return Err(Trouble::PatternTarget(target.written.clone()));
            }
            None => return Ok(target),
            Some(other) => next = other,
        }
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
