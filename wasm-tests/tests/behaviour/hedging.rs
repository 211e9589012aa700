//! A provider that is slow to say anything gets company: whoever has content first answers.

use core::time::Duration;

use dragoman::gateway::event::Local;
use dragoman::usage::metrics::Counter;
use serde_json::json;
use wasm_tests::world::{Call, Upstream, Visit};

use crate::rule;
use crate::scenario::{
    COST, Setting, ask, ask_stream, asked, attempts, error, fails, good, good_stream, text,
};
use crate::spoken::{done, role, stop, word};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn hedged() -> Setting {
    Setting::pair().dragoman(json!({"hedge_after": 2}))
}

/// A visit of which the second deployment was asked.
fn at_two(visit: &mut Visit<'_>) {
    visit.wait(s(2));
    assert!(visit.is_calling() && !visit.is_answered());
    assert_ne!(asked(visit)[0], asked(visit)[1]);
}

fn both() -> [(Call, Upstream); 2] {
    [
        (ask(""), good("hello")),
        (ask_stream(""), good_stream("hello")),
    ]
}

#[rule]
fn a_second_deployment_is_asked_when_no_content_came_in_time() {
    hedged().in_both(|world| {
        for opening in [None, Some(role())] {
            world.forget();
            let mut visit = world.send(ask_stream(""));
            if let Some(opening) = &opening {
                visit.begin(&Upstream::stream(&[b""]));
                visit.chunk(opening.as_bytes(), false);
            }
            visit.wait(Duration::from_millis(1_999));
            assert_eq!(visit.providers().len(), 1);
            visit.wait(Duration::from_millis(1));
            assert_eq!(visit.providers().len(), 2);
            assert_eq!(
                visit.ledger().total(Counter::Retries { reason: "hedge" }),
                1
            );
            visit.wait(s(60));
            assert_eq!(visit.providers().len(), 2, "one is enough");
        }
    });
}

#[rule]
fn content_in_time_needs_no_second_deployment() {
    hedged().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        visit.begin(&Upstream::stream(&[b""]));
        visit.chunk(word("a").as_bytes(), false);
        visit.wait(s(60));
        assert_eq!(visit.providers().len(), 1);
    });
}

#[rule]
fn the_second_answers_when_it_is_first_and_what_the_first_cost_is_counted() {
    hedged().in_both(|world| {
        for (call, answer) in both() {
            world.forget();
            let mut visit = world.send(call);
            at_two(&mut visit);
            visit.returns(&answer);
            visit.close();
            assert_eq!(text(visit.client()), "hello");
            let asked = asked(&visit);
            assert_eq!(visit.client().header("x-litellm-model-id"), Some(asked[1]));
            let outcomes: Vec<String> = attempts(&visit)
                .into_iter()
                .map(|(_, outcome)| outcome)
                .collect();
            assert_eq!(outcomes, ["hedged", "ok"]);
            let (input, output) = visit.ledger().in_out();
            assert!(input > 1000 && output == 100, "{input}");
            assert!(visit.ledger().cost() > COST);
            assert_eq!(
                visit.ledger().facts()["cost_nanousd"],
                visit.ledger().cost()
            );
            assert_eq!(visit.ledger().requests(), [("chat", 200)]);
        }
    });
}

#[rule]
fn the_first_answers_when_it_is_first_and_what_the_second_cost_is_counted() {
    hedged().in_both(|world| {
        for (call, answer) in both() {
            for late in [true, false] {
                world.forget();
                let mut visit = world.send(call.clone());
                at_two(&mut visit);
                visit.answer_the_first(&answer);
                assert_eq!(text(visit.client()), "hello");
                if late {
                    visit.returns(&answer);
                }
                visit.close();
                let asked = asked(&visit);
                assert_eq!(visit.client().header("x-litellm-model-id"), Some(asked[0]));
                let outcomes: Vec<String> = attempts(&visit)
                    .into_iter()
                    .map(|(_, outcome)| outcome)
                    .collect();
                assert_eq!(outcomes, ["ok", if late { "late" } else { "left" }]);
                let (input, _) = visit.ledger().in_out();
                assert!(input > 1000);
                assert!(visit.ledger().cost() > COST);
                assert_eq!(
                    visit.ledger().facts()["cost_nanousd"],
                    visit.ledger().cost()
                );
                assert!(visit.exchange().is_over());
            }
        }
    });
}

