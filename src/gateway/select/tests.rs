//! Which deployment is picked, and when none is.

use core::time::Duration;

use super::super::book;
use super::super::fixture::{Office, WANT, failure, stream, whole};
use super::*;
use crate::canonical::error::Class;
use crate::config::plan::{Plan, TagMatch};
use crate::routing::Strategy;
use crate::usage::prices::{Abilities, Prices, Rates};
use crate::value::money::PerMillion;

fn strategy(strategy: Strategy) -> impl FnOnce(&mut Plan) {
    move |plan| plan.groups[0].strategy = strategy
}

const LATENCY: Strategy = Strategy::Latency {
    buffer: 0.0,
    ttl: Duration::from_secs(3600),
};

fn tried(tried: &[usize]) -> Want<'_> {
    Want { tried, ..WANT }
}

fn rest(office: &mut Office, deployment: usize) {
    office.fail(deployment, Class::RateLimit);
}

#[test]
fn requests_are_spread_by_weight() {
    let mut office = Office::new(3, |plan| plan.groups[0].weights = vec![1.0, 2.0, 0.0]);
    let hits = office.hits(3_000, &WANT);
    assert!((900..1_100).contains(&hits[0]), "{hits:?}");
    assert_eq!(hits[2], 0);
}

#[test]
fn what_weighs_nothing_serves_when_nothing_else_can() {
    let mut office = Office::new(2, |plan| plan.groups[0].weights = vec![1.0, 0.0]);
    rest(&mut office, 0);
    assert_eq!(office.picks(&WANT), Ok(1));
}

#[test]
fn what_weighs_nothing_is_tried_again_when_nothing_else_is_left() {
    let mut office = Office::new(3, |plan| plan.groups[0].weights = vec![1.0, 0.0, 0.0]);
    rest(&mut office, 1);
    rest(&mut office, 2);
    office.wait_ms(5_000);
    office.fail(0, Class::Auth);
    let pick = office.select(&WANT).unwrap();
    assert!(pick.probe && pick.deployment > 0, "{pick:?}");
}

#[test]
fn a_group_without_deployments_has_none_to_offer() {
    let mut office = Office::new(1, |plan| plan.groups[0].deployments.clear());
    assert_eq!(office.picks(&WANT), Err(Lack::Empty));
    let elsewhere = Want { group: 9, ..WANT };
    assert_eq!(office.picks(&elsewhere), Err(Lack::Empty));
}

#[test]
fn a_request_that_names_a_deployment_gets_it_and_no_other() {
    let mut office = Office::new(3, |_| {});
    let want = Want {
        pinned: Some(1),
        ..WANT
    };
    assert_eq!(office.hits(50, &want), [0, 50, 0]);
    let stranger = Want {
        pinned: Some(7),
        ..WANT
    };
    assert_eq!(office.picks(&stranger), Err(Lack::Empty));
}

fn tagged(tags: [&'static [&'static str]; 3], how: TagMatch) -> Office {
    Office::new(3, |plan| {
        plan.tags = Some(how);
        for (deployment, tags) in plan.deployments.iter_mut().zip(tags) {
            deployment.tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        }
    })
}

fn may_use(office: &mut Office, tags: &[&str]) -> Result<Vec<usize>, Lack> {
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let want = Want {
        tags: &tags,
        ..WANT
    };
    office.picks(&want)?;
    let hits = office.hits(200, &want).into_iter().enumerate();
    Ok(hits.filter(|hit| hit.1 > 0).map(|hit| hit.0).collect())
}

#[test]
fn tags_choose_among_deployments() {
    let tags: [&[&str]; 3] = [&["free"], &["paid", "eu"], &["default"]];
    let mut any = tagged(tags, TagMatch::Any);
    assert_eq!(may_use(&mut any, &["free", "eu"]), Ok(vec![0, 1]));
    assert_eq!(may_use(&mut any, &[]), Ok(vec![2]));
    assert_eq!(may_use(&mut any, &["unknown"]), Ok(vec![2]));
    let mut all = tagged(tags, TagMatch::All);
    assert_eq!(may_use(&mut all, &["paid", "eu"]), Ok(vec![1]));
    assert_eq!(may_use(&mut all, &["free", "eu"]), Ok(vec![2]));
}

