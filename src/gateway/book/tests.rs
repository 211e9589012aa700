//! When deployments rest, what is under way, and what is shown.

use core::time::Duration;

use super::super::fixture::{Office, WANT, failure, whole};
use super::super::select::{Pick, Want, healthy};
use super::*;
use crate::policy::{Budget, PerClass};
use crate::usage::metrics::Gauge;

fn resting(office: &mut Office) -> usize {
    let all = office.plan.groups[0].deployments.len();
    all - office.with(|cx| healthy(&WANT, cx))
}

#[test]
fn failures_of_all_workers_add_up() {
    let mut office = Office::new(2, |plan| plan.deployments[0].cooldown.allowed = Some(2));
    for worker in 0..2 {
        office.worker(worker).fail(0, Class::Server);
    }
    assert_eq!(resting(&mut office), 0);
    office.worker(2).fail(0, Class::Timeout);
    assert_eq!((resting(&mut office), office.cooldowns()), (1, 1));
}

#[test]
fn failures_of_more_than_a_minute_ago_do_not_count() {
    let mut office = Office::new(2, |plan| plan.deployments[0].cooldown.allowed = Some(1));
    office.fail(0, Class::Server);
    office.wait_ms(60_000);
    office.fail(0, Class::Server);
    assert_eq!(resting(&mut office), 0);
}

#[test]
fn a_deployment_that_mostly_answers_does_not_rest() {
    let mut office = Office::new(2, |_| {});
    for n in 0..10 {
        office.worker(n % 3).answer(0, &whole(1));
    }
    office.wait_ms(250);
    for _ in 0..10 {
        office.worker(0).fail(0, Class::Server);
    }
    assert_eq!(resting(&mut office), 0);
    office.fail(0, Class::Server);
    assert_eq!(resting(&mut office), 1);
}

#[test]
fn what_the_client_caused_sends_nothing_to_rest() {
    let mut office = Office::new(2, |_| {});
    for _ in 0..20 {
        office.fail(0, Class::BadRequest);
        office.fail(0, Class::ContextLength);
    }
    assert_eq!(resting(&mut office), 0);
}

#[test]
fn a_policy_by_class_counts_that_class_alone() {
    let mut office = Office::new(2, |plan| {
        plan.deployments[0].cooldown.allowed = Some(0);
        plan.deployments[0].cooldown.by_class = PerClass(vec![(Class::RateLimit, 2)]);
    });
    office.fail(0, Class::RateLimit);
    office.fail(0, Class::RateLimit);
    assert_eq!(resting(&mut office), 0);
    office.fail(0, Class::RateLimit);
    assert_eq!(resting(&mut office), 1);
}

#[test]
fn the_last_healthy_deployment_does_not_rest() {
    let mut office = Office::new(2, |_| {});
    office.fail(0, Class::RateLimit);
    office.fail(1, Class::RateLimit);
    assert_eq!((resting(&mut office), office.cooldowns()), (1, 1));
    let mut single = Office::new(1, |_| {});
    for class in [Class::NotFound, Class::Quota] {
        single.fail(0, class);
        assert_eq!(resting(&mut single), 0, "{class:?}");
    }
}

#[test]
fn even_the_last_one_rests_when_it_refuses_the_credential() {
    for class in [Class::Auth, Class::Permission] {
        let mut office = Office::new(1, |_| {});
        office.fail(0, class);
        assert_eq!(resting(&mut office), 1, "{class:?}");
    }
}

#[test]
fn two_workers_cannot_send_the_last_two_to_rest_at_the_same_time() {
    let mut office = Office::new(2, |_| {});
    let rival = core::cell::RefCell::new(Office::new(2, |_| {}));
    let once = core::cell::Cell::new(true);
    office.store.interfere(move |store, name| {
        if name == "rests" && once.replace(false) {
            let mut rival = rival.borrow_mut();
            core::mem::take(&mut rival.store);
            rival.fail(1, Class::RateLimit);
            let (rests, _) = crate::state::Store::get(&rival.store, "rests").unwrap();
            crate::state::Store::put(store, "rests", &rests);
        }
    });
    office.fail(0, Class::RateLimit);
    office.store.calm();
    assert_eq!(resting(&mut office), 1);
}

