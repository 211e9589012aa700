//! How long an attempt, a silence and a whole request may take.

use core::time::Duration;

use dragoman::usage::metrics::Counter;
use serde_json::json;
use wasm_tests::world::{Call, Upstream, Visit};

use crate::rule;
use crate::scenario::{
    Setting, ask, ask_stream, asked, attempts, error, fails, good, good_stream, stream, text,
};
use crate::spoken::{role, word};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const JUST: Duration = Duration::from_millis(1);

/// Whether something is done at that time and not before.
fn at(visit: &mut Visit<'_>, time: Duration, done: impl Fn(&Visit<'_>) -> bool) {
    visit.wait(time - JUST);
    assert!(!done(visit), "before {time:?}");
    visit.wait(JUST);
    assert!(done(visit), "at {time:?}");
}

#[rule]
fn a_deployments_timeout_bounds_one_attempt() {
    let setting = Setting::pair()
        .params("a", json!({"timeout": 5}))
        .params("b", json!({"timeout": 5}));
    setting.in_both(|world| {
        for begun in [
            None,
            Some(Upstream::json(200, "")),
            Some(Upstream::json(500, "")),
        ] {
            world.forget();
            let mut visit = world.send(ask(""));
            if let Some(begun) = &begun {
                visit.begin(&begun.clone().body(&[b"{"]));
            }
            at(&mut visit, s(5), |visit| visit.providers().len() == 2);
            visit.next(&good("hello"));
            visit.close();
            assert_eq!(text(visit.client()), "hello");
            assert_eq!(attempts(&visit)[0].1, "timeout");
        }
    });
}

#[rule]
fn when_no_attempt_is_answered_in_time_the_client_is_told_so() {
    let setting = Setting::pair()
        .router(json!({"num_retries": 1}))
        .params("a", json!({"timeout": 5}))
        .params("b", json!({"timeout": 5}));
    setting.in_both(|world| {
        let mut visit = world.send(ask(""));
        visit.wait(s(5));
        if visit.is_calling() {
            visit.fails(dragoman::gateway::event::Local::Timeout);
        } else {
            visit.wait(s(5));
        }
        visit.close();
        assert_eq!(visit.client().status, 504);
        assert_eq!(error(visit.client())["code"], "upstream_timeout");
        assert_eq!(visit.ledger().requests(), [("chat", 504)]);
    });
}

#[rule]
fn what_the_first_provider_says_once_another_was_asked_is_dropped() {
    let setting = Setting::pair()
        .params("a", json!({"timeout": 5}))
        .params("b", json!({"timeout": 5}));
    let mut world = setting.world("dispatch");
    let mut visit = world.send(ask(""));
    visit.wait(s(5));
    visit.begin(&good("late").body(&[b"late"]));
    visit.chunk(b"late", false);
    visit.chunk(b"", true);
    assert!(!visit.is_answered());
    visit.returns(&good("hello"));
    visit.close();
    assert_eq!(text(visit.client()), "hello");
    assert!(!visit.client().text().contains("late"));
}

#[rule]
fn a_stream_timeout_bounds_the_time_to_the_first_content() {
    let setting = Setting::pair().router(json!({"stream_timeout": 3}));
    setting.in_both(|world| {
        for opening in [
            None,
            Some(String::new()),
            Some(role()),
            Some(": thinking\n\n".to_owned()),
        ] {
            world.forget();
            let mut visit = world.send(ask_stream(""));
            if let Some(opening) = &opening {
                visit.begin(&Upstream::stream(&[b""]));
                visit.chunk(opening.as_bytes(), false);
            }
            at(&mut visit, s(3), |visit| visit.providers().len() == 2);
            visit.next(&good_stream("hello"));
            visit.close();
            assert_eq!(text(visit.client()), "hello");
        }
    });
}

#[rule]
fn a_stream_timeout_is_over_with_the_first_content_and_is_not_for_complete_answers() {
    Setting::pair()
        .router(json!({"stream_timeout": 3}))
        .in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            visit.begin(&Upstream::stream(&[b""]));
            visit.chunk(word("a").as_bytes(), false);
            visit.wait(s(60));
            assert!(visit.is_answered() && visit.providers().len() == 1);
            visit.leave();
            world.forget();
            let mut visit = world.send(ask(""));
            visit.wait(s(60));
            assert_eq!(visit.providers().len(), 1);
        });
}