#[test]
fn without_a_default_a_request_with_unknown_tags_gets_nothing_and_one_without_tags_gets_all() {
    let mut office = tagged([&["free"], &["paid"], &[]], TagMatch::Any);
    assert_eq!(may_use(&mut office, &["unknown"]), Err(Lack::Tags));
    assert_eq!(may_use(&mut office, &[]), Ok(vec![0, 1, 2]));
}

#[test]
fn tags_are_ignored_where_they_are_not_enabled() {
    let mut office = tagged([&["free"], &["paid"], &[]], TagMatch::Any);
    office.plan.tags = None;
    assert_eq!(may_use(&mut office, &["free"]), Ok(vec![0, 1, 2]));
}

#[test]
fn checks_drop_what_cannot_serve_the_request_and_keep_what_nobody_knows_about() {
    let mut office = Office::new(3, |plan| {
        plan.pre_call_checks = true;
        plan.deployments[0].abilities = Some(Abilities::default());
        plan.deployments[0].max_input = Some(1_000_000);
        plan.deployments[1].abilities = None;
        plan.deployments[1].max_input = Some(29);
        plan.deployments[2].abilities = Some(Abilities {
            vision: true,
            ..Abilities::default()
        });
        plan.deployments[2].max_input = Some(30);
    });
    let mut want = WANT;
    want.needs.vision = true;
    assert_eq!(
        office.hits(50, &want),
        [0, 0, 50],
        "input and max_tokens are 30"
    );
    want.input_tokens = 11;
    assert_eq!(office.picks(&want), Err(Lack::ContextWindow));
    want.needs.vision = false;
    assert_eq!(office.picks(&want), Ok(0));
    office.plan.deployments.pop();
    office.plan.groups[0].deployments = vec![0];
    office.plan.groups[0].weights = vec![1.0];
    want.needs.tools = true;
    assert_eq!(office.picks(&want), Err(Lack::Capability("tools")));
    office.plan.pre_call_checks = false;
    assert_eq!(office.picks(&want), Ok(0));
}

#[test]
fn a_fallback_is_not_what_the_request_does_not_fit_even_without_checks() {
    let mut office = Office::new(2, |plan| plan.deployments[0].max_input = Some(29));
    assert!(office.hits(50, &WANT)[0] > 0);
    let fallback = Want {
        must_fit: true,
        ..WANT
    };
    assert_eq!(office.hits(50, &fallback), [0, 50]);
}

#[test]
fn only_those_that_may_serve_the_request_count_as_healthy() {
    let mut office = tagged([&["free"], &["free"], &["paid"]], TagMatch::Any);
    let tags = ["free".to_owned()];
    let want = Want {
        tags: &tags,
        tried: &[0],
        ..WANT
    };
    assert_eq!(office.with(|cx| healthy(&want, cx)), 1);
    rest(&mut office, 1);
    assert_eq!(office.with(|cx| healthy(&want, cx)), 0);
}

#[test]
fn what_rests_is_not_picked_while_something_else_is_there() {
    let mut office = Office::new(3, |_| {});
    rest(&mut office, 1);
    let hits = office.worker(2).hits(100, &WANT);
    assert_eq!(hits[1], 0);
    assert!(hits[0] > 20 && hits[2] > 20, "{hits:?}");
    assert_eq!(office.with(|cx| healthy(&WANT, cx)), 2);
    assert_eq!(office.with(|cx| healthy(&tried(&[0]), cx)), 1);
}

