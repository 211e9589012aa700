//! Clients that speak Anthropic's format: at Anthropic with their own bytes, elsewhere by way of chat.

use serde_json::{Value, json};
use wasm_tests::world::{Answer, Call, KEYS, Outcome, Upstream, World, at_every_cut};

use crate::rule;
use crate::spoken::{done, event, role, stop, usage, word};

const ANSWER: &str = r#"{ "id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","odd":1.0e0,
"content":[{"type":"text","text":"\u0068i"},{"type":"future_block","a":1}],"stop_reason":"end_turn","stop_sequence":null,
"usage":{"input_tokens":600,"cache_read_input_tokens":400,"cache_creation_input_tokens":0,"output_tokens":100} }"#;

const CHAT: &str = r#"{"id":"chatcmpl-9","object":"chat.completion","created":7,"model":"gpt-4o-x",
"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":400}}}"#;

const EVENTS: [&str; 9] = [
    r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude-haiku-4-5","stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":600,"cache_read_input_tokens":400,"output_tokens":1}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type": "ping"}"#,
    r#"{"type":"future_event","odd":1.10}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\u017elu\u0165"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" 🦀"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":100}}"#,
    r#"{"type":"message_stop"}"#,
];

/// What Claude Code sends, in small.
fn body(model: &str, more: &str) -> String {
    format!(
        r#"{{ "model":"{model}", "max_tokens":32000,"x":1.10,"system":[{{"type":"text","text":"Be terse.","cache_control":{{"type":"ephemeral"}}}}],"messages":[{{"role":"user","content":[{{"type":"text","text":"hi"}}]}}]{more}}}"#
    )
}

fn call(model: &str, more: &str) -> Call {
    Call::chat(body(model, more))
        .to("/v1/messages?beta=true")
        .header("anthropic-version", "2023-06-01")
        .header("anthropic-beta", "claude-code-20250219,future-2030-01-01")
}

fn stream(events: &[&str]) -> String {
    let framed = events.iter().map(|data| {
        let event: Value = serde_json::from_str(data).unwrap();
        format!(
            "event: {}\ndata: {data}\n\n",
            event["type"].as_str().unwrap()
        )
    });
    framed.collect()
}

fn streamed(model: &str, stream: String) -> Outcome {
    at_every_cut(
        &mut World::default(),
        &call(model, r#","stream":true"#),
        stream,
    )
}

/// The name and the data of each event.
fn told(answer: &Answer) -> Vec<(String, Value)> {
    let events = answer.text().split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once("\ndata: ").expect("a named event");
        let name = name.strip_prefix("event: ").expect("a name").to_owned();
        (name, serde_json::from_str(data).expect("JSON"))
    });
    events.collect()
}

