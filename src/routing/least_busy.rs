//! `least-busy`: the power of two choices. Of two drawn at random the one with fewer requests under way is taken, so that
//! workers that decide at the same time do not all decide for the same one, and the busiest is never taken.

use super::{Snapshot, draw, lowest};
use crate::value::rng::Rng;

/// The less busy of two candidates drawn at random, as an index into them; of two alike, either.
pub fn least_busy(snapshot: &Snapshot<'_>, rng: &mut Rng) -> Option<usize> {
    let two = draw(snapshot.candidates.len(), 2, rng);
    let busy = two.into_iter().filter_map(|index| {
        let candidate = snapshot.candidates.get(index)?;
        Some((index, candidate.in_flight))
    });
    lowest(busy, u32::cmp, rng)
}

#[cfg(test)]
mod tests {
    use super::super::Candidate;
    use super::super::tests::{hits, snapshot};
    use super::*;

    fn busy(in_flight: u32) -> Candidate {
        Candidate {
            in_flight,
            ..Candidate::default()
        }
    }

    #[test]
    fn of_two_the_less_busy_is_taken() {
        let hits = hits(&[busy(3), busy(2)], least_busy);
        assert_eq!(hits, [0, 3_000]);
    }

    #[test]
    fn ties_are_broken_at_random() {
        let hits = hits(&[busy(1), busy(1), busy(1)], least_busy);
        assert!(
            hits.iter().all(|hit| (900..1_100).contains(hit)),
            "{hits:?}"
        );
    }

    #[test]
    fn the_busiest_is_never_taken() {
        let hits = hits(&[busy(0), busy(9), busy(0), busy(3)], least_busy);
        assert_eq!(hits[1], 0);
        assert!(hits[0] > 1_000 && hits[2] > 1_000, "{hits:?}");
    }

    #[test]
    fn of_none_none_is_taken() {
        assert_eq!(least_busy(&snapshot(&[]), &mut Rng::new(1)), None);
    }
}
