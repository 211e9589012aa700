//! What does not rest, and what is due to be tried again.

use super::pool::Pool;
use super::{Lack, SOON, is_open};
use crate::gateway::Context;
use crate::routing::{Strategy, below};
use crate::state::rests::Standing;

/// Keeps those that do not rest; where all do, those that at least do not refuse the credential.
pub(super) fn keep(pool: &mut Pool<'_>, cx: &mut Context<'_>) -> Result<(), Lack> {
    cx.desk.learn(cx.store);
    if cx.desk.all_healthy() {
        return Ok(());
    }
    let until = |deployment: usize| cx.desk.rest(deployment).map(|rest| rest.until);
    let retry_after = pool.deployments().filter_map(until).min();
    let retry_after = retry_after.map_or(SOON, |until| until.since(cx.now).max(SOON));
    let mut awake = pool.clone();
    awake.retain(|deployment| is_open(cx.desk.standing(deployment, cx.now)));
    if awake.is_empty() {
        awake = pool.clone();
        awake.retain(|deployment| cx.desk.rest(deployment).is_none_or(|rest| !rest.barred));
    }
    if awake.is_empty() {
        return Err(Lack::Cooling { retry_after });
    }
    *pool = awake;
    Ok(())
}

/// Takes those out whose rest is over, and says which of them to try, in an order of chance. What gets no requests by its
/// weight is not tried with one while there are others.
pub(super) fn due(pool: &mut Pool<'_>, cx: &mut Context<'_>) -> Vec<usize> {
    let is_due = |deployment: usize| cx.desk.standing(deployment, cx.now) == Some(Standing::Due);
    let is_shuffled = pool.group().strategy == Strategy::SimpleShuffle;
    let weighs = |nth: &usize| !is_shuffled || pool.weight(*nth) > 0.0;
    let all_weightless = !(0..pool.len()).any(|nth| weighs(&nth));
    let due = (0..pool.len()).filter(|nth| all_weightless || weighs(nth));
    let mut due: Vec<usize> = due.filter_map(|nth| pool.deployment(nth)).collect();
    due.retain(|deployment| is_due(*deployment));
    pool.retain(|deployment| !is_due(deployment));
    let first = below(due.len(), cx.rng);
    due.rotate_left(first);
    due
}
