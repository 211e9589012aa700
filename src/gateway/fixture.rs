//! A few workers that share a store, for the tests of choosing and of the books.

use core::time::Duration;

use serde_json::json;

use super::book::{self, Sample};
use super::meter::{Meter, Subject};
use super::select::{Lack, Needs, Pick, Want, select};
use super::{Context, Plan};
use crate::canonical::error::Class;
use crate::policy::Failure;
use crate::state::{Desk, Memory};
use crate::usage::metrics::{Counter, Gauge, Histogram};
use crate::value::rng::Rng;
use crate::value::time::Timestamp;

/// What was counted and shown.
#[derive(Debug, Default)]
pub struct Counts {
    pub added: Vec<(Counter, Subject, u64)>,
    pub gauges: Vec<(Gauge, Option<usize>, u64)>,
}

impl Meter for Counts {
    fn add(&mut self, counter: Counter, subject: Subject, by: u64) {
        self.added.push((counter, subject, by));
    }

    fn gauge(&mut self, gauge: Gauge, subject: Subject, value: u64) {
        self.gauges.push((gauge, subject.deployment, value));
    }

    fn observe(&mut self, _: Histogram, _: Subject, _: u64) {}

    fn log(&mut self, _: &[u8]) {}
}

/// Workers of one Envoy.
#[derive(Debug)]
pub struct Office {
    pub counts: Counts,
    pub now: Timestamp,
    pub plan: Plan,
    pub store: Memory,
    desks: Vec<Desk>,
    rng: Rng,
    /// Who works.
    worker: usize,
}

/// Any chat request.
pub const WANT: Want<'static> = Want {
    group: 0,
    input_tokens: 10,
    max_tokens: Some(20),
    model: "",
    must_fit: false,
    needs: Needs {
        schema: false,
        tools: false,
        vision: false,
    },
    pinned: None,
    stream: false,
    tags: &[],
    tried: &[],
};

impl Office {
    /// Three workers with a group of so many deployments, after `change` changed the plan.
    pub fn new(deployments: usize, change: impl FnOnce(&mut Plan)) -> Self {
        let entry = |n: usize| {
            json!({"model_name": "gpt", "model_info": {"id": format!("d{n}")},
                   "litellm_params": {"model": "openai/gpt-4o", "api_key": "k"}})
        };
        let list: Vec<_> = (0..deployments).map(entry).collect();
        let config = json!({"model_list": list});
        let mut plan = crate::config::read(&config, &|_| None).unwrap().plan;
        change(&mut plan);
        let mut office = Self {
            counts: Counts::default(),
            desks: (0..3).map(|_| book::desk(&plan)).collect(),
            now: Timestamp::from_nanos(1_768_480_496_000_000_000),
            plan,
            rng: Rng::new(5),
            store: Memory::default(),
            worker: 0,
        };
        office.tick();
        office.tick();
        office
    }

    /// Another worker works.
    pub fn worker(&mut self, worker: usize) -> &mut Self {
        self.worker = worker;
        self
    }

    /// Lets time go by. Workers tick.
    pub fn wait_ms(&mut self, mut millis: u64) {
        while millis > 0 {
            let step = millis.min(250);
            self.now = self.now.after(Duration::from_millis(step));
            self.tick();
            millis -= step;
        }
    }

    /// All workers tick.
    pub fn tick(&mut self) {
        let worker = self.worker;
        for each in 0..self.desks.len() {
            self.worker = each;
            self.with(book::tick);
        }
        self.worker = worker;
    }

    /// A worker dies.
    pub fn dies(&mut self, worker: usize) {
        self.desks.remove(worker);
        self.worker = 0;
    }

    pub fn with<T>(&mut self, act: impl FnOnce(&mut Context<'_>) -> T) -> T {
        act(&mut Context {
            now: self.now,
            rng: &mut self.rng,
            meter: &mut self.counts,
            plan: &self.plan,
            store: &self.store,
            desk: &mut self.desks[self.worker],
        })
    }

    pub fn select(&mut self, want: &Want<'_>) -> Result<Pick, Lack> {
        self.with(|cx| select(want, cx))
    }

    /// Which deployment any request gets.
    pub fn picks(&mut self, want: &Want<'_>) -> Result<usize, Lack> {
        let pick = self.select(want)?;
        let deployment = pick.deployment;
        self.with(|cx| book::ended(pick, cx));
        Ok(deployment)
    }

    /// How often each deployment is picked, in so many requests one after the other.
    pub fn hits(&mut self, requests: usize, want: &Want<'_>) -> Vec<usize> {
        let mut hits = vec![0; self.plan.deployments.len()];
        for _ in 0..requests {
            hits[self.picks(want).unwrap()] += 1;
        }
        hits
    }

    /// A request to that deployment, if it is picked at all.
    pub fn pin(&mut self, deployment: usize) -> Pick {
        let want = Want {
            pinned: Some(deployment),
            ..WANT
        };
        self.select(&want).unwrap()
    }

    /// A request to that deployment is answered.
    pub fn answer(&mut self, deployment: usize, sample: &Sample) {
        let pick = self.pin(deployment);
        self.with(|cx| {
            book::answered(&pick, sample, cx);
            book::ended(pick, cx);
        });
    }

    /// A request to that deployment fails so.
    pub fn fail(&mut self, deployment: usize, class: Class) {
        let pick = self.pin(deployment);
        self.fails(pick, &failure(class));
    }

    pub fn fails(&mut self, pick: Pick, failure: &Failure) {
        self.with(|cx| {
            book::failed(&pick, failure, cx);
            book::ended(pick, cx);
        });
    }

    /// How often deployments were sent to rest.
    pub fn cooldowns(&self) -> usize {
        let these = self.counts.added.iter();
        these
            .filter(|(counter, ..)| *counter == Counter::Cooldowns)
            .count()
    }

    /// What a gauge shows.
    pub fn shown(&self, gauge: Gauge, deployment: usize) -> Option<u64> {
        let this =
            |entry: &&(Gauge, Option<usize>, u64)| (entry.0, entry.1) == (gauge, Some(deployment));
        self.counts.gauges.iter().rfind(this).map(|entry| entry.2)
    }
}

pub fn failure(class: Class) -> Failure {
    Failure {
        class,
        retry_after: None,
        should_retry: None,
    }
}

/// A whole answer that took so many milliseconds for each of 100 tokens.
pub fn whole(millis_per_token: u64) -> Sample {
    Sample {
        duration: Duration::from_millis(millis_per_token * 100),
        output_tokens: 100,
        stream: false,
        time_to_first: None,
        total_tokens: 110,
    }
}

/// A stream whose first content took so many milliseconds.
pub fn stream(millis: u64) -> Sample {
    Sample {
        duration: Duration::from_secs(9),
        stream: true,
        time_to_first: Some(Duration::from_millis(millis)),
        ..whole(0)
    }
}
