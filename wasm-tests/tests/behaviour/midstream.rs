//! Streams that break off after their first content: the client is told, or another provider goes on.

use core::time::Duration;

use dragoman::state::pace::Average;
use serde_json::{Value, json};
use wasm_tests::world::{Upstream, Visit};

use crate::rule;
use crate::scenario::{
    Setting, ask_stream, asked, attempts, fails, good, good_stream, key, stream, text,
};
use crate::spoken::{chunk, done, event, role, stop, usage, word};

fn down() -> String {
    event(json!({"error": {"message": "down", "code": 503}}))
}

/// Ways for a stream to break off, and what the failure is called.
fn breaks() -> [(Vec<String>, &'static str); 4] {
    [
        (vec![down(), done()], "overloaded"),
        (vec![String::new()], "truncated"),
        (vec!["data: {nonsense\n\n".to_owned()], "malformed"),
        (
            vec!["<html>\n\n</html>".to_owned(), String::new()],
            "truncated",
        ),
    ]
}

/// A stream that says something and then breaks off.
fn broken(visit: &mut Visit<'_>, rest: &[String]) {
    visit.begin(&Upstream::stream(&[b""]));
    for part in [role(), word("one, "), word("two, ")] {
        visit.chunk(part.as_bytes(), false);
    }
    for (index, part) in rest.iter().enumerate() {
        visit.chunk(part.as_bytes(), index + 1 == rest.len());
    }
}

fn ends_with_an_error(visit: &Visit<'_>) -> Value {
    let events = visit.client().events();
    let last: Value = serde_json::from_str(events.last().unwrap()).unwrap();
    let errors = events.iter().filter(|event| event.contains("\"error\""));
    assert_eq!(errors.count(), 1, "{events:?}");
    assert!(!events.iter().any(|event| event == "[DONE]"));
    let members: Vec<_> = last["error"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["message", "type", "param", "code"]);
    last["error"].clone()
}

#[rule]
fn a_stream_that_breaks_off_ends_with_an_error_and_is_not_tried_again() {
    let setting = Setting::of(&[("gpt", &["a", "b"]), ("one", &["c"])])
        .router(json!({"fallbacks": [{"gpt": ["one"]}]}));
    setting.in_both(|world| {
        for (rest, outcome) in breaks() {
            world.forget();
            let mut visit = world.send(ask_stream(""));
            broken(&mut visit, &rest);
            visit.close();
            ends_with_an_error(&visit);
            assert_eq!(visit.client().events().len(), 4, "{rest:?}");
            assert_eq!(visit.providers().len(), 1);
            assert_eq!(attempts(&visit)[0].1, outcome, "{rest:?}");
            assert_eq!(visit.ledger().requests(), [("chat", 200)]);
            let (input, output) = visit.ledger().in_out();
            assert!(input > 0 && output > 0, "usage so far is counted");
            assert!(visit.ledger().cost() > 0);
            assert!(visit.ledger().facts()["error"].is_string());
        }
    });
}

#[rule]
fn a_key_in_the_error_that_ends_a_stream_is_blacked_out() {
    Setting::pair().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        let id = asked(&visit)[0].to_owned();
        let telling =
            json!({"error": {"message": format!("bad key {}", key(&id)), "code": key(&id)}});
        broken(&mut visit, &[event(telling)]);
        visit.close();
        ends_with_an_error(&visit);
        let all = format!("{} {}", visit.client().text(), visit.ledger().facts());
        assert!(!all.contains(&key(&id)), "{all}");
    });
}

#[rule]
fn usage_that_was_stated_before_the_break_is_what_is_counted() {
    Setting::pair().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[usage(), down()]);
        visit.close();
        assert_eq!(visit.ledger().in_out(), (1000, 100));
    });
}

/// `gpt` falls back to `one`, which can go on from a text, and `two`, which can not, and `three`, which can.
fn going_on() -> Setting {
    Setting::of(&[
        ("gpt", &["g"]),
        ("two", &["b"]),
        ("one", &["a"]),
        ("three", &["c"]),
    ])
    .router(json!({"fallbacks": [{"gpt": ["two", "one", "three"]}]}))
    .dragoman(json!({"midstream": "continue"}))
    .deployment("a", "dragoman", json!({"prefill": true}))
    .deployment("c", "dragoman", json!({"prefill": true}))
}

