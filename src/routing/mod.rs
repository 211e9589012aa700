//! Which deployment of a group serves a request: one small function per strategy.
//!
//! A strategy is told what is known of a few candidates and says which of them it is; finding them, and the facts about
//! them, is the gateway's part. Limits of requests and tokens per minute (`rpm`, `tpm`) bind with all strategies but
//! `simple-shuffle` and `least-busy`; with these two they only weigh, as in LiteLLM, unless `enable_pre_call_checks` is on.

mod cost;
mod latency;
mod least_busy;
mod usage;

use core::cmp::Ordering;
use core::time::Duration;

use crate::value::money::Usd;
use crate::value::rng::Rng;

pub use cost::cost;
pub use latency::latency;
pub use least_busy::least_busy;
pub use usage::usage;

/// What is known of the deployments that could serve a request.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// In no particular order.
    pub candidates: &'a [Candidate],
}

/// What is known of a deployment; only what the strategy looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// What the request would cost; `None` when nobody knows its prices.
    pub cost: Option<Usd>,
    /// How often it failed lately, each failure counting less as time goes by.
    pub failures: f64,
    /// Requests under way, of all workers.
    pub in_flight: u32,
    /// Whether it should be measured again.
    pub is_aged: bool,
    /// For a stream: seconds to its first content. For a whole answer: seconds for each of its tokens. `None` when that was
    /// not measured.
    pub seconds: Option<f64>,
    /// Tokens of the last minute.
    pub tokens: u64,
    /// How many a minute may have.
    pub tpm: Option<u64>,
}

/// How a deployment is picked: `router_settings.routing_strategy`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Strategy {
    /// `cost-based-routing`: the cheapest for this request.
    Cost,
    /// `latency-based-routing`: the fastest, or one that is not much slower.
    Latency {
        /// `lowest_latency_buffer`: how much slower than the fastest one may be, as a part of its latency.
        buffer: f64,
        /// `ttl`: how long a measurement counts.
        ttl: Duration,
    },
    /// `least-busy`: the one with the fewest requests under way.
    LeastBusy,
    /// `simple-shuffle`: by weight.
    SimpleShuffle,
    /// `usage-based-routing`, `usage-based-routing-v2`: the one with the lowest share of its tokens per minute used.
    Usage,
}

/// The index of one of the weights, each as likely as it is heavy, as LiteLLM's `simple-shuffle`
/// picks; `None` when none weighs anything.
pub fn simple_shuffle(weights: &[f64], rng: &mut Rng) -> Option<usize> {
    let total: f64 = weights.iter().sum();
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let mut left = unit(rng) * total;
    let mut last = None;
    for (index, weight) in weights
        .iter()
        .enumerate()
        .filter(|(_, weight)| **weight > 0.0)
    {
        left -= weight;
        last = Some(index);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// `number` of the indexes below `length`, or all of them if there are not more, each as likely as the next (Floyd's algorithm).
pub fn draw(length: usize, number: usize, rng: &mut Rng) -> Vec<usize> {
    if length <= number {
        return (0..length).collect();
    }
    let mut drawn = Vec::with_capacity(number);
    for last in length.saturating_sub(number)..length {
        let index = below(last.saturating_add(1), rng);
        drawn.push(if drawn.contains(&index) { last } else { index });
    }
    drawn
}

/// The index with the lowest key; of those alike, each as likely as the next.
fn lowest<K>(
    keys: impl Iterator<Item = (usize, K)>,
    compare: impl Fn(&K, &K) -> Ordering,
    rng: &mut Rng,
) -> Option<usize> {
    let mut best: Option<(usize, K)> = None;
    let mut alike = 0_u64;
    for (index, key) in keys {
        let order = best
            .as_ref()
            .map_or(Ordering::Less, |(_, lowest)| compare(&key, lowest));
        match order {
            Ordering::Less => alike = 1,
            Ordering::Equal => alike = alike.saturating_add(1),
            Ordering::Greater => continue,
        }
        if rng.below(alike) == 0 {
            best = Some((index, key));
        }
    }
    best.map(|(index, _)| index)
}

/// One of them, each as likely as the next.
fn one_of(indexes: &[usize], rng: &mut Rng) -> Option<usize> {
    indexes.get(below(indexes.len(), rng)).copied()
}

/// A number below `limit`, each as likely as the next; 0 when `limit` is 0.
pub fn below(limit: usize, rng: &mut Rng) -> usize {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    usize::try_from(rng.below(limit)).unwrap_or_default()
}

/// A number from 0 up to, but not, 1, in steps of 2⁻⁵³.
fn unit(rng: &mut Rng) -> f64 {
    const STEPS: f64 = (1u64 << 53) as f64;
    (rng.bits() >> 11) as f64 / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn snapshot(candidates: &[Candidate]) -> Snapshot<'_> {
        Snapshot { candidates }
    }

    /// How often each is picked, in 3,000 times.
    pub(super) fn hits(
        candidates: &[Candidate],
        strategy: impl Fn(&Snapshot<'_>, &mut Rng) -> Option<usize>,
    ) -> Vec<u32> {
        let mut rng = Rng::new(11);
        let mut hits = vec![0; candidates.len()];
        for _ in 0..3_000 {
            hits[strategy(&snapshot(candidates), &mut rng).unwrap()] += 1;
        }
        hits
    }

    fn shuffled(weights: &[f64]) -> Vec<u32> {
        let mut rng = Rng::new(11);
        let mut hits = vec![0; weights.len()];
        for _ in 0..30_000 {
            hits[simple_shuffle(weights, &mut rng).unwrap()] += 1;
        }
        hits
    }

    #[test]
    fn twice_the_weight_is_picked_twice_as_often() {
        let hits = shuffled(&[1.0, 2.0]);
        assert!((9_600..10_400).contains(&hits[0]), "{hits:?}");
    }

    #[test]
    fn what_weighs_nothing_is_never_picked() {
        assert_eq!(shuffled(&[0.0, 1.0, 0.0]), [0, 30_000, 0]);
        assert_eq!(simple_shuffle(&[0.0], &mut Rng::new(1)), None);
        assert_eq!(simple_shuffle(&[], &mut Rng::new(1)), None);
    }
    #[test]
    fn every_index_is_drawn_as_often_as_the_next_and_none_twice() {
        let mut rng = Rng::new(3);
        let mut hits = [0_u32; 20];
        for _ in 0..10_000 {
            let mut drawn = draw(20, 16, &mut rng);
            drawn.iter().for_each(|index| hits[*index] += 1);
            drawn.sort_unstable();
            drawn.dedup();
            assert_eq!(drawn.len(), 16);
        }
        assert!(
            hits.iter().all(|hit| (7_800..8_200).contains(hit)),
            "{hits:?}"
        );
        assert_eq!(draw(3, 16, &mut rng), [0, 1, 2]);
    }
}