#[test]
fn where_cooldowns_are_disabled_nothing_rests() {
    let mut office = Office::new(2, |plan| plan.deployments[0].cooldown.enabled = false);
    office.fail(0, Class::RateLimit);
    assert_eq!(resting(&mut office), 0);
}

/// Whether deployment 0 is tried when so many milliseconds have gone by.
fn is_tried_after(office: &mut Office, millis: u64) -> Option<Pick> {
    office.wait_ms(millis);
    let pick = office.select(&WANT).unwrap();
    if pick.probe {
        return Some(pick);
    }
    office.with(|cx| ended(pick, cx));
    None
}

#[test]
fn each_rest_in_a_row_is_twice_as_long_and_a_success_begins_anew() {
    let mut office = Office::new(2, |_| {});
    office.fail(0, Class::RateLimit);
    for seconds in [5, 10, 20] {
        assert!(is_tried_after(&mut office, seconds * 1_000 - 1).is_none());
        let probe = is_tried_after(&mut office, 1).unwrap();
        office.fails(probe, &failure(Class::Server));
    }
    assert_eq!(office.cooldowns(), 4);
    let probe = is_tried_after(&mut office, 40_000).unwrap();
    office.with(|cx| {
        answered(&probe, &whole(1), cx);
        ended(probe, cx);
    });
    office.fail(0, Class::RateLimit);
    assert!(is_tried_after(&mut office, 5_000).is_some());
}

#[test]
fn a_provider_that_says_how_long_is_given_that_time() {
    let mut office = Office::new(2, |_| {});
    let pick = office.pin(0);
    let asked = Failure {
        retry_after: Some(Duration::from_secs(30)),
        ..failure(Class::RateLimit)
    };
    office.fails(pick, &asked);
    assert!(is_tried_after(&mut office, 29_999).is_none());
    assert!(is_tried_after(&mut office, 1).is_some());
}

#[test]
fn failures_that_come_in_during_a_rest_do_not_make_it_another_one() {
    let mut office = Office::new(2, |_| {});
    let picks: Vec<Pick> = (0..5).map(|_| office.pin(0)).collect();
    for pick in picks {
        office.fails(pick, &failure(Class::RateLimit));
    }
    assert_eq!(office.cooldowns(), 1);
    assert!(is_tried_after(&mut office, 5_000).is_some());
}

#[test]
fn an_answer_to_a_request_from_before_the_rest_does_not_end_it() {
    let mut office = Office::new(2, |_| {});
    let early = office.pin(0);
    office.fail(0, Class::RateLimit);
    office.with(|cx| {
        answered(&early, &whole(1), cx);
        ended(early, cx);
    });
    assert_eq!(resting(&mut office), 1);
}

#[test]
fn a_lost_cooldown_is_made_good_by_the_next_failure() {
    let mut office = Office::new(2, |_| {});
    office.store.interfere(|store, name| {
        if name == "rests" {
            crate::state::Store::put(store, name, b"\x01");
        }
    });
    office.fail(0, Class::RateLimit);
    office.store.calm();
    assert_eq!(resting(&mut office), 0);
    office.fail(0, Class::RateLimit);
    assert_eq!(resting(&mut office), 1);
}

