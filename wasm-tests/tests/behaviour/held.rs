//! Until a stream has content its head is held, so that whatever goes wrong before is not the client's concern.

use core::time::Duration;

use dragoman::state::pace::Average;
use serde_json::json;
use wasm_tests::world::Upstream;

use crate::rule;
use crate::scenario::{
    COST, Setting, ask_stream, asked, attempts, error, fails, good, good_stream, stream, text,
};
use crate::spoken::{done, event, role, word};

/// Streams that fail before they have content, and what of.
fn stillborn() -> Vec<(Upstream, &'static str)> {
    let down = event(json!({"error": {"message": "down", "code": 503}}));
    vec![
        (stream(core::slice::from_ref(&down)), "overloaded"),
        (stream(&[role(), down]), "overloaded"),
        (
            stream(&[event(
                json!({"error": {"message": "slow", "type": "rate_limit_error"}}),
            )]),
            "rate_limited",
        ),
        (Upstream::stream(&[b""]), "truncated"),
        (Upstream::stream(&[]), "malformed"),
        (stream(&[role()]), "truncated"),
        (stream(&[": hello\n\n".to_owned()]), "truncated"),
        (stream(&["data: {nonsense\n\n".to_owned()]), "malformed"),
        (
            stream(&[role(), "data: <html>\n\n".to_owned()]),
            "malformed",
        ),
        (stream(&["<html>\n\n</html>\n\n".to_owned()]), "truncated"),
        (Upstream::of(200, "text/html", "<html></html>"), "malformed"),
        (
            Upstream::json(200, r#"{"error":{"message":"down","code":503}}"#),
            "overloaded",
        ),
        (fails(500), "server"),
    ]
}

#[rule]
fn a_stream_that_fails_before_its_content_is_tried_elsewhere_and_the_client_does_not_notice() {
    Setting::pair().in_both(|world| {
        for (failure, outcome) in stillborn() {
            world.forget();
            let visit = world
                .send(ask_stream(""))
                .answered_in_turn(&[failure.clone(), good_stream("hello")]);
            assert_eq!(text(visit.client()), "hello", "{failure:?}");
            assert_ne!(asked(&visit)[0], asked(&visit)[1]);
            assert_eq!(attempts(&visit)[0].1, outcome, "{failure:?}");
            assert_eq!(visit.ledger().requests(), [("chat", 200)]);
            assert_eq!(
                (visit.ledger().in_out(), visit.ledger().cost()),
                ((1000, 100), COST)
            );
        }
    });
}

#[rule]
fn a_stream_of_which_every_attempt_fails_is_an_error_with_its_status() {
    Setting::pair()
        .router(json!({"num_retries": 1}))
        .in_both(|world| {
            for (failure, _) in stillborn() {
                world.forget();
                let mut visit = world.send(ask_stream(""));
                visit.next(&failure);
                visit.next(&failure);
                visit.close();
                assert!(visit.client().status >= 429, "{failure:?}");
                error(visit.client());
                assert_eq!(visit.ledger().requests(), [("chat", visit.client().status)]);
            }
        });
}

#[rule]
fn an_anthropic_stream_that_fails_before_its_content_is_tried_elsewhere() {
    let claude = |id: &str| json!({"model": "anthropic/claude-haiku-4-5", "api_base": format!("http://{id}.example")});
    let setting = Setting::pair()
        .params("a", claude("a"))
        .params("b", claude("b"));
    let named = |name: &str, data: &str| format!("event: {name}\ndata: {data}\n\n");
    let start = named(
        "message_start",
        r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"c","stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}"#,
    );
    let overloaded = named(
        "error",
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    );
    let answer = [
        start.clone(),
        named(
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        ),
        named(
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}"#,
        ),
        named(
            "content_block_stop",
            r#"{"type":"content_block_stop","index":0}"#,
        ),
        named(
            "message_delta",
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
        ),
        named("message_stop", r#"{"type":"message_stop"}"#),
    ];
    setting.in_both(|world| {
        for failure in [
            stream(&[start.clone(), overloaded.clone()]),
            stream(core::slice::from_ref(&start)),
        ] {
            world.forget();
            let visit = world
                .send(ask_stream(""))
                .answered_in_turn(&[failure, stream(&answer)]);
            assert_eq!(text(visit.client()), "hello");
            assert_eq!(visit.ledger().in_out(), (9, 5));
        }
    });
}

#[rule]
fn a_retried_stream_streams_where_envoy_brings_the_request_again() {
    let mut world = Setting::pair().world("envoy");
    let mut visit = world.send(ask_stream(""));
    visit.next(&fails(500));
    visit.begin(&Upstream::stream(&[b""]));
    visit.chunk(role().as_bytes(), false);
    assert!(!visit.is_answered());
    visit.chunk(word("a").as_bytes(), false);
    assert_eq!(visit.client().events().len(), 2);
    visit.chunk(word("b").as_bytes(), false);
    assert_eq!(visit.client().events().len(), 3);
}

#[rule]
fn a_complete_answer_to_a_call_is_told_as_a_stream_when_one_was_asked_for() {
    let mut world = Setting::pair().world("dispatch");
    for (more, wanted) in [
        ("", false),
        (r#","stream_options":{"include_usage":true}"#, true),
    ] {
        for answer in [good("hello"), good_stream("hello")] {
            world.forget();
            let visit = world
                .send(ask_stream(more))
                .answered_in_turn(&[fails(500), answer]);
            assert_eq!(text(visit.client()), "hello");
            assert_eq!(
                visit.client().header("content-type"),
                Some("text/event-stream; charset=utf-8")
            );
            assert_eq!(visit.client().header("content-length"), None);
            assert_eq!(visit.client().text().contains("\"usage\":{"), wanted);
            assert_eq!(visit.ledger().in_out(), (1000, 100));
        }
    }
}

#[rule]
fn a_stream_that_a_call_brought_incomplete_is_tried_again_wherever_it_broke_off() {
    let mut world = Setting::of(&[("gpt", &["a", "b", "c"])]).world("dispatch");
    for broken in [
        stream(&[role(), word("half")]),
        stream(&[
            role(),
            word("half"),
            event(json!({"error": {"message": "down"}})),
            done(),
        ]),
        stream(&[role(), word("half"), "data: {nonsense\n\n".to_owned()]),
    ] {
        world.forget();
        let visit = world.send(ask_stream("")).answered_in_turn(&[
            fails(500),
            broken,
            good_stream("hello"),
        ]);
        assert_eq!(text(visit.client()), "hello");
        assert_eq!(asked(&visit).len(), 3);
    }
}

#[rule]
fn a_stream_that_came_whole_does_not_tell_how_soon_it_began() {
    let setting = Setting::pair().router(json!({"routing_strategy": "latency-based-routing"}));
    for (transport, is_measured) in [("dispatch", false), ("envoy", true)] {
        let mut world = setting.world(transport);
        let mut visit = world.send(ask_stream(""));
        visit.next(&fails(500));
        visit.wait(Duration::from_secs(5));
        visit.next(&good_stream("hello"));
        visit.close();
        let second = asked(&visit)[1].to_owned();
        drop(visit);
        let first = world.pace(&second).first;
        assert_eq!(first != Average::default(), is_measured, "{transport}");
    }
}

#[rule]
fn the_time_to_the_first_token_counts_from_the_request_over_all_attempts() {
    Setting::pair().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        visit.wait(Duration::from_secs(2));
        visit.next(&fails(500));
        visit.wait(Duration::from_secs(1));
        visit.next(&good_stream("hello"));
        visit.close();
        assert_eq!(visit.ledger().facts()["time_to_first_token_ms"], 3_000);
    });
}