#[rule]
fn a_client_may_ask_for_its_first_content_sooner() {
    Setting::pair()
        .router(json!({"stream_timeout": 30}))
        .in_both(|world| {
            for call in [
                ask_stream(r#","stream_timeout":2"#),
                ask_stream("").header("x-litellm-stream-timeout", "2"),
            ] {
                world.forget();
                let mut visit = world.send(call);
                at(&mut visit, s(2), |visit| visit.providers().len() == 2);
            }
        });
}

/// Requests of which the whole may take five seconds, with the setting that goes with each.
fn limited() -> [(Setting, Call); 5] {
    let limit = |seconds| Setting::pair().router(json!({"timeout": seconds, "num_retries": 9}));
    [
        (limit(5), ask("")),
        (limit(60), ask(r#","timeout":5"#)),
        (limit(60), ask("").header("x-litellm-timeout", "5")),
        (limit(5), ask("").header("x-litellm-timeout", "60")),
        (limit(5), ask_stream("")),
    ]
}

#[rule]
fn the_whole_request_has_a_limit_over_all_attempts() {
    for (setting, call) in limited() {
        setting.in_both(|world| {
            let mut visit = world.send(call.clone());
            visit.wait(s(2));
            visit.next(&fails(500));
            at(&mut visit, s(3), |visit| visit.is_answered());
            visit.close();
            assert_eq!(visit.client().status, 504);
            let words = error(visit.client())["message"].to_string();
            assert!(words.contains("time limit"), "{words}");
            assert_eq!(attempts(&visit).len(), 2);
            assert_eq!(visit.ledger().requests(), [("chat", 504)]);
        });
    }
}

#[rule]
fn the_limit_of_the_whole_request_ends_waits_and_no_wait_is_begun_that_is_longer() {
    let setting =
        Setting::of(&[("gpt", &["a"])]).router(json!({"timeout": 5, "disable_cooldowns": true}));
    setting.in_both(|world| {
        let visit = world
            .send(ask(""))
            .answered_in_turn(&[fails(429).header("retry-after", "5")]);
        assert_eq!(visit.client().status, 429);
        world.forget();
        let mut visit = world.send(ask(""));
        visit.next(&fails(429).header("retry-after", "4"));
        assert!(!visit.is_answered());
        visit.wait(s(5));
        assert!(visit.is_answered() && visit.providers().len() == 2);
        visit.close();
        assert_eq!(visit.client().status, 504);
    });
}

#[rule]
fn a_limit_that_the_client_has_set_is_no_failure_of_the_deployments() {
    let setting = Setting::pair().router(json!({"allowed_fails": 0, "num_retries": 0}));
    setting.in_both(|world| {
        for _ in 0..4 {
            let mut visit = world.send(ask("").header("x-litellm-timeout", "1"));
            visit.wait(s(1));
            visit.close();
            let mut visit = world.send(ask_stream("").header("x-litellm-timeout", "1"));
            visit.begin(&Upstream::stream(&[b""]));
            visit.chunk(word("a").as_bytes(), false);
            visit.wait(s(1));
            visit.close();
        }
        let resting = world.ledger().total(Counter::Cooldowns);
        assert_eq!(resting, 0);
    });
}

#[rule]
fn a_stream_that_reaches_the_limit_ends_with_an_error() {
    Setting::pair()
        .router(json!({"timeout": 5}))
        .in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            visit.begin(&Upstream::stream(&[b""]));
            visit.chunk(word("a").as_bytes(), false);
            at(&mut visit, s(5), |visit| {
                visit.client().text().contains("\"error\"")
            });
            visit.close();
            assert!(!visit.client().text().contains("[DONE]"));
            assert_eq!(visit.client().events().len(), 2);
            assert_eq!(attempts(&visit)[0].1, "timeout");
        });
}

#[rule]
fn an_answer_that_cannot_be_read_is_not_answered_again_when_its_time_is_over() {
    Setting::pair()
        .router(json!({"timeout": 5}))
        .in_both(|world| {
            let mut visit = world.send(ask(""));
            visit.begin(
                &Upstream::json(200, "")
                    .header("content-encoding", "gzip")
                    .body(&[b""]),
            );
            visit.chunk(b"zip", false);
            visit.wait(s(9));
            visit.chunk(b"ped", true);
            visit.close();
            assert_eq!(visit.client().text(), "zipped");
            assert_eq!(attempts(&visit)[0].1, "ok");
        });
}

#[rule]
fn a_silence_before_content_is_a_failure_and_another_is_asked() {
    Setting::pair()
        .dragoman(json!({"stream_idle_timeout": 4}))
        .in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            visit.begin(&Upstream::stream(&[b""]));
            visit.chunk(role().as_bytes(), false);
            visit.wait(s(3));
            visit.chunk(role().as_bytes(), false);
            at(&mut visit, s(4), |visit| visit.providers().len() == 2);
            visit.next(&good_stream("hello"));
            visit.close();
            assert_eq!(text(visit.client()), "hello");
        });
}

#[rule]
fn a_silence_after_content_ends_the_stream_with_an_error_no_later_than_a_quarter_more() {
    Setting::pair()
        .dragoman(json!({"stream_idle_timeout": 4}))
        .in_both(|world| {
            for pause_ms in [10, 900, 1_500, 2_700, 3_900] {
                world.forget();
                let mut visit = world.send(ask_stream(""));
                visit.begin(&Upstream::stream(&[b""]));
                visit.chunk(word("a").as_bytes(), false);
                visit.wait(Duration::from_millis(pause_ms));
                visit.chunk(word("b").as_bytes(), false);
                visit.wait(s(4) - JUST);
                assert!(!visit.client().text().contains("\"error\""), "{pause_ms}");
                visit.wait(s(1) + JUST);
                assert!(visit.client().text().contains("\"error\""), "{pause_ms}");
                assert_eq!(visit.client().events().len(), 3);
                visit.close();
                assert_eq!(visit.ledger().facts()["error"], "upstream_timeout");
            }
        });
}

#[rule]
fn a_stream_that_keeps_talking_may_take_as_long_as_it_likes() {
    Setting::pair()
        .dragoman(json!({"stream_idle_timeout": 4}))
        .in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            visit.begin(&Upstream::stream(&[b""]));
            for _ in 0..50 {
                visit.chunk(word("a").as_bytes(), false);
                visit.wait(s(3));
            }
            assert_eq!(visit.client().events().len(), 50);
        });
}

#[rule]
fn a_deployments_timeout_ends_its_stream() {
    Setting::of(&[("gpt", &["a"])])
        .params("a", json!({"timeout": 5}))
        .in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            visit.begin(&stream(&[word("a")]));
            visit.chunk(word("a").as_bytes(), false);
            at(&mut visit, s(5), |visit| {
                visit.client().text().contains("\"error\"")
            });
            assert_eq!(asked(&visit), ["a"]);
        });
}
