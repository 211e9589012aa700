//! Deployments gathered into groups, and how much of a group's traffic each gets.

use std::collections::HashMap;

use super::deployment::Draft;
use super::faults::{Note, Trouble};
use super::pattern::Pattern;
use super::plan::{Deployment, Group};
use super::section::Findings;
use super::strategy::Routing;
use crate::policy::{Chains, PerClass, Retries};
use crate::routing::Strategy;

/// Drafts in the order of their groups, and the groups.
pub(super) fn gathered(
    drafts: Vec<Draft>,
    routing: &Routing,
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
        let strategy = routing.strategy_of(&name);
        if strategy == Strategy::SimpleShuffle {
            weigh(&name, &drafts, findings);
        }
        let start = all.len();
        let deployments: Vec<_> = drafts.iter().map(|draft| &draft.deployment).collect();
        let weights = weights(&deployments);
        all.extend(drafts.into_iter().map(|draft| Draft {
            deployment: Deployment {
                group: index,
                ..draft.deployment
            },
            ..draft
        }));
        let indexes = (start..all.len()).collect();
        groups.push(group(&name, indexes, weights, strategy));
    }
    (all, groups)
}

/// A group that nothing has been said about but how it is picked from.
pub(super) fn group(
    name: &str,
    deployments: Vec<usize>,
    weights: Vec<f64>,
    strategy: Strategy,
) -> Group {
    Group {
        name: name.to_owned(),
        pattern: Pattern::parse(name),
        deployments,
        weights,
        strategy,
        retries: Retries {
            by_class: PerClass::default(),
            number: 0,
        },
        chains: Chains::default(),
    }
}

/// A value that can decide how often a deployment is picked.
pub(super) type Column = fn(&Deployment) -> Option<f64>;

/// What decides how often a deployment is picked, most decisive first.
const COLUMNS: [(&str, Column); 3] = [
    ("weight", |deployment| deployment.weight),
    ("rpm", |deployment| deployment.rpm.map(as_weight)),
    ("tpm", |deployment| deployment.tpm.map(as_weight)),
];

/// How often each of the deployments is picked, relative to the others.
pub(super) fn weights(deployments: &[&Deployment]) -> Vec<f64> {
    let alike = || vec![1.0; deployments.len()];
    deciding(deployments).map_or_else(alike, |(_, of)| {
        let weights = deployments.iter().map(|it| of(it).unwrap_or_default());
        weights.collect()
    })
}

/// What decides among the deployments: whoever lacks it gets nothing. `None` when nothing does.
pub(super) fn deciding(deployments: &[&Deployment]) -> Option<(&'static str, Column)> {
    let decides = |of: &Column| deployments.iter().any(|it| of(it) > Some(0.0));
    COLUMNS.into_iter().find(|(_, of)| decides(of))
}

fn weigh(group: &str, drafts: &[Draft], findings: &mut Findings<'_>) {
    let weights = || drafts.iter().filter_map(|draft| draft.deployment.weight);
    if let Some(first) = drafts
        .first()
        .filter(|_| weights().count() > 0 && weights().all(|weight| weight == 0.0))
    {
        findings.fault(first.at.clone(), Trouble::Weightless(group.to_owned()));
    }
    let deployments: Vec<_> = drafts.iter().map(|draft| &draft.deployment).collect();
    let Some((column, of)) = deciding(&deployments) else {
        return;
    };
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
