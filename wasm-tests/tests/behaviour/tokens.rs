//! Access tokens that are fetched: one worker fetches, requests wait, and a credential that is refused is a failure like others.

use core::time::Duration;

use serde_json::{Value, json};
use wasm_tests::world::{Call, Upstream, World};

use crate::rule;

const ACCOUNT: &str = r#"{"client_email":"gw@proj.iam.gserviceaccount.com","private_key":"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n","project_id":"proj"}"#;
const TOKEN: &str = "ya29.a-token-that-was-fetched";

/// One group with a deployment that wants a token and, after it, others.
fn world(transport: &str, others: &[Value]) -> World {
    let vertex = json!({"model_name": "gemini", "model_info": {"id": "vertex"}, "litellm_params": {
        "model": "vertex_ai/gemini-2.5-flash", "vertex_credentials": ACCOUNT, "vertex_location": "us-central1", "order": 1}});
    let entries: Vec<Value> = [vertex].iter().chain(others).cloned().collect();
    World::of(json!({
        "model_list": entries,
        "router_settings": {"num_retries": 0},
        "dragoman": {"retry_transport": transport},
    }))
}

fn call() -> Call {
    Call::chat(r#"{"model":"gemini","messages":[{"role":"user","content":"hi"}]}"#)
}

fn token(text: &str, holds: u64) -> Upstream {
    Upstream::json(
        200,
        json!({"access_token": text, "expires_in": holds, "token_type": "Bearer"}).to_string(),
    )
}

fn good() -> Upstream {
    let part = json!({"text": format!("hello {TOKEN}")});
    let answer = json!({"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}});
    Upstream::json(200, answer.to_string())
}

#[rule]
fn a_request_waits_for_the_token_and_is_sent_on_with_it() {
    for transport in ["dispatch", "envoy"] {
        let mut world = world(transport, &[]);
        let mut visit = world.send(call());
        visit.wait(Duration::from_millis(200));
        assert!(!visit.is_sent() && !visit.is_answered());
        let fetches = visit.world().fetches();
        let (record, asked) = fetches.first().expect("a token is fetched");
        assert_eq!(asked.head.get(":authority"), Some("oauth2.googleapis.com"));
        assert_eq!(asked.head.get(":path"), Some("/token"));
        visit.world().fetched(record, &token(TOKEN, 3_600));
        visit.wait(Duration::from_millis(50));
        let bearer = format!("Bearer {TOKEN}");
        assert_eq!(visit.provider().head.get("authorization"), Some(&*bearer));
        visit.answer_the_first(&good());
        assert_eq!(visit.client().status, 200);
        // Whatever a provider repeats of it, a client does not see it.
        assert!(!visit.client().text().contains(TOKEN));
        visit.close();
    }
}

#[rule]
fn one_worker_fetches_a_token_and_renews_it_while_the_old_one_serves() {
    let mut world = world("dispatch", &[]);
    let fetches = world.fetches();
    assert_eq!(fetches.len(), 1);
    assert!(world.fetches().is_empty(), "another worker leaves it alone");
    let record = fetches[0].0.clone();
    world.fetched(&record, &token(TOKEN, 3_600));
    world.wait(Duration::from_secs(3_000));
    assert!(world.fetches().is_empty(), "there is time");
    world.wait(Duration::from_secs(400));
    assert_eq!(world.fetches().len(), 1, "it is renewed ahead of its end");
    let visit = world.send(call());
    assert!(visit.is_sent(), "the old token still serves");
    let visit = visit.answered(&good());
    assert_eq!(visit.client().status, 200);
}

#[rule]
fn a_refused_credential_is_told_and_another_deployment_is_asked_where_there_is_one() {
    let refusal = Upstream::json(
        400,
        r#"{"error":"invalid_grant","error_description":"no such account"}"#,
    );
    let other = json!({"model_name": "gemini", "model_info": {"id": "studio"}, "litellm_params": {
        "model": "gemini/gemini-2.5-flash", "api_key": "AIza-studio", "order": 2}});
    let mut alone = world("dispatch", &[]);
    let record = alone.fetches()[0].0.clone();
    alone.fetched(&record, &refusal);
    let visit = alone.send(call());
    assert_eq!(visit.client().status, 401);
    assert!(visit.client().text().contains("invalid_grant"));
    let mut pair = world("dispatch", &[other]);
    let record = pair.fetches()[0].0.clone();
    pair.fetched(&record, &refusal);
    let visit = pair.send(call());
    assert_eq!(
        visit.provider().head.get("x-goog-api-key"),
        Some("AIza-studio")
    );
    let visit = visit.answered(&good());
    assert_eq!(visit.client().status, 200);
}

#[rule]
fn a_token_endpoint_that_is_down_is_asked_again_ever_later_and_requests_fail_meanwhile() {
    let mut world = world("dispatch", &[]);
    let mut asked_after = Vec::new();
    for _ in 0..4 {
        let mut waited = 0_u64;
        let fetches = loop {
            let fetches = world.fetches();
            if !fetches.is_empty() {
                break fetches;
            }
            world.wait(Duration::from_secs(1));
            waited += 1;
        };
        asked_after.push(waited);
        world.fetched(&fetches[0].0, &Upstream::of(503, "text/plain", "down"));
    }
    assert_eq!(asked_after, [0, 1, 2, 4]);
    let visit = world.send(call());
    assert_eq!(visit.client().status, 503);
}

#[rule]
fn a_request_that_gets_no_token_in_time_is_told_so() {
    let mut world = world("dispatch", &[]);
    let mut visit = world.send(call());
    visit.wait(Duration::from_secs(31));
    assert_eq!(visit.client().status, 504);
    visit.close();
}
