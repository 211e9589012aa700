//! What must hold of every request to a provider, checked when it is made.

use core::time::Duration;

use dragoman::gateway::event::Event;
use dragoman::routing::Strategy;
use dragoman::state::Store;
use dragoman::state::record::Record;
use dragoman::state::rests::{RESTS, Rest, Rests};

use super::fault::Fault;
use super::run::Simulation;
use super::script::{Asked, Script};
use super::visit::{Attempt, Verdict, Visit};

const MINUTE: Duration = Duration::from_secs(60);

impl Simulation {
    /// A deployment is asked: by Envoy, or with a timeout by a call of the gateway's own. The attempt's number.
    pub(super) fn attempt(
        &mut self,
        visit: usize,
        cluster: &str,
        timeout: Option<Duration>,
    ) -> usize {
        let Some(deployment) = self.clusters.get(cluster).copied() else {
            panic!("seed {}: no deployment is at `{cluster}`", self.seed);
        };
        let hedges = self.is_hedge(visit);
        self.check_group(visit, deployment, hedges);
        self.check_wait(visit, deployment, hedges);
        let rest = self.rest_of(deployment);
        self.check_rest(visit, deployment, rest.as_ref());
        self.check_limits(visit, deployment);
        let script = self.script(visit, deployment);
        self.sent[deployment].push(self.now);
        self.report.attempts += 1;
        let it = &mut self.visits[visit];
        it.tried.push(deployment);
        it.attempts.push(Attempt {
            at: self.now,
            deployment,
            hedges,
            open: true,
            probes: rest
                .is_some_and(|rest| rest.probe.is_some_and(|probe| probe.since == self.now)),
            script,
            timeout,
        });
        let number = it.attempts.len() - 1;
        let id = self.plan.deployments[deployment].id.clone();
        self.trace(visit, || {
            format!("attempt {number} at {id}, hedge: {hedges}, {rest:?}")
        });
        number
    }

    fn script(&mut self, visit: usize, deployment: usize) -> Script {
        self.serial += 1;
        let id = &self.plan.deployments[deployment].id;
        let mut providers = self.scenario.providers.iter();
        let provider = providers.find(|provider| provider.id == *id);
        let provider = provider.expect("every deployment has a provider");
        let clock = self.clock();
        let asked = Asked {
            format: provider.format,
            fault: provider.mood(clock, &mut self.dice),
            serial: self.serial,
            stream: self.visits[visit].request.stream,
        };
        Script::of(&asked, &mut self.dice)
    }

    /// Whether the attempt that is being made is one besides another that goes on: such are counted when they are made.
    fn is_hedge(&self, visit: usize) -> bool {
        let it = &self.visits[visit];
        let hedged = it.attempts.iter().filter(|attempt| attempt.hedges).count();
        hedged < it.hedges
    }
}

impl Simulation {
    /// How long the provider that an event tells of wants to be left alone.
    pub(super) fn heard(&self, visit: usize, event: &Event<'_>) -> Duration {
        let it = &self.visits[visit];
        let attempt = match event {
            Event::Answer { head: Some(_), .. } => {
                let mut latest = it.attempts.iter().rev();
                latest.find(|attempt| attempt.timeout.is_some())
            }
            Event::Chunk { .. } | Event::Head { .. } => {
                it.envoy.native.map(|native| &it.attempts[native])
            }
            _ => None,
        };
        let fault = attempt.and_then(|attempt| attempt.script.fault);
        fault.map(Fault::asks).unwrap_or_default()
    }

    /// The group is to be tried again: all that was tried so far has failed.
    pub(super) fn awaits_another_try(&mut self, visit: usize, asked: Duration) {
        let others = self.others(visit).len();
        let now = self.now;
        let it = &mut self.visits[visit];
        it.give_up_attempts();
        it.retrying = true;
        // What was decided while the request was away is no time in which it was kept waiting.
        it.envoy.away_since = it.envoy.away_since.map(|_| now);
        it.verdict = Some(Verdict {
            asked,
            at: now,
            away: Duration::ZERO,
            others,
        });
    }

    /// Another group is to be tried.
    pub(super) fn falls_back(&mut self, visit: usize) {
        let it = &mut self.visits[visit];
        it.give_up_attempts();
        it.verdict = None;
        it.tried.clear();
        it.tries = 0;
    }

    /// A request stays where it may go, and does not go there too often.
    fn check_group(&mut self, visit: usize, deployment: usize, hedges: bool) {
        let group = self.plan.deployments[deployment].group;
        let mut faults = Vec::new();
        let it = &mut self.visits[visit];
        it.tries += usize::from(!hedges);
        if it.groups.last() != Some(&group) {
            if it.groups.contains(&group) {
                faults.push(format!("group {group} is tried twice"));
            }
            it.groups.push(group);
        }
        let it = &self.visits[visit];
        if it.hedges > 1 {
            faults.push("it is hedged twice".to_owned());
        }
        let most = 1 + self.most_retries(&it.request, group);
        if it.tries > most {
            faults.push(format!("group {group} is tried more than {most} times"));
        }
        if !self.allowed(&it.request).contains(&group) {
            faults.push(format!("it may not go to group {group}"));
        }
        if it.groups.len() > 1 + self.most_fallbacks(&it.request) {
            faults.push("it falls back too often".to_owned());
        }
        for fault in faults {
            self.fault(visit, fault);
        }
    }

