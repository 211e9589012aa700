//! Which deployments rest, until when, and who tries them again: one record for all of them, so that a request where nothing
//! rests reads one small record, and so that two workers cannot send the last two deployments of a group to rest at once.

use core::time::Duration;
use std::collections::BTreeMap;

use super::record::{Reader, Record, Writer};
use crate::value::time::Timestamp;

/// The record's name.
pub const RESTS: &str = "rests";

/// A deployment that nobody asked for so long after its rest is as good as any: the record must not grow with each
/// deployment that ever was configured.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// A probe counts as under way for so long even when its worker is not known yet.
const NEW_PROBE: Duration = Duration::from_secs(5);
/// No probe counts as under way for longer: its end may have been lost.
const OLD_PROBE: Duration = Duration::from_secs(600);
const MOST: usize = 10_000;

/// A deployment's rest. It lasts until a probe has succeeded; the time alone ends it for that one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Whether its credential was refused, so that asking it is of no use.
    pub barred: bool,
    /// How often in a row it was sent to rest.
    pub ejections: u8,
    /// The request that tries it, if one does.
    pub probe: Option<Probe>,
    /// When it may be tried.
    pub until: Timestamp,
}

/// A live request that tries whether a deployment has recovered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Whose request it is.
    pub desk: u64,
    /// Since when.
    pub since: Timestamp,
}

/// How a deployment with a rest stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its time is over: one request may try it.
    Due,
    /// A request tries it.
    Probed,
    /// Its time is not over.
    Resting,
}

impl Rest {
    /// How it stands, where `is_alive` knows which desks are still there.
    pub fn standing(&self, now: Timestamp, is_alive: impl Fn(u64) -> bool) -> Standing {
        let under_way = |probe: Probe| {
            let age = now.since(probe.since);
            age < NEW_PROBE || (age < OLD_PROBE && is_alive(probe.desk))
        };
        if now < self.until {
            Standing::Resting
        } else if self.probe.is_some_and(under_way) {
            Standing::Probed
        } else {
            Standing::Due
        }
    }
}

/// All rests, by the keys of the deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rests(BTreeMap<u64, Rest>);

impl Rests {
    /// A deployment's rest.
    #[must_use]
    pub fn of(&self, key: u64) -> Option<&Rest> {
        self.0.get(&key)
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, key: u64) -> Option<&mut Rest> {
        self.0.get_mut(&key)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (u64, &Rest)> {
        self.0.iter().map(|(key, rest)| (*key, rest))
    }

    /// Begins a rest.
    pub fn begin(&mut self, key: u64, rest: Rest, now: Timestamp) {
        self.0.retain(|_, rest| now.since(rest.until) < FORGOTTEN);
        if self.0.len() < MOST {
            self.0.insert(key, rest);
        }
    }

    /// Ends a rest: the deployment is healthy. Whether there was one.
    pub fn end(&mut self, key: u64) -> bool {
        self.0.remove(&key).is_some()
    }
}

impl Record for Rests {
    fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(1);
        for (key, rest) in &self.0 {
            // No desk has the mark 0.
            let (desk, since) = rest
                .probe
                .map_or_else(Default::default, |probe| (probe.desk, probe.since));
            writer
                .u64(*key)
                .u8(u8::from(rest.barred))
                .u8(rest.ejections)
                .u64(desk)
                .time(since)
                .time(rest.until);
        }
        writer.done()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = |reader: &mut Reader<'_>| {
            let key = reader.u64()?;
            let (barred, ejections) = (reader.u8()? != 0, reader.u8()?);
            let (desk, since) = (reader.u64()?, reader.time()?);
            let rest = Rest {
                barred,
                ejections,
                probe: (desk != 0).then_some(Probe { desk, since }),
                until: reader.time()?,
            };
            Some((key, rest))
        };
        let rests = Reader::new(bytes, 1)?.all(MOST, rest)?;
        Some(Self(rests.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::assert_round_trip;
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    fn rest(until: u64) -> Rest {
        Rest {
            barred: false,
            ejections: 1,
            probe: None,
            until: at(until),
        }
    }

    #[test]
    fn a_rest_is_due_when_its_time_is_over_and_nobody_alive_tries_it() {
        let nobody = |_| false;
        assert_eq!(rest(10).standing(at(9), nobody), Standing::Resting);
        assert_eq!(rest(10).standing(at(10), nobody), Standing::Due);
        let probe = Probe {
            desk: 7,
            since: at(10),
        };
        let tried = Rest {
            probe: Some(probe),
            ..rest(10)
        };
        assert_eq!(tried.standing(at(11), nobody), Standing::Probed);
        assert_eq!(tried.standing(at(60), |desk| desk == 7), Standing::Probed);
        assert_eq!(tried.standing(at(60), nobody), Standing::Due);
        assert_eq!(tried.standing(at(900), |_| true), Standing::Due);
    }

    #[test]
    fn rests_that_nobody_asked_for_are_forgotten() {
        let mut rests = Rests::default();
        for n in 0..10_000_u64 {
            rests.begin(n, rest(n + 5), at(n));
        }
        assert!(rests.all().count() <= 3_610);
        assert!(rests.of(9_999).is_some() && rests.of(1).is_none());
    }

    #[test]
    fn records_round_trip_and_survive_garbage() {
        let mut rests = Rests::default();
        assert_round_trip(&rests);
        let probe = Some(Probe {
            desk: 3,
            since: at(4),
        });
        rests.begin(1, Rest { probe, ..rest(5) }, at(0));
        rests.begin(
            2,
            Rest {
                barred: true,
                ..rest(6)
            },
            at(0),
        );
        assert_round_trip(&rests);
    }
}
