//! `latency-based-routing`: the fastest, or one that is hardly slower, and now and then one of which nothing is known.

use super::{Candidate, Snapshot, lowest, one_of, unit};
use crate::value::rng::Rng;

/// The part of all requests that goes to a deployment of which nothing, or nothing recent, is known, if there is one that is idle:
/// enough to know it soon, and too little to hurt when it is slow.
const CURIOSITY: f64 = 0.1;

/// One of the candidates that are slower than the fastest by no more than `buffer` times its time, at random. While none was
/// measured, any; while some were not, or not lately, at most one request at a time finds out how they are.
pub fn latency(snapshot: &Snapshot<'_>, buffer: f64, rng: &mut Rng) -> Option<usize> {
    let candidates = || snapshot.candidates.iter().enumerate();
    let measured =
        || candidates().filter_map(|(index, candidate)| Some((index, candidate.slowness()?)));
    let Some(best) = lowest(measured(), f64::total_cmp, rng) else {
        return least_failing(snapshot, rng);
    };
    let unknown = candidates().filter(|(_, candidate)| candidate.is_worth_a_try());
    let unknown: Vec<usize> = unknown.map(|(index, _)| index).collect();
    if !unknown.is_empty() && unit(rng) < CURIOSITY {
        return one_of(&unknown, rng);
    }
    let fastest = measured()
        .find(|(index, _)| *index == best)
        .map_or(f64::INFINITY, |(_, slowness)| slowness);
    let limit = fastest * (1.0 + buffer.max(0.0));
    let near = measured().filter(|(_, slowness)| *slowness <= limit);
    let near: Vec<usize> = near.map(|(index, _)| index).collect();
    one_of(&near, rng)
}

/// While nobody was measured: one of those that failed least and have the fewest requests under way.
fn least_failing(snapshot: &Snapshot<'_>, rng: &mut Rng) -> Option<usize> {
    let keys = snapshot
        .candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| (index, (candidate.failures, candidate.in_flight)));
    let compare = |one: &(f64, u32), two: &(f64, u32)| {
        one.0.total_cmp(&two.0).then_with(|| one.1.cmp(&two.1))
    };
    lowest(keys, compare, rng)
}

impl Candidate {
    /// Its time, as much longer as it failed lately: one failure just now doubles it.
    fn slowness(&self) -> Option<f64> {
        self.seconds.map(|seconds| seconds * (1.0 + self.failures))
    }

    /// Whether it is unknown, nobody is finding out, and nobody just has in vain.
    fn is_worth_a_try(&self) -> bool {
        let is_unknown = self.seconds.is_none() || self.is_aged;
        is_unknown && self.in_flight == 0 && self.failures < 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::hits;
    use super::*;

    fn of(seconds: Option<f64>) -> Candidate {
        Candidate {
            seconds,
            ..Candidate::default()
        }
    }

    fn strict(snapshot: &Snapshot<'_>, rng: &mut Rng) -> Option<usize> {
        latency(snapshot, 0.0, rng)
    }

    #[test]
    fn the_fastest_is_taken() {
        assert_eq!(hits(&[of(Some(0.16)), of(Some(0.10))], strict), [0, 3_000]);
    }

    #[test]
    fn those_within_the_buffer_share_the_requests() {
        let candidates = [of(Some(1.0)), of(Some(1.4)), of(Some(1.6))];
        let hits = hits(&candidates, |snapshot, rng| latency(snapshot, 0.5, rng));
        assert!((1_400..1_600).contains(&hits[0]), "{hits:?}");
        assert_eq!(hits[2], 0);
    }

    #[test]
    fn while_nothing_is_known_all_are_taken() {
        let hits = hits(&[of(None), of(None), of(None)], strict);
        assert!(
            hits.iter().all(|hit| (900..1_100).contains(hit)),
            "{hits:?}"
        );
    }

    #[test]
    fn a_new_deployment_gets_a_few_requests_and_no_stampede() {
        let hits = hits(&[of(Some(0.1)), of(None)], strict);
        assert!((200..400).contains(&hits[1]), "{hits:?}");
    }

    #[test]
    fn a_new_deployment_gets_one_request_at_a_time() {
        let busy = Candidate {
            in_flight: 1,
            ..of(None)
        };
        assert_eq!(hits(&[of(Some(0.1)), busy], strict), [3_000, 0]);
    }

    #[test]
    fn a_slow_deployment_is_measured_again_when_its_measurement_is_old() {
        let aged = Candidate {
            is_aged: true,
            ..of(Some(9.0))
        };
        assert!(hits(&[of(Some(0.1)), aged], strict)[1] > 200);
        assert_eq!(hits(&[of(Some(0.1)), of(Some(9.0))], strict)[1], 0);
    }

    #[test]
    fn a_new_deployment_that_has_just_failed_is_not_tried_again_at_once() {
        let failed = Candidate {
            failures: 1.0,
            ..of(None)
        };
        assert_eq!(hits(&[of(Some(0.1)), failed], strict), [3_000, 0]);
    }

    #[test]
    fn failures_make_slower() {
        let failing = Candidate {
            failures: 1.0,
            ..of(Some(0.10))
        };
        assert_eq!(hits(&[failing, of(Some(0.16))], strict), [0, 3_000]);
    }
}