fn others(words: &str) -> Upstream {
    let chunk = |delta: Value, finish: Value| {
        event(
            json!({"id": "another", "object": "chat.completion.chunk", "created": 99, "model": "another",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}),
        )
    };
    stream(&[
        chunk(json!({"role": "assistant", "content": ""}), json!(null)),
        chunk(json!({"content": words}), json!(null)),
        chunk(json!({}), json!("stop")),
        done(),
    ])
}

#[rule]
fn another_provider_goes_on_with_a_text_and_the_client_sees_one_answer() {
    going_on().in_both(|world| {
        for (rest, outcome) in breaks() {
            for answer in [others("three"), good("three"), good_stream("three")] {
                world.forget();
                let mut visit = world.send(ask_stream(""));
                broken(&mut visit, &rest);
                assert_eq!(asked(&visit), ["g", "a"], "{rest:?}");
                let sent: Value = serde_json::from_slice(&visit.provider().body).unwrap();
                assert_eq!(sent["messages"], json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "one, two, "}]));
                visit.returns(&answer);
                visit.close();
                assert_eq!(text(visit.client()), "one, two, three");
                let logged = attempts(&visit);
                assert_eq!((&*logged[0].1, &*logged[1].1), (outcome, "ok"));
                assert_eq!(visit.ledger().requests(), [("chat", 200)]);
                let facts = visit.ledger().facts();
                assert_eq!((&facts["model_group"], &facts["fallbacks"]), (&json!("one"), &json!(2)));
                assert!(facts.get("error").is_none(), "{facts}");
            }
        }
    });
}

#[rule]
fn both_parts_of_a_joined_answer_are_paid_for() {
    going_on().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[down()]);
        visit.returns(&good_stream("three"));
        visit.close();
        let (input, output) = visit.ledger().in_out();
        assert!(input > 1000 && output > 100, "{input} {output}");
        assert_eq!(
            visit.ledger().facts()["cost_nanousd"],
            visit.ledger().cost()
        );
    });
}

#[rule]
fn a_second_beginning_is_left_out_whatever_comes_with_it() {
    going_on().in_both(|world| {
        let begins = |delta: Value| chunk(json!({"index": 0, "delta": delta, "finish_reason": null}));
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[down()]);
        visit.returns(&stream(&[begins(json!({"role": "assistant", "content": "three"})), stop(), done()]));
        visit.close();
        assert_eq!(text(visit.client()), "one, two, three");
        world.forget();
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[down()]);
        let call = json!({"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
        visit.returns(&stream(&[begins(json!({"role": "assistant", "content": null, "tool_calls": [call]})), stop(), done()]));
        assert!(visit.client().text().contains("\"tool_calls\""));
    });
}

#[rule]
fn a_stream_is_gone_on_with_when_its_content_and_its_failure_came_together() {
    going_on().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        visit.begin(&Upstream::stream(&[b""]));
        visit.chunk((role() + &word("one, ") + &down()).as_bytes(), false);
        assert!(!visit.is_answered(), "nothing of it was sent");
        while !visit.is_answered() {
            visit.next(&good_stream("hello"));
        }
        visit.close();
        assert_eq!(text(visit.client()), "hello");
        assert!(
            visit.ledger().in_out().1 > 100,
            "what was said in vain is paid for, too"
        );
    });
}

#[rule]
fn only_plain_text_is_gone_on_with() {
    let tool = json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]});
    for delta in [
        tool,
        json!({"reasoning_content": "hm"}),
        json!({"refusal": "no"}),
    ] {
        going_on().in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            let special = chunk(json!({"index": 0, "delta": delta, "finish_reason": null}));
            broken(&mut visit, &[special, down()]);
            visit.close();
            ends_with_an_error(&visit);
            assert_eq!(visit.providers().len(), 1, "{delta}");
        });
    }
}

#[rule]
fn an_answer_that_had_said_why_it_ends_is_not_gone_on_with() {
    going_on().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[stop(), down()]);
        visit.close();
        ends_with_an_error(&visit);
        assert_eq!(visit.providers().len(), 1);
    });
}

