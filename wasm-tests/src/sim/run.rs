//! One simulated run: workers that share a store, a clock that jumps from event to event, and what is decided on the way.

use core::time::Duration;
use std::collections::HashMap;

use dragoman::config;
use dragoman::config::plan::Plan;
use dragoman::gateway::effect::Effect;
use dragoman::gateway::event::Event;
use dragoman::gateway::{Context, book};
use dragoman::state::{Desk, Memory};
use dragoman::usage::metrics::Counter;
use dragoman::value::rng::Rng;
use dragoman::value::time::Timestamp;

use super::Report;
use super::agenda::{Agenda, Happening};
use super::dice::Dice;
use super::scenario::Scenario;
use super::visit::Visit;
use crate::world::Ledger;

/// When the world begins, in nanoseconds since the Unix epoch.
const BEGINNING: Timestamp = Timestamp::from_nanos(1_768_480_496_000_000_000);
/// How often a worker's own work is done.
const TICK: Duration = Duration::from_millis(250);
/// After so many events a run goes in a circle.
const MOST: usize = 200_000;

/// A world of workers, providers and clients.
#[derive(Debug)]
pub struct Simulation {
    pub(super) agenda: Agenda,
    pub(super) clusters: HashMap<String, usize>,
    pub(super) dice: Dice,
    pub(super) now: Timestamp,
    pub(super) plan: Plan,
    pub(super) report: Report,
    pub(super) scenario: Scenario,
    /// When each deployment was asked.
    pub(super) sent: Vec<Vec<Timestamp>>,
    pub(super) seed: u64,
    pub(super) serial: u64,
    pub(super) store: Memory,
    pub(super) visits: Vec<Visit>,
    pub(super) workers: Vec<Worker>,
    lines: Option<Vec<String>>,
    /// When the last exchange was over.
    over_at: Option<Timestamp>,
}

/// What a worker has for itself.
#[derive(Debug)]
pub(super) struct Worker {
    pub desk: Desk,
    pub ledger: Ledger,
    pub rng: Rng,
}

impl Simulation {
    /// The world of this seed; with `traced`, what happens in it is written down.
    ///
    /// # Panics
    /// When the configuration has faults.
    #[must_use]
    pub fn of(seed: u64, traced: bool) -> Self {
        let mut dice = Dice::new(seed);
        let scenario = Scenario::draw(&mut dice);
        let plan = match config::read(&scenario.config, &|_| None) {
            Ok(checked) => checked.plan,
            Err(faults) => panic!("seed {seed}: {faults:?}"),
        };
        let cluster =
            |(index, of): (usize, &config::plan::Deployment)| (of.endpoint.cluster.clone(), index);
        let workers = (0..scenario.workers).map(|_| Worker {
            desk: book::desk(&plan),
            ledger: Ledger::default(),
            rng: Rng::new(dice.seed()),
        });
        Self {
            agenda: Agenda::default(),
            clusters: plan.deployments.iter().enumerate().map(cluster).collect(),
            now: BEGINNING,
            report: Report::default(),
            seed,
            sent: vec![Vec::new(); plan.deployments.len()],
            serial: 0,
            store: Memory::default(),
            visits: scenario.requests.iter().cloned().map(Visit::of).collect(),
            workers: workers.collect(),
            lines: traced.then(Vec::new),
            over_at: None,
            dice,
            plan,
            scenario,
        }
    }

