//! Clients that leave and connections that are cut: whenever it happens, nothing is left behind.

use core::time::Duration;

use dragoman::gateway::event::Wants;
use serde_json::json;
use wasm_tests::world::{Upstream, Visit, World};

use crate::rule;
use crate::scenario::{
    Setting, ask, ask_stream, asked, attempts, error, fails, good, good_stream, text,
};
use crate::spoken::{role, word};

/// A name, and what happens until an exchange has come so far.
type Stage = (&'static str, fn(&mut Visit<'_>));

/// Ways for an exchange to have come so far that the client has nothing yet.
const STATES: [Stage; 6] = [
    ("sent", |_| {}),
    ("failing", |visit| visit.begin(&fails(500))),
    ("whole", |visit| visit.begin(&good("hello"))),
    ("opening", |visit| {
        visit.begin(&Upstream::stream(&[b""]));
        visit.chunk(role().as_bytes(), false);
    }),
    ("retried", |visit| visit.next(&fails(500))),
    ("waiting", |visit| {
        visit.next(&fails(429));
        visit.next(&fails(429));
    }),
];

fn in_every_state(mut act: impl FnMut(&str, &mut World)) {
    let setting = Setting::pair().router(json!({"num_retries": 3, "disable_cooldowns": true}));
    setting.in_both(|world| {
        for (state, _) in STATES {
            world.forget();
            act(state, world);
        }
    });
}

fn come_to(state: &str, visit: &mut Visit<'_>) {
    let (_, come) = STATES.iter().find(|(name, _)| *name == state).unwrap();
    come(visit);
    assert!(!visit.is_answered(), "{state}");
}

#[rule]
fn a_client_that_leaves_before_its_answer_is_counted_once_and_every_attempt_ends() {
    in_every_state(|state, world| {
        let mut visit = world.send(ask_stream(""));
        come_to(state, &mut visit);
        visit.leave();
        visit.wait(Duration::from_secs(5));
        assert_eq!(visit.ledger().requests(), [("chat", 499)], "{state}");
        assert_eq!(attempts(&visit).len(), visit.providers().len(), "{state}");
        assert_eq!(visit.ledger().facts()["error"], "client_left", "{state}");
        assert!(visit.exchange().is_over(), "{state}");
        assert_eq!(visit.wakes_at(), None, "{state}");
    });
}

#[rule]
fn what_a_provider_has_begun_to_answer_when_the_client_leaves_is_paid_for() {
    in_every_state(|state, world| {
        let mut visit = world.send(ask_stream(""));
        come_to(state, &mut visit);
        visit.leave();
        if ["sent", "whole", "opening"].contains(&state) {
            assert!(visit.ledger().in_out().0 > 0, "{state}");
        }
    });
}

#[rule]
fn a_client_that_leaves_its_stream_is_counted_with_the_status_it_got() {
    Setting::pair().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        visit.begin(&Upstream::stream(&[b""]));
        visit.chunk(word("hello world").as_bytes(), false);
        visit.leave();
        assert_eq!(visit.ledger().requests(), [("chat", 200)]);
        assert_eq!(attempts(&visit)[0].1, "client_left");
        assert!(visit.ledger().in_out().1 > 0);
        assert!(visit.exchange().is_over());
    });
}

#[rule]
fn a_request_whose_answer_is_cut_before_anybody_judged_it_is_brought_again() {
    let setting = Setting::pair().router(json!({"num_retries": 3, "disable_cooldowns": true}));
    let mut world = setting.world("envoy");
    for (state, _) in STATES {
        world.forget();
        let mut visit = world.send(ask_stream(""));
        come_to(state, &mut visit);
        let before = visit.providers().len();
        visit.cut();
        visit.next(&good_stream("hello"));
        visit.close();
        assert_eq!(text(visit.client()), "hello", "{state}");
        assert_eq!(visit.providers().len(), before + 1, "{state}");
        assert_eq!(attempts(&visit).len(), before + 1, "{state}");
        assert_eq!(visit.ledger().requests(), [("chat", 200)], "{state}");
    }
}

#[rule]
fn a_cut_is_a_failure_of_the_connection_and_goes_elsewhere() {
    let mut world = Setting::pair().world("envoy");
    let mut visit = world.send(ask_stream(""));
    come_to("opening", &mut visit);
    visit.cut();
    visit.next(&good_stream("hello"));
    visit.close();
    assert_ne!(asked(&visit)[0], asked(&visit)[1]);
    assert_eq!(attempts(&visit)[0].1, "connection");
    assert_eq!(
        visit.client().header("x-litellm-attempted-retries"),
        Some("1")
    );
}