#[test]
fn when_its_time_is_over_exactly_one_request_of_all_workers_tries_it() {
    let mut office = Office::new(2, |_| {});
    rest(&mut office, 0);
    office.wait_ms(5_000);
    let probe = office.worker(1).select(&WANT).unwrap();
    assert_eq!((probe.deployment, probe.probe), (0, true));
    for worker in 0..3 {
        assert_eq!(office.worker(worker).hits(20, &WANT), [0, 20]);
    }
    assert_eq!(office.with(|cx| healthy(&WANT, cx)), 1);
    office.worker(1).with(|cx| {
        book::answered(&probe, &whole(1), cx);
        book::ended(probe, cx);
    });
    let hits = office.worker(0).hits(100, &WANT);
    assert!(hits[0] > 20, "it is as good as any: {hits:?}");
}

#[test]
fn a_probe_that_ends_without_a_verdict_lets_the_next_one_try() {
    let mut office = Office::new(2, |_| {});
    rest(&mut office, 0);
    office.wait_ms(5_000);
    for _ in 0..3 {
        let probe = office.select(&WANT).unwrap();
        assert!(probe.probe);
        office.with(|cx| book::ended(probe, cx));
    }
}

#[test]
fn a_request_that_failed_once_does_not_try_what_may_not_have_recovered() {
    let mut office = Office::new(3, |_| {});
    rest(&mut office, 0);
    office.wait_ms(5_000);
    assert_eq!(office.picks(&tried(&[1])), Ok(2));
}

#[test]
fn where_all_rest_they_are_used_all_the_same_but_for_those_that_refuse_the_credential() {
    let mut office = Office::new(2, |_| {});
    office.fail(1, Class::Quota);
    office.fail(0, Class::Auth);
    let pick = office.select(&WANT).unwrap();
    assert_eq!((pick.deployment, pick.probe), (1, false));
    office.with(|cx| {
        book::answered(&pick, &whole(1), cx);
        book::ended(pick, cx);
    });
    assert_eq!(
        office.with(|cx| healthy(&WANT, cx)),
        1,
        "it has proved itself"
    );
}

#[test]
fn where_all_refuse_the_credential_the_client_learns_how_long() {
    let mut office = Office::new(2, |_| {});
    office.fail(0, Class::Auth);
    office.wait_ms(2_000);
    office.fail(1, Class::Permission);
    let retry_after = Duration::from_secs(3);
    assert_eq!(office.picks(&WANT), Err(Lack::Cooling { retry_after }));
}

fn ordered(orders: [Option<u64>; 3]) -> Office {
    Office::new(3, |plan| {
        for (deployment, order) in plan.deployments.iter_mut().zip(orders) {
            deployment.order = order;
        }
    })
}

#[test]
fn the_lowest_order_is_used_first_and_what_has_none_last() {
    let mut office = ordered([None, Some(2), Some(1)]);
    assert_eq!(office.picks(&WANT), Ok(2));
    assert_eq!(office.picks(&tried(&[2])), Ok(1));
    assert_eq!(office.picks(&tried(&[2, 1])), Ok(0));
    assert_eq!(office.picks(&tried(&[2, 1, 0])), Ok(2));
}

#[test]
fn the_next_order_is_used_while_the_first_rests() {
    let mut office = ordered([Some(1), Some(2), Some(2)]);
    rest(&mut office, 0);
    assert_eq!(office.hits(60, &WANT)[0], 0);
    office.wait_ms(5_000);
    assert!(office.select(&WANT).unwrap().probe);
}

#[test]
fn a_standby_that_is_due_is_not_tried_while_the_first_order_serves() {
    let mut office = ordered([Some(1), Some(2), Some(2)]);
    rest(&mut office, 1);
    office.wait_ms(5_000);
    assert_eq!(office.hits(20, &WANT), [20, 0, 0]);
}

#[test]
fn what_was_not_tried_comes_first() {
    let mut office = Office::new(3, |_| {});
    assert_eq!(office.hits(50, &tried(&[0, 2])), [0, 50, 0]);
    assert_eq!(
        office.hits(300, &tried(&[0, 1, 2])).iter().sum::<usize>(),
        300
    );
}