#[rule]
fn anthropic_is_asked_in_the_clients_own_bytes() {
    let mut world = World::default();
    let visit = world.send(call("claude", r#","num_retries":0"#));
    let sent = visit.provider();
    assert_eq!(sent.head.get(":path"), Some("/v1/messages"));
    let expected = body("claude", "").replace("\"claude\"", "\"claude-haiku-4-5\"");
    assert_eq!(core::str::from_utf8(&sent.body).unwrap(), expected);
    for (name, value) in [
        ("anthropic-version", Some("2023-06-01")),
        (
            "anthropic-beta",
            Some("claude-code-20250219,future-2030-01-01"),
        ),
        ("x-api-key", Some(KEYS[1])),
        ("authorization", None),
    ] {
        assert_eq!(sent.head.get(name), value, "{name}");
    }
}

#[rule]
fn anthropics_answer_goes_out_byte_for_byte_and_is_counted() {
    let mut world = World::default();
    let visit = world
        .send(call("claude", ""))
        .answered(&Upstream::json(200, ANSWER));
    assert_eq!(visit.client().text(), ANSWER);
    assert_eq!(visit.ledger().in_out(), (1000, 100));
    assert_eq!(visit.ledger().requests(), [("messages", 200)]);
}

#[rule]
fn anthropics_stream_goes_out_byte_for_byte_and_is_counted() {
    let outcome = streamed("claude", stream(&EVENTS));
    assert_eq!(outcome.answer.text(), stream(&EVENTS));
    assert_eq!(outcome.ledger.in_out(), (1000, 100));
    assert_eq!(outcome.ledger.facts()["estimated"], false);
}

#[rule]
fn another_vendor_is_asked_in_chat_and_told_nothing_of_anthropic() {
    let mut world = World::default();
    let visit = world.send(call("gpt", ""));
    let sent = visit.provider();
    assert_eq!(sent.head.get(":path"), Some("/v1/chat/completions"));
    let sent_body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(sent_body["model"], "gpt-4o");
    assert_eq!(sent_body["messages"][0]["role"], "system");
    assert_eq!(
        sent_body["messages"][1],
        json!({"role": "user", "content": "hi"})
    );
    let fields = sent.head.iter();
    assert_eq!(
        fields
            .filter(|(name, _)| name.starts_with("anthropic"))
            .count(),
        0
    );
}

#[rule]
fn another_vendors_answer_is_told_as_a_message() {
    let mut world = World::default();
    let visit = world
        .send(call("gpt", ""))
        .answered(&Upstream::json(200, CHAT));
    let expected = json!({
        "id": "msg_9", "type": "message", "role": "assistant", "model": "gpt",
        "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 600, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 400, "output_tokens": 100},
    });
    assert_eq!(visit.client().json(), expected);
    assert_eq!(
        visit.client().header("content-type"),
        Some("application/json")
    );
    assert_eq!(visit.ledger().in_out(), (1000, 100));
}

#[rule]
fn another_vendors_stream_is_told_in_anthropics_events() {
    let words = [role(), word("žluť"), word(" 🦀"), stop(), usage(), done()];
    let outcome = streamed("gpt", words.concat());
    let events = told(&outcome.answer);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "message_start",
            "ping",
            "content_block_start",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    assert!(
        events
            .iter()
            .all(|(name, data)| data["type"] == name.as_str())
    );
    assert_eq!(events[3].1["delta"]["text"], "žluť");
    assert_eq!(events[6].1["usage"]["cache_read_input_tokens"], 400);
    assert_eq!(outcome.ledger.in_out(), (1000, 100));
}

#[rule]
fn a_complete_answer_to_a_stream_request_is_told_in_events() {
    let mut world = World::default();
    let visit = world
        .send(call("gpt", r#","stream":true"#))
        .answered(&Upstream::json(200, CHAT));
    let events = told(visit.client());
    assert_eq!(events[0].0, "message_start");
    assert_eq!(events.last().unwrap().0, "message_stop");
}

#[rule]
fn errors_have_anthropics_shape() {
    for (call, upstream, status, kind) in [
        (call("nobody", ""), None, 404, "not_found_error"),
        (
            Call::chat("{}").to("/v1/messages"),
            None,
            400,
            "invalid_request_error",
        ),
        (
            Call::get("/v1/messages"),
            None,
            405,
            "invalid_request_error",
        ),
        (
            call("gpt", ""),
            Some(Upstream::json(
                429,
                r#"{"error":{"message":"slow down","type":"requests"}}"#,
            )),
            429,
            "rate_limit_error",
        ),
        (
            call("claude", ""),
            Some(Upstream::json(
                529,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            )),
            503,
            "overloaded_error",
        ),
    ] {
        let mut world = World::default();
        let visit = world.send(call);
        let visit = match upstream {
            Some(upstream) => visit.answered(&upstream),
            None => visit,
        };
        let answer = visit.client();
        assert_eq!(
            (answer.status, &answer.json()["type"]),
            (status, &json!("error"))
        );
        assert_eq!(answer.json()["error"]["type"], kind);
    }
}

#[rule]
fn a_prompt_that_is_too_long_says_so_as_anthropic_does() {
    let refusal = r#"{"error":{"message":"maximum context length is 8192 tokens","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
    let mut world = World::default();
    let visit = world
        .send(call("gpt", ""))
        .answered(&Upstream::json(400, refusal));
    let said = visit.client().json()["error"]["message"].clone();
    assert!(
        said.as_str().unwrap().starts_with("prompt is too long"),
        "{said}"
    );
}

#[rule]
fn a_stream_that_fails_ends_with_an_error_event_and_no_clean_end() {
    let overloaded =
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let ours = [
        role(),
        word("a"),
        event(r#"{"error":{"message":"Overloaded","code":"overloaded"}}"#),
    ];
    let theirs = [&EVENTS[..6], &[overloaded]].concat();
    for outcome in [
        streamed("claude", stream(&theirs)),
        streamed("gpt", ours.concat()),
    ] {
        let events = told(&outcome.answer);
        let (name, last) = events.last().unwrap();
        assert_eq!(name, "error");
        assert_eq!(last["error"]["type"], "overloaded_error");
        assert!(events.iter().all(|(name, _)| name != "message_stop"));
    }
}

#[rule]
fn a_stream_that_is_cut_short_ends_with_an_error_event() {
    for outcome in [
        streamed("claude", stream(&EVENTS[..6])),
        streamed("gpt", [role(), word("a")].concat()),
    ] {
        assert_eq!(told(&outcome.answer).last().unwrap().0, "error");
    }
}

#[rule]
fn tokens_are_counted_by_anthropic_or_guessed() {
    let count = |model: &str| Call::chat(body(model, "")).to("/v1/messages/count_tokens?beta=true");
    let mut world = World::default();
    let visit = world.send(count("claude"));
    assert_eq!(
        visit.provider().head.get(":path"),
        Some("/v1/messages/count_tokens")
    );
    let visit = visit.answered(&Upstream::json(200, r#"{"input_tokens":17}"#));
    assert_eq!(visit.client().text(), r#"{"input_tokens":17}"#);
    let mut world = World::default();
    let visit = world.send(count("gpt"));
    assert!(!visit.is_sent());
    assert!(visit.client().json()["input_tokens"].as_u64().unwrap() > 5);
}

#[rule]
fn models_are_listed_in_the_shape_of_the_client() {
    let mut world = World::default();
    let anthropic = |path: &str| Call::get(path).header("anthropic-version", "2023-06-01");
    let list = world.send(anthropic("/v1/models?limit=2")).client().json();
    assert_eq!(list["data"][0]["type"], "model");
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(list["has_more"], true);
    let one = world.send(anthropic("/v1/models/gpt")).client().json();
    assert_eq!((&one["type"], &one["id"]), (&json!("model"), &json!("gpt")));
    let none = world.send(anthropic("/v1/models/nobody")).client().json();
    assert_eq!(none["error"]["type"], "not_found_error");
    let openai = world.send(Call::get("/v1/models")).client().json();
    assert_eq!(openai["object"], "list");
}

#[rule]
fn the_key_is_taken_from_either_header_and_reaches_no_vendor() {
    for (name, value) in [
        ("x-api-key", "the-master-key"),
        ("authorization", "Bearer the-master-key"),
    ] {
        let mut world = World::with(json!({"general_settings": {"master_key": "the-master-key"}}));
        let visit = world.send(call("claude", "").header(name, value));
        let mut values = visit.provider().head.iter().map(|(_, value)| value);
        assert!(!values.any(|value| value.ends_with(b"the-master-key")));
        drop(values);
        drop(visit);
        let refused = world.send(call("claude", "").header(name, "another"));
        assert_eq!(
            refused.client().json()["error"]["type"],
            "authentication_error"
        );
    }
}
