//! Where each worker's randomness begins.

use crate::value::rng::Rng;

/// A generator seeded by the host. Should it have no randomness to give, time must do.
pub fn rng() -> Rng {
    let mut seed = [0; 8];
    if getrandom::fill(&mut seed).is_err() {
        log::warn!("no randomness from the host: seeding by the clock");
        return Rng::new(super::calls::now().nanos());
    }
    Rng::new(u64::from_le_bytes(seed))
}
