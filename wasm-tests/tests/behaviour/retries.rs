//! A provider fails, and another is asked: how often, how soon, and what the client learns of it.

use core::time::Duration;

use dragoman::gateway::event::Local;
use dragoman::gateway::transport;
use serde_json::json;
use wasm_tests::world::{Upstream, World};

use crate::rule;
use crate::scenario::{
    Setting, ask, ask_stream, asked, error, fails, good, good_stream, key, text,
};

/// Answers of a provider that failed in a way that may pass.
fn passing() -> Vec<Upstream> {
    let statuses = [408, 409, 429, 500, 502, 503, 504, 529];
    let errors = statuses.iter().map(|status| fails(*status));
    let others = [
        Upstream::status(500),
        Upstream::status(200),
        Upstream::of(200, "text/html", "<html>hello</html>"),
        Upstream::json(200, "{\"choices\":"),
        Upstream::json(200, "{}"),
        Upstream::json(200, r#"{"error":{"message":"down","code":503}}"#),
        Upstream::status(302).header("location", "http://elsewhere.example"),
    ];
    errors.chain(others).collect()
}

#[rule]
fn a_failure_that_may_pass_is_tried_at_once_elsewhere_and_the_client_does_not_notice() {
    Setting::pair().in_both(|world| {
        for failure in passing() {
            for (call, answer) in [
                (ask(""), good("hello")),
                (ask_stream(""), good_stream("hello")),
            ] {
                world.forget();
                let visit = world
                    .send(call)
                    .answered_in_turn(&[failure.clone(), answer]);
                assert_eq!(text(visit.client()), "hello", "{failure:?}");
                let asked = asked(&visit);
                assert_eq!(asked.len(), 2);
                assert_ne!(asked[0], asked[1]);
                assert_eq!(visit.client().header("x-litellm-model-id"), Some(asked[1]));
                assert_eq!(
                    visit.now(),
                    World::default().send(ask("")).now(),
                    "nobody waited"
                );
            }
        }
    });
}

#[rule]
fn a_provider_that_cannot_be_reached_is_a_failure_like_any_other() {
    Setting::pair().in_both(|world| {
        for why in [
            Local::Connect,
            Local::NoCluster,
            Local::Reset,
            Local::Timeout,
            Local::Unavailable,
        ] {
            world.forget();
            let mut visit = world.send(ask(""));
            visit.fails(why);
            visit.next(&good("hello"));
            visit.close();
            assert_eq!(text(visit.client()), "hello", "{why:?}");
            world.forget();
            let mut visit = world.send(ask(r#","num_retries":1"#));
            visit.fails(why);
            visit.fails(why);
            visit.close();
            assert!(visit.client().status >= 502, "{why:?}");
            assert_eq!(
                visit.client().header("x-litellm-attempted-retries"),
                Some("1")
            );
        }
    });
}

#[rule]
fn a_group_is_tried_again_as_often_as_is_said_and_the_last_failure_is_told_without_a_wait() {
    for (router, more, header, retries) in [
        (json!({}), "", None, 2),
        (json!({"num_retries": 0}), "", None, 0),
        (json!({"num_retries": 1}), "", None, 1),
        (json!({"num_retries": 1}), r#","num_retries":3"#, None, 3),
        (
            json!({"num_retries": 1}),
            r#","num_retries":3"#,
            Some("0"),
            0,
        ),
        (
            json!({"num_retries": 5, "retry_policy": {"InternalServerErrorRetries": 1}}),
            "",
            None,
            1,
        ),
        (
            json!({"num_retries": 5, "retry_policy": {"TimeoutErrorRetries": 1}}),
            "",
            None,
            5,
        ),
        (
            json!({"retry_policy": {"InternalServerErrorRetries": 4},
            "model_group_retry_policy": {"gpt": {"InternalServerErrorRetries": 1}}}),
            "",
            None,
            1,
        ),
    ] {
        let setting = Setting::pair()
            .router(router.clone())
            .router(json!({"disable_cooldowns": true}));
        setting.in_both(|world| {
            let mut call = ask(more);
            if let Some(value) = header {
                call = call.header("x-litellm-num-retries", value);
            }
            let mut visit = world.send(call);
            for _ in 0..retries {
                visit.next(&fails(500));
                assert!(!visit.is_answered(), "{router} {more}");
            }
            let before = visit.wakes_at();
            visit.next(&fails(500));
            assert!(visit.is_answered(), "{router} {more} {before:?}");
            visit.close();
            assert_eq!(visit.providers().len(), retries + 1);
            assert_eq!(visit.client().status, 500);
            let told = visit
                .client()
                .header("x-litellm-attempted-retries")
                .map(str::to_owned);
            assert_eq!(told, Some(retries.to_string()));
        });
    }
}

#[rule]
fn what_is_wrong_with_the_request_is_told_at_once() {
    Setting::pair().in_both(|world| {
        for status in [400, 413, 422] {
            world.forget();
            let visit = world.send(ask("")).answered_in_turn(&[fails(status)]);
            assert_eq!(visit.client().status, status);
            assert_eq!(
                error(visit.client())["message"],
                format!("trouble {status}")
            );
            assert_eq!(
                visit.client().header("x-litellm-attempted-retries"),
                Some("0")
            );
        }
    });
}

#[rule]
fn a_credential_that_fails_is_not_tried_again_but_others_are() {
    let quota = Upstream::json(
        429,
        r#"{"error":{"message":"no money","code":"insufficient_quota"}}"#,
    );
    for failure in [fails(401), fails(402), fails(403), fails(404), quota] {
        Setting::pair().in_both(|world| {
            let visit = world
                .send(ask(""))
                .answered_in_turn(&[failure.clone(), good("hello")]);
            assert_eq!(text(visit.client()), "hello");
        });
        Setting::of(&[("gpt", &["a"])]).in_both(|world| {
            let visit = world
                .send(ask(""))
                .answered_in_turn(core::slice::from_ref(&failure));
            assert_ne!(visit.client().status, 200);
        });
    }
}

#[rule]
fn the_only_deployment_is_tried_again_after_a_while() {
    let setting = Setting::of(&[("gpt", &["a"])]).router(json!({"disable_cooldowns": true}));
    setting.in_both(|world| {
        let mut visit = world.send(ask(""));
        let start = visit.now();
        visit.next(&fails(500));
        assert_eq!(visit.providers().len(), 1, "it is not asked at once");
        visit.next(&fails(500));
        visit.next(&good("hello"));
        visit.close();
        assert_eq!(text(visit.client()), "hello");
        assert_eq!(asked(&visit), ["a", "a", "a"]);
        let waited = visit.now().since(start);
        assert!(
            waited > Duration::ZERO && waited < Duration::from_secs(1),
            "{waited:?}"
        );
    });
}

#[rule]
fn a_wait_that_the_provider_asks_for_is_waited_in_full_and_one_that_is_too_long_is_not_begun() {
    let setting = Setting::of(&[("gpt", &["a"])]).router(json!({"disable_cooldowns": true}));
    for (name, value, ms) in [
        ("retry-after", "3", 3_000),
        ("retry-after-ms", "2500", 2_500),
        ("retry-after", "Thu, 15 Jan 2026 12:35:00 GMT", 4_000),
    ] {
        setting.in_both(|world| {
            let mut visit = world.send(ask(""));
            visit.next(&fails(429).header(name, value));
            visit.wait(Duration::from_millis(ms - 1));
            assert_eq!(visit.providers().len(), 1, "{name}: {value}");
            visit.wait(Duration::from_millis(501));
            assert_eq!(visit.providers().len(), 2, "{name}: {value}");
        });
    }
    setting.in_both(|world| {
        let failure = fails(429).header("retry-after", "3600");
        let visit = world.send(ask("")).answered_in_turn(&[failure]);
        assert_eq!(visit.client().status, 429);
        assert_eq!(visit.client().header("retry-after"), Some("3600"));
    });
}

#[rule]
fn a_deployment_that_may_not_serve_the_request_does_not_shorten_the_wait() {
    let setting = Setting::pair()
        .params("a", json!({"tags": ["free"]}))
        .params("b", json!({"tags": ["paid"]}))
        .router(json!({"enable_tag_filtering": true}));
    setting.in_both(|world| {
        let mut visit = world.send(ask(r#","metadata":{"tags":["free"]}"#));
        visit.next(&fails(429).header("retry-after", "3"));
        visit.wait(Duration::from_millis(2_900));
        assert_eq!(asked(&visit), ["a"]);
        visit.next(&good("hello"));
        visit.close();
        assert_eq!(asked(&visit), ["a", "a"]);
    });
}

#[rule]
fn retry_after_is_the_shortest_wait_there_is() {
    let setting = Setting::of(&[("gpt", &["a"])])
        .router(json!({"disable_cooldowns": true, "retry_after": 4}));
    setting.in_both(|world| {
        let mut visit = world.send(ask(""));
        visit.next(&fails(500));
        visit.wait(Duration::from_millis(3_999));
        assert_eq!(visit.providers().len(), 1);
        visit.wait(Duration::from_millis(1));
        assert_eq!(visit.providers().len(), 2);
    });
}

#[rule]
fn a_provider_that_does_not_want_to_be_asked_again_is_not_waited_for() {
    Setting::pair().in_both(|world| {
        let failure = fails(500).header("x-should-retry", "false");
        let visit = world.send(ask("")).answered_in_turn(&[failure]);
        assert_eq!(visit.client().status, 500);
    });
}

#[rule]
fn the_lowest_order_is_asked_first_and_the_next_when_it_has_failed() {
    let setting = Setting::of(&[("gpt", &["c", "b", "a"])])
        .params("a", json!({"order": 1}))
        .params("b", json!({"order": 2}));
    setting.in_both(|world| {
        let visit = world
            .send(ask(""))
            .answered_in_turn(&[fails(500), fails(500), good("hello")]);
        assert_eq!(asked(&visit), ["a", "b", "c"]);
    });
}

#[rule]
fn a_request_is_not_tried_more_often_than_envoy_brings_it() {
    let setting = Setting::pair().router(json!({"num_retries": 99, "disable_cooldowns": true}));
    let mut world = setting.world("envoy");
    let mut visit = world.send(ask(""));
    while !visit.is_answered() {
        if visit.is_asking() {
            visit.next(&fails(500));
        } else {
            visit.wait(Duration::from_millis(100));
        }
    }
    visit.close();
    let most = usize::try_from(transport::RETRIES).unwrap() + 1;
    assert!(visit.providers().len() <= most);
    assert_eq!(visit.client().status, 500);
}

#[rule]
fn the_retry_budget_bounds_retries_and_hedges_and_lets_another_model_be_asked() {
    let setting = Setting::of(&[("gpt", &["a", "b"]), ("one", &["c"])])
        .router(json!({"fallbacks": [{"gpt": ["one"]}]}))
        .dragoman(json!({"retry_budget": {"percent": 0, "floor": 0}, "hedge_after": 2}));
    setting.in_both(|world| {
        let mut visit = world.send(ask(""));
        visit.wait(Duration::from_secs(3));
        visit.next(&fails(500));
        visit.next(&fails(500));
        visit.close();
        let models: Vec<&str> = asked(&visit);
        assert_eq!((models.len(), models[1]), (2, "c"));
        assert_eq!(visit.client().status, 500);
    });
}

#[rule]
fn every_attempt_is_asked_the_same_with_the_credential_of_its_own() {
    Setting::pair().in_both(|world| {
        let call = ask(r#","temperature":0.5,"num_retries":1,"metadata":{"tags":["t"]}"#)
            .header("x-litellm-tags", "u")
            .header("authorization", "Bearer of-the-client")
            .header("user-agent", "a client");
        let visit = world
            .send(call)
            .answered_in_turn(&[fails(500), good("hello")]);
        for (sent, id) in visit.providers().iter().zip(asked(&visit)) {
            assert_eq!(
                sent.head.get("authorization"),
                Some(&*format!("Bearer {}", key(id)))
            );
            assert_eq!(sent.head.get("user-agent"), Some("a client"));
            let cluster = "x-dragoman-cluster";
            let mut names = sent.head.iter().map(|(name, _)| name);
            assert!(names.all(|name| name == cluster
                || !name.starts_with("x-litellm") && !name.starts_with("x-dragoman")));
            let body: serde_json::Value = serde_json::from_slice(&sent.body).unwrap();
            assert_eq!(
                (&body["temperature"], &body["model"]),
                (&json!(0.5), &json!("gpt-4o"))
            );
            assert!(body.get("num_retries").is_none());
            assert_eq!(
                sent.head.get("content-length"),
                Some(&*sent.body.len().to_string())
            );
        }
    });
}
