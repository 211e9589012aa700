//! Counts handed to Envoy's metrics. Each series is defined once per worker and configuration.

use std::collections::HashMap;
use std::rc::Rc;

use super::abi::{self, Metric};
use super::calls;
use super::shared::Shared;
use crate::config::plan::Plan;
use crate::gateway::meter::{Meter, Subject};
use crate::gateway::transport::{self, ExchangeId};
use crate::usage::metrics::{Counter, Gauge, Histogram, Labels, OTHER};

/// The metrics of one configuration.
#[derive(Debug)]
pub struct Meters {
    plan: Rc<Plan>,
    /// By deployment: every request that is served finds its series without hashing.
    served: Vec<Series>,
    others: HashMap<Subject, Series>,
    /// Whose facts are stated, where the outer listener logs them.
    pub logs_to: Option<ExchangeId>,
}

/// The metrics of one subject, each with the host's number for it: few enough to be searched.
#[derive(Debug, Default)]
struct Series {
    counters: Vec<(Counter, Pending)>,
    gauges: Vec<(Gauge, u32)>,
    histograms: Vec<(Histogram, u32)>,
}

/// What was counted and not handed over yet. A request counts half a dozen things, and each call of
/// the host costs about as much as all of them here, so counts are handed over together, by the tick.
#[derive(Clone, Copy, Debug)]
struct Pending {
    id: u32,
    count: u64,
}

impl Meters {
    /// Metrics labelled with the names of this plan.
    pub fn new(plan: Rc<Plan>) -> Self {
        Self {
            served: plan.deployments.iter().map(|_| Series::default()).collect(),
            plan,
            others: HashMap::new(),
            logs_to: None,
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

impl Meters {
    /// Hands over what was counted since the last time.
    pub fn flush(&mut self) {
        for series in self.served.iter_mut().chain(self.others.values_mut()) {
            for (_, pending) in series
                .counters
                .iter_mut()
                .filter(|(_, pending)| pending.count > 0)
            {
                let count = core::mem::take(&mut pending.count);
                if let Err(refused) =
                    abi::increment(pending.id, i64::try_from(count).unwrap_or(i64::MAX))
                {
                    log::warn!("envoy refused to count: {refused:?}");
                }
            }
        }
    }
}

impl Meter for Meters {
    fn add(&mut self, counter: Counter, subject: Subject, by: u64) {
        let (series, plan) = self.series(subject);
        let known = series
            .counters
            .iter_mut()
            .find(|(other, _)| *other == counter);
        if let Some((_, pending)) = known {
            pending.count = pending.count.saturating_add(by);
            return;
        }
        let group = |index: usize| plan.groups.get(index).map(|group| group.name.as_str());
        let id = define(
            Metric::Counter,
            &counter.name(&labels(plan, subject), group),
        );
        series.counters.push((counter, Pending { id, count: by }));
    }

    fn gauge(&mut self, gauge: Gauge, subject: Subject, value: u64) {
        let (series, plan) = self.series(subject);
        let known = series.gauges.iter().find(|(other, _)| *other == gauge);
        let id = match known {
            Some((_, id)) => *id,
            None => {
                let id = define(Metric::Gauge, &gauge.name(&labels(plan, subject)));
                series.gauges.push((gauge, id));
                id
            }
        };
        record(id, value);
    }

    fn observe(&mut self, histogram: Histogram, subject: Subject, value: u64) {
        let (series, plan) = self.series(subject);
        let known = series
            .histograms
            .iter()
            .find(|(other, _)| *other == histogram);
        let id = match known {
            Some((_, id)) => *id,
            None => {
                let id = define(Metric::Histogram, &histogram.name(&labels(plan, subject)));
                series.histograms.push((histogram, id));
                id
            }
        };
        record(id, value);
    }

    fn log(&mut self, facts: &[u8]) {
        match self.logs_to {
            Some(exchange) => transport::state(&Shared, exchange, facts),
            None => calls::state_facts(facts),
        }
    }
}

fn record(id: u32, value: u64) {
    if let Err(refused) = abi::record(id, value) {
        log::warn!("envoy refused to record: {refused:?}");
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
