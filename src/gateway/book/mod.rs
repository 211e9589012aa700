//! The books: what became of each attempt, for those that choose after it.
//!
//! Of an attempt that [`super::select::select`] picked, at most one of [`answered`] and [`failed`] is told, and [`ended`] once, whatever
//! happened. A time-out that the client itself asked for and a client that left say nothing about the deployment: only
//! [`ended`] is told, and the tokens stay reserved, since the provider may have spent them.

mod gauges;
mod health;
#[cfg(test)]
mod tests;

use core::time::Duration;

use super::Context;
use super::select::{self, Pick};
use crate::canonical::error::Class;
use crate::config::plan::{Deployment, Group, Plan};
use crate::policy::Failure;
use crate::policy::cooldown::counts;
use crate::routing::Strategy;
use crate::state::minute::Minute;
use crate::state::pace::Pace;
use crate::state::record::update;
use crate::state::{Desk, Kept, Lineup, Outline};
use crate::usage::Usage;

/// What is measured of an answer that was complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// From the attempt's beginning to the answer's end.
    pub duration: Duration,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// Whether it was a stream.
    pub stream: bool,
    /// From the attempt's beginning to the first content, for a stream.
    pub time_to_first: Option<Duration>,
    /// Tokens of prompt and answer.
    pub total_tokens: u64,
}

/// A desk for what the plan has.
#[must_use]
pub fn desk(plan: &Plan) -> Desk {
    let mut kept = vec![Kept::default(); plan.deployments.len()];
    for group in &plan.groups {
        for index in &group.deployments {
            if let (Some(kept), Some(of)) = (kept.get_mut(*index), plan.deployments.get(*index)) {
                let more = select::kept(of, group, plan);
                kept.minute |= more.minute;
                kept.pace |= more.pace;
                kept.shares |= more.shares;
            }
        }
    }
    let outlines = plan.deployments.iter().zip(kept);
    let outlines = outlines.map(|(of, kept)| Outline {
        id: &of.id,
        kept,
        price: about(of),
    });
    Desk::new(
        outlines,
        plan.groups.iter().map(|group| lineup(group, plan)),
    )
}

fn lineup(group: &Group, plan: &Plan) -> Lineup {
    let by_price = match group.strategy {
        Strategy::Cost => {
            let prices: Vec<u64> = plan.members(group).map(about).collect();
            let mut places: Vec<usize> = (0..prices.len()).collect();
            places.sort_by_key(|place| prices.get(*place));
            places
        }
        Strategy::Latency { .. }
        | Strategy::LeastBusy
        | Strategy::SimpleShuffle
        | Strategy::Usage => Vec::new(),
    };
    Lineup {
        by_price,
        is_ordered: plan.members(group).any(|of| of.order.is_some()),
    }
}

/// What a prompt and an answer of a thousand tokens each cost, in nano-dollars; the most there is where nobody knows.
fn about(deployment: &Deployment) -> u64 {
    let prices = deployment.prices.as_ref();
    let known = prices.filter(|prices| prices.is_priced());
    known.map_or(u64::MAX, |prices| {
        prices.cost(&Usage::estimated(1_000, 1_000), None).nanos()
    })
}

/// The deployment has answered.
pub fn answered(pick: &Pick, sample: &Sample, cx: &mut Context<'_>) {
    cx.desk.note_answer(pick.deployment, cx.now, cx.store);
    health::proved(pick, cx);
    if cx.desk.keeps(pick.deployment).pace {
        // When others come first too often, the sample is dropped: another one will do.
        let name = &cx.desk.names(pick.deployment).pace;
        let _ = update(cx.store, name, |pace: &mut Pace| {
            measure(pace, sample, cx);
            Some(())
        });
    }
    settle(pick, sample.total_tokens, cx);
}

/// The deployment has failed; it may be sent to rest.
pub fn failed(pick: &Pick, failure: &Failure, cx: &mut Context<'_>) {
    if !may_have_spent(failure.class) {
        settle(pick, 0, cx);
    }
    let deployment = cx.plan.deployments.get(pick.deployment);
    if deployment.is_none_or(|of| !counts(failure.class, &of.cooldown)) {
        return;
    }
    if cx.desk.keeps(pick.deployment).pace {
        let name = &cx.desk.names(pick.deployment).pace;
        let _ = update(cx.store, name, |pace: &mut Pace| {
            pace.fail(cx.now);
            Some(())
        });
    }
    health::judge(pick, failure, cx);
}

/// The attempt is over, whatever came of it: its place is free again.
pub fn ended(pick: Pick, cx: &mut Context<'_>) {
    let Pick {
        deployment, since, ..
    } = pick;
    cx.desk.release(deployment, cx.store);
    if pick.seated {
        cx.desk.leave_seat(deployment, cx.now, cx.store);
    }
    if pick.probe {
        cx.desk.unprobe(deployment, since, cx.store);
    }
}

/// A request has come that counts for the retry budget until [`left`] is told.
pub const fn arrived(cx: &mut Context<'_>) {
    cx.desk.arrive();
}

/// A request is over.
pub const fn left(cx: &mut Context<'_>) {
    cx.desk.leave();
}

/// Whether the retry budget has room for one more retry, over all workers.
#[must_use]
pub fn may_retry(cx: &mut Context<'_>) -> bool {
    let (active, retries) = cx.desk.totals(cx.now, cx.store);
    cx.plan.retry_budget.allows(active, retries)
}

/// A retry has begun.
pub fn retry_began(cx: &mut Context<'_>) {
    cx.desk.retry(cx.store);
}

/// A retry is over.
pub fn retry_ended(cx: &mut Context<'_>) {
    cx.desk.end_retry(cx.store);
}

/// Four times a second: gives the worker's sign of life, states what others do not know yet, and shows it.
pub fn tick(cx: &mut Context<'_>) {
    cx.desk.beat(cx.now, cx.store, cx.rng);
    gauges::show(cx);
}

fn measure(pace: &mut Pace, sample: &Sample, cx: &Context<'_>) {
    let tokens = f64::from(u32::try_from(sample.output_tokens).unwrap_or(u32::MAX));
    if sample.output_tokens > 0 {
        pace.output.add(tokens, cx.now);
    }
    match sample.time_to_first {
        Some(time) if sample.stream => pace.first.add(time.as_secs_f64(), cx.now),
        None if sample.stream => {}
        // Seconds of an answer without tokens are no seconds per token.
        Some(_) | None if sample.output_tokens == 0 => {}
        Some(_) | None => pace
            .whole
            .add(sample.duration.as_secs_f64() / tokens, cx.now),
    }
}

/// Replaces what was reserved by what was taken. When others come first too often, the reservation stands: it errs to the safe side.
fn settle(pick: &Pick, took: u64, cx: &mut Context<'_>) {
    if let Some(reserved) = pick.reserved {
        let name = &cx.desk.names(pick.deployment).minute;
        let _ = update(cx.store, name, |minute: &mut Minute| {
            minute.settle(cx.now, reserved.at, reserved.tokens, took);
            Some(())
        });
    }
}

/// Whether the provider may have worked on an answer before it failed.
const fn may_have_spent(class: Class) -> bool {
    matches!(class, Class::Malformed | Class::Timeout | Class::Truncated)
}
