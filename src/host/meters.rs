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
    /// By deployment: every request that is served finds its series without hashing.
    served: Vec<Series>,
    others: HashMap<Subject, Series>,
}

/// The metrics of one subject, each with the host's number for it: few enough to be searched.
#[derive(Debug, Default)]
struct Series {
    counters: Vec<(Counter, u32)>,
    histograms: Vec<(Histogram, u32)>,
}

impl Meters {
    /// Metrics labelled with the names of this plan.
    pub fn new(plan: Rc<Plan>) -> Self {
        Self {
            served: plan.deployments.iter().map(|_| Series::default()).collect(),
            plan,
            others: HashMap::new(),
        }
    }

    fn series(&mut self, subject: Subject) -> (&mut Series, &Plan) {
        let served = subject
            .deployment
            .and_then(|index| self.served.get_mut(index));
        let series = match served {
            Some(series) => series,
            None => self.others.entry(subject).or_default(),
        };
        (series, &self.plan)
    }
}

impl Meter for Meters {
    fn add(&mut self, counter: Counter, subject: Subject, by: u64) {
        let (series, plan) = self.series(subject);
        let id = number(&mut series.counters, counter, || {
            define(Metric::Counter, &counter.name(&labels(plan, subject)))
        });
        if let Err(refused) = abi::increment(id, i64::try_from(by).unwrap_or(i64::MAX)) {
            log::warn!("envoy refused to count: {refused:?}");
        }
    }

    fn observe(&mut self, histogram: Histogram, subject: Subject, value: u64) {
        let (series, plan) = self.series(subject);
        let id = number(&mut series.histograms, histogram, || {
            define(Metric::Histogram, &histogram.name(&labels(plan, subject)))
        });
        if let Err(refused) = abi::record(id, value) {
            log::warn!("envoy refused to record: {refused:?}");
        }
    }

    fn log(&mut self, facts: &[u8]) {
        calls::state_facts(facts);
    }
}

/// The host's number for a metric, which `define` gets when it is not known yet.
fn number<M: PartialEq + Copy>(
    known: &mut Vec<(M, u32)>,
    metric: M,
    define: impl FnOnce() -> u32,
) -> u32 {
    if let Some((_, id)) = known.iter().find(|(other, _)| *other == metric) {
        return *id;
    }
    let id = define();
    known.push((metric, id));
    id
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
