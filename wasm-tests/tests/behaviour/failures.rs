//! What clients are told when a provider fails.

use dragoman::gateway::event::Local;
use serde_json::json;
use wasm_tests::world::{Answer, Call, KEYS, Upstream, World};

use crate::rule;

const ASK: &str = r#"{"model":"gpt","messages":[{"role":"user","content":"hi"}]}"#;

fn answered(upstream: &Upstream) -> Answer {
    let mut world = World::default();
    let visit = world.ask(ASK).answered(upstream);
    assert_eq!(visit.ledger().requests(), [("chat", visit.client().status)]);
    assert_eq!(visit.ledger().in_out(), (0, 0));
    visit.client().clone()
}

fn is_openai_error(answer: &Answer) {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let members: Vec<_> = body["error"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["message", "type", "param", "code"], "{body}");
    assert!(!body["error"]["message"].as_str().unwrap().is_empty());
    assert!(body["error"]["type"].is_string());
}

#[rule]
fn whatever_shape_an_error_has_its_status_and_words_are_kept() {
    for (status, media, body, words) in [
        (
            400,
            "application/json",
            r#"{"error":{"message":"bad n","type":"invalid_request_error","param":"n","code":"x"}}"#,
            "bad n",
        ),
        (
            401,
            "application/json",
            r#"{"error":{"message":"no key"}}"#,
            "no key",
        ),
        (
            403,
            "application/json",
            r#"{"message":"not yours"}"#,
            "not yours",
        ),
        (
            404,
            "application/json",
            r#"{"detail":"no such model"}"#,
            "no such model",
        ),
        (
            422,
            "application/json",
            r#"{"detail":[{"loc":["body","n"],"msg":"too big"}]}"#,
            "too big",
        ),
        (
            429,
            "application/json",
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#,
            "slow",
        ),
        (
            500,
            "application/json",
            r#"[{"error":{"code":500,"message":"oops","status":"INTERNAL"}}]"#,
            "oops",
        ),
        (500, "text/plain", "it broke", "it broke"),
        (
            502,
            "text/html",
            "<html><head><title>502</title></head><body><h1>Bad day</h1></body></html>",
            "Bad day",
        ),
        (503, "application/json", r#"{"error":"#, ""),
        (504, "application/json", "", ""),
    ] {
        let answer = answered(&Upstream::of(status, media, body));
        assert_eq!(answer.status, status, "{body}");
        is_openai_error(&answer);
        let said = answer.json()["error"]["message"].to_string();
        assert!(
            said.contains(words) && !said.contains('<'),
            "{body}: {said}"
        );
    }
}

#[rule]
fn an_error_without_a_body_is_told_in_words() {
    for status in [400, 401, 404, 429, 500, 503] {
        let answer = answered(&Upstream::status(status));
        assert_eq!(answer.status, status);
        is_openai_error(&answer);
    }
}

#[rule]
fn an_error_may_come_in_any_parts_and_for_a_stream() {
    let body =
        br#"{"error":{"message":"slow","type":"rate_limit_error","param":null,"code":null}}"#;
    for stream in [false, true] {
        let ask = ASK.replacen('{', &format!("{{\"stream\":{stream},"), 1);
        for cut in 0..=body.len() {
            let (head, tail) = body.split_at(cut);
            let upstream = Upstream::json(429, body).body(&[head, tail]);
            let mut world = World::default();
            let visit = world.ask(&ask).answered(&upstream);
            assert_eq!(visit.client().status, 429);
            assert_eq!(visit.client().json()["error"]["message"], "slow");
        }
    }
}

#[rule]
fn an_error_inside_a_success_is_an_error() {
    for (body, status) in [
        (r#"{"error":{"message":"down","code":503}}"#, 503),
        (r#"{"error":{"message":"down"},"choices":[]}"#, 502),
        (r#"{"object":"error","message":"no","code":400}"#, 400),
    ] {
        let answer = answered(&Upstream::json(200, body));
        assert_eq!(answer.status, status, "{body}");
        is_openai_error(&answer);
    }
}

#[rule]
fn a_redirect_is_a_502_and_not_followed() {
    for status in [301, 302, 307, 308] {
        for upstream in [
            Upstream::status(status),
            Upstream::of(status, "text/html", "moved"),
        ] {
            let answer = answered(&upstream.header("location", "http://elsewhere.example"));
            assert_eq!(answer.status, 502);
            is_openai_error(&answer);
            assert_eq!(answer.json()["error"]["code"], "upstream_redirect");
            assert_eq!(answer.header("location"), None);
        }
    }
}

#[rule]
fn envoys_own_failures_are_openais_errors() {
    for (why, envoys, status, code) in [
        (Local::Connect, 503, 502, "upstream_connect_error"),
        (Local::NoCluster, 503, 503, "upstream_unknown_cluster"),
        (Local::Reset, 503, 502, "upstream_reset"),
        (Local::Timeout, 504, 504, "upstream_timeout"),
        (Local::Unavailable, 503, 503, "upstream_unavailable"),
    ] {
        let mut world = World::default();
        let visit = world.ask(ASK).local(envoys, why);
        assert_eq!(visit.client().status, status, "{why:?}");
        is_openai_error(visit.client());
        assert_eq!(visit.client().json()["error"]["code"], code);
        assert!(!visit.client().text().contains("connect error"));
        assert_eq!(visit.ledger().requests(), [("chat", status)]);
        assert_eq!(visit.ledger().facts()["error"], code);
    }
}

#[rule]
fn a_key_that_a_provider_repeats_is_blacked_out_of_errors() {
    let words = format!(
        "Incorrect API key provided: {} (sk-other-1234567890)",
        KEYS[0]
    );
    for upstream in [
        Upstream::json(401, json!({"error": {"message": words, "code": KEYS[0], "type": KEYS[0], "param": KEYS[0]}}).to_string()),
        Upstream::of(401, "text/plain", &words),
        Upstream::of(401, "text/html", format!("<html><p>{words}</p></html>")),
        Upstream::json(200, json!({"error": {"message": words}}).to_string()),
    ] {
        let upstream = upstream
            .header("x-request-id", KEYS[0])
            .header("retry-after", "3");
        let mut world = World::default();
        let visit = world.ask(ASK).answered(&upstream);
        let told = format!("{:?} {}", visit.client().head, visit.client().text());
        let shown: Vec<&[u8]> = visit.client().head.iter().map(|(_, value)| value).collect();
        assert!(!told.contains(KEYS[0]) && !told.contains("sk-other"), "{told}");
        assert!(!shown.contains(&KEYS[0].as_bytes()));
        assert_eq!(visit.client().header("retry-after"), Some("3"));
        let logged = visit.ledger().facts().to_string();
        assert!(!logged.contains(KEYS[0]), "{logged}");
    }
}

#[rule]
fn what_helps_a_client_with_an_error_is_kept() {
    let mut upstream = Upstream::json(429, r#"{"error":{"message":"slow"}}"#);
    let kept = [
        ("retry-after", "7"),
        ("x-request-id", "req_1"),
        ("request-id", "req_2"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-should-retry", "true"),
    ];
    for (name, value) in kept {
        upstream = upstream.header(name, value);
    }
    let answer = answered(
        &upstream
            .header("server", "theirs")
            .header("set-cookie", "a=b"),
    );
    for (name, value) in kept {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("server"), None);
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(answer.header("x-litellm-model-id"), Some("orange"));
}

#[rule]
fn what_a_provider_cannot_do_is_refused_before_it_is_asked() {
    let mut world = World::default();
    let audio = r#"{"model":"claude","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]}"#;
    let visit = world.send(Call::chat(audio));
    assert!(!visit.is_sent());
    assert_eq!(visit.client().status, 400);
    is_openai_error(visit.client());
}
