//! Whole exchanges with clients and providers that send anything.

use std::cell::RefCell;

use dragoman::wire::sse::Decoder;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::strategy::{BoxedStrategy, Just, Strategy};
use serde_json::{Value, json};
use wasm_tests::golden;
use wasm_tests::world::{Answer, Call, Upstream, Visit, World};

use crate::always;
use crate::mutate::{bytes, cuts, harmed, parts, twisted};

/// Requests that providers are known to be asked.
fn requests() -> Vec<Value> {
    let fixtures = golden::texts(".request.json").into_iter();
    let mut requests: Vec<Value> = fixtures
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .filter_map(|fixture| fixture.get("request").cloned())
        .collect();
    requests.push(
        json!({"model": "gpt", "messages": [{"role": "user", "content": "hi"}], "stream": true}),
    );
    requests
}

pub fn for_model(mut request: Value, model: &str) -> Value {
    if let Value::Object(members) = &mut request {
        members.insert("model".to_owned(), model.into());
    }
    request
}

fn models() -> BoxedStrategy<&'static str> {
    proptest::sample::select(vec!["gpt", "claude", "mock"]).boxed()
}

/// What must be true of an exchange that is over.
fn is_settled(visit: &Visit<'_>) {
    let ledger = visit.ledger();
    assert_eq!(ledger.requests().len(), 1, "an exchange is counted once");
    let _ = ledger.facts();
}

/// Answers a request that was sent on, ends the exchange and returns what the client got. The world itself stops the test
/// when a client is answered twice or bytes go before their head.
pub fn finish(visit: Visit<'_>, upstream: &Upstream) -> Answer {
    let mut visit = visit;
    let visit = if visit.is_sent() {
        visit.answered(upstream)
    } else {
        visit.close();
        visit
    };
    is_settled(&visit);
    visit.client().clone()
}

pub fn plain() -> Upstream {
    Upstream::json(
        200,
        r#"{"id":"1","choices":[{"message":{"content":"x"}}],"type":"message","role":"assistant","content":[],"model":"m"}"#,
    )
}

#[test]
fn any_bytes_are_answered_as_a_request() {
    let world = RefCell::new(World::default());
    let texts = requests()
        .into_iter()
        .flat_map(|request| {
            ["gpt", "claude"].map(|model| for_model(request.clone(), model).to_string())
        })
        .collect();
    let values = (prop_oneof![1 => bytes(), 3 => harmed(texts, 4)], cuts());
    always(1500, values, |(body, cuts)| {
        let world = &mut *world.borrow_mut();
        world.forget();
        let visit = world.send(Call::chat(&body).body(&parts(&body, &cuts)));
        finish(visit, &plain());
    });
}

#[test]
fn any_json_is_answered_as_a_request() {
    let world = RefCell::new(World::default());
    let values = (twisted(requests(), 4), models());
    always(3000, values, |(request, model)| {
        let world = &mut *world.borrow_mut();
        world.forget();
        let body = for_model(request, model).to_string();
        let visit = world.ask(&body);
        if visit.is_sent() {
            let sent = &visit.provider().body;
            assert!(serde_json::from_slice::<&serde_json::value::RawValue>(sent).is_ok());
        }
        finish(visit, &plain());
    });
}

/// Streams that are right for one provider and wrong for the other.
fn streams() -> Vec<String> {
    let mut streams: Vec<String> = golden::texts(".sse")
        .into_iter()
        .map(str::to_owned)
        .collect();
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": "1", "object": "chat.completion.chunk", "created": 7, "model": "m", "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    let openai = [
        chunk(delta(json!({"role": "assistant"}), Value::Null), Value::Null),
        chunk(delta(json!({"content": "žluť 🦀"}), Value::Null), Value::Null),
        chunk(delta(json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}), Value::Null), Value::Null),
        chunk(delta(json!({}), json!("stop")), Value::Null),
        chunk(json!([]), json!({"prompt_tokens": 3, "completion_tokens": 2})),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    // As often as the other provider's, of which there are many.
    streams.extend(core::iter::repeat_n(openai, streams.len()));
    streams
}

