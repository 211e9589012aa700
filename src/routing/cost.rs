//! `cost-based-routing`: the cheapest for this request, by its prompt and the length its answer will probably have.

use std::cmp::Ordering;

use super::{Snapshot, lowest};
use crate::value::money::Usd;
use crate::value::rng::Rng;

/// The cheapest candidate; of those alike, any. One whose price nobody knows comes last.
pub fn cost(snapshot: &Snapshot<'_>, rng: &mut Rng) -> Option<usize> {
    let costs = snapshot.candidates.iter().map(|candidate| candidate.cost);
    lowest(costs.enumerate(), unknown_last, rng)
}

fn unknown_last(one: &Option<Usd>, two: &Option<Usd>) -> Ordering {
    let key = |cost: &Option<Usd>| (cost.is_none(), *cost);
    key(one).cmp(&key(two))
}

#[cfg(test)]
mod tests {
    use super::super::Candidate;
    use super::super::tests::hits;
    use super::*;

    fn of(nanos: Option<u64>) -> Candidate {
        Candidate {
            cost: nanos.map(Usd::from_nanos),
            ..Candidate::default()
        }
    }

    #[test]
    fn the_cheapest_is_taken() {
        assert_eq!(
            hits(&[of(Some(5)), of(Some(3)), of(Some(4))], cost),
            [0, 3_000, 0]
        );
    }

    #[test]
    fn an_unknown_price_comes_last() {
        assert_eq!(hits(&[of(None), of(Some(9))], cost), [0, 3_000]);
        assert_eq!(hits(&[of(None)], cost), [3_000]);
    }

    #[test]
    fn ties_are_broken_at_random() {
        let hits = hits(&[of(Some(3)), of(Some(3)), of(Some(4))], cost);
        assert!((1_400..1_600).contains(&hits[0]), "{hits:?}");
    }
}
