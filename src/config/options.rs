//! What LiteLLM has no word for: how a request is tried again, and how patient the gateway is.

use core::time::Duration;

use serde_json::Value;

use super::faults::Note;
use super::kind;
use super::plan::{Midstream, Plan, Transport};
use super::schema::RETRY_BUDGET;
use super::section::{Findings, Section};
use crate::policy::Budget;

/// What holds where the file says nothing.
const BUDGET: Budget = Budget {
    floor: 10,
    percent: 20,
};

const TRANSPORTS: [(&str, Transport); 2] = [
    ("dispatch", Transport::Dispatch),
    ("envoy", Transport::Envoy),
];

const MIDSTREAM: [(&str, Midstream); 2] =
    [("continue", Midstream::Continue), ("off", Midstream::Fail)];

/// The options of the `dragoman` section that are about trying again.
pub(super) struct Options {
    pub hedge_after: Option<Duration>,
    pub midstream: Midstream,
    pub retry_budget: Budget,
    pub stream_idle_timeout: Option<Duration>,
    pub transport: Transport,
}

impl Options {
    /// Reads them.
    pub fn read(section: &Section<'_>, findings: &mut Findings<'_>) -> Options {
        let transport = section.choice("retry_transport", "transport", &TRANSPORTS, findings);
        Options {
            hedge_after: section.seconds("hedge_after", &findings.env),
            midstream: midstream(section, findings),
            retry_budget: budget(section, findings),
            stream_idle_timeout: section.seconds("stream_idle_timeout", &findings.env),
            transport: transport.unwrap_or_default(),
        }
    }
}

/// An unquoted `off` is a truth value in YAML 1.1, which is how Envoy reads its own file.
fn midstream(section: &Section<'_>, findings: &mut Findings<'_>) -> Midstream {
    const KEY: &str = "midstream";
    if section.value(KEY) == Some(&Value::Bool(false)) {
        return Midstream::Fail;
    }
    if let Some(value) = section.value(KEY)
        && let Some(trouble) = kind::Kind::Text.trouble(value, &findings.env)
    {
        findings.fault(section.place(KEY), trouble);
    }
    let choice = section.choice(KEY, "way to go on", &MIDSTREAM, findings);
    choice.unwrap_or_default()
}

/// A number is the percentage; a section has both.
fn budget(section: &Section<'_>, findings: &mut Findings<'_>) -> Budget {
    const KEY: &str = "retry_budget";
    match section.value(KEY) {
        None => BUDGET,
        Some(Value::Object(_)) => {
            let own = section.section(KEY, &RETRY_BUDGET, findings);
            Budget {
                floor: own.small("floor", &findings.env).unwrap_or(BUDGET.floor),
                percent: own
                    .percent("percent", &findings.env)
                    .unwrap_or(BUDGET.percent),
            }
        }
        Some(value) => {
            if let Some(trouble) = kind::Kind::Percent.trouble(value, &findings.env) {
                findings.fault(section.place(KEY), trouble);
            }
            Budget {
                percent: section
                    .percent(KEY, &findings.env)
                    .unwrap_or(BUDGET.percent),
                ..BUDGET
            }
        }
    }
}

/// Tells of options that can never take effect with these deployments.
pub(super) fn tell_of_idle(plan: &Plan, section: &Section<'_>, findings: &mut Findings<'_>) {
    let has_second = plan.groups.iter().any(|group| group.deployments.len() > 1);
    if plan.hedge_after.is_some() && !has_second {
        let why = "no model group has a second deployment to ask";
        findings.warn(section.place("hedge_after"), Note::Ignored(why));
    }
    let can_prefill = plan.deployments.iter().any(|deployment| deployment.prefill);
    if plan.midstream == Midstream::Continue && !can_prefill {
        let why = "no deployment is marked `dragoman: {prefill: true}`";
        findings.warn(section.place("midstream"), Note::Ignored(why));
    }
}
