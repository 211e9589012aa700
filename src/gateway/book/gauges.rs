//! What gauges show: one worker speaks for all, so that what a dead worker had under way does not stay.

use super::super::Context;
use super::super::meter::Subject;
use crate::state::Shown;
use crate::state::rests::Standing;
use crate::usage::metrics::Gauge;

/// So many deployments are looked at with each tick, all in turn: a tick must not take long.
const AT_ONCE: usize = 128;

/// Sets the gauges that have changed.
pub(super) fn show(cx: &mut Context<'_>) {
    let turn = cx.desk.turn(AT_ONCE);
    if turn.is_empty() {
        return;
    }
    cx.desk.learn(cx.store);
    for deployment in turn {
        let in_flight = u64::from(cx.desk.in_flight(deployment, cx.store));
        let state = match cx.desk.standing(deployment, cx.now) {
            None => 0,
            Some(Standing::Due | Standing::Probed) => 1,
            Some(Standing::Resting) => 2,
        };
        if cx.desk.show(deployment, Shown { in_flight, state }) {
            let subject = Subject {
                deployment: Some(deployment),
                group: cx.plan.deployments.get(deployment).map(|of| of.group),
            };
            cx.meter.gauge(Gauge::InFlight, subject, in_flight);
            cx.meter.gauge(Gauge::DeploymentState, subject, state);
        }
    }
}
