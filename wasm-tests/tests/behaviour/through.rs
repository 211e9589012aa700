//! Requests in a vendor's own format: nothing of them is changed but where they go and who asks.

use core::time::Duration;

use dragoman::gateway::event::Local;
use serde_json::json;
use wasm_tests::world::{Call, Did, KEYS, Upstream, Visit, World};

use crate::rule;
use crate::scenario::{Setting, asked, attempts, key};

const JSON: &str = "application/json";

fn post(path: &str, body: &str) -> Call {
    Call::new("POST", path)
        .header("content-type", JSON)
        .header("content-length", body.len().to_string())
        .body(&[body.as_bytes()])
}

fn header<'v>(visit: &'v Visit<'_>, name: &str) -> Option<&'v str> {
    visit.provider().head.get(name)
}

#[rule]
fn any_method_and_path_reach_the_vendor_with_the_deployments_key_and_none_of_the_clients() {
    for (method, path, sent) in [
        (
            "GET",
            "/openai/v1/files?limit=2&key=mine",
            "/v1/files?limit=2",
        ),
        ("DELETE", "/openai/files/f-1", "/v1/files/f-1"),
        ("PATCH", "/openai/v1/a%20b", "/v1/a%20b"),
    ] {
        let mut world = World::default();
        let mut call = Call::new(method, path)
            .header("openai-beta", "assistants=v2")
            .header("range", "bytes=0-1");
        for name in [
            "authorization",
            "x-api-key",
            "api-key",
            "x-goog-api-key",
            "cookie",
        ] {
            call = call.header(name, "Bearer mine");
        }
        let visit = world.send(call);
        assert_eq!(visit.did, [Did::Forward], "nothing is waited for");
        assert_eq!(header(&visit, ":method"), Some(method));
        assert_eq!(header(&visit, ":path"), Some(sent));
        assert_eq!(header(&visit, ":authority"), Some("api.openai.com"));
        let bearer = format!("Bearer {}", KEYS[0]);
        assert_eq!(header(&visit, "authorization"), Some(&*bearer));
        assert_eq!(header(&visit, "openai-beta"), Some("assistants=v2"));
        assert_eq!(header(&visit, "range"), Some("bytes=0-1"));
        assert_eq!(header(&visit, "content-length"), None);
        let all = format!("{:?}", visit.provider().head.iter().collect::<Vec<_>>());
        for gone in ["x-api-key", "\"api-key", "x-goog-api-key", "cookie"] {
            assert!(!all.contains(gone), "{gone}: {all}");
        }
        let visit = visit.answered(&Upstream::status(204));
        assert_eq!(visit.client().status, 204);
        assert_eq!(visit.ledger().requests(), [("passthrough", 204)]);
        assert_eq!(visit.ledger().in_out(), (0, 0));
    }
}

#[rule]
fn each_vendors_key_goes_where_it_looks_for_it() {
    let mut world = World::default();
    let body = r#"{"model":"claude-haiku-4-5","max_tokens":1,"messages":[]}"#;
    let call = post("/anthropic/v1/messages", body)
        .header("anthropic-version", "2024-01-01")
        .header("anthropic-beta", "a,b");
    let visit = world.send(call);
    assert_eq!(header(&visit, ":path"), Some("/v1/messages"));
    assert_eq!(header(&visit, "x-api-key"), Some(KEYS[1]));
    assert_eq!(header(&visit, "authorization"), None);
    assert_eq!(header(&visit, "anthropic-version"), Some("2024-01-01"));
    assert_eq!(header(&visit, "anthropic-beta"), Some("a,b"));
    assert_eq!(visit.provider().body, body.as_bytes());
}