#[rule]
fn cuts_are_tried_again_as_often_as_other_failures_and_then_told() {
    let mut world = Setting::pair()
        .router(json!({"num_retries": 1}))
        .world("envoy");
    let mut visit = world.send(ask(""));
    visit.cut();
    visit.cut();
    visit.close();
    assert_eq!(visit.providers().len(), 2);
    assert_eq!(visit.client().status, 502);
    assert_eq!(error(visit.client())["code"], "upstream_reset");
    assert_eq!(visit.ledger().requests(), [("chat", 502)]);
}

#[rule]
fn a_cut_may_lead_to_a_wait_or_to_another_model() {
    let one =
        Setting::of(&[("gpt", &["a"]), ("one", &["b"])]).router(json!({"disable_cooldowns": true}));
    let mut world = one.world("envoy");
    let mut visit = world.send(ask(""));
    visit.cut();
    assert_eq!(visit.providers().len(), 1);
    visit.next(&good("hello"));
    assert_eq!(asked(&visit), ["a", "a"]);
    let mut world = one
        .router(json!({"num_retries": 0, "fallbacks": [{"gpt": ["one"]}]}))
        .world("envoy");
    let mut visit = world.send(ask(""));
    visit.cut();
    visit.next(&good("hello"));
    assert_eq!(asked(&visit), ["a", "b"]);
    assert_eq!(
        visit.client().header("x-litellm-attempted-fallbacks"),
        Some("1")
    );
}

#[rule]
fn a_wait_goes_on_when_the_request_is_brought_again_in_the_middle_of_it() {
    let setting = Setting::of(&[("gpt", &["a"])]).router(json!({"disable_cooldowns": true}));
    let mut world = setting.world("envoy");
    let mut visit = world.send(ask(""));
    visit.begin(&Upstream::of(200, "text/html", "<html>").header("retry-after", "5"));
    visit.wait(Duration::from_secs(1));
    visit.cut();
    visit.wait(Duration::from_millis(3_999));
    assert_eq!(visit.providers().len(), 1);
    visit.next(&good("hello"));
    visit.close();
    assert_eq!(text(visit.client()), "hello");
    assert_eq!(attempts(&visit).len(), 2);
}

#[rule]
fn with_one_filter_a_cut_before_the_answer_is_envoys_and_counted_as_the_providers() {
    let mut world = Setting::pair().world("dispatch");
    for state in ["sent", "whole", "opening"] {
        world.forget();
        let mut visit = world.send(ask_stream(""));
        come_to(state, &mut visit);
        visit.cut();
        assert_eq!(visit.ledger().requests(), [("chat", 502)], "{state}");
        assert_eq!(visit.ledger().facts()["error"], "upstream_reset", "{state}");
        assert_eq!(attempts(&visit)[0].1, "connection", "{state}");
        assert!(visit.exchange().is_over());
    }
}

#[rule]
fn a_request_that_is_brought_in_vain_is_refused_for_good() {
    for (transport, times, is_refused) in [
        ("envoy", "1", false),
        ("envoy", "2", false),
        ("envoy", "3", true),
        ("dispatch", "3", false),
    ] {
        let mut world = Setting::pair().world(transport);
        let visit = world.send(ask("").header("x-envoy-attempt-count", times));
        assert_eq!(visit.is_answered(), is_refused, "{transport} {times}");
        if is_refused {
            assert_eq!(error(visit.client())["code"], "request_lost");
            assert_eq!(visit.client().status, 503);
        }
    }
}

#[rule]
fn a_request_that_envoy_does_not_bring_again_is_forgotten_after_two_seconds() {
    let mut world = Setting::pair().world("envoy");
    let mut visit = world.send(ask(""));
    visit.desert();
    visit.next(&fails(500));
    assert!(!visit.exchange().is_settled());
    visit.wait(Duration::from_millis(1_999));
    assert!(!visit.exchange().is_settled());
    visit.wait(Duration::from_millis(1));
    assert!(visit.exchange().is_over());
    assert_eq!(visit.exchange().wants(), Wants::Nothing);
    assert_eq!(visit.ledger().requests(), [("chat", 499)]);
    assert_eq!(visit.ledger().facts()["error"], "client_left");
    assert_eq!(attempts(&visit).len(), 1);
}