#[test]
fn a_full_deployment_is_no_candidate_over_all_workers() {
    let mut office = Office::new(2, |plan| plan.deployments[0].max_parallel = Some(2));
    let picks: Vec<Pick> = (0..40)
        .map(|n| office.worker(n % 3).select(&WANT).unwrap())
        .collect();
    assert_eq!(picks.iter().filter(|pick| pick.deployment == 0).count(), 2);
}

#[test]
fn a_full_deployment_is_none_that_could_be_asked() {
    let mut office = Office::new(2, |plan| plan.deployments[1].max_parallel = Some(1));
    let seat = office.worker(1).pin(1);
    let want = Want {
        tried: &[0],
        ..WANT
    };
    assert_eq!(office.worker(0).with(|cx| healthy(&want, cx)), 0);
    office.worker(1).with(|cx| book::ended(seat, cx));
    assert_eq!(office.worker(0).with(|cx| healthy(&want, cx)), 1);
}

#[test]
fn where_all_are_full_the_client_is_told_at_once_until_a_seat_is_free() {
    let mut office = Office::new(2, |plan| {
        for deployment in &mut plan.deployments {
            deployment.max_parallel = Some(1);
        }
    });
    let first = office.worker(0).select(&WANT).unwrap();
    let _second = office.worker(1).select(&WANT).unwrap();
    let full = office.worker(2).picks(&WANT);
    assert_eq!(full, Err(Lack::Full { retry_after: SOON }));
    let freed = first.deployment;
    office.worker(0).with(|cx| book::ended(first, cx));
    assert_eq!(office.worker(2).picks(&WANT), Ok(freed));
}

#[test]
fn a_full_first_order_makes_room_for_the_next() {
    let mut office = ordered([Some(1), Some(2), Some(2)]);
    office.plan.deployments[0].max_parallel = Some(1);
    let _held = office.select(&WANT).unwrap();
    assert_ne!(office.picks(&WANT), Ok(0));
}

#[test]
fn least_busy_looks_at_what_all_workers_have_under_way() {
    let mut office = Office::new(2, strategy(Strategy::LeastBusy));
    let picks: Vec<Pick> = (0..30)
        .map(|n| office.worker(n % 3).select(&WANT).unwrap())
        .collect();
    let first = picks.iter().filter(|pick| pick.deployment == 0).count();
    assert_eq!(first, 15);
    for (n, pick) in picks.into_iter().enumerate() {
        office.worker(n % 3).with(|cx| book::ended(pick, cx));
    }
    assert_eq!(office.with(|cx| cx.desk.in_flight(0, cx.store)), 0);
}

#[test]
fn the_fastest_gets_the_requests_by_seconds_per_token() {
    let mut office = Office::new(2, strategy(LATENCY));
    office.answer(0, &whole(160));
    office.answer(1, &whole(100));
    assert_eq!(office.worker(2).hits(100, &WANT), [0, 100]);
}

#[test]
fn streams_are_compared_by_their_first_content_and_never_with_whole_answers() {
    let mut office = Office::new(2, strategy(LATENCY));
    office.answer(0, &whole(1));
    office.answer(1, &whole(100));
    office.answer(0, &stream(900));
    office.answer(1, &stream(200));
    let want = Want {
        stream: true,
        ..WANT
    };
    assert_eq!(office.hits(100, &want), [0, 100]);
    assert_eq!(office.hits(100, &WANT), [100, 0]);
}

#[test]
fn a_deployment_that_was_not_measured_gets_no_stampede() {
    let mut office = Office::new(2, strategy(LATENCY));
    office.answer(0, &whole(100));
    let picks: Vec<Pick> = (0..200)
        .map(|n| office.worker(n % 3).select(&WANT).unwrap())
        .collect();
    let new = picks.iter().filter(|pick| pick.deployment == 1).count();
    assert_eq!(new, 1, "one finds out, the others wait");
}

#[test]
fn failures_make_a_fast_deployment_lose() {
    let mut office = Office::new(2, strategy(LATENCY));
    office.answer(0, &whole(100));
    office.answer(1, &whole(150));
    office.fail(0, Class::Server);
    assert_eq!(office.hits(50, &WANT), [0, 50]);
}

