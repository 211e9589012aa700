//! How a plan treats failures, as a table: a line for each group.

use core::time::Duration;

use comfy_table::{Table, presets};
use dragoman::config::plan::{Group, Plan};
use dragoman::policy::{CooldownRules, Hop};
use dragoman::routing::Strategy;

type Column = (&'static str, fn(&Plan, &Group) -> String);

/// Columns in which no group has anything are left out.
const COLUMNS: [Column; 7] = [
    ("group", |_, group| group.name.clone()),
    ("strategy", |_, group| strategy(group.strategy)),
    ("retries", |_, group| retries(group)),
    ("cooldown", cooldown),
    ("fallbacks", |_, group| chain(&group.chains.general)),
    ("where the prompt is too long", |_, group| {
        chain(&group.chains.context_window)
    }),
    ("where the content is refused", |_, group| {
        chain(&group.chains.content_policy)
    }),
];

/// The table.
pub fn of(plan: &Plan) -> Table {
    let cells = |(_, cell): &Column| -> Vec<String> {
        plan.groups.iter().map(|group| cell(plan, group)).collect()
    };
    let columns = COLUMNS.iter().map(|column| (column.0, cells(column)));
    let columns: Vec<_> = columns
        .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
        .collect();
    let mut table = Table::new();
    table
        .load_style(presets::ASCII_MARKDOWN)
        .set_header(columns.iter().map(|(name, _)| *name));
    for row in 0..plan.groups.len() {
        let cells = columns.iter().filter_map(|(_, cells)| cells.get(row));
        table.add_row(cells);
    }
    table
}

/// What holds for all groups, in a line.
pub fn general(plan: &Plan) -> String {
    let budget = plan.retry_budget;
    let mut words = vec![format!(
        "retries at a time: {} % of the requests under way, and {} always",
        budget.percent, budget.floor
    )];
    if !plan.retry_after.is_zero() {
        words.push(format!("at least {} apart", time(plan.retry_after)));
    }
    words.push(format!("fallbacks: at most {}", plan.max_fallbacks));
    let unknown = chain(&plan.default_fallbacks);
    if !unknown.is_empty() {
        words.push(format!("models nobody knows: {unknown}"));
    }
    let limits = [
        ("whole request", plan.timeout),
        ("pause in a stream", plan.stream_idle_timeout),
        ("second deployment asked after", plan.hedge_after),
    ];
    let limits = limits.into_iter();
    words.extend(limits.filter_map(|(what, limit)| Some(format!("{what}: {}", time(limit?)))));
    words.join("; ")
}

fn strategy(strategy: Strategy) -> String {
    match strategy {
        Strategy::Cost => "cost-based-routing".to_owned(),
        Strategy::Latency { buffer, ttl } => {
            let ttl = time(ttl);
            format!("latency-based-routing (buffer {buffer}, ttl {ttl})")
        }
        Strategy::LeastBusy => "least-busy".to_owned(),
        Strategy::SimpleShuffle => "simple-shuffle".to_owned(),
        Strategy::Usage => "usage-based-routing".to_owned(),
    }
}

fn retries(group: &Group) -> String {
    let retries = &group.retries;
    let numbers = retries.by_class.0.iter().map(|(_, number)| *number);
    let numbers = numbers.chain([retries.number]);
    span(numbers)
}

/// One number, or the smallest and the largest.
fn span(numbers: impl Iterator<Item = u32> + Clone) -> String {
    let (least, most) = (numbers.clone().min(), numbers.max());
    let words = [least, most.filter(|_| most != least)];
    let words = words.into_iter().flatten().map(|number| number.to_string());
    words.collect::<Vec<_>>().join(" to ")
}

fn cooldown(plan: &Plan, group: &Group) -> String {
    let rules = plan.members(group).map(|deployment| &deployment.cooldown);
    let mut words: Vec<String> = rules.map(rest).collect();
    words.sort();
    words.dedup();
    words.join("; ")
}

fn rest(rules: &CooldownRules) -> String {
    if !rules.enabled {
        return "never".to_owned();
    }
    let numbers = rules.by_class.0.iter().map(|(_, number)| *number);
    let allowed = span(numbers.chain(rules.allowed));
    let time = time(rules.time);
    if allowed.is_empty() {
        return time;
    }
    format!("{time} when more than {allowed} failed")
}

fn chain(hops: &[Hop]) -> String {
    let names: Vec<&str> = hops.iter().map(|hop| hop.model.as_str()).collect();
    names.join(" → ")
}

fn time(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