#[rule]
fn a_stream_is_not_gone_on_with_unless_that_is_wanted_and_somebody_can() {
    let unable = going_on()
        .deployment("a", "dragoman", json!({"prefill": false}))
        .deployment("c", "dragoman", json!({"prefill": false}));
    for setting in [going_on().dragoman(json!({"midstream": "off"})), unable] {
        setting.in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            broken(&mut visit, &[down()]);
            visit.close();
            assert_eq!(ends_with_an_error(&visit)["message"], "down");
            assert_eq!(visit.providers().len(), 1);
        });
    }
    going_on().in_both(|world| {
        let mut visit = world.send(ask_stream(r#","disable_fallbacks":true"#));
        broken(&mut visit, &[down()]);
        ends_with_an_error(&visit);
    });
}

#[rule]
fn whoever_can_is_asked_in_turn_to_go_on() {
    going_on().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[down()]);
        visit.returns(&stream(&[role(), word("thr")]));
        assert_eq!(asked(&visit), ["g", "a", "c"]);
        visit.returns(&good_stream("three"));
        visit.close();
        assert_eq!(text(visit.client()), "one, two, three");
        assert_eq!(visit.ledger().facts()["model_group"], "three");
    });
}

#[rule]
fn the_client_is_told_when_the_other_providers_fail_too() {
    going_on().in_both(|world| {
        for answer in [
            fails(500),
            stream(&[role(), word("three")]),
            Upstream::of(200, "text/html", "<html>"),
        ] {
            world.forget();
            let mut visit = world.send(ask_stream(""));
            broken(&mut visit, &[down()]);
            visit.returns(&answer);
            visit.returns(&answer);
            visit.close();
            assert_eq!(ends_with_an_error(&visit)["message"], "down");
            assert_eq!(asked(&visit), ["g", "a", "c"]);
            assert!(!visit.client().text().contains("three"));
            assert_eq!(attempts(&visit).len(), 3);
            assert!(visit.ledger().cost() > 0);
            assert_eq!(
                visit.ledger().facts()["cost_nanousd"],
                visit.ledger().cost()
            );
            assert_eq!(visit.ledger().requests(), [("chat", 200)]);
        }
    });
}

#[rule]
fn a_stream_is_not_gone_on_with_while_a_hedge_that_lost_is_under_way() {
    let setting = Setting::of(&[("gpt", &["a", "b"]), ("one", &["c"])])
        .router(json!({"fallbacks": [{"gpt": ["one"]}]}))
        .dragoman(json!({"midstream": "continue", "hedge_after": 2}))
        .deployment("c", "dragoman", json!({"prefill": true}));
    setting.in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        visit.wait(Duration::from_secs(2));
        broken(&mut visit, &[down()]);
        ends_with_an_error(&visit);
        assert_eq!(visit.providers().len(), 2);
        visit.returns(&good_stream("late"));
        visit.close();
        assert!(visit.exchange().is_over());
    });
}

#[rule]
fn who_goes_on_with_a_stream_is_not_measured_by_its_first_content() {
    let setting = going_on().router(json!({"routing_strategy": "latency-based-routing"}));
    setting.in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[String::new()]);
        visit.returns(&others("three"));
        visit.close();
        assert_eq!(asked(&visit), ["g", "a"]);
        drop(visit);
        assert_eq!(world.pace("a").first, Average::default());
    });
}

#[rule]
fn a_stalled_stream_is_gone_on_with() {
    going_on()
        .dragoman(json!({"stream_idle_timeout": 4}))
        .in_both(|world| {
            let mut visit = world.send(ask_stream(""));
            visit.begin(&Upstream::stream(&[b""]));
            visit.chunk((role() + &word("one, two, ")).as_bytes(), false);
            visit.wait(Duration::from_secs(5));
            assert_eq!(asked(&visit), ["g", "a"]);
            visit.chunk(word("late").as_bytes(), false);
            visit.returns(&others("three"));
            visit.close();
            assert_eq!(text(visit.client()), "one, two, three");
        });
}

#[rule]
fn the_limit_of_the_whole_request_ends_the_wait_for_the_other_provider() {
    going_on().router(json!({"timeout": 5})).in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[down()]);
        visit.wait(Duration::from_secs(5));
        visit.close();
        ends_with_an_error(&visit);
        assert_eq!(attempts(&visit).len(), 2);
        assert!(visit.exchange().is_over());
    });
}

#[rule]
fn a_client_that_leaves_while_another_provider_goes_on_leaves_nothing_behind() {
    going_on().in_both(|world| {
        let mut visit = world.send(ask_stream(""));
        broken(&mut visit, &[down()]);
        visit.leave();
        assert_eq!(attempts(&visit).len(), 2);
        assert_eq!(visit.ledger().requests(), [("chat", 200)]);
        assert!(visit.exchange().is_over());
    });
}