    /// What is tried again at once goes to another healthy deployment; all else waits, as long as operator and provider wish.
    fn check_wait(&mut self, visit: usize, deployment: usize, hedges: bool) {
        if hedges {
            return;
        }
        let Some(verdict) = self.visits[visit].verdict.take() else {
            return;
        };
        let waited = self.now.since(verdict.at);
        let floor = self.plan.retry_after.max(verdict.asked);
        if waited > verdict.away {
            if waited < floor {
                let words = format!("it waited for {waited:?}, which is less than {floor:?}");
                self.fault(visit, words);
            }
            return;
        }
        let again = self.visits[visit].tried.contains(&deployment);
        if verdict.others == 0 && !floor.is_zero() {
            self.fault(
                visit,
                "it was tried again at once, with nobody left to ask".to_owned(),
            );
        } else if again && !self.others(visit).is_empty() {
            let others = self.others(visit);
            self.fault(
                visit,
                format!("it was tried again at once where it had failed, and not at {others:?}"),
            );
        }
    }

    /// A deployment that rests is only asked when no healthy one is left, or by one request that tries whether it has recovered.
    fn check_rest(&mut self, visit: usize, deployment: usize, rest: Option<&Rest>) {
        let Some(rest) = rest else {
            return;
        };
        let mut others = self.others(visit);
        others.retain(|other| *other != deployment && self.rest_of(*other).is_none());
        if others.is_empty() {
            return;
        }
        if self.now < rest.until {
            let words = format!("deployment {deployment} rests, and {others:?} are healthy");
            self.fault(visit, words);
        }
        let visits = self.visits.iter();
        let mut open = visits.flat_map(|visit| visit.attempts.iter().filter(|of| visit.awaits(of)));
        if open.any(|of| of.probes && of.deployment == deployment) {
            let words =
                format!("deployment {deployment} is probed twice, and {others:?} are healthy");
            self.fault(visit, words);
        }
    }

    /// Limits of requests, at the same time and in any minute, are kept.
    fn check_limits(&mut self, visit: usize, deployment: usize) {
        let of = &self.plan.deployments[deployment];
        let (open, lately) = (self.open(deployment), self.lately(deployment));
        if of.max_parallel.is_some_and(|most| open >= most as usize) {
            self.fault(
                visit,
                format!("deployment {deployment} has more than its limit at once"),
            );
        }
        let of = &self.plan.deployments[deployment];
        if self.is_limited(deployment) && of.rpm.is_some_and(|most| lately >= most) {
            self.fault(
                visit,
                format!("deployment {deployment} has more than its rpm"),
            );
        }
    }

    /// No more requests are being tried again than the budget has for certain.
    pub(super) fn check_budget(&mut self) {
        let budget = self.plan.retry_budget;
        if budget.percent > 0 {
            return;
        }
        let retrying = |visit: &&Visit| visit.retrying && !visit.exchange.is_settled();
        let number = self.visits.iter().filter(retrying).count();
        if number > budget.floor as usize {
            let clock = self.clock();
            let words = format!("{clock:?}: {number} requests are being tried again");
            self.report.faults.push(words);
        }
    }

    /// Deployments of the present group that could be asked, and were not.
    fn others(&self, visit: usize) -> Vec<usize> {
        let it = &self.visits[visit];
        let Some(group) = it.groups.last() else {
            return Vec::new();
        };
        let members = self.plan.groups[*group].deployments.iter().copied();
        let could = |member: &usize| {
            let of = &self.plan.deployments[*member];
            let is_full = of
                .max_parallel
                .is_some_and(|most| self.open(*member) >= most as usize);
            let is_limited =
                self.is_limited(*member) && of.rpm.is_some_and(|most| self.lately(*member) >= most);
            let probed = |rest: &Rest| rest.probe.is_some_and(|probe| probe.since < self.now);
            let rests = |rest: Rest| self.now < rest.until || probed(&rest);
            let rests = self.rest_of(*member).is_some_and(rests);
            !it.tried.contains(member) && !is_full && !is_limited && !rests
        };
        members.filter(could).collect()
    }

    fn rest_of(&self, deployment: usize) -> Option<Rest> {
        let (record, _) = self.store.get(RESTS)?;
        let rests = Rests::decode(&record).expect("a record that can be read");
        rests.of(self.workers[0].desk.key(deployment)).copied()
    }

    /// How many requests it has for certain.
    fn open(&self, deployment: usize) -> usize {
        let visits = self.visits.iter();
        let open = visits.flat_map(|visit| visit.attempts.iter().filter(|of| visit.awaits(of)));
        open.filter(|of| of.deployment == deployment).count()
    }

    /// How many requests it had in the last minute.
    fn lately(&self, deployment: usize) -> u64 {
        let sent = self.sent[deployment].iter();
        sent.filter(|at| self.now.since(**at) < MINUTE).count() as u64
    }

    /// Whether its limit of requests a minute binds: with some strategies it only weighs.
    fn is_limited(&self, deployment: usize) -> bool {
        let group = &self.plan.groups[self.plan.deployments[deployment].group];
        match group.strategy {
            Strategy::Cost | Strategy::Latency { .. } | Strategy::Usage => true,
            Strategy::LeastBusy | Strategy::SimpleShuffle => self.plan.pre_call_checks,
        }
    }
}