    /// Lets all happen that is going to.
    #[must_use]
    pub fn run(mut self) -> Report {
        self.trace_world();
        for visit in 0..self.visits.len() {
            let at = BEGINNING.after(self.visits[visit].request.at);
            self.agenda.plan(at, Happening::Arrives { visit });
        }
        for worker in 0..self.workers.len() {
            let at = BEGINNING.after(self.dice.ms(0..=249));
            self.agenda.plan(at, Happening::Ticks { worker });
        }
        let mut events = 0;
        while let Some((at, happening)) = self.agenda.next() {
            self.now = at.max(self.now);
            self.happens(happening);
            events += 1;
            if events == MOST {
                self.report.faults.push("it goes on for ever".to_owned());
                break;
            }
        }
        self.check_end();
        self.report.trace = self.lines.unwrap_or_default();
        self.report
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Answers { visit, attempt } => self.answers(visit, attempt),
            Happening::Arrives { visit } => self.arrives(visit),
            Happening::Completes { visit, leg } => self.completes(visit, leg),
            Happening::Leaves { visit } => self.leaves(visit),
            Happening::Says { visit, attempt } => self.says(visit, attempt),
            Happening::Ticks { worker } => return self.ticks(worker),
            Happening::Wakes { visit, at } => self.wakes(visit, at),
        }
        let (Happening::Answers { visit, .. }
        | Happening::Arrives { visit }
        | Happening::Completes { visit, .. }
        | Happening::Leaves { visit }
        | Happening::Says { visit, .. }
        | Happening::Wakes { visit, .. }) = happening
        else {
            return;
        };
        self.rest(visit);
        self.check_budget();
    }

    fn ticks(&mut self, worker: usize) {
        let (_, mut cx) = self.parts(None, worker);
        book::tick(&mut cx);
        self.workers[worker].ledger = Ledger::default();
        if self.over_at.is_none() && self.visits.iter().all(Visit::is_over) {
            self.over_at = Some(self.now);
        }
        // Twice more, so that every worker states what it has under way by then.
        let last = self.over_at.map(|at| at.after(TICK * 2));
        if last.is_none_or(|last| self.now < last) {
            let at = self.now.after(TICK);
            self.agenda.plan(at, Happening::Ticks { worker });
        }
    }

    /// Tells the exchange what happened.
    pub(super) fn step(&mut self, visit: usize, event: Event<'_>) -> Effect {
        let worker = self.visits[visit].request.worker;
        let heard = self.heard(visit, &event);
        let (exchange, mut cx) = self.parts(Some(visit), worker);
        let effect = exchange
            .expect("the exchange of a visit")
            .step(event, &mut cx);
        let ledger = core::mem::take(&mut self.workers[worker].ledger);
        self.trace(visit, || format!("  → {}", shown(&effect)));
        for (counter, _, by) in ledger.added {
            self.counted(visit, counter, by, heard);
        }
        effect
    }

    fn counted(&mut self, visit: usize, counter: Counter, by: u64, heard: Duration) {
        match counter {
            Counter::Requests { .. } => self.visits[visit].counted += by,
            Counter::Retries { reason: "hedge" } => {
                self.visits[visit].hedges += 1;
                self.visits[visit].retrying = true;
            }
            Counter::Retries { .. } => self.awaits_another_try(visit, heard),
            Counter::Fallbacks { .. } => self.falls_back(visit),
            _ => {}
        }
    }

    /// When the exchange wants to be woken.
    pub(super) fn wakes_at(&mut self, visit: usize) -> Option<Timestamp> {
        let worker = self.visits[visit].request.worker;
        let (exchange, cx) = self.parts(Some(visit), worker);
        exchange.and_then(|exchange| exchange.wakes_at(&cx))
    }

    /// Plans the exchange's wake-up; timers are a little late.
    fn rest(&mut self, visit: usize) {
        let at = self.wakes_at(visit);
        if self.visits[visit].wakes_at == at {
            return;
        }
        self.visits[visit].wakes_at = at;
        if let Some(at) = at {
            let late = at.max(self.now).after(self.dice.ms(1..=3));
            self.agenda.plan(late, Happening::Wakes { visit, at });
        }
    }

    fn parts(
        &mut self,
        visit: Option<usize>,
        worker: usize,
    ) -> (Option<&mut dragoman::gateway::Exchange>, Context<'_>) {
        let Worker { desk, ledger, rng } = &mut self.workers[worker];
        let context = Context {
            now: self.now,
            rng,
            meter: ledger,
            plan: &self.plan,
            store: &self.store,
            desk,
        };
        let exchange = visit.and_then(|visit| self.visits.get_mut(visit));
        (exchange.map(|visit| &mut visit.exchange), context)
    }

    /// How long it is since the beginning.
    pub(super) const fn clock(&self) -> Duration {
        self.now.since(BEGINNING)
    }

    /// Something is not as it must be.
    pub(super) fn fault(&mut self, visit: usize, what: String) {
        self.trace(visit, || format!("!! {what}"));
        let clock = self.clock();
        self.report
            .faults
            .push(format!("{clock:?}: request {visit}: {what}"));
    }

    pub(super) fn trace(&mut self, visit: usize, what: impl FnOnce() -> String) {
        let clock = self.clock();
        if let Some(lines) = &mut self.lines {
            let worker = self.visits[visit].request.worker;
            lines.push(format!("{clock:>14.3?}  {visit:>2}/w{worker}  {}", what()));
        }
    }

    fn trace_world(&mut self) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{:#}", self.scenario.config));
            for provider in &self.scenario.providers {
                lines.push(format!("{provider:?}"));
            }
            for (index, request) in self.scenario.requests.iter().enumerate() {
                let body = String::from_utf8_lossy(&request.body);
                let (at, leaves) = (request.at, request.leaves_after);
                lines.push(format!(
                    "request {index} at {at:?}, leaves {leaves:?}: {body}"
                ));
            }
        }
    }
}

fn shown(effect: &Effect) -> String {
    match effect {
        Effect::Emit(bytes) => {
            format!(
                "{} bytes: {:?}",
                bytes.len(),
                String::from_utf8_lossy(bytes)
            )
        }
        Effect::Dispatch(call) => format!("dispatch {} within {:?}", call.cluster, call.timeout),
        Effect::Forward { .. } => "forward".to_owned(),
        Effect::Release { body, .. } => format!("release, body replaced: {}", body.is_some()),
        Effect::Respond(reply) => {
            let body = String::from_utf8_lossy(&reply.body);
            format!("respond {} {body}", reply.status)
        }
        Effect::Close | Effect::Drop | Effect::Hold | Effect::Pass | Effect::Strip => {
            format!("{effect:?}")
        }
    }
}
