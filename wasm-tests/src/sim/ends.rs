//! What must hold once an exchange, or all of them, are over.

use core::time::Duration;

use dragoman::gateway::book;
use dragoman::value::rng::Rng;

use super::answers::Got;
use super::run::Simulation;

/// How much later than its deadline a request may end: a tick.
const LATE: Duration = Duration::from_millis(250);

impl Simulation {
    /// Nothing more happens: everybody must have been served, and nothing be left over.
    pub(super) fn check_end(&mut self) {
        self.report.requests = self.visits.len();
        for visit in 0..self.visits.len() {
            self.check_visit(visit);
            self.check_deadline(visit);
            let got = self.check_answer(visit);
            self.check_promise(visit, got);
        }
        for worker in 0..self.workers.len() {
            self.check_leases(worker);
        }
        self.check_seats();
    }

    fn check_visit(&mut self, visit: usize) {
        let it = &self.visits[visit];
        let mut faults = Vec::new();
        if !it.exchange.is_over() {
            faults.push("the exchange is not over".to_owned());
        }
        if it.wakes_at.is_some() {
            faults.push("it still wants to be woken".to_owned());
        }
        if it.counted != 1 {
            faults.push(format!("it is counted {} times", it.counted));
        }
        if let Some(answer) = &it.answer {
            let number = |name| -> usize {
                let text = answer.header(name).unwrap_or_default();
                text.parse().unwrap_or_default()
            };
            let told =
                number("x-litellm-attempted-retries") + number("x-litellm-attempted-fallbacks");
            let made = it.attempts.iter().filter(|attempt| !attempt.hedges);
            // A stream that is gone on with was begun before that was known.
            let made = made.filter(|attempt| attempt.at <= it.begun.unwrap_or(self.now));
            if made.count() > 1 + told {
                faults.push(format!(
                    "{told} attempts but one are told, and more were made"
                ));
            }
        }
        for fault in faults {
            self.fault(visit, fault);
        }
    }

    /// The whole request ends by its deadline, over all attempts and waits.
    fn check_deadline(&mut self, visit: usize) {
        let it = &self.visits[visit];
        let limits = [self.plan.timeout, it.request.timeout];
        let limit = limits.into_iter().flatten().min();
        let (Some(limit), Some(arrived), Some((ended, _))) = (limit, it.arrived, it.ending) else {
            return;
        };
        let took = ended.since(arrived);
        if took > limit + LATE {
            self.fault(
                visit,
                format!("it took {took:?}, with a limit of {limit:?}"),
            );
        }
    }

    fn check_promise(&mut self, visit: usize, got: Got) {
        let it = &self.visits[visit];
        let is_good = got == Got::Answer;
        self.report.answered += usize::from(is_good);
        if !self.is_promised(it) || self.is_excused(it) {
            return;
        }
        self.report.promised += 1;
        self.report.rescued += usize::from(is_good && it.attempts.len() > 1);
        if !is_good {
            self.fault(
                visit,
                format!("a deployment was healthy, and the client got {got:?}"),
            );
        }
    }

    /// All that was taken is given back.
    fn check_leases(&mut self, worker: usize) {
        let now = self.now;
        let desk = &mut self.workers[worker].desk;
        let totals = desk.totals(now, &self.store);
        let mut left = Vec::new();
        if totals != (0, 0) {
            left.push(format!(
                "worker {worker}: {totals:?} requests and retries are left"
            ));
        }
        for deployment in 0..self.plan.deployments.len() {
            let number = desk.in_flight(deployment, &self.store);
            if number > 0 {
                left.push(format!(
                    "worker {worker}: {number} are in flight at {deployment}"
                ));
            }
        }
        self.report.faults.extend(left);
    }

    /// A new worker gets every seat there is, and not one more.
    fn check_seats(&mut self) {
        let mut desk = book::desk(&self.plan);
        desk.beat(self.now, &self.store, &mut Rng::new(1));
        for (index, deployment) in self.plan.deployments.iter().enumerate() {
            let Some(most) = deployment.max_parallel else {
                continue;
            };
            let mut take = || desk.take_seat(index, most, self.now, &self.store);
            let free = (0..=most).filter(|_| take()).count();
            if free != most as usize {
                let words = format!("{free} of {most} seats of deployment {index} are free");
                self.report.faults.push(words);
            }
        }
    }
}
