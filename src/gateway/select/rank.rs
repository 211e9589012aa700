//! The strategy's choice among those that are left: what it looks at is read, and no more than that.

use core::time::Duration;
use std::borrow::Cow;

use super::Want;
use super::pool::Pool;
use super::reserve::{expected_output, limits_of};
use crate::gateway::Context;
use crate::policy::Hop;
use crate::routing::{self, Candidate, Snapshot, Strategy, below, draw};
use crate::state::minute::Minute;
use crate::state::pace::Pace;
use crate::state::record::read;
use crate::usage::Usage;

/// In a group with more candidates than this, only a few are looked at: it may have a thousand, and each look reads a record.
pub(super) const ALL: usize = 16;
/// So many, drawn at random or the cheapest at a glance: as many as cost a large group no more than a small one. The best of three is
/// among the better half for seven requests in eight.
const FEW: usize = 3;
/// A measurement that is older should be made again.
const AGED: Duration = Duration::from_secs(60);

/// Which of those that are left the group's strategy picks.
pub(super) fn choose(pool: &Pool<'_>, want: &Want<'_>, cx: &mut Context<'_>) -> Option<usize> {
    match pool.group().strategy {
        Strategy::Cost => among(
            pool,
            cheapest(pool, want, cx),
            cx,
            |deployment, cx| priced(deployment, want, cx),
            routing::cost,
        ),
        Strategy::Latency { buffer, ttl } => among(
            pool,
            some(pool, cx),
            cx,
            |deployment, cx| timed(deployment, want.stream, ttl, cx),
            |snapshot, rng| routing::latency(snapshot, buffer, rng),
        ),
        Strategy::LeastBusy => {
            let drawn = draw(pool.len(), 2, cx.rng);
            among(pool, drawn, cx, busy, routing::least_busy)
        }
        Strategy::SimpleShuffle => shuffled(pool, cx),
        Strategy::Usage => {
            let drawn = some(pool, cx);
            among(pool, drawn, cx, used, routing::usage)
        }
    }
}

/// By weight. Where nothing that is left weighs anything, all alike: what has no weight serves when nothing else can.
fn shuffled(pool: &Pool<'_>, cx: &mut Context<'_>) -> Option<usize> {
    let weights = pool.weights();
    let weights = weights.as_deref().unwrap_or(&pool.group().weights);
    let picked = routing::simple_shuffle(weights, cx.rng);
    picked.or_else(|| (!pool.is_empty()).then(|| below(pool.len(), cx.rng)))
}

/// All, or a few drawn at random.
fn some(pool: &Pool<'_>, cx: &mut Context<'_>) -> Vec<usize> {
    let number = if pool.len() > ALL { FEW } else { pool.len() };
    draw(pool.len(), number, cx.rng)
}

/// All, or a few that cost least at a glance; which of those that cost the same is left to chance. What a request costs with each of
/// them is worked out only for these.
fn cheapest(pool: &Pool<'_>, want: &Want<'_>, cx: &mut Context<'_>) -> Vec<usize> {
    if pool.len() <= ALL {
        return (0..pool.len()).collect();
    }
    let order = cx.desk.by_price(want.group);
    let price = |place: &usize| {
        let deployment = pool.group().deployments.get(*place);
        deployment.map(|deployment| cx.desk.price(*deployment))
    };
    let lowest = order.first().and_then(price);
    let alike = order.partition_point(|place| price(place) <= lowest);
    let (alike, dearer) = order.split_at_checked(alike).unwrap_or_default();
    let start = below(alike.len(), cx.rng);
    let (before, after) = alike.split_at_checked(start).unwrap_or_default();
    let places = after.iter().chain(before).chain(dearer);
    let left = places.filter_map(|place| pool.nth_of(*place));
    left.take(FEW).collect()
}

/// What `strategy` picks among those `drawn`, of whom `look` finds out what it must know.
fn among<'a>(
    pool: &Pool<'_>,
    drawn: Vec<usize>,
    cx: &mut Context<'a>,
    look: impl Fn(usize, &mut Context<'a>) -> Candidate,
    strategy: impl Fn(&Snapshot<'_>, &mut crate::value::rng::Rng) -> Option<usize>,
) -> Option<usize> {
    // One that stands alone needs no looking at.
    if pool.len() <= 1 {
        return (!pool.is_empty()).then_some(0);
    }
    let deployments = drawn.iter().filter_map(|nth| pool.deployment(*nth));
    let candidates: Vec<Candidate> = deployments.map(|deployment| look(deployment, cx)).collect();
    let candidates = candidates.as_slice();
    let picked = strategy(&Snapshot { candidates }, cx.rng)?;
    drawn.get(picked).copied()
}

fn busy(deployment: usize, cx: &mut Context<'_>) -> Candidate {
    Candidate {
        in_flight: cx.desk.in_flight(deployment, cx.store),
        ..Candidate::default()
    }
}

fn priced(deployment: usize, want: &Want<'_>, cx: &mut Context<'_>) -> Candidate {
    let of = cx.plan.deployments.get(deployment);
    let prices = of.and_then(|of| match &of.prices {
        Some(prices) => Some(Cow::Borrowed(prices)),
        None => {
            let hop = Hop {
                group: want.group,
                model: want.model.to_owned(),
            };
            of.prices_for(&cx.plan.asked_of(of, &hop))
        }
    });
    let output = || expected_output(&pace(deployment, cx), want, cx.now);
    let cost = prices
        .filter(|prices| prices.is_priced())
        .map(|prices| prices.cost(&Usage::estimated(want.input_tokens, output()), None));
    Candidate {
        cost,
        ..Candidate::default()
    }
}

fn timed(deployment: usize, stream: bool, ttl: Duration, cx: &mut Context<'_>) -> Candidate {
    let pace = pace(deployment, cx);
    let average = if stream { pace.first } else { pace.whole };
    let is_aged = average.within(AGED, cx.now).is_none();
    Candidate {
        failures: pace.failures(cx.now),
        // Only of those that are to be measured it matters how busy they are.
        in_flight: if is_aged {
            cx.desk.in_flight(deployment, cx.store)
        } else {
            0
        },
        is_aged,
        seconds: average.within(ttl, cx.now),
        ..Candidate::default()
    }
}

fn used(deployment: usize, cx: &mut Context<'_>) -> Candidate {
    let minute: Minute = read(cx.store, &cx.desk.names(deployment).minute);
    let tpm = cx
        .plan
        .deployments
        .get(deployment)
        .and_then(|of| limits_of(of).tokens);
    Candidate {
        tokens: minute.used(cx.now).tokens,
        tpm,
        ..Candidate::default()
    }
}

fn pace(deployment: usize, cx: &Context<'_>) -> Pace {
    read(cx.store, &cx.desk.names(deployment).pace)
}
