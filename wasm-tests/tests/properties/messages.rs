//! Clients of Anthropic's format that send anything, and providers that answer them anything.

use std::cell::RefCell;

use serde_json::{Value, json};
use wasm_tests::golden;
use wasm_tests::world::{Answer, Call, Upstream, World};

use crate::always;
use crate::exchanges::{any_stream, data, finish, for_model, plain};
use crate::mutate::{cuts, parts, twisted};

fn requests() -> Vec<Value> {
    let fixtures = golden::texts(".tochat.json").into_iter();
    let requests = fixtures.filter_map(|text| {
        let fixture: Value = serde_json::from_str(text).ok()?;
        let request = fixture.get("request")?.clone();
        request.get("max_tokens").is_some().then_some(request)
    });
    requests.collect()
}

fn call(body: &Value) -> Call {
    Call::chat(body.to_string()).to("/v1/messages")
}

/// OpenAI's rule: each call is answered at once, and nothing else is.
fn has_every_call_answered(messages: &Value) {
    let mut open: Vec<&Value> = Vec::new();
    for message in messages.as_array().unwrap() {
        if message["role"] == "tool" {
            let place = open.iter().position(|id| **id == message["tool_call_id"]);
            open.remove(place.expect("a result has its call"));
            continue;
        }
        assert!(open.is_empty(), "a call has its result: {messages}");
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        open = calls.map(|call| &call["id"]).collect();
    }
    assert!(open.is_empty(), "a call has its result: {messages}");
}

#[test]
fn any_message_becomes_a_chat_that_openai_takes_or_is_refused() {
    let world = RefCell::new(World::default());
    always(2000, twisted(requests(), 4), |request| {
        let world = &mut *world.borrow_mut();
        world.forget();
        let visit = world.send(call(&for_model(request, "gpt")));
        if visit.is_sent() {
            let sent: Value = serde_json::from_slice(&visit.provider().body).unwrap();
            has_every_call_answered(&sent["messages"]);
        }
        let answer = finish(visit, &plain());
        if answer.status != 200 {
            assert!(answer.json()["error"]["message"].is_string());
        }
    });
}

/// Anthropic's rules: one block at a time, each begun once and ended once, in order; one end.
fn is_well_told(answer: &Answer) {
    let (mut open, mut blocks) = (None, 0);
    let mut ends = Vec::new();
    for (index, frame) in answer.text().split_terminator("\n\n").enumerate() {
        let (_, data) = frame.split_once("data: ").expect("an event has data");
        let event: Value = serde_json::from_str(data).expect("data is JSON");
        assert!(ends.is_empty(), "nothing follows the end: {frame}");
        match event["type"].as_str().expect("an event has a type") {
            "message_start" => assert_eq!(index, 0),
            "content_block_start" => {
                assert_eq!((open, &event["index"]), (None, &json!(blocks)));
                open = Some(blocks);
                blocks += 1;
            }
            "content_block_delta" => assert_eq!(event["index"], json!(open.expect("a block"))),
            "content_block_stop" => assert_eq!(event["index"], json!(open.take().expect("one"))),
            "message_delta" => assert_eq!(open, None),
            end @ ("error" | "message_stop") => ends.push(end.to_owned()),
            "ping" => {}
            other => panic!("an event of the type {other}"),
        }
    }
    assert_eq!(ends.len(), 1);
}

fn streaming(model: &str) -> Call {
    call(
        &json!({"model": model, "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]}),
    )
}

#[test]
fn any_stream_is_told_in_well_formed_events_wherever_it_is_cut() {
    let world = RefCell::new(World::default());
    let values = (any_stream(), cuts());
    always(1000, values, |(stream, cuts)| {
        let world = &mut *world.borrow_mut();
        let mut answer = |parts: &[&[u8]]| {
            world.forget();
            let visit = world.send(streaming("gpt"));
            finish(visit, &Upstream::stream(parts))
        };
        let whole = answer(&[&stream]);
        let cut = answer(&parts(&stream, &cuts));
        assert_eq!((whole.status, whole.text()), (cut.status, cut.text()));
        if whole.status == 200 {
            is_well_told(&whole);
        } else {
            assert_eq!(whole.json()["type"], "error");
        }
    });
}

#[test]
fn any_stream_of_anthropics_ends_in_its_own_end_or_in_an_error_wherever_it_is_cut() {
    let world = RefCell::new(World::default());
    let values = (any_stream(), cuts());
    always(1000, values, |(stream, cuts)| {
        let world = &mut *world.borrow_mut();
        let mut answer = |parts: &[&[u8]]| {
            world.forget();
            let visit = world.send(streaming("claude"));
            finish(visit, &Upstream::stream(parts))
        };
        let whole = answer(&[&stream]);
        let cut = answer(&parts(&stream, &cuts));
        assert_eq!((whole.status, data(&whole)), (cut.status, data(&cut)));
        if whole.status != 200 {
            assert_eq!(whole.json()["type"], "error");
            return;
        }
        let kinds = data(&whole).into_iter().map(|data| {
            let event: Value = serde_json::from_slice(&data).expect("data is JSON");
            event["type"].clone()
        });
        let kinds: Vec<Value> = kinds.collect();
        let ends = |kind: &&Value| **kind == "error" || **kind == "message_stop";
        assert!(
            kinds.iter().any(|kind| ends(&kind)),
            "{}",
            whole.body.escape_ascii()
        );
    });
}
