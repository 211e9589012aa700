//! What a configuration amounts to, as tables and a few sentences. Keys and header values are not in it.

use core::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};
use dragoman::config::plan::{Deployment, Group, Plan};
use dragoman::routing::Strategy;
use dragoman::usage::prices::Rates;
use dragoman::value::money::PerMillion;

use crate::{remarks, rules};

const COLUMNS: [&str; 9] = [
    "group",
    "aliases",
    "deployment",
    "provider",
    "model",
    "endpoint",
    "cluster",
    "share",
    "$ per million tokens",
];

const SHARE: usize = 7;

/// The summary of a plan.
pub fn of(plan: &Plan) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(COLUMNS);
    for (index, group) in plan.groups.iter().enumerate() {
        let aliases = aliases(plan, index);
        for (position, row) in rows(plan, group).into_iter().enumerate() {
            let (name, aliases) = if position == 0 {
                (group.name.as_str(), aliases.as_str())
            } else {
                ("", "")
            };
            table.add_row([name, aliases].into_iter().map(str::to_owned).chain(row));
        }
    }
    if let Some(share) = table.column_mut(SHARE) {
        share.set_cell_alignment(CellAlignment::Right);
    }
    let (groups, deployments) = (plan.groups.len(), plan.deployments.len());
    let (rules, general, chains) = (rules::of(plan), rules::general(plan), remarks::chains(plan));
    let mut summary = format!(
        "{table}\nmodel groups: {groups}, deployments: {deployments}, {}\n\n{rules}\n{general}\nfallback chains: {chains}\n",
        access(plan)
    );
    for remark in remarks::of(plan) {
        let _ = writeln!(summary, "note: {remark}");
    }
    summary
}

const fn access(plan: &Plan) -> &'static str {
    if plan.master_key.is_some() {
        "callers need the master key"
    } else {
        "open to every caller"
    }
}

fn aliases(plan: &Plan, group: usize) -> String {
    let name = plan.groups.get(group).map(|group| group.name.as_str());
    let others = plan
        .names
        .iter()
        .filter(|(alias, named)| named.group == group && Some(alias.as_str()) != name);
    let mut words: Vec<String> = others
        .map(|(alias, named)| {
            if named.hidden {
                format!("{alias} (hidden)")
            } else {
                alias.clone()
            }
        })
        .collect();
    words.sort();
    words.join(", ")
}

fn rows(plan: &Plan, group: &Group) -> Vec<[String; 7]> {
    let weights = &group.weights;
    let total: f64 = weights.iter().sum();
    // Only chance has shares that are known beforehand.
    let is_shuffled = group.strategy == Strategy::SimpleShuffle;
    let shares = weights.iter().map(|weight| match is_shuffled {
        true => format!("{:.1} %", 100.0 * weight / total),
        false => String::new(),
    });
    plan.members(group)
        .zip(shares)
        .map(|(deployment, share)| row(deployment, share))
        .collect()
}

fn row(deployment: &Deployment, share: String) -> [String; 7] {
    let endpoint = &deployment.endpoint;
    let scheme = if endpoint.tls { "https" } else { "http" };
    let is_mock = deployment.mock_response.is_some();
    [
        deployment.id.clone(),
        deployment.provider.name().to_owned(),
        deployment.model.clone(),
        if is_mock {
            "mock_response".to_owned()
        } else {
            format!("{scheme}://{}{}", endpoint.authority, endpoint.base_path)
        },
        endpoint.cluster.clone(),
        share,
        price(deployment),
    ]
}

fn price(deployment: &Deployment) -> String {
    let words = |rates: Rates| {
        let dollars = |price: Option<PerMillion>| price.unwrap_or_default().to_string();
        let cached = rates
            .cache_read
            .map(|price| format!(" (cached {price})"))
            .unwrap_or_default();
        format!(
            "{}{cached} in, {} out",
            dollars(rates.input),
            dollars(rates.output)
        )
    };
    deployment.prices.as_ref().map_or_else(
        || {
            let is_open = deployment.model.contains('*');
            let words = if is_open {
                "as the model asked for"
            } else {
                "unknown price"
            };
            words.to_owned()
        },
        |prices| words(prices.rates(0, None)),
    )
}
