//! Streams on their way to the client, however their bytes are cut.

use core::time::Duration;

use dragoman::usage::metrics::Histogram;
use serde_json::{Value, json};
use wasm_tests::world::{Call, Did, KEYS, Outcome, Upstream, World, at_every_cut};

use crate::rule;
use crate::spoken::{chunk, done, event, role, stop, usage, word};

fn call(model: &str, include_usage: bool) -> Call {
    let options = if include_usage {
        r#","stream_options":{"include_usage":true}"#
    } else {
        ""
    };
    Call::chat(format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}],"stream":true{options}}}"#
    ))
}

fn openai(include_usage: bool, stream: &[String]) -> Outcome {
    let mut world = World::default();
    at_every_cut(&mut world, &call("gpt", include_usage), stream.concat())
}

fn claude(stream: &str) -> Outcome {
    at_every_cut(&mut World::default(), &call("claude", true), stream)
}

fn error_of(events: &[String]) -> Value {
    let error: Value = serde_json::from_str(events.last().unwrap()).unwrap();
    error["error"].clone()
}

const ANTHROPIC: [&str; 8] = [
    r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude-haiku-4-5","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":600,"cache_read_input_tokens":400,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"žluť"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" 🦀"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":100}}"#,
    r#"{"type":"message_stop"}"#,
];

fn anthropic(events: &[&str]) -> String {
    let name = |data: &str| {
        let event: Value = serde_json::from_str(data).unwrap();
        event["type"].as_str().unwrap().to_owned()
    };
    let framed = events
        .iter()
        .map(|data| format!("event: {}\ndata: {data}\n\n", name(data)));
    framed.collect()
}

#[rule]
fn a_stream_whose_usage_was_asked_for_goes_out_byte_for_byte() {
    let stream = [role(), word("žluť"), word(" 🦀"), stop(), usage(), done()];
    let outcome = openai(true, &stream);
    assert_eq!(outcome.answer.text(), stream.concat());
    assert_eq!(outcome.ledger.in_out(), (1000, 100));
    assert_eq!(outcome.ledger.cost(), 2_200_000);
    assert_eq!(outcome.ledger.requests(), [("chat", 200)]);
    assert_eq!(outcome.ledger.facts()["estimated"], false);
}

#[rule]
fn usage_that_was_not_asked_for_is_counted_and_kept_from_the_client() {
    let null = word("b").replace("}]}", "}],\"usage\":null}");
    let outcome = openai(
        false,
        &[role(), word("a"), null.clone(), stop(), usage(), done()],
    );
    let expected = [role(), word("a"), word("b"), stop(), done()].concat();
    let events = |text: &str| -> Vec<Value> {
        text.split_terminator("\n\n")
            .map(|event| serde_json::from_str(&event["data: ".len()..]).unwrap_or_default())
            .collect()
    };
    assert_eq!(events(outcome.answer.text()), events(&expected));
    assert_eq!(outcome.ledger.in_out(), (1000, 100));
}

#[rule]
fn a_streams_head_says_what_it_is_and_nothing_of_length_or_cost() {
    let upstream = Upstream::stream(&[word("a").as_bytes(), stop().as_bytes(), b""])
        .header("content-length", "9999")
        .header("x-ratelimit-remaining-requests", "7");
    let mut world = World::default();
    let visit = world.send(call("gpt", true)).answered(&upstream);
    let answer = visit.client();
    for (name, value) in [
        ("content-type", Some("text/event-stream; charset=utf-8")),
        ("content-length", None),
        ("x-litellm-model-id", Some("orange")),
        ("x-litellm-response-cost", None),
        ("x-ratelimit-remaining-requests", Some("7")),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[rule]
fn the_head_is_held_until_content_and_goes_with_the_very_bytes_that_were_held() {
    let mut world = World::default();
    let mut visit = world.send(call("gpt", true));
    visit.begin(&Upstream::stream(&[b""]));
    let opening = [role(), word(""), role()];
    for part in &opening {
        visit.chunk(part.as_bytes(), false);
        assert!(!visit.is_answered(), "a role is no content");
    }
    visit.chunk(word("a").as_bytes(), false);
    assert_eq!(visit.did.last(), Some(&Did::Release));
    assert_eq!(visit.client().text(), opening.concat() + &word("a"));
}

#[rule]
fn chunks_that_need_no_change_pass_and_others_are_edited() {
    let mut world = World::default();
    let mut visit = world.send(call("gpt", false));
    visit.begin(&Upstream::stream(&[b""]));
    let edited = word("c").replace("}]}", "}],\"usage\":null}");
    for (part, did) in [
        (word("a"), Did::Release),
        (word("b"), Did::Pass),
        (edited, Did::Emit),
        (word("d") + &word("e"), Did::Pass),
        (stop(), Did::Pass),
        (usage(), Did::Emit),
        (done(), Did::Pass),
    ] {
        visit.chunk(part.as_bytes(), false);
        assert_eq!(visit.did.last(), Some(&did), "{part}");
    }
    visit.chunk(b"", true);
    assert_eq!(visit.client().events().len(), 7);
    assert!(!visit.client().text().contains("usage"));
}

#[rule]
fn reasoning_and_tool_calls_and_refusals_are_content() {
    for delta in [
        json!({"reasoning_content": "hm"}),
        json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}]}),
        json!({"refusal": "no"}),
    ] {
        let mut world = World::default();
        let mut visit = world.send(call("gpt", true));
        visit.begin(&Upstream::stream(&[b""]));
        visit.chunk(role().as_bytes(), false);
        visit.chunk(
            chunk(json!({"index": 0, "delta": delta, "finish_reason": null})).as_bytes(),
            false,
        );
        assert!(visit.is_answered(), "{delta}");
    }
}