fn price(input: u64, output: u64) -> Option<Prices> {
    Some(Prices::custom(Rates {
        input: Some(PerMillion::from_nanos(input)),
        output: Some(PerMillion::from_nanos(output)),
        ..Rates::default()
    }))
}

#[test]
fn the_cheapest_is_the_one_that_is_for_this_request() {
    let mut office = Office::new(3, |plan| {
        strategy(Strategy::Cost)(plan);
        plan.deployments[0].prices = price(1_000_000_000, 9_000_000_000);
        plan.deployments[1].prices = price(3_000_000_000, 3_000_000_000);
        plan.deployments[2].prices = None;
    });
    let long_answer = Want {
        input_tokens: 10,
        max_tokens: None,
        ..WANT
    };
    let long_prompt = Want {
        input_tokens: 10_000,
        max_tokens: Some(10),
        ..WANT
    };
    assert_eq!(office.hits(20, &long_answer), [0, 20, 0]);
    assert_eq!(office.hits(20, &long_prompt), [20, 0, 0]);
}

#[test]
fn the_cheapest_is_found_among_a_thousand() {
    let mut office = Office::new(1_000, |plan| {
        strategy(Strategy::Cost)(plan);
        for deployment in &mut plan.deployments {
            deployment.prices = price(5_000_000_000, 5_000_000_000);
        }
        plan.deployments[700].prices = price(4_000_000_000, 4_000_000_000);
    });
    assert_eq!(office.hits(20, &WANT)[700], 20);
}

#[test]
fn thousands_that_cost_the_same_are_used_alike() {
    let mut office = Office::new(100, |plan| {
        strategy(Strategy::Cost)(plan);
        for deployment in &mut plan.deployments {
            deployment.prices = price(5_000_000_000, 5_000_000_000);
        }
    });
    let hits = office.hits(1_000, &WANT);
    assert!(
        hits.iter().filter(|hits| **hits > 0).count() > 90,
        "{hits:?}"
    );
}

#[test]
fn the_length_of_answers_is_learned() {
    let mut office = Office::new(2, |plan| {
        strategy(Strategy::Cost)(plan);
        plan.deployments[0].prices = price(0, 2_000_000_000);
        plan.deployments[1].prices = price(0, 3_000_000_000);
    });
    let want = Want {
        max_tokens: None,
        ..WANT
    };
    assert_eq!(office.picks(&want), Ok(0));
    let wordy = book::Sample {
        output_tokens: 1_000,
        ..whole(1)
    };
    office.answer(0, &wordy);
    assert_eq!(office.picks(&want), Ok(1));
}

#[test]
fn the_lowest_share_of_tokens_per_minute_is_used() {
    let mut office = Office::new(2, |plan| {
        strategy(Strategy::Usage)(plan);
        plan.deployments[0].tpm = Some(1_000);
        plan.deployments[1].tpm = Some(10_000);
    });
    let hits = office.hits(60, &WANT);
    assert!((50..59).contains(&hits[1]), "{hits:?}");
}

fn limited(strategy: Strategy) -> Office {
    Office::new(1, |plan| {
        plan.groups[0].strategy = strategy;
        plan.deployments[0].rpm = Some(10);
    })
}

#[test]
fn a_limit_of_ten_requests_a_minute_serves_ten_over_all_workers() {
    for strategy in [Strategy::Usage, Strategy::Cost, LATENCY] {
        let mut office = limited(strategy);
        let served = (0..25).filter(|n| office.worker(n % 3).picks(&WANT).is_ok());
        assert_eq!(served.count(), 10, "{strategy:?}");
        office.wait_ms(20_000);
        let retry_after = Duration::from_secs(40);
        assert_eq!(office.picks(&WANT), Err(Lack::Limited { retry_after }));
        office.wait_ms(40_000);
        assert!(office.picks(&WANT).is_ok());
    }
}