#[rule]
fn what_was_held_of_the_first_goes_out_with_its_content() {
    hedged().in_both(|world| {
        let mut visit = world.send(ask_stream(r#","stream_options":{"include_usage":true}"#));
        visit.begin(&Upstream::stream(&[b""]));
        visit.chunk(role().as_bytes(), false);
        at_two(&mut visit);
        for part in [word("hello"), stop(), done()] {
            visit.chunk(part.as_bytes(), false);
        }
        visit.chunk(b"", true);
        visit.close();
        assert_eq!(text(visit.client()), "hello");
    });
}

#[rule]
fn the_cost_of_an_answer_that_came_too_late_is_what_it_says() {
    hedged().in_both(|world| {
        for (call, answer) in both() {
            world.forget();
            let mut visit = world.send(call);
            at_two(&mut visit);
            visit.answer_the_first(&answer);
            visit.returns(&answer);
            visit.close();
            assert_eq!(visit.ledger().in_out(), (2000, 200));
            assert_eq!(visit.ledger().cost(), 2 * COST);
        }
    });
}

#[rule]
fn a_second_that_fails_leaves_the_first_alone() {
    hedged().in_both(|world| {
        for (call, answer) in both() {
            world.forget();
            let mut visit = world.send(call);
            at_two(&mut visit);
            visit.returns(&fails(500));
            assert!(!visit.is_answered());
            visit.answer_the_first(&answer);
            visit.close();
            assert_eq!(text(visit.client()), "hello");
            assert_eq!(attempts(&visit).len(), 2);
            assert_eq!(visit.ledger().cost(), COST);
        }
    });
}

#[rule]
fn a_first_that_fails_leaves_the_second_alone() {
    hedged().in_both(|world| {
        for (call, answer) in both() {
            world.forget();
            let mut visit = world.send(call);
            at_two(&mut visit);
            visit.answer_the_first(&fails(500));
            assert!(!visit.is_answered());
            assert_eq!(visit.providers().len(), 2, "nobody else is asked meanwhile");
            visit.returns(&answer);
            visit.close();
            assert_eq!(text(visit.client()), "hello");
            assert_eq!(visit.ledger().cost(), COST);
        }
    });
}

#[rule]
fn when_both_fail_the_group_is_tried_again() {
    let setting = Setting::of(&[("gpt", &["a", "b", "c"])])
        .dragoman(json!({"hedge_after": 2}))
        .router(json!({"disable_cooldowns": true}));
    setting.in_both(|world| {
        for second_first in [false, true].repeat(8) {
            let mut visit = world.send(ask(""));
            at_two(&mut visit);
            if second_first {
                visit.returns_nothing(Local::Reset);
                visit.answer_the_first(&fails(500));
            } else {
                visit.answer_the_first(&fails(500));
                visit.returns_nothing(Local::Reset);
            }
            visit.next(&good("hello"));
            visit.close();
            assert_eq!(text(visit.client()), "hello");
            let mut asked = asked(&visit);
            asked.sort_unstable();
            assert_eq!(asked, ["a", "b", "c"]);
            assert_eq!(
                visit.client().header("x-litellm-attempted-retries"),
                Some("1")
            );
        }
    });
}

#[rule]
fn when_all_fail_the_client_is_told_once() {
    hedged().router(json!({"num_retries": 0})).in_both(|world| {
        let mut visit = world.send(ask(""));
        at_two(&mut visit);
        visit.answer_the_first(&fails(500));
        visit.returns(&fails(503));
        visit.close();
        assert_eq!(visit.client().status, 503);
        let words = error(visit.client())["message"].to_string();
        assert!(
            words.contains("server") && words.contains("overloaded"),
            "{words}"
        );
        assert_eq!(visit.ledger().requests(), [("chat", 503)]);
    });
}

#[rule]
fn a_group_without_a_second_deployment_is_not_hedged() {
    let setting = Setting::of(&[("gpt", &["a"])]).dragoman(json!({"hedge_after": 2}));
    setting.in_both(|world| {
        let mut visit = world.send(ask(""));
        visit.wait(s(60));
        assert_eq!(visit.providers().len(), 1);
        visit.next(&good("hello"));
        assert_eq!(text(visit.client()), "hello");
    });
    hedged().in_both(|world| {
        let mut visit = world.send(Call::chat(r#"{"model":"a","messages":[]}"#));
        visit.wait(s(60));
        assert_eq!(
            asked(&visit),
            ["a"],
            "a request that names a deployment is for that one"
        );
    });
}

#[rule]
fn a_client_that_leaves_a_hedged_request_leaves_nothing_behind() {
    hedged().in_both(|world| {
        for first_failed in [false, true] {
            world.forget();
            let mut visit = world.send(ask(""));
            at_two(&mut visit);
            if first_failed {
                visit.answer_the_first(&fails(500));
            }
            visit.leave();
            visit.wait(s(5));
            assert_eq!(visit.ledger().requests(), [("chat", 499)]);
            assert_eq!(attempts(&visit).len(), 2);
            assert!(visit.exchange().is_over());
        }
    });
}

#[rule]
fn a_cut_of_the_first_takes_the_second_with_it_and_the_request_is_brought_again() {
    let mut world = hedged().world("envoy");
    for first_failed in [false, true] {
        world.forget();
        let mut visit = world.send(ask(""));
        at_two(&mut visit);
        if first_failed {
            visit.begin(&Upstream::of(200, "text/html", "<html>"));
        }
        visit.cut();
        visit.next(&good("hello"));
        visit.close();
        assert_eq!(text(visit.client()), "hello");
        assert_eq!(attempts(&visit).len(), 3);
    }
}

#[rule]
fn the_limit_of_the_whole_request_ends_both() {
    hedged().router(json!({"timeout": 5})).in_both(|world| {
        let mut visit = world.send(ask(""));
        at_two(&mut visit);
        visit.wait(s(3));
        visit.close();
        assert_eq!(visit.client().status, 504);
        assert_eq!(attempts(&visit).len(), 2);
        assert!(visit.exchange().is_over());
    });
}
