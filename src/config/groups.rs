//! Deployments gathered into groups, and how much of a group's traffic each gets.

use std::collections::HashMap;

use super::deployment::Draft;
use super::faults::{Note, Trouble};
use super::plan::{Deployment, Group};
use super::section::Findings;

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
