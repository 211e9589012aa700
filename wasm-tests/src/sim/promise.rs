//! What the configuration promises a request: where it may go, how often, and whether it must be answered.

use dragoman::config::plan::Group;
use dragoman::policy::Hop;

use super::fault::Fault;
use super::run::Simulation;
use super::scenario::Request;
use super::visit::{Attempt, Ending, Visit};

impl Simulation {
    /// The most often a group is tried again.
    pub(super) fn most_retries(&self, request: &Request, group: usize) -> usize {
        let group = &self.plan.groups[group];
        let own = request.retries;
        own.or_else(|| self.retries(group).max())
            .unwrap_or_default() as usize
    }

    fn least_retries(&self, request: &Request, group: usize) -> usize {
        let group = &self.plan.groups[group];
        let own = request.retries;
        own.or_else(|| self.retries(group).min())
            .unwrap_or_default() as usize
    }

    /// All numbers that may count.
    fn retries<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = u32> {
        let retries = &group.retries;
        let by_class = retries.by_class.0.iter().map(|(_, number)| *number);
        let members = self.plan.members(group);
        let by_deployment = members.filter_map(|member| member.num_retries);
        by_class.chain(by_deployment).chain([retries.number])
    }

    /// How many other groups it may go on to.
    pub(super) fn most_fallbacks(&self, request: &Request) -> usize {
        if request.no_fallbacks {
            return 0;
        }
        self.plan.max_fallbacks as usize
    }

    /// All groups it may go to, whatever happens.
    pub(super) fn allowed(&self, request: &Request) -> Vec<usize> {
        self.reached(request, |group| {
            let chains = &group.chains;
            let own = self.own_chain(request);
            let general = own.as_ref().unwrap_or(&chains.general);
            let all = general.iter().chain(&chains.content_policy);
            all.chain(&chains.context_window).cloned().collect()
        })
    }

    /// The groups it goes on to whatever the failure is, in no particular order.
    fn certain(&self, request: &Request) -> Vec<usize> {
        self.reached(request, |group| {
            let own = self.own_chain(request);
            own.unwrap_or_else(|| group.chains.general.clone())
        })
    }

    fn own_chain(&self, request: &Request) -> Option<Vec<Hop>> {
        let names = request.fallbacks.as_ref()?.iter();
        let hops = names.filter_map(|name| Some(self.plan.resolve(name)?.hop));
        Some(hops.collect())
    }

    fn reached(&self, request: &Request, next: impl Fn(&Group) -> Vec<Hop>) -> Vec<usize> {
        let asked = self.plan.resolve(&request.group).expect("a known group");
        let mut reached = vec![asked.hop.group];
        if request.no_fallbacks {
            return reached;
        }
        let mut at = 0;
        while let Some(group) = reached.get(at) {
            for hop in next(&self.plan.groups[*group]) {
                if !reached.contains(&hop.group) {
                    reached.push(hop.group);
                }
            }
            at += 1;
        }
        reached
    }

    /// Whether the request must be answered. That is so when nothing but providers stands in its way and when there is a
    /// deployment that never fails, in the group it asks for or one it falls back to for any failure, provided that this
    /// group is tried often enough for each of its deployments to be asked once, and that none of them can say that nobody
    /// need try it again.
    pub(super) fn is_promised(&self, visit: &Visit) -> bool {
        let request = &visit.request;
        let certain = self.certain(request);
        let answers = |group: &usize| {
            let members = self.plan.groups[*group].deployments.iter();
            let ids = members.map(|member| self.plan.deployments[*member].id.as_str());
            let of = |id: &str| self.scenario.providers.iter().find(|of| of.id == id);
            let providers: Vec<_> = ids.filter_map(of).collect();
            let enough = self.least_retries(request, *group) + 1 >= providers.len();
            enough
                && providers.iter().any(|provider| provider.is_steady())
                && !providers.iter().any(|provider| provider.may_refuse())
        };
        self.scenario.generous && certain.iter().any(answers)
    }

    /// Whether nobody could have kept the promise: the client has left, content had gone out when the stream broke off, or
    /// Envoy did not ask when a connection broke.
    pub(super) fn is_excused(&self, visit: &Visit) -> bool {
        let ending = visit.ending.map(|(_, ending)| ending);
        // A slow answer may reach its time limit in the middle of its content.
        let may_break = |fault: Fault| fault.is_late() || fault == Fault::Slow;
        let is_late = |attempt: &Attempt| attempt.script.fault.is_some_and(may_break);
        let begun = visit
            .answer
            .as_ref()
            .is_some_and(|answer| answer.status == 200);
        ending == Some(Ending::Left)
            || ending == Some(Ending::Overruled)
            || (visit.request.stream && begun && visit.attempts.iter().any(is_late))
    }
}
