//! What the desk knows of rests: decoded once for each time the record changes.

use std::collections::BTreeMap;

use super::super::record::{Record, update};
use super::super::rests::{Probe, RESTS, Rest, Rests, Standing};
use super::super::{Store, Version};
use super::Desk;
use crate::value::time::Timestamp;

/// The rests of the configured deployments, as of a version of the record.
#[derive(Debug, Default)]
pub(super) struct Rested {
    by_deployment: BTreeMap<usize, Rest>,
    version: Option<Version>,
}

impl Desk {
    /// Learns which deployments rest. One small record is read, and decoded if it has changed.
    pub fn learn(&mut self, store: &dyn Store) {
        let (bytes, version) = store
            .get(RESTS)
            .unwrap_or_else(|| (Vec::new(), Version::ABSENT));
        if self.rested.version != Some(version) {
            let rests = Rests::decode(&bytes).unwrap_or_default();
            let known = rests
                .all()
                .filter_map(|(key, rest)| Some((self.deployment(key)?, *rest)));
            self.rested.by_deployment = known.collect();
            self.rested.version = Some(version);
        }
    }

    /// Whether no deployment had a rest when the desk last learned.
    #[must_use]
    pub fn all_healthy(&self) -> bool {
        self.rested.by_deployment.is_empty()
    }

    /// The deployment's rest, as the desk last learned; `None` is healthy.
    #[must_use]
    pub fn rest(&self, deployment: usize) -> Option<&Rest> {
        self.rested.by_deployment.get(&deployment)
    }

    /// How the deployment stands, as the desk last learned; `None` is healthy.
    #[must_use]
    pub fn standing(&self, deployment: usize, now: Timestamp) -> Option<Standing> {
        let rest = self.rest(deployment)?;
        Some(rest.standing(now, |desk| self.is_alive(desk)))
    }

    /// Has a request try the deployment whose rest is over. `false` when another request does, or when others came first too
    /// often: it stays away then, as from any that rests.
    pub fn probe(&self, deployment: usize, now: Timestamp, store: &dyn Store) -> bool {
        let key = self.key(deployment);
        let probed = update(store, RESTS, |rests: &mut Rests| {
            let rest = rests.of_mut(key)?;
            let standing = rest.standing(now, |desk| self.is_alive(desk));
            (standing == Standing::Due).then(|| {
                rest.probe = Some(Probe {
                    desk: self.roster.desk,
                    since: now,
                });
            })
        });
        probed == Ok(Some(()))
    }

    /// The request that tried the deployment ended without a verdict: the next one may. Should others come first too often, the
    /// probe counts as under way until this desk is gone or the probe is too old.
    pub fn unprobe(&self, deployment: usize, since: Timestamp, store: &dyn Store) {
        let key = self.key(deployment);
        let own = Some(Probe {
            desk: self.roster.desk,
            since,
        });
        let _ = update(store, RESTS, |rests: &mut Rests| {
            let rest = rests.of_mut(key)?;
            (rest.probe == own).then(|| rest.probe = None)
        });
    }

    /// The deployment is healthy again. When others come first too often, that is lost, and another probe finds it out.
    pub fn recover(&self, deployment: usize, store: &dyn Store) {
        let key = self.key(deployment);
        let _ = update(store, RESTS, |rests: &mut Rests| {
            rests.end(key).then_some(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Memory;
    use super::super::{Lineup, Outline};
    use super::*;
    use crate::value::rng::Rng;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos((1_768_480_496 + seconds) * 1_000_000_000)
    }

    fn desk(seed: u64, store: &Memory) -> Desk {
        let outline = Outline {
            id: "a",
            ..Outline::default()
        };
        let mut desk = Desk::new([outline], [Lineup::default()]);
        desk.beat(at(0), store, &mut Rng::new(seed));
        desk
    }

    fn rest(desk: &Desk, until: u64, store: &Memory) {
        let rest = Rest {
            barred: false,
            ejections: 1,
            probe: None,
            until: at(until),
        };
        update(store, RESTS, |rests: &mut Rests| {
            rests.begin(desk.key(0), rest, at(0));
            Some(())
        })
        .unwrap();
    }

    #[test]
    fn every_worker_learns_of_a_rest_and_of_its_end_with_its_next_request() {
        let store = Memory::default();
        let (mut one, mut two) = (desk(1, &store), desk(2, &store));
        one.learn(&store);
        assert!(one.all_healthy());
        rest(&two, 5, &store);
        one.learn(&store);
        assert_eq!(one.standing(0, at(1)), Some(Standing::Resting));
        assert_eq!(one.standing(0, at(5)), Some(Standing::Due));
        two.recover(0, &store);
        one.learn(&store);
        two.learn(&store);
        assert!(one.all_healthy() && two.all_healthy());
    }

    #[test]
    fn one_request_of_all_workers_tries_a_deployment() {
        let store = Memory::default();
        let (one, two) = (desk(1, &store), desk(2, &store));
        rest(&one, 5, &store);
        assert!(!one.probe(0, at(4), &store));
        assert!(one.probe(0, at(5), &store));
        assert!(!two.probe(0, at(6), &store));
        one.unprobe(0, at(5), &store);
        assert!(two.probe(0, at(6), &store));
    }

    #[test]
    fn two_requests_that_try_at_the_same_time_are_one_and_none() {
        let store = Memory::default();
        let one = desk(1, &store);
        rest(&one, 5, &store);
        let two = desk(2, &store);
        store.interfere(move |store, _| {
            two.probe(0, at(5), store);
        });
        assert!(!one.probe(0, at(5), &store));
    }

    #[test]
    fn the_probe_of_a_dead_worker_is_replaced() {
        let store = Memory::default();
        let (one, mut two) = (desk(1, &store), desk(2, &store));
        rest(&one, 5, &store);
        assert!(one.probe(0, at(5), &store));
        two.beat(at(60), &store, &mut Rng::new(9));
        assert!(two.probe(0, at(60), &store));
    }
}
