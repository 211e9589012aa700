//! Models by other names than their own: patterns, and the ids of deployments.

use serde_json::{Value, json};
use wasm_tests::world::{Call, Visit};

use crate::rule;
use crate::scenario::{Setting, ask, asked, fails, good, text};

fn open() -> Setting {
    let mut setting = Setting::of(&[("openai/*", &["w"]), ("gpt", &["g"])])
        .router(json!({"num_retries": 0, "fallbacks": [{"gpt": ["openai/gpt-4.1-mini"]}]}));
    setting = setting.deployment(
        "w",
        "litellm_params",
        json!({"model": "openai/*", "input_cost_per_token": null, "output_cost_per_token": null}),
    );
    setting
}

fn model_asked(visit: &Visit<'_>) -> Value {
    let body: Value = serde_json::from_slice(&visit.provider().body).unwrap();
    body["model"].clone()
}

#[rule]
fn a_name_that_only_a_pattern_matches_is_asked_for_and_priced() {
    open().in_both(|world| {
        let call = Call::chat(r#"{"model":"openai/gpt-4o-mini","messages":[]}"#);
        let visit = world.send(call).answered_in_turn(&[good("hello")]);
        assert_eq!(model_asked(&visit), "gpt-4o-mini");
        // 1,000 × 0.15 $/M + 100 × 0.60 $/M.
        assert_eq!(visit.ledger().cost(), 210_000);
        assert_eq!(
            visit.client().header("x-litellm-model-group"),
            Some("openai/*")
        );
    });
}

#[rule]
fn a_fallback_may_be_a_name_that_only_a_pattern_matches() {
    open().in_both(|world| {
        let visit = world
            .send(ask(""))
            .answered_in_turn(&[fails(500), good("hello")]);
        assert_eq!(model_asked(&visit), "gpt-4.1-mini");
        // 1,000 × 0.40 $/M + 100 × 1.60 $/M.
        assert_eq!(visit.ledger().cost(), 560_000);
    });
}

#[rule]
fn a_request_that_names_a_deployment_is_for_that_one_alone() {
    let setting = Setting::of(&[("gpt", &["a", "b", "c"]), ("one", &["d"])]).router(
        json!({"num_retries": 1, "disable_cooldowns": true, "fallbacks": [{"gpt": ["one"]}]}),
    );
    setting.in_both(|world| {
        for id in ["a", "b", "c"] {
            world.forget();
            let call = Call::chat(format!(r#"{{"model":"{id}","messages":[]}}"#));
            let visit = world
                .send(call)
                .answered_in_turn(&[fails(500), fails(500), good("hello")]);
            assert_eq!(asked(&visit), [id, id, "d"]);
            assert_eq!(text(visit.client()), "hello");
        }
    });
}