#[rule]
fn an_anthropic_stream_is_told_in_openais_chunks() {
    let outcome = claude(&anthropic(&ANTHROPIC));
    let events = outcome.answer.events();
    assert_eq!(events.last().unwrap(), "[DONE]");
    let chunks: Vec<Value> = events[..events.len() - 1]
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["id"] == chunks[0]["id"] && chunk["model"] == chunks[0]["model"])
    );
    let said: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(said, "žluť 🦀");
    let usage = &chunks.last().unwrap()["usage"];
    assert_eq!(
        (&usage["prompt_tokens"], &usage["completion_tokens"]),
        (&json!(1000), &json!(100))
    );
    assert_eq!(outcome.ledger.in_out(), (1000, 100));
    assert_eq!(outcome.ledger.cost(), 2_200_000);
}

#[rule]
fn an_anthropic_stream_is_held_until_its_content() {
    let mut world = World::default();
    let mut visit = world.send(call("claude", false));
    visit.begin(&Upstream::stream(&[b""]));
    visit.chunk(anthropic(&ANTHROPIC[..3]).as_bytes(), false);
    assert!(!visit.is_answered());
    visit.chunk(anthropic(&ANTHROPIC[3..4]).as_bytes(), false);
    assert!(visit.is_answered());
    assert!(visit.client().text().contains("žluť"));
}

#[rule]
fn an_error_in_place_of_content_is_an_answer_with_its_status() {
    let error = r#"{"error":{"message":"slow down","type":"rate_limit_error","code":429}}"#;
    for opening in [vec![event(error)], vec![role(), event(error), done()]] {
        let outcome = openai(true, &opening);
        assert_eq!(outcome.answer.status, 429);
        assert_eq!(
            outcome.answer.header("content-type"),
            Some("application/json")
        );
        assert_eq!(outcome.answer.json()["error"]["message"], "slow down");
        assert_eq!(outcome.ledger.requests(), [("chat", 429)]);
        assert_eq!(outcome.ledger.in_out(), (0, 0));
    }
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#;
    let outcome = claude(&anthropic(&[ANTHROPIC[0], overloaded]));
    assert_eq!(outcome.answer.status, 503);
    assert_eq!(outcome.answer.json()["error"]["message"], "busy");
}

