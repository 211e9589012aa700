//! Counts handed to Envoy's metrics. Each series is defined once per worker and configuration.

use std::collections::HashMap;
use std::rc::Rc;

use super::abi::{self, Metric};
use super::calls;
use crate::config::plan::Plan;
use crate::gateway::meter::{Meter, Subject};
use crate::usage::metrics::{Counter, Histogram, Labels, OTHER};

/// The metrics of one configuration.
#[derive(Debug)]
pub struct Meters {
    plan: Rc<Plan>,
    counters: HashMap<(Counter, Subject), u32>,
    histograms: HashMap<(Histogram, Subject), u32>,
}

impl Meters {
    /// Metrics labelled with the names of this plan.
    pub fn new(plan: Rc<Plan>) -> Self {
        Self {
            plan,
            counters: HashMap::new(),
            histograms: HashMap::new(),
        }
    }
}

impl Meter for Meters {
    fn add(&mut self, counter: Counter, subject: Subject, by: u64) {
        let plan = &self.plan;
        let id = *self
            .counters
            .entry((counter, subject))
            .or_insert_with(|| define(Metric::Counter, &counter.name(&labels(plan, subject))));
        if let Err(refused) = abi::increment(id, i64::try_from(by).unwrap_or(i64::MAX)) {
            log::warn!("envoy refused to count: {refused:?}");
        }
    }

    fn observe(&mut self, histogram: Histogram, subject: Subject, value: u64) {
        let plan = &self.plan;
        let id = *self
            .histograms
            .entry((histogram, subject))
            .or_insert_with(|| define(Metric::Histogram, &histogram.name(&labels(plan, subject))));
        if let Err(refused) = abi::record(id, value) {
            log::warn!("envoy refused to record: {refused:?}");
        }
    }

    fn log(&mut self, facts: &[u8]) {
        calls::state_facts(facts);
    }
}

fn define(kind: Metric, name: &str) -> u32 {
    abi::define_metric(kind, name).unwrap_or_else(|refused| {
        log::warn!("envoy refused the metric {name}: {refused:?}");
        u32::MAX
    })
}

fn labels(plan: &Plan, subject: Subject) -> Labels<'_> {
    let deployment = subject
        .deployment
        .and_then(|index| plan.deployments.get(index));
    let group = subject.group.and_then(|index| plan.groups.get(index));
    Labels {
        model_group: group.map_or(OTHER, |group| &group.name),
        deployment: deployment.map_or(OTHER, |deployment| &deployment.id),
        provider: deployment.map_or(OTHER, |deployment| deployment.provider.name()),
    }
}