/// A stream with some values of its events replaced.
fn twisted_stream() -> BoxedStrategy<Vec<u8>> {
    let events: Vec<Value> = streams()
        .iter()
        .map(|stream| {
            let data = stream
                .lines()
                .filter_map(|line| line.strip_prefix("data: "));
            data.map(|data| serde_json::from_str::<Value>(data).unwrap_or_else(|_| data.into()))
                .collect()
        })
        .collect();
    let framed = |event: &Value| match event {
        Value::String(text) => format!("data: {text}\n\n"),
        other => format!(
            "event: {}\ndata: {other}\n\n",
            other["type"].as_str().unwrap_or("x")
        ),
    };
    twisted(events, 4)
        .prop_map(move |events| {
            let events = events.as_array().cloned().unwrap_or_default();
            events.iter().map(framed).collect::<String>().into_bytes()
        })
        .boxed()
}

pub fn any_stream() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![1 => bytes(), 3 => harmed(streams(), 4), 3 => twisted_stream()].boxed()
}

fn asking(model: &str, include_usage: bool) -> Call {
    Call::chat(
        json!({"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": true,
               "stream_options": {"include_usage": include_usage}})
        .to_string(),
    )
}

/// The data of every event: comments and the spelling of fields mean nothing to a client.
pub fn data(answer: &Answer) -> Vec<Vec<u8>> {
    let mut data = Vec::new();
    let mut decoder = Decoder::new(1 << 24);
    let pushed = decoder.push(&answer.body, |event| data.push(event.data.to_vec()));
    pushed.expect("no event is that long");
    assert!(
        answer.status != 200 || !decoder.holds_bytes(),
        "a stream ends with a blank line"
    );
    data
}

#[test]
fn any_stream_ends_once_and_does_not_depend_on_where_it_is_cut() {
    let world = RefCell::new(World::default());
    let values = (any_stream(), cuts(), any::<bool>(), any::<bool>());
    always(2000, values, |(stream, cuts, openai, include_usage)| {
        let world = &mut *world.borrow_mut();
        let call = asking(if openai { "gpt" } else { "claude" }, include_usage);
        let mut answer = |parts: &[&[u8]]| {
            world.forget();
            let visit = world.send(call.clone());
            finish(visit, &Upstream::stream(parts))
        };
        let whole = answer(&[&stream]);
        let cut = answer(&parts(&stream, &cuts));
        assert_eq!((whole.status, data(&whole)), (cut.status, data(&cut)));
        if whole.status == 200 {
            let data = data(&whole);
            let ends =
                |data: &Vec<u8>| data.starts_with(b"[DONE]") || data.starts_with(b"{\"error\":");
            assert!(
                data.last().is_some_and(ends),
                "{}",
                whole.body.escape_ascii()
            );
            assert_eq!(
                data.iter()
                    .filter(|data| data.starts_with(b"[DONE]"))
                    .count()
                    + usize::from(!data.last().unwrap().starts_with(b"[DONE]")),
                1
            );
        } else {
            assert!(whole.json()["error"]["message"].is_string());
        }
    });
}

#[test]
fn a_client_may_leave_any_stream_anywhere() {
    let world = RefCell::new(World::default());
    let values = (
        any_stream(),
        cuts(),
        any::<bool>(),
        any::<u8>(),
        option::of(400u16..600),
    );
    always(1000, values, |(stream, cuts, openai, stop, status)| {
        let world = &mut *world.borrow_mut();
        world.forget();
        let mut visit = world.send(asking(if openai { "gpt" } else { "claude" }, true));
        visit.begin(&Upstream::stream(&[b""]));
        for part in parts(&stream, &cuts).iter().take(usize::from(stop) % 12) {
            visit.chunk(part, false);
        }
        visit.end(status, "left");
        is_settled(&visit);
    });
}

