//! Whether a deployment is sent to rest for a failure, and when its rest ends.

use super::super::Context;
use super::super::meter::Subject;
use super::super::select::Pick;
use crate::canonical::error::Class;
use crate::config::plan::Deployment;
use crate::policy::Failure;
use crate::policy::cooldown::{Tally, is_barred, is_due, is_unnamed, kind, length};
use crate::state::failures::Failures;
use crate::state::record::{Record, update};
use crate::state::rests::{RESTS, Rest, Rests};
use crate::usage::metrics::Counter;
use crate::value::time::Timestamp;

/// An answer proves that the deployment works, if it was asked while it had a rest. One that was asked before its rest began
/// proves nothing.
pub(super) fn proved(pick: &Pick, cx: &mut Context<'_>) {
    if pick.rested {
        cx.desk.recover(pick.deployment, cx.store);
    }
}

/// Counts a failure and sends the deployment to rest, if it is due.
pub(super) fn judge(pick: &Pick, failure: &Failure, cx: &mut Context<'_>) {
    let Some(of) = cx.plan.deployments.get(pick.deployment) else {
        return;
    };
    if !of.cooldown.enabled {
        return;
    }
    let tally = tally(pick, failure.class, of, cx);
    if !pick.probe && !is_due(failure.class, &tally, &of.cooldown) {
        return;
    }
    if eject(pick, failure, of, cx) {
        // After the rest it begins anew.
        let name = &cx.desk.names(pick.deployment).failures;
        cx.store.put(name, &Failures::default().encode());
        let subject = Subject {
            deployment: Some(pick.deployment),
            group: Some(of.group),
        };
        cx.meter.add(Counter::Cooldowns, subject, 1);
    }
}

/// The deployment's last minute, with this failure. When others come first too often, they have counted theirs, and this one
/// is left out.
fn tally(pick: &Pick, class: Class, of: &Deployment, cx: &mut Context<'_>) -> Tally {
    let answered = cx.desk.answers(pick.deployment, cx.now, cx.store);
    let kind = kind(class, &of.cooldown);
    let name = &cx.desk.names(pick.deployment).failures;
    let counted = update(cx.store, name, |failures: &mut Failures| {
        failures.add(kind, cx.now);
        Some(Tally {
            answered,
            failed: failures.number(cx.now, is_unnamed),
            of_class: failures.number(cx.now, |other| other == kind),
        })
    });
    counted.ok().flatten().unwrap_or_default()
}

/// Begins a rest, or another one in a row. Whether it did; when others come first too often it does not, and the next failure
/// will.
fn eject(pick: &Pick, failure: &Failure, of: &Deployment, cx: &Context<'_>) -> bool {
    let key = cx.desk.key(pick.deployment);
    let rest = |ejections: u8| Rest {
        barred: is_barred(failure.class),
        ejections: ejections.saturating_add(1),
        probe: None,
        until: cx.now.after(length(failure, &of.cooldown, ejections)),
    };
    let ejected = update(cx.store, RESTS, |rests: &mut Rests| {
        match rests.of(key).copied() {
            Some(old) if cx.now < old.until => lengthen(rests, key, rest(0).until, failure),
            Some(old) => {
                let tried_it = old.probe.is_some_and(|probe| probe.since == pick.since);
                (pick.probe && tried_it).then(|| {
                    rests.begin(key, rest(old.ejections), cx.now);
                    true
                })
            }
            None if !is_barred(failure.class) && is_last(pick, rests, cx) => None,
            None => {
                rests.begin(key, rest(0), cx.now);
                Some(true)
            }
        }
    });
    ejected == Ok(Some(true))
}

/// A rest that goes on lasts longer if the provider asks for that, and is still the same rest.
fn lengthen(rests: &mut Rests, key: u64, until: Timestamp, failure: &Failure) -> Option<bool> {
    failure.retry_after?;
    let rest = rests.of_mut(key).filter(|rest| rest.until < until)?;
    rest.until = until;
    Some(false)
}

/// Whether all others of the group have a rest.
fn is_last(pick: &Pick, rests: &Rests, cx: &Context<'_>) -> bool {
    let Some(group) = cx.plan.groups.get(pick.group) else {
        return true;
    };
    let rested = rests
        .all()
        .filter_map(|(key, _)| cx.desk.deployment(key))
        .filter(|deployment| group.deployments.contains(deployment));
    rested.count().saturating_add(1) >= group.deployments.len()
}
