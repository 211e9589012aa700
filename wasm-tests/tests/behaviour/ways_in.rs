//! Clients that speak OpenAI's responses, Gemini's contents or legacy completions, whoever answers.

use serde_json::{Value, json};
use wasm_tests::world::{Answer, Call, KEYS, Outcome, Upstream, World, at_every_cut};

use crate::rule;
use crate::spoken::{done, event, role, stop, usage, word};

const CHAT: &str = r#"{"id":"chatcmpl-9","object":"chat.completion","created":7,"model":"gpt-4o-x",
"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
"usage":{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"prompt_tokens_details":{"cached_tokens":400}}}"#;

const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001",
"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,
"usage":{"input_tokens":600,"cache_read_input_tokens":400,"cache_creation_input_tokens":0,"output_tokens":100}}"#;

/// A way to ask: the path, the path for a stream, and the body.
struct Way {
    path: &'static str,
    stream: &'static str,
    body: fn(&str) -> Value,
    name: &'static str,
}

const WAYS: [Way; 3] = [
    Way {
        path: "/v1/responses",
        stream: "/v1/responses",
        body: |model| json!({"model": model, "input": "hello"}),
        name: "responses",
    },
    Way {
        path: "/v1beta/models/MODEL:generateContent",
        stream: "/v1beta/models/MODEL:streamGenerateContent?alt=sse",
        body: |_| json!({"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}),
        name: "gemini",
    },
    Way {
        path: "/v1/completions",
        stream: "/v1/completions",
        body: |model| json!({"model": model, "prompt": "hello"}),
        name: "completions",
    },
];

impl Way {
    fn ask(&self, model: &str) -> Call {
        Call::chat((self.body)(model).to_string()).to(&self.path.replace("MODEL", model))
    }

    fn ask_stream(&self, model: &str) -> Call {
        let mut body = (self.body)(model);
        if self.path == self.stream {
            body["stream"] = true.into();
        }
        Call::chat(body.to_string()).to(&self.stream.replace("MODEL", model))
    }
}

/// A vendor that speaks OpenAI's chat and nothing else of OpenAI's, and Anthropic.
fn our_world() -> World {
    let entry = |name: &str, model: &str, key: &str| {
        json!({"model_name": name, "litellm_params": {"model": model, "api_key": key,
            "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6, "cache_read_input_token_cost": 5e-7}})
    };
    World::with(json!({"model_list": [
        entry("gpt", "cerebras/gpt-4o", KEYS[0]),
        entry("claude", "anthropic/claude-haiku-4-5", KEYS[1]),
    ]}))
}

/// What is said in an answer, whatever its format.
fn said(answer: &Value) -> &Value {
    [
        "/output/0/content/0/text",
        "/candidates/0/content/parts/0/text",
        "/choices/0/text",
    ]
    .iter()
    .find_map(|place| answer.pointer(place))
    .expect("an answer says something")
}

/// The data of each event.
fn told(answer: &Answer) -> Vec<Value> {
    let events = answer.text().split_terminator("\n\n").map(|event| {
        let (_, data) = event.split_once("data: ").expect("an event has data");
        serde_json::from_str(data).unwrap_or_else(|_| data.into())
    });
    events.collect()
}

fn streamed(way: &Way, words: &[String]) -> Outcome {
    at_every_cut(&mut our_world(), &way.ask_stream("gpt"), words.concat())
}

#[rule]
fn every_vendor_is_asked_in_its_own_words() {
    for way in &WAYS {
        for (model, path, theirs) in [
            ("gpt", "/v1/chat/completions", "gpt-4o"),
            ("claude", "/v1/messages", "claude-haiku-4-5"),
        ] {
            let mut world = our_world();
            let visit = world.send(way.ask(model));
            let sent = visit.provider();
            assert_eq!(sent.head.get(":path"), Some(path), "{}", way.name);
            let body: Value = serde_json::from_slice(&sent.body).unwrap();
            assert_eq!(body["model"], theirs, "{}", way.name);
            assert_eq!(body["messages"][0]["role"], "user", "{}", way.name);
        }
    }
}

#[rule]
fn every_vendors_answer_is_told_in_the_clients_words_and_counted() {
    for way in &WAYS {
        for (model, answer) in [("gpt", CHAT), ("claude", MESSAGE)] {
            let mut world = our_world();
            let upstream = Upstream::json(200, answer);
            let visit = world.send(way.ask(model)).answered(&upstream);
            assert_eq!(
                said(&visit.client().json()),
                "hi",
                "{} of {model}",
                way.name
            );
            let media = visit.client().header("content-type");
            assert_eq!(media, Some("application/json"), "{}", way.name);
            assert_eq!(
                visit.ledger().in_out(),
                (1000, 100),
                "{} of {model}",
                way.name
            );
            assert_eq!(visit.ledger().requests(), [(way.name, 200)]);
        }
    }
}

#[rule]
fn a_stream_is_told_in_the_clients_events_and_counted_wherever_it_is_cut() {
    for (way, count, last) in [
        (&WAYS[0], 10, json!("response.completed")),
        (&WAYS[1], 3, json!("STOP")),
        (&WAYS[2], 4, json!("[DONE]")),
    ] {
        let words = [role(), word("žluť"), word(" 🦀"), stop(), usage(), done()];
        let outcome = streamed(way, &words);
        let events = told(&outcome.answer);
        assert_eq!(events.len(), count, "{}: {events:?}", way.name);
        let end = events.last().unwrap();
        let reason = end.pointer("/candidates/0/finishReason");
        assert_eq!(*reason.or(end.get("type")).unwrap_or(end), last);
        assert!(outcome.answer.text().contains("žluť"), "{}", way.name);
        assert_eq!(outcome.ledger.in_out(), (1000, 100), "{}", way.name);
        assert_eq!(outcome.ledger.facts()["estimated"], false);
    }
}

#[rule]
fn a_complete_answer_to_a_stream_request_is_told_in_events() {
    for way in &WAYS {
        let mut world = our_world();
        let upstream = Upstream::json(200, CHAT);
        let visit = world.send(way.ask_stream("gpt")).answered(&upstream);
        let media = visit.client().header("content-type").unwrap();
        assert!(
            media.starts_with("text/event-stream"),
            "{}: {media}",
            way.name
        );
        assert!(told(visit.client()).len() >= 2, "{}", way.name);
    }
}

#[rule]
fn a_stream_that_breaks_off_ends_with_an_error_in_the_clients_words() {
    let down = event(json!({"error": {"message": "down", "code": 503}}));
    for (way, place) in [
        (&WAYS[0], "/response/error/message"),
        (&WAYS[1], "/error/message"),
        (&WAYS[2], "/error/message"),
    ] {
        let mut world = our_world();
        let mut visit = world.send(way.ask_stream("gpt"));
        visit.begin(&Upstream::stream(&[b""]));
        for part in [role(), word("one"), down.clone()] {
            visit.chunk(part.as_bytes(), false);
        }
        visit.close();
        let events = told(visit.client());
        let end = events.last().unwrap();
        assert_eq!(
            end.pointer(place),
            Some(&json!("down")),
            "{}: {end}",
            way.name
        );
        assert!(!visit.client().text().contains("[DONE]"));
        let numbers = events
            .iter()
            .filter_map(|event| event["sequence_number"].as_u64());
        assert!(
            numbers.eq(0..if way.name == "responses" { 7 } else { 0 }),
            "{}",
            way.name
        );
    }
}

#[rule]
fn errors_are_told_in_the_clients_words() {
    for way in &WAYS {
        let mut world = our_world();
        let visit = world.send(way.ask("nobody"));
        assert_eq!(visit.client().status, 404);
        let error = visit.client().json()["error"].clone();
        match way.name {
            "gemini" => assert_eq!(
                (&error["code"], &error["status"]),
                (&json!(404), &json!("NOT_FOUND"))
            ),
            _ => assert_eq!(error["code"], "model_not_found"),
        }
    }
}

#[rule]
fn what_only_one_vendor_can_do_is_refused_before_anybody_is_asked() {
    for (path, body, param) in [
        (
            "/v1/completions",
            json!({"model": "claude", "prompt": ["a", "b"]}),
            "prompt",
        ),
        (
            "/v1/responses",
            json!({"model": "claude", "input": "x", "previous_response_id": "resp_1"}),
            "previous_response_id",
        ),
    ] {
        let mut world = our_world();
        let visit = world.send(Call::chat(body.to_string()).to(path));
        assert_eq!(visit.client().status, 400, "{path}");
        assert_eq!(visit.client().json()["error"]["param"], param);
        assert!(visit.providers().is_empty());
    }
}

#[rule]
fn a_stream_of_geminis_is_one_array_unless_events_are_asked_for() {
    let path = "/v1beta/models/gpt:streamGenerateContent";
    let body = (WAYS[1].body)("gpt").to_string();
    let mut world = our_world();
    let mut visit = world.send(Call::chat(&body).to(path));
    visit.begin(&Upstream::stream(&[b""]));
    for part in [role(), word("one"), word("two"), stop(), usage()] {
        visit.chunk(part.as_bytes(), false);
    }
    visit.chunk(done().as_bytes(), true);
    let media = visit.client().header("content-type");
    assert_eq!(media, Some("application/json; charset=UTF-8"));
    let frames = visit.client().json();
    let texts: Vec<_> = frames.as_array().unwrap().iter().map(said).collect();
    assert_eq!(texts, ["one", "two", ""]);

    let mut world = our_world();
    let mut visit = world.send(Call::chat(&body).to(path));
    visit.begin(&Upstream::stream(&[b""]));
    visit.chunk([role(), word("one")].concat().as_bytes(), false);
    visit.chunk(
        event(json!({"error": {"message": "down", "code": 503}})).as_bytes(),
        true,
    );
    let frames = visit.client().json();
    assert_eq!(frames[1]["error"]["status"], "UNAVAILABLE");
}

#[rule]
fn tokens_of_contents_are_guessed_where_the_vendor_does_not_count() {
    let mut world = our_world();
    let call = Call::chat((WAYS[1].body)("").to_string()).to("/v1beta/models/gpt:countTokens");
    let visit = world.send(call);
    assert!(visit.client().json()["totalTokens"].as_u64().unwrap() > 5);
    assert!(visit.providers().is_empty());
}
