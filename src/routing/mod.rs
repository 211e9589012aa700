//! Which deployment of a group serves a request: one small function per strategy.

use crate::config::plan::Deployment;
use crate::value::rng::Rng;

/// One of `deployments` by weighted chance, as LiteLLM's `simple-shuffle` picks: by `weight` where
/// any has one, else by `rpm`, else by `tpm`, else each as likely. A deployment that lacks what its
/// siblings have gets nothing.
pub fn simple_shuffle<'a>(deployments: &'a [Deployment], rng: &mut Rng) -> Option<&'a Deployment> {
    let measures: [fn(&Deployment) -> Option<f64>; 3] =
        [|one| one.weight, |one| one.rpm.map(as_weight), |one| one.tpm.map(as_weight)];
    let weighted = measures.iter().find_map(|measure| by_weight(deployments, *measure, rng));
    weighted.or_else(|| {
        let count = u64::try_from(deployments.len()).unwrap_or_default();
        deployments.get(usize::try_from(rng.below(count)).unwrap_or_default())
    })
}

fn by_weight<'a>(
    deployments: &'a [Deployment],
    measure: fn(&Deployment) -> Option<f64>,
    rng: &mut Rng,
) -> Option<&'a Deployment> {
    let weight = |one: &Deployment| measure(one).unwrap_or_default();
    let total: f64 = deployments.iter().map(weight).sum();
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let mut left = unit(rng) * total;
    let mut last = None;
    for one in deployments.iter().filter(|one| weight(one) > 0.0) {
        left -= weight(one);
        last = Some(one);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// A number from 0 up to, but not, 1, in steps of 2⁻⁵³.
#[allow(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
fn unit(rng: &mut Rng) -> f64 {
    const STEPS: f64 = (1u64 << 53) as f64;
    (rng.bits() >> 11) as f64 / STEPS
}

#[allow(clippy::cast_precision_loss, reason = "a weight need not be exact")]
const fn as_weight(count: u64) -> f64 {
    count as f64
}
