//! Taking a place at a deployment: a seat where there are only so many, room in its minute, and the lease that says so.

use core::time::Duration;

use super::{Lack, Pick, SOON, Want, limits};
use crate::config::plan::{Deployment, Group, Plan};
use crate::gateway::Context;
use crate::routing::Strategy;
use crate::state::Kept;
use crate::state::minute::{Limits, Minute};
use crate::state::pace::Pace;
use crate::state::record::{read, update};
use crate::value::time::Timestamp;

/// How long an answer is taken to be while a deployment has not answered yet, in tokens.
const UNMEASURED: u64 = 256;
/// How old the average length of answers may be.
const DAY: Duration = Duration::from_secs(86_400);

/// Tokens that were reserved in a deployment's minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gateway) struct Reserved {
    /// When.
    pub at: Timestamp,
    /// How many.
    pub tokens: u64,
}

/// Takes a place at the deployment.
pub(super) fn take(deployment: usize, want: &Want<'_>, cx: &mut Context<'_>) -> Result<Pick, Lack> {
    let of = cx.plan.deployments.get(deployment).ok_or(Lack::Empty)?;
    let seated = match of.max_parallel {
        Some(limit) if !cx.desk.take_seat(deployment, limit, cx.now, cx.store) => {
            return Err(Lack::Full { retry_after: SOON });
        }
        Some(_) => true,
        None => false,
    };
    let reserved = match room(deployment, want, cx) {
        Ok(reserved) => reserved,
        Err(retry_after) => {
            if seated {
                cx.desk.leave_seat(deployment, cx.now, cx.store);
            }
            return Err(Lack::Limited { retry_after });
        }
    };
    cx.desk.lease(deployment, cx.store);
    Ok(Pick {
        deployment,
        group: want.group,
        probe: false,
        reserved,
        rested: cx.desk.rest(deployment).is_some(),
        seated,
        since: cx.now,
    })
}

/// Whether the deployment has a place for a request, however short. Nothing is taken.
pub(super) fn has_room(deployment: usize, group: &Group, cx: &Context<'_>) -> bool {
    let Some(of) = cx.plan.deployments.get(deployment) else {
        return false;
    };
    let has_seat = |limit| cx.desk.has_seat(deployment, limit, cx.now, cx.store);
    let limits = limits(deployment, group, cx);
    of.max_parallel.is_none_or(has_seat) && {
        let minute = || read::<Minute>(cx.store, &cx.desk.names(deployment).minute);
        limits == Limits::default() || minute().has_room(cx.now, &limits)
    }
}

/// Reserves a request and its tokens in the deployment's minute, if that is kept; else the time to wait. Where others come first
/// too often, a limit refuses, since it cannot be proved kept, and a mere count is dropped.
fn room(
    deployment: usize,
    want: &Want<'_>,
    cx: &mut Context<'_>,
) -> Result<Option<Reserved>, Duration> {
    let group = cx.plan.groups.get(want.group);
    if !cx.desk.keeps(deployment).minute {
        return Ok(None);
    }
    let limits = group.map_or_else(Limits::default, |group| limits(deployment, group, cx));
    let names = cx.desk.names(deployment);
    let pace: Pace = read(cx.store, &names.pace);
    let output = expected_output(&pace, want, cx.now);
    let tokens = want.input_tokens.saturating_add(output);
    let mut wait = SOON;
    let done = update(cx.store, &names.minute, |minute: &mut Minute| {
        let reserved = minute.reserve(cx.now, tokens, &limits);
        reserved.map_err(|refused| wait = refused).ok()
    });
    match done {
        Ok(Some(())) => Ok(Some(Reserved { at: cx.now, tokens })),
        Err(_) if limits == Limits::default() => Ok(None),
        Ok(None) | Err(_) => Err(wait),
    }
}

/// How many tokens the answer will probably have: as many as the deployment's answers have, and no more than the client takes.
pub(super) fn expected_output(pace: &Pace, want: &Want<'_>, now: Timestamp) -> u64 {
    let usual = pace.output.within(DAY, now);
    // Tokens of an answer are far below 2^53.
    let usual = usual.map_or(UNMEASURED, |tokens| tokens.round() as u64);
    usual.min(want.max_tokens.unwrap_or(u64::MAX))
}

/// Whether `rpm` and `tpm` must not be exceeded in the group, instead of only weighing.
pub(super) fn binds(group: &Group, plan: &Plan) -> bool {
    let binds = match group.strategy {
        Strategy::Cost | Strategy::Latency { .. } | Strategy::Usage => true,
        Strategy::LeastBusy | Strategy::SimpleShuffle => false,
    };
    binds || plan.pre_call_checks
}

/// What a minute may hold. An Azure deployment with a limit of tokens alone has one of requests, too: a sixth of it.
pub(super) fn limits_of(deployment: &Deployment) -> Limits {
    let is_azure = deployment.provider.name() == "azure";
    let sixth = deployment
        .tpm
        .filter(|_| is_azure)
        .map(|tpm| (tpm / 6).max(1));
    Limits {
        requests: deployment.rpm.or(sixth),
        tokens: deployment.tpm,
    }
}

/// What must be kept of a deployment for one group that it is in.
pub(in crate::gateway) fn kept(deployment: &Deployment, group: &Group, plan: &Plan) -> Kept {
    let is_limited = binds(group, plan) && limits_of(deployment) != Limits::default();
    let minute = is_limited || group.strategy == Strategy::Usage;
    let (pace, shares) = match group.strategy {
        Strategy::Cost => (true, false),
        Strategy::Latency { .. } => (true, true),
        Strategy::LeastBusy => (false, true),
        Strategy::SimpleShuffle | Strategy::Usage => (false, false),
    };
    Kept {
        minute,
        // How long answers are decides what is reserved for one.
        pace: pace || minute,
        shares,
    }
}
