//! `usage-based-routing`: the one with the most room left in its tokens per minute.

use super::{Candidate, Snapshot, lowest};
use crate::value::rng::Rng;

/// The candidate that has used the lowest share of its tokens per minute, then the fewest tokens; of those alike, any. Where
/// there is no limit, nothing used is a share of it.
pub fn usage(snapshot: &Snapshot<'_>, rng: &mut Rng) -> Option<usize> {
    let keys = snapshot.candidates.iter().map(share);
    let compare =
        |one: &(f64, u64), two: &(f64, u64)| one.0.total_cmp(&two.0).then(one.1.cmp(&two.1));
    lowest(keys.enumerate(), compare, rng)
}

fn share(candidate: &Candidate) -> (f64, u64) {
    // Exact up to 2^53 tokens a minute.
    let share = match candidate.tpm {
        Some(limit) => candidate.tokens as f64 / limit.max(1) as f64,
        None => 0.0,
    };
    (share, candidate.tokens)
}

#[cfg(test)]
mod tests {
    use super::super::tests::hits;
    use super::*;

    fn of(tokens: u64, tpm: Option<u64>) -> Candidate {
        Candidate {
            tokens,
            tpm,
            ..Candidate::default()
        }
    }

    #[test]
    fn the_lowest_share_is_taken_not_the_fewest_tokens() {
        let candidates = [of(50, Some(100)), of(400, Some(1_000))];
        assert_eq!(hits(&candidates, usage), [0, 3_000]);
    }

    #[test]
    fn without_limits_the_fewest_tokens_decide() {
        assert_eq!(hits(&[of(50, None), of(49, None)], usage), [0, 3_000]);
    }

    #[test]
    fn ties_are_broken_at_random() {
        let hits = hits(&[of(0, Some(10)), of(0, Some(20))], usage);
        assert!((1_400..1_600).contains(&hits[0]), "{hits:?}");
    }
}
