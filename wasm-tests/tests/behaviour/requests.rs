//! What providers are sent, and which requests never get that far.

use serde_json::{Value, json};
use wasm_tests::world::{Call, Did, KEYS, World};

use crate::rule;

const PLAIN: &str = r#"{"model":"gpt","messages":[{"role":"user","content":"hi"}]}"#;

fn names(head: &dragoman::value::head::Head) -> Vec<&str> {
    let mut names: Vec<&str> = head.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

#[rule]
fn a_provider_is_sent_listed_header_fields_and_its_own_credential_only() {
    let mut call = Call::chat(PLAIN);
    for (name, value) in [
        ("authorization", "Bearer clients-own"),
        ("x-api-key", "clients-own"),
        ("api-key", "clients-own"),
        ("cookie", "session=clients-own"),
        ("proxy-authorization", "Basic clients-own"),
        ("x-forwarded-for", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1"),
        ("x-envoy-upstream-rq-timeout-ms", "1"),
        ("x-envoy-original-path", "/x"),
        ("x-dragoman-cluster", "chosen_by_client"),
        ("openai-organization", "clients-org"),
        ("accept-encoding", "gzip"),
        ("connection", "keep-alive"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("x-stainless-lang", "python"),
        ("user-agent", "client/1"),
        ("accept", "application/json"),
        ("traceparent", "00-a-b-01"),
    ] {
        call = call.header(name, value);
    }
    let mut world = World::default();
    let sent = world.send(call).provider().clone();
    assert_eq!(
        names(&sent.head),
        [
            ":authority",
            ":method",
            ":path",
            ":scheme",
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "traceparent",
            "user-agent",
            "x-dragoman-cluster",
            "x-forwarded-proto",
            "x-request-id",
        ]
    );
    let cluster = &world.plan().deployments[0].endpoint.cluster;
    for (name, value) in [
        (":authority", "api.openai.com"),
        (":method", "POST"),
        (":path", "/v1/chat/completions"),
        (":scheme", "https"),
        ("authorization", &format!("Bearer {}", KEYS[0])),
        ("content-length", &sent.body.len().to_string()),
        ("x-dragoman-cluster", cluster),
    ] {
        assert_eq!(sent.head.get(name), Some(value), "{name}");
    }
}

#[rule]
fn each_provider_is_sent_its_own_credential_in_its_own_header() {
    let mut world = World::default();
    let body = PLAIN.replace("gpt", "claude");
    let visit = world.ask(&body);
    let head = &visit.provider().head;
    assert_eq!(head.get("x-api-key"), Some(KEYS[1]));
    assert_eq!(head.get("authorization"), None);
    assert_eq!(head.get(":authority"), Some("api.anthropic.com"));
    assert_eq!(head.get(":path"), Some("/v1/messages"));
    assert!(head.get("anthropic-version").is_some());
}

#[rule]
fn extra_headers_of_a_deployment_are_sent_and_cannot_choose_the_cluster() {
    let mut world = World::of(
        json!({"model_list": [{"model_name": "gpt", "litellm_params": {
            "model": "openai/gpt-4o", "api_key": "k-1234", "extra_headers": {"X-Team": "blue"},
        }}]}),
    );
    let visit = world.send(Call::chat(PLAIN).header("x-team", "red"));
    assert_eq!(visit.provider().head.get("x-team"), Some("blue"));
}

#[rule]
fn of_a_body_only_what_must_change_is_changed() {
    let body = "{ \"messages\" : [{\"role\":\"user\",\"content\":\"\\u017elu\u{165} \\ud83d\"}],\n \"model\":\"gpt\",\"temperature\":1.0e0, \"seed\":12345678901234567890123, \"unknown\":{\"b\":1,\"a\":2} }";
    let mut world = World::default();
    let visit = world.ask(body);
    let sent = String::from_utf8(visit.provider().body.clone()).unwrap();
    assert_eq!(sent, body.replace("\"gpt\"", "\"gpt-4o\""));
}

#[rule]
fn a_body_that_needs_no_change_is_left_where_it_is() {
    let mut world = World::of(json!({"model_list": [
        {"model_name": "gpt-4o", "litellm_params": {"model": "openai/gpt-4o", "api_key": "k-1234"}},
    ]}));
    let body = PLAIN.replace("gpt", "gpt-4o");
    let visit = world.ask(&body);
    assert_eq!(visit.provider().body, body.as_bytes());
    assert_eq!(
        visit.provider().head.get("content-length"),
        Some(body.len().to_string().as_str())
    );
}

#[rule]
fn usage_is_asked_for_on_streams_that_do_not_ask() {
    let mut world = World::default();
    let visit = world.ask(&PLAIN.replacen('{', "{\"stream\":true,", 1));
    let sent: Value = serde_json::from_slice(&visit.provider().body).unwrap();
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
}

#[rule]
fn a_body_may_come_in_any_parts_and_end_with_an_empty_one() {
    let mut world = World::default();
    let whole = world.ask(PLAIN).provider().clone();
    for cut in 0..=PLAIN.len() {
        world.forget();
        let (head, tail) = PLAIN.as_bytes().split_at(cut);
        let visit = world.send(Call::chat(PLAIN).body(&[head, tail, b""]));
        assert_eq!(*visit.provider(), whole, "cut at {cut}");
    }
}

fn small() -> World {
    World::with(json!({"dragoman": {"max_body_bytes": PLAIN.len()}}))
}

#[rule]
fn a_body_as_long_as_the_limit_is_taken() {
    assert!(small().ask(PLAIN).is_sent());
}

#[rule]
fn a_body_beyond_the_limit_is_refused_as_soon_as_that_is_known() {
    let long = format!("{PLAIN} ");
    let announced = Call::chat(&long);
    let growing =
        announced
            .clone()
            .without("content-length")
            .body(&[PLAIN.as_bytes(), b" ", b"never read"]);
    let at_the_end = announced.clone().without("content-length");
    for (call, steps) in [(announced, 1), (growing, 3), (at_the_end, 2)] {
        let mut world = small();
        let visit = world.send(call);
        assert_eq!(visit.did.len(), steps, "{:?}", visit.did);
        assert_eq!(visit.did.last(), Some(&Did::Respond));
        assert_eq!(visit.client().status, 413);
        assert_eq!(
            visit.client().json()["error"]["code"],
            "request_too_large",
            "{}",
            visit.client().text()
        );
        assert!(!visit.is_sent());
    }
}

#[rule]
fn an_unknown_model_is_404_and_tells_nothing_of_the_others() {
    let mut world = World::default();
    let mut visit = world.ask(&PLAIN.replace("gpt", "gpt-5"));
    visit.close();
    let answer = visit.client();
    assert_eq!(answer.status, 404);
    let error = &answer.json()["error"];
    assert_eq!(
        (&error["code"], &error["param"], &error["type"]),
        (
            &json!("model_not_found"),
            &json!("model"),
            &json!("invalid_request_error")
        )
    );
    assert!(!answer.text().contains("claude"));
    assert_eq!(visit.ledger().requests(), [("chat", 404)]);
}

#[rule]
fn a_body_that_is_no_chat_request_is_400_in_openais_words() {
    let deep = format!(
        r#"{{"model":"gpt","messages":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    let bodies: [&[u8]; 17] = [
        b"",
        b" ",
        b"{",
        b"[]",
        b"null",
        b"\"gpt\"",
        b"{}",
        b"{\"model\":\"gpt\"}",
        b"{\"messages\":[]}",
        b"{\"model\":7,\"messages\":[]}",
        b"{\"model\":\"gpt\",\"messages\":{}}",
        b"{\"model\":\"gpt\",\"messages\":[],\"stream\":1}",
        b"{\"model\":\"gpt\",\"messages\":[]}x",
        b"{\"model\":\"gpt\",\"messages\":[\"\xff\"]}",
        b"\xef\xbb\xbf{\"model\":\"gpt\",\"messages\":[]}",
        b"{\"model\":\"gpt\",\"messages\":[],\"n\":01}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(body);
        let mut world = World::default();
        let mut visit = world.send(Call::chat(body));
        visit.close();
        let answer = visit.client();
        assert_eq!(answer.status, 400, "{shown}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let error = &answer.json()["error"];
        assert_eq!(error["type"], "invalid_request_error", "{shown}");
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert_eq!(visit.ledger().requests(), [("chat", 400)]);
    }
}

#[rule]
fn a_chat_request_without_a_body_is_400() {
    let mut world = World::default();
    let visit = world.send(Call::new("POST", "/v1/chat/completions"));
    assert_eq!(visit.client().status, 400);
}

#[rule]
fn odd_but_valid_bodies_are_sent_on() {
    for odd in [
        r#"{"model":"x","model":"gpt","messages":[]}"#,
        r#"{"model":"gpt","messages":["\ud83d"]}"#,
        r#"{"model":"gpt","messages":[],"n":1e999999}"#,
        r#"{"mod\u0065l":"g\u0070t","messages":[]}"#,
    ] {
        for model in ["gpt", "mock"] {
            let mut world = World::default();
            let body = odd.replace("\"gpt\"", &format!("\"{model}\""));
            let visit = world.ask(&body);
            assert!(
                visit.is_sent() || visit.client().status == 200,
                "{odd}: {:?}",
                visit.did
            );
        }
    }
}

#[rule]
fn the_model_in_an_azure_path_counts_before_the_bodys() {
    let mut world = World::default();
    let call = Call::chat(PLAIN).to("/openai/deployments/claude/chat/completions?api-version=1");
    let visit = world.send(call);
    assert_eq!(
        visit.provider().head.get(":authority"),
        Some("api.anthropic.com")
    );
}

#[rule]
fn an_alias_leads_to_its_group_hidden_or_not() {
    let mut world = World::with(json!({"router_settings": {"model_group_alias": {
        "gpt-4": "gpt", "unseen": {"model": "gpt", "hidden": true},
    }}}));
    for name in ["gpt-4", "unseen"] {
        let visit = world.ask(&PLAIN.replace("gpt", name));
        let body = String::from_utf8(visit.provider().body.clone()).unwrap();
        assert!(body.contains("\"gpt-4o\""), "{body}");
    }
}

#[rule]
fn deployments_are_picked_by_weight() {
    let deployment = |base: &str, weight: u32| {
        json!({"model_name": "gpt", "litellm_params": {
            "model": "openai/gpt-4o", "api_base": base, "api_key": "k-1234", "weight": weight,
        }})
    };
    let mut world = World::of(json!({"model_list": [
        deployment("http://one.example/v1", 1), deployment("http://two.example/v1", 2),
        deployment("http://none.example/v1", 0),
    ]}));
    let mut one = 0;
    for _ in 0..3000 {
        let visit = world.ask(PLAIN);
        match visit.provider().head.get(":authority") {
            Some("one.example") => one += 1,
            Some("two.example") => {}
            other => panic!("{other:?} was picked"),
        }
    }
    assert!((900..=1100).contains(&one), "{one}");
}

#[rule]
fn the_first_time_limit_that_holds_for_a_request_is_when_it_wakes() {
    let limit = |stream: bool, params: Value, router: Value| {
        let mut all = json!({"model": "openai/gpt-4o", "api_key": "k-1234"});
        for (name, value) in params.as_object().unwrap() {
            all[name] = value.clone();
        }
        let mut world = World::of(json!({
            "model_list": [{"model_name": "gpt", "litellm_params": all}], "router_settings": router,
        }));
        let body = PLAIN.replacen('{', &format!("{{\"stream\":{stream},"), 1);
        let mut visit = world.ask(&body);
        let now = visit.now();
        visit.wakes_at().map(|at| at.since(now).as_millis())
    };
    let both = || json!({"timeout": 30, "stream_timeout": 2.5});
    assert_eq!(limit(false, json!({}), json!({})), None);
    assert_eq!(limit(false, both(), json!({})), Some(30_000));
    assert_eq!(limit(true, both(), json!({})), Some(2_500));
    let general = || json!({"timeout": 10});
    assert_eq!(limit(true, json!({"timeout": 30}), general()), Some(10_000));
    assert_eq!(limit(true, json!({}), general()), Some(10_000));
}