#[test]
fn gauges_show_what_all_workers_have_under_way_and_who_rests() {
    let mut office = Office::new(2, |_| {});
    assert_eq!(office.shown(Gauge::InFlight, 1), Some(0));
    let _one = office.worker(0).pin(1);
    let two = office.worker(2).pin(1);
    office.wait_ms(500);
    assert_eq!(office.shown(Gauge::InFlight, 1), Some(2));
    office.worker(2).fails(two, &failure(Class::RateLimit));
    office.wait_ms(500);
    assert_eq!(office.shown(Gauge::InFlight, 1), Some(1));
    assert_eq!(office.shown(Gauge::DeploymentState, 1), Some(2));
    office.wait_ms(5_000);
    assert_eq!(office.shown(Gauge::DeploymentState, 1), Some(1));
    assert_eq!(office.shown(Gauge::DeploymentState, 0), Some(0));
}

#[test]
fn what_a_dead_worker_had_under_way_does_not_stay() {
    for dead in [0, 2] {
        let mut office = Office::new(1, |_| {});
        let _pick = office.worker(dead).pin(0);
        office.wait_ms(500);
        assert_eq!(office.shown(Gauge::InFlight, 0), Some(1));
        office.dies(dead);
        office.wait_ms(4_000);
        assert_eq!(office.shown(Gauge::InFlight, 0), Some(0), "worker {dead}");
    }
}

#[test]
fn gauges_are_only_set_when_they_change_and_by_one_worker() {
    let mut office = Office::new(3, |_| {});
    office.wait_ms(5_000);
    assert_eq!(office.counts.gauges.len(), 3 * 2);
}

#[test]
fn in_a_large_configuration_all_are_shown_in_turn() {
    let mut office = Office::new(1_000, |_| {});
    office.wait_ms(2_000);
    assert_eq!(office.counts.gauges.len(), 1_000 * 2);
}

#[test]
fn the_retry_budget_is_that_of_all_workers() {
    let mut office = Office::new(1, |plan| {
        plan.retry_budget = Budget {
            floor: 1,
            percent: 20,
        };
    });
    for worker in 0..2 {
        for _ in 0..5 {
            office.worker(worker).with(arrived);
        }
    }
    office.wait_ms(250);
    for worker in 0..2 {
        assert!(office.worker(worker).with(may_retry));
        office.with(retry_began);
    }
    assert!(!office.worker(2).with(may_retry), "2 of 10 are retries");
    office.worker(1).with(retry_ended);
    assert!(office.worker(2).with(may_retry));
    office.worker(0).with(left);
    for _ in 0..9 {
        office.worker(0).with(left);
    }
    assert!(
        !office.worker(0).with(may_retry),
        "1 of 5 is a retry, and 1 is allowed"
    );
}

#[test]
fn the_number_of_records_is_bounded_whatever_happens() {
    let mut office = Office::new(3, |plan| {
        plan.groups[0].strategy = crate::routing::Strategy::Usage;
        plan.deployments[0].max_parallel = Some(5);
    });
    for n in 0..300 {
        let deployment = n % 3;
        office.worker(n % 3).answer(deployment, &whole(3));
        office.worker(n % 2).fail(deployment, Class::Server);
        office.wait_ms(1_000);
    }
    let names = office.store.names();
    let per_deployment = 3 + 3; // failures, minute, pace, and three workers' shares
    assert!(names.len() <= 3 + 1 + 1 + 3 * per_deployment, "{names:?}");
}

#[test]
fn a_group_that_shares_a_deployment_with_another_has_it_kept_for_both() {
    let mut office = Office::new(2, |plan| {
        let other = crate::config::plan::Group {
            pattern: None,
            name: "other".to_owned(),
            deployments: vec![1],
            weights: vec![1.0],
            strategy: crate::routing::Strategy::LeastBusy,
            retries: plan.groups[0].retries.clone(),
            chains: crate::policy::Chains::default(),
        };
        plan.groups.push(other);
    });
    let want = Want { group: 1, ..WANT };
    let _through_the_first = office.worker(0).pin(1);
    let _through_the_second = office.worker(1).select(&want).unwrap();
    assert_eq!(
        office.worker(2).with(|cx| cx.desk.in_flight(1, cx.store)),
        2
    );
}