#[rule]
fn a_file_goes_on_as_it_comes_however_long_it_is() {
    let mut world = World::with(json!({"dragoman": {"max_body_bytes": 1024}}));
    let media = "multipart/form-data; boundary=x";
    let part = [7u8; 2000];
    let call = Call::new("POST", "/openai/v1/files")
        .header("content-type", media)
        .header("content-length", "4000")
        .body(&[&part, &part]);
    let visit = world.send(call);
    assert_eq!(visit.did, [Did::Forward]);
    assert_eq!(header(&visit, "content-type"), Some(media));
    assert_eq!(header(&visit, "content-length"), Some("4000"));
    assert_eq!(visit.provider().body, [part, part].concat());
}

#[rule]
fn a_model_of_the_vendors_stays_and_a_group_becomes_its_model() {
    for (model, sent, group) in [
        ("gpt", "gpt-4o", "gpt"),
        ("gpt-4o", "gpt-4o", "gpt"),
        ("dall-e-9", "dall-e-9", "gpt"),
        // Another vendor's group is not this one's model.
        ("claude", "claude", "gpt"),
    ] {
        let mut world = World::with(json!({"model_list": [
            {"model_name": "gpt", "litellm_params": {"model": "openai/gpt-4o", "api_key": KEYS[0]}},
            {"model_name": "claude", "litellm_params": {"model": "anthropic/claude-haiku-4-5", "api_key": KEYS[1]}},
        ]}));
        let body = format!(r#"{{ "timeout":"theirs", "model" : "{model}" }}"#);
        let visit = world.send(post("/openai/v1/any", &body));
        let expected = format!(r#"{{ "timeout":"theirs", "model" : "{sent}" }}"#);
        assert_eq!(visit.provider().body, expected.as_bytes(), "{model}");
        let length = expected.len().to_string();
        assert_eq!(header(&visit, "content-length"), Some(&*length));
        let visit = visit.answered(&Upstream::json(200, "{}"));
        assert_eq!(visit.client().header("x-litellm-model-group"), Some(group));
    }
}

#[rule]
fn an_answer_passes_as_it_comes_and_what_it_took_is_counted() {
    let usage = r#"{"prompt_tokens":1000,"completion_tokens":100}"#;
    let whole = format!(r#"{{"choices":[],"usage":{usage}}}"#);
    let stream = format!("data: {{\"x\":1}}\n\ndata: {{\"usage\":{usage}}}\n\ndata: [DONE]\n\n");
    for (media, answer) in [(JSON, whole), ("text/event-stream", stream)] {
        for size in [1, 5, 1000] {
            let mut world = World::default();
            let body = r#"{"model":"gpt-4o","messages":[]}"#;
            let mut visit = world.send(post("/openai/chat/completions", body));
            let parts: Vec<&[u8]> = answer.as_bytes().chunks(size).collect();
            let upstream = Upstream::of(200, media, &answer).body(&parts);
            visit.did.clear();
            visit.begin(&upstream);
            assert_eq!(visit.did, [Did::Release], "the head is not held");
            for (nth, part) in parts.iter().enumerate() {
                visit.chunk(part, nth + 1 == parts.len());
                assert_eq!(visit.did.last(), Some(&Did::Pass));
            }
            visit.close();
            assert_eq!(visit.client().text(), answer);
            let length = answer.len().to_string();
            assert_eq!(visit.client().header("content-length"), Some(&*length));
            let ledger = visit.ledger();
            assert_eq!(ledger.in_out(), (1000, 100), "{media} by {size}");
            assert_eq!(ledger.cost(), 2_800_000);
            assert_eq!(ledger.requests(), [("passthrough", 200)]);
        }
    }
}

#[rule]
fn a_model_other_than_the_deployments_has_its_own_price_or_none() {
    for (model, cost) in [("gpt-4o-mini", 210_000), ("unheard-of", 0)] {
        let mut world = World::default();
        let body = format!(r#"{{"model":"{model}"}}"#);
        let answer = r#"{"usage":{"prompt_tokens":1000,"completion_tokens":100}}"#;
        let visit = world
            .send(post("/openai/v1/any", &body))
            .answered(&Upstream::json(200, answer));
        assert_eq!(visit.ledger().in_out(), (1000, 100));
        assert_eq!(visit.ledger().cost(), cost, "{model}");
    }
}

#[rule]
fn a_vendors_error_passes_as_it_is_is_not_tried_again_and_rests_the_deployment() {
    let setting = Setting::pair().router(json!({"num_retries": 3, "allowed_fails": 0}));
    setting.in_both(|world| {
        let error = r#"{"odd":"shape"}"#;
        let call = post("/openai/v1/any", r#"{"model":"gpt"}"#);
        let upstream = Upstream::json(429, error).header("retry-after", "9");
        let mut visit = world.send(call.clone()).answered(&upstream);
        assert_eq!(visit.client().status, 429);
        assert_eq!(visit.client().text(), error);
        assert_eq!(visit.client().header("retry-after"), Some("9"));
        assert_eq!(visit.ledger().requests(), [("passthrough", 429)]);
        assert_eq!(attempts(&visit)[0].1, "rate_limited");
        assert_eq!(visit.providers().len(), 1);
        let first = asked(&visit)[0].to_owned();
        visit.wait(Duration::from_secs(1));
        for _ in 0..5 {
            let visit = world.send(call.clone());
            assert_ne!(asked(&visit)[0], first, "the other one is healthy");
            let _ = visit.answered(&Upstream::json(200, "{}"));
        }
    });
}

#[rule]
fn a_key_that_a_vendor_repeats_does_not_reach_the_client() {
    let call = post("/openai/v1/any", "{}");
    for status in [200, 400] {
        let mut world = World::default();
        let echo = format!(r#"{{"error":"{} is wrong"}}"#, KEYS[0]);
        let visit = world
            .send(call.clone())
            .answered(&Upstream::json(status, echo));
        assert!(!visit.client().text().contains(KEYS[0]), "{status}");
        assert!(visit.client().text().contains("is wrong"));
        let length = visit.client().body.len().to_string();
        assert_eq!(visit.client().header("content-length"), Some(&*length));
    }
}

#[rule]
fn a_vendor_without_a_deployment_and_one_that_cannot_be_reached_are_errors_of_the_gateways() {
    let mut world = World::default();
    let mut visit = world.send(Call::get("/mistral/v1/models"));
    visit.close();
    assert_eq!(visit.client().status, 404);
    assert_eq!(visit.client().json()["error"]["code"], "no_such_provider");
    let mut world = World::default();
    let visit = world.send(Call::get("/openai/v1/models"));
    let visit = visit.local(503, Local::Connect);
    assert_eq!(visit.client().status, 502);
    assert_eq!(visit.ledger().requests(), [("passthrough", 502)]);
}

#[rule]
fn the_master_key_opens_it_and_nothing_else_does() {
    let locked = json!({"general_settings": {"master_key": "the-master-key"}});
    let mut world = World::with(locked.clone());
    let mut visit = world.send(Call::get("/openai/v1/models").header("authorization", "Bearer x"));
    visit.close();
    assert_eq!(visit.client().status, 401);
    for name in ["authorization", "x-api-key", "api-key", "x-goog-api-key"] {
        let mut world = World::with(locked.clone());
        let visit = world.send(Call::get("/openai/v1/models").header(name, "the-master-key"));
        assert!(visit.is_sent(), "{name}");
    }
}

#[rule]
fn limits_of_requests_at_the_same_time_hold_for_it() {
    let setting = Setting::of(&[("gpt", &["a"])]).params("a", json!({"max_parallel_requests": 1}));
    setting.in_both(|world| {
        let body = r#"{"model":"gpt"}"#;
        let mut first = world.send(post("/openai/v1/any", body));
        let sent = first
            .provider()
            .head
            .get("authorization")
            .unwrap()
            .to_owned();
        assert_eq!(sent, format!("Bearer {}", key("a")));
        first.desert();
        drop(first);
        let mut second = world.send(post("/openai/v1/any", body));
        second.close();
        assert_eq!(second.client().status, 429);
    });
}
