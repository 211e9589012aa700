//! Which deployment of a group serves a request: one small function per strategy.

use core::time::Duration;

use crate::value::rng::Rng;

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

/// A number from 0 up to, but not, 1, in steps of 2⁻⁵³.
fn unit(rng: &mut Rng) -> f64 {
    const STEPS: f64 = (1u64 << 53) as f64;
    (rng.bits() >> 11) as f64 / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(weights: &[f64]) -> Vec<u32> {
        let mut rng = Rng::new(11);
        let mut hits = vec![0; weights.len()];
        for _ in 0..30_000 {
            hits[simple_shuffle(weights, &mut rng).unwrap()] += 1;
        }
        hits
    }

    #[test]
    fn twice_the_weight_is_picked_twice_as_often() {
        let hits = hits(&[1.0, 2.0]);
        assert!((9_600..10_400).contains(&hits[0]), "{hits:?}");
    }

    #[test]
    fn what_weighs_nothing_is_never_picked() {
        assert_eq!(hits(&[0.0, 1.0, 0.0]), [0, 30_000, 0]);
        assert_eq!(simple_shuffle(&[0.0], &mut Rng::new(1)), None);
        assert_eq!(simple_shuffle(&[], &mut Rng::new(1)), None);
    }
}
