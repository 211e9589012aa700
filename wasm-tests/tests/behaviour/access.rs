//! Whose requests are taken, and from whom.

use serde_json::json;
use wasm_tests::world::{Call, Did, KEYS, World};

use crate::rule;

const PLAIN: &str = r#"{"model":"gpt","messages":[{"role":"user","content":"hi"}]}"#;

fn locked() -> World {
    World::with(json!({"general_settings": {"master_key": "the-master-key"}}))
}

#[rule]
fn requests_for_other_paths_pass_untouched() {
    for (method, path) in [
        ("GET", "/"),
        ("POST", "/v1/files"),
        ("OPTIONS", "/v1/chat/completions"),
        ("POST", "/v1/chat/completions/"),
    ] {
        let mut world = locked();
        let call = Call::new(method, path)
            .header("authorization", "Bearer theirs")
            .header("cookie", "a=b")
            .body(&[b"any", b"thing"]);
        let visit = world.send(call);
        assert_eq!(visit.did, [Did::Pass], "{path}");
        assert_eq!(visit.provider().body, b"anything");
        assert_eq!(visit.provider().head.get("cookie"), Some("a=b"));
    }
}

#[rule]
fn requests_for_other_paths_lose_the_header_that_names_a_cluster() {
    let mut world = World::default();
    let call = Call::get("/other")
        .header("x-dragoman-cluster", "secret_cluster")
        .header("x-dragoman-cluster", "another");
    let visit = world.send(call);
    assert_eq!(visit.did, [Did::Strip]);
    assert_eq!(visit.provider().head.get("x-dragoman-cluster"), None);
    assert_eq!(visit.provider().head.get("x-request-id"), Some("request-7"));
}

#[rule]
fn requests_for_other_paths_are_logged_but_not_counted() {
    let mut world = World::default();
    let mut visit = world.send(Call::get("/other?token=hidden"));
    visit.close();
    assert_eq!(
        visit.ledger().facts(),
        json!({"method": "GET", "path": "/other"})
    );
    assert!(visit.ledger().added.is_empty() && visit.ledger().observed.is_empty());
}

#[rule]
fn the_master_key_is_taken_from_any_of_three_headers() {
    for (name, value) in [
        ("authorization", "Bearer the-master-key"),
        ("authorization", "bearer  the-master-key "),
        ("authorization", "the-master-key"),
        ("x-api-key", "the-master-key"),
        ("api-key", "the-master-key"),
    ] {
        let mut world = locked();
        let visit = world.send(Call::chat(PLAIN).header(name, value));
        assert!(visit.is_sent(), "{name}: {value}");
    }
}

#[rule]
fn without_the_master_key_nothing_but_health_is_answered() {
    for call in [
        Call::chat(PLAIN),
        Call::get("/v1/models"),
        Call::get("/models/gpt"),
    ] {
        for wrong in [None, Some("Bearer the-master-kez"), Some("Bearer ")] {
            let call = wrong
                .into_iter()
                .fold(call.clone(), |call, key| call.header("authorization", key));
            let mut world = locked();
            let visit = world.send(call);
            let answer = visit.client();
            assert_eq!(answer.status, 401);
            let said = answer.json()["error"]["message"]
                .as_str()
                .unwrap()
                .to_owned();
            assert_eq!(said.contains("did not provide"), wrong.is_none(), "{said}");
            assert!(!answer.text().contains("master"), "{said}");
        }
    }
    for path in ["/health/liveliness", "/health/readiness"] {
        assert_eq!(locked().send(Call::get(path)).client().status, 200);
    }
}

#[rule]
fn a_refused_caller_is_counted_and_never_forwarded() {
    let mut world = locked();
    let mut visit = world.send(Call::chat(PLAIN));
    visit.close();
    assert!(!visit.is_sent());
    assert_eq!(visit.ledger().requests(), [("chat", 401)]);
}

#[rule]
fn the_models_are_listed_with_their_aliases() {
    let mut world = World::with(json!({"router_settings": {"model_group_alias": {
        "gpt-4": "gpt", "unseen": {"model": "gpt", "hidden": true},
    }}}));
    let list = world.send(Call::get("/v1/models")).client().json();
    let ids: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["gpt", "claude", "mock", "gpt-4"]);
    assert_eq!(world.send(Call::get("/models/unseen")).client().status, 200);
    assert_eq!(world.send(Call::get("/models/nope")).client().status, 404);
}

#[rule]
fn a_wrong_method_is_told_which_is_right() {
    let mut world = World::default();
    let visit = world.send(Call::get("/v1/chat/completions"));
    assert_eq!(visit.client().status, 405);
    assert_eq!(visit.client().header("allow"), Some("POST"));
}

#[rule]
fn what_the_gateway_says_of_itself_holds_no_key() {
    for path in ["/v1/models", "/v1/models/gpt", "/health/readiness"] {
        let mut world = World::default();
        let text = world.send(Call::get(path)).client().text().to_owned();
        assert!(!KEYS.iter().any(|key| text.contains(key)), "{text}");
    }
}

#[rule]
fn a_model_that_only_a_pattern_fits_is_not_listed_but_can_be_asked_about() {
    let open =
        json!({"model_name": "open/*", "litellm_params": {"model": "openai/*", "api_key": "k"}});
    let mut world = World::with(json!({ "model_list": [open] }));
    let list = world.send(Call::get("/v1/models")).client().json();
    assert_eq!(list["data"], json!([]));
    let one = world.send(Call::get("/v1/models/open%2Fgpt-5"));
    assert_eq!(one.client().json()["id"], "open/gpt-5");
    let none = world.send(Call::get("/v1/models/closed"));
    assert_eq!(none.client().status, 404);
}