#[rule]
fn a_failure_after_content_is_one_error_event_and_the_end() {
    let failure = event(r#"{"error":{"message":"down","code":503}}"#);
    let stream = [
        role(),
        word("a"),
        failure.clone(),
        word("b"),
        failure,
        done(),
    ];
    let outcome = openai(true, &stream);
    let events = outcome.answer.events();
    assert_eq!(
        outcome.answer.status, 200,
        "the head is gone before the failure"
    );
    assert_eq!(events.len(), 3, "{events:?}");
    assert_eq!(error_of(&events)["message"], "down");
    assert!(!outcome.answer.text().contains("[DONE]"));
    assert_eq!(outcome.ledger.requests(), [("chat", 200)]);
    let facts = outcome.ledger.facts();
    assert_eq!(
        (&facts["estimated"], facts["error"].is_string()),
        (&json!(true), true)
    );
}

#[rule]
fn an_anthropic_failure_after_content_is_one_error_event_and_the_end() {
    let failure = r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"#;
    let stream: Vec<&str> = [&ANTHROPIC[..4], &[failure], &ANTHROPIC[4..]].concat();
    let outcome = claude(&anthropic(&stream));
    let events = outcome.answer.events();
    assert_eq!(error_of(&events)["message"], "busy");
    assert_eq!(outcome.answer.text().matches("\"error\":").count(), 1);
    assert!(!outcome.answer.text().contains("[DONE]"));
}

#[rule]
fn a_stream_that_stops_early_ends_with_an_error_and_is_estimated() {
    let cut = word("b");
    let outcomes = [
        openai(
            true,
            &[
                role(),
                word("twelve chars"),
                cut[..cut.len() - 10].to_owned(),
            ],
        ),
        claude(&anthropic(&ANTHROPIC[..5])),
    ];
    for outcome in outcomes {
        let events = outcome.answer.events();
        assert_eq!(
            error_of(&events)["code"],
            "upstream_stream_truncated",
            "{events:?}"
        );
        assert!(!outcome.answer.text().contains("[DONE]"));
        assert_eq!(outcome.ledger.facts()["estimated"], true);
        let (input, output) = outcome.ledger.in_out();
        assert!(input > 0 && output > 0, "{input} {output}");
        assert_eq!(outcome.ledger.requests(), [("chat", 200)]);
    }
}

#[rule]
fn a_stream_that_stops_before_content_is_a_502() {
    let all = [
        openai(true, &[role()]),
        openai(true, &[]),
        claude(&anthropic(&ANTHROPIC[..3])),
        claude(""),
    ];
    for outcome in all {
        assert_eq!(outcome.answer.status, 502);
        assert_eq!(
            outcome.answer.json()["error"]["code"],
            "upstream_stream_truncated"
        );
    }
}

#[rule]
fn what_is_no_stream_is_a_failure_before_content_and_after_it() {
    for garbage in [event("<html>"), event("{\"choices\":"), event("[]")] {
        let outcome = openai(true, &[garbage.clone(), word("a")]);
        assert_eq!(outcome.answer.status, 502, "{garbage}");
        let outcome = openai(true, &[word("a"), garbage, word("b")]);
        let events = outcome.answer.events();
        assert_eq!(
            error_of(&events)["code"],
            "upstream_invalid_response",
            "{events:?}"
        );
        assert_eq!(events.len(), 2);
    }
}

#[rule]
fn a_missing_done_is_added_and_anything_after_it_dropped() {
    let complete = [role(), word("a"), stop(), usage()];
    let expected = complete.concat() + &done();
    assert_eq!(openai(true, &complete).answer.text(), expected);
    let more = [complete.concat(), done(), done(), word("late")];
    assert_eq!(openai(true, &more).answer.text(), expected);
    let unterminated = [complete.concat(), "data: [DONE]".to_owned()];
    assert_eq!(openai(true, &unterminated).answer.text(), expected);
}

#[rule]
fn a_last_event_without_its_blank_line_is_given_one() {
    let complete = [role(), word("a"), stop()].concat();
    let events = openai(true, &[complete.clone(), done()]).answer.events();
    for missing in ["\n", "\n\n"] {
        for stream in [complete.clone(), complete.clone() + &done()] {
            let stream = stream.strip_suffix(missing).unwrap().to_owned();
            let answer = openai(true, std::slice::from_ref(&stream)).answer;
            let told = answer.text().replace("\n\n\n", "\n\n");
            let told: Vec<_> = told.split_terminator("\n\n").collect();
            let wanted: Vec<_> = events
                .iter()
                .map(|event| format!("data: {event}"))
                .collect();
            assert_eq!(told, wanted, "{stream}");
        }
    }
}

#[rule]
fn nothing_at_all_follows_a_failure() {
    let mut world = World::default();
    let mut visit = world.send(call("gpt", true));
    visit.begin(&Upstream::stream(&[b""]));
    visit.chunk(word("a").as_bytes(), false);
    visit.chunk(event(r#"{"error":{"message":"down"}}"#).as_bytes(), false);
    let told = visit.client().clone();
    for more in [": keep-alive\n\n", "\n\n", "data: [DO", "NE]\n\n"] {
        visit.chunk(more.as_bytes(), false);
    }
    visit.chunk(b": bye\n\n", true);
    assert_eq!(*visit.client(), told);
}

#[rule]
fn usage_on_another_chunk_gets_one_of_its_own() {
    let finish = stop().replace(
        "}]}",
        "}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}",
    );
    let outcome = openai(true, &[word("a"), finish.clone(), done()]);
    assert_eq!(outcome.answer.text().matches("usage").count(), 1);
    assert_eq!(outcome.answer.events().len(), 4);
    assert_eq!(outcome.ledger.in_out(), (3, 2));
    let unasked = openai(false, &[word("a"), finish, done()]);
    assert!(!unasked.answer.text().contains("usage"));
    assert_eq!(unasked.ledger.in_out(), (3, 2));
}

#[rule]
fn a_stream_without_usage_is_estimated_from_what_was_said() {
    let outcome = openai(true, &[word("twelve chars"), stop(), done()]);
    let facts = outcome.ledger.facts();
    assert_eq!(
        (&facts["estimated"], &facts["output_tokens"]),
        (&json!(true), &json!(3))
    );
    assert!(facts["input_tokens"].as_u64().unwrap() > 0);
}

#[rule]
fn other_line_ends_and_a_byte_order_mark_change_nothing() {
    let stream = [role(), word("a"), stop(), usage(), done()].concat();
    for other in [
        stream.replace('\n', "\r\n"),
        stream.replace('\n', "\r"),
        format!("\u{feff}{stream}"),
        stream.replace("data: ", "data:"),
    ] {
        let outcome = openai(true, std::slice::from_ref(&other));
        let said = outcome.answer.text().trim_start_matches('\u{feff}');
        let said = said.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(
            said.replace("data:{", "data: {")
                .replace("data:[", "data: ["),
            stream
        );
        assert_eq!(outcome.ledger.in_out(), (1000, 100));
    }
}

#[rule]
fn comments_and_named_events_do_no_harm() {
    let stream = [
        ": keep-alive\n\n".to_owned(),
        role(),
        format!("event: x\nid: 7\n{}", word("a")),
        format!(": busy\n{}", word("b")),
        stop(),
        usage(),
        done(),
    ]
    .concat();
    for parts in [
        vec![stream.as_bytes()],
        stream.as_bytes().chunks(1).collect(),
        stream.as_bytes().chunks(7).collect(),
    ] {
        let mut world = World::default();
        let visit = world
            .send(call("gpt", true))
            .answered(&Upstream::stream(&parts));
        let text = visit.client().text();
        let data: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("data: "))
            .collect();
        let expected: Vec<&str> = stream
            .lines()
            .filter(|line| line.starts_with("data: "))
            .collect();
        assert_eq!(data, expected);
    }
}

#[rule]
fn a_key_in_a_stream_is_blacked_out() {
    let words = format!("my key is {}", KEYS[0]);
    let outcome = openai(true, &[word("a"), word(&words), stop(), usage(), done()]);
    assert!(outcome.answer.text().contains("my key is [redacted]"));
    assert!(!outcome.answer.text().contains(KEYS[0]));
    let failure = event(json!({"error": {"message": words, "code": 500}}));
    for stream in [vec![failure.clone()], vec![word("a"), failure]] {
        let outcome = openai(true, &stream);
        assert!(!outcome.answer.text().contains(KEYS[0]));
    }
    let words = format!("\"text\":\"{}", KEYS[1]);
    let outcome = claude(&anthropic(&ANTHROPIC).replace("\"text\":\" 🦀", &words));
    assert!(outcome.answer.text().contains("[redacted]"));
    assert!(!outcome.answer.text().contains(KEYS[1]));
}

#[rule]
fn an_unterminated_line_without_end_is_refused_before_it_fills_the_memory() {
    let mut world = World::default();
    let mut visit = world.send(call("gpt", true));
    visit.begin(&Upstream::stream(&[b""]));
    let megabyte = vec![b'a'; 1 << 20];
    for _ in 0..18 {
        if visit.is_answered() {
            break;
        }
        visit.chunk(&megabyte, false);
    }
    assert_eq!(visit.client().status, 502);
}

#[rule]
fn the_time_to_first_token_is_the_time_until_content() {
    let mut world = World::default();
    let mut visit = world.send(call("gpt", true));
    visit.wait(Duration::from_millis(100));
    visit.begin(&Upstream::stream(&[b""]));
    visit.wait(Duration::from_millis(20));
    visit.chunk(role().as_bytes(), false);
    visit.wait(Duration::from_millis(3));
    visit.chunk(word("a").as_bytes(), false);
    visit.wait(Duration::from_millis(1000));
    visit.chunk((stop() + &usage() + &done()).as_bytes(), true);
    visit.close();
    let ledger = visit.ledger();
    assert_eq!(ledger.observed(Histogram::TimeToFirstTokenMs), [123]);
    assert_eq!(ledger.observed(Histogram::RequestDurationMs), [1123]);
    assert_eq!(ledger.facts()["time_to_first_token_ms"], 123);
}