#[test]
fn a_request_that_finds_no_room_in_the_minute_keeps_no_seat() {
    let mut office = Office::new(1, |plan| {
        strategy(Strategy::Usage)(plan);
        plan.deployments[0].rpm = Some(2);
        plan.deployments[0].max_parallel = Some(2);
    });
    let first = office.select(&WANT).unwrap();
    assert!(office.picks(&WANT).is_ok());
    for _ in 0..5 {
        assert!(matches!(office.picks(&WANT), Err(Lack::Limited { .. })));
    }
    office.with(|cx| book::ended(first, cx));
}

#[test]
fn where_limits_only_weigh_they_bind_with_checks_alone() {
    for strategy in [Strategy::SimpleShuffle, Strategy::LeastBusy] {
        let mut office = limited(strategy);
        assert_eq!(office.hits(25, &WANT), [25]);
        assert!(
            !office
                .store
                .names()
                .iter()
                .any(|name| name.starts_with("minute"))
        );
        let mut checked = Office::new(1, |plan| {
            plan.groups[0].strategy = strategy;
            plan.deployments[0].rpm = Some(10);
            plan.pre_call_checks = true;
        });
        let served = (0..25).filter(|_| checked.picks(&WANT).is_ok());
        assert_eq!(served.count(), 10, "{strategy:?}");
    }
}

#[test]
fn tokens_are_reserved_before_and_settled_after_the_answer() {
    let mut office = Office::new(1, |plan| {
        strategy(Strategy::Usage)(plan);
        plan.deployments[0].tpm = Some(60);
    });
    let first = office.select(&WANT).unwrap();
    let second = office.select(&WANT).unwrap();
    assert!(office.select(&WANT).is_err(), "30 tokens each are reserved");
    let short = book::Sample {
        total_tokens: 12,
        ..whole(1)
    };
    office.with(|cx| book::answered(&first, &short, cx));
    office.with(|cx| book::failed(&second, &failure(Class::Overloaded), cx));
    let _third = office.select(&WANT).unwrap();
    assert!(office.select(&WANT).is_err(), "12 and 30 are used");
}

#[test]
fn when_one_is_used_up_the_next_best_serves() {
    let mut office = Office::new(2, |plan| {
        strategy(Strategy::Cost)(plan);
        plan.deployments[0].prices = price(1, 1);
        plan.deployments[0].rpm = Some(3);
        plan.deployments[1].prices = price(9, 9);
    });
    assert_eq!(office.hits(10, &WANT), [3, 7]);
}

#[test]
fn an_azure_deployment_with_tokens_alone_has_a_sixth_of_them_as_requests() {
    let mut office = limited(Strategy::Usage);
    let azure = crate::provider::all().find(|provider| provider.name() == "azure");
    let deployment = &mut office.plan.deployments[0];
    deployment.rpm = None;
    deployment.tpm = Some(600);
    assert_eq!(reserve::limits_of(deployment).requests, None);
    if let Some(azure) = azure {
        deployment.provider = azure;
        assert_eq!(reserve::limits_of(deployment).requests, Some(100));
    }
}

#[test]
fn a_healthy_group_of_a_thousand_is_served_with_one_look_at_the_store() {
    let mut office = Office::new(1_000, |_| {});
    let (names, looks) = (office.store.names(), office.store.looks());
    office.hits(50, &WANT);
    assert_eq!(office.store.looks() - looks, 50);
    assert_eq!(office.store.names(), names, "and nothing is written");
}

#[test]
fn a_thousand_without_a_place_are_looked_at_about_once_each() {
    let mut office = Office::new(1_000, |plan| {
        strategy(Strategy::Usage)(plan);
        for deployment in &mut plan.deployments {
            deployment.max_parallel = Some(0);
        }
    });
    let looks = office.store.looks();
    assert_eq!(office.picks(&WANT), Err(Lack::Full { retry_after: SOON }));
    let looks = office.store.looks() - looks;
    assert!((1_000..1_050).contains(&looks), "{looks}");
}