#[test]
fn any_whole_answer_is_answered() {
    let world = RefCell::new(World::default());
    let answers: Vec<Value> = golden::texts(".answer.json")
        .into_iter()
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .filter_map(|fixture| fixture.get("response").cloned())
        .chain([json!({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "service_tier": "flex",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "x", "tool_calls": [{"id": "c", "type": "function",
                "function": {"name": "f", "arguments": "{}"}}]}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}})])
        .collect();
    let texts = answers.iter().map(Value::to_string).collect();
    let body = prop_oneof![
        1 => bytes(), 2 => harmed(texts, 3), 4 => twisted(answers, 4).prop_map(|answer| answer.to_string().into_bytes()),
    ];
    let values = (body, models(), any::<bool>(), 100u16..700);
    always(2000, values, |(body, model, stream, status)| {
        let status = if status < 400 { 200 } else { status };
        let world = &mut *world.borrow_mut();
        world.forget();
        let ask = json!({"model": model, "messages": [], "stream": stream}).to_string();
        let visit = world.ask(&ask.replace("[]", "[{\"role\":\"user\",\"content\":\"hi\"}]"));
        let answer = finish(visit, &Upstream::json(status, body));
        if answer.status != 200 {
            assert!(answer.json()["error"]["message"].is_string());
        }
    });
}

/// Header fields of any name and value, some of which mean something.
fn fields() -> BoxedStrategy<Vec<(String, Vec<u8>)>> {
    let name = prop_oneof![
        proptest::sample::select(vec![
            ":method",
            ":path",
            ":status",
            ":authority",
            "content-length",
            "content-type",
            "content-encoding",
            "authorization",
            "x-api-key",
            "x-dragoman-cluster",
            "retry-after",
            "x-request-id",
            "x-ratelimit-x",
            "set-cookie",
            "x-litellm-y",
        ])
        .prop_map(str::to_owned),
        "[a-z-]{0,12}",
    ];
    let value = prop_oneof![
        proptest::sample::select(vec![
            "POST",
            "GET",
            "/v1/chat/completions",
            "/v1/models/x",
            "/openai/deployments/%ff/chat/completions",
            "200",
            "429",
            "text/event-stream",
            "application/json",
            "text/html",
            "gzip",
            "identity",
            "Bearer x",
            "-1",
            "99999999999999999999",
        ])
        .prop_map(|value| value.as_bytes().to_vec()),
        vec(any::<u8>(), 0..20),
    ];
    vec((name, value), 0..10).boxed()
}

#[test]
fn any_heads_are_answered() {
    let world = RefCell::new(World::with(
        json!({"general_settings": {"master_key": "x"}}),
    ));
    let paths = prop_oneof![
        Just("/v1/chat/completions".to_owned()),
        Just("/v1/models".to_owned()),
        "/[ -~]{0,20}",
        any::<String>(),
    ];
    let values = (fields(), fields(), paths, 0u16..1000, bytes());
    always(2000, values, |(asked, answered, path, status, body)| {
        let world = &mut *world.borrow_mut();
        world.forget();
        let mut call = Call::chat(r#"{"model":"gpt","messages":[]}"#)
            .to(&path)
            .header("api-key", "x");
        for (name, value) in asked.iter().filter(|(name, _)| !name.starts_with(':')) {
            call = call.header(name, value);
        }
        let mut visit = world.send(call);
        if !visit.exchange().is_ours() {
            visit.close();
            return;
        }
        if visit.is_sent() {
            assert_eq!(
                visit
                    .provider()
                    .head
                    .iter()
                    .filter(|(name, _)| *name == "x-dragoman-cluster")
                    .count(),
                1
            );
        }
        let mut upstream = Upstream::status(status).body(&[&body]);
        for (name, value) in answered.iter().filter(|(name, _)| !name.starts_with(':')) {
            upstream = upstream.header(name, value);
        }
        finish(visit, &upstream);
    });
}
