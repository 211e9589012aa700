//! What is counted and logged: every exchange once, whatever way it ends.

use core::time::Duration;

use dragoman::gateway::meter::Subject;
use dragoman::usage::metrics::{Counter, Histogram, Token};
use serde_json::{Value, json};
use wasm_tests::world::{Call, KEYS, Ledger, Upstream, Visit, World};

use crate::rule;

const ASK: &str = r#"{"model":"gpt","messages":[{"role":"user","content":"How are you today?"}]}"#;
const STREAM: &str =
    r#"{"model":"gpt","messages":[{"role":"user","content":"How are you today?"}],"stream":true}"#;
const WORD: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"twelve chars\"}}]}\n\n";
const ROLE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n";

fn whole(usage: Value) -> Upstream {
    let body = json!({"id": "1", "object": "chat.completion", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}], "usage": usage});
    Upstream::json(200, body.to_string())
}

fn counted(upstream: &Upstream) -> Ledger {
    let mut world = World::default();
    world.ask(ASK).answered(upstream).ledger().clone()
}

#[rule]
fn every_kind_of_token_is_counted_and_paid_at_its_price() {
    let ledger = counted(&whole(json!({
        "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
        "prompt_tokens_details": {"cached_tokens": 400}, "completion_tokens_details": {"reasoning_tokens": 30},
    })));
    for (token, count) in [
        (Token::Input, 1000),
        (Token::Output, 100),
        (Token::CacheRead, 400),
        (Token::CacheWrite, 0),
        (Token::Reasoning, 30),
    ] {
        assert_eq!(ledger.tokens(token), count, "{token:?}");
    }
    // 600 × 2e-6 + 400 × 5e-7 + 100 × 8e-6
    assert_eq!(ledger.cost(), 2_200_000);
    assert_eq!(ledger.total(Counter::UnpricedRequests), 0);
}

#[rule]
fn every_count_concerns_the_deployment_and_its_group() {
    let ledger = counted(&whole(json!({"prompt_tokens": 10, "completion_tokens": 5})));
    let subject = Subject {
        deployment: Some(0),
        group: Some(0),
    };
    assert!(ledger.added.iter().all(|(_, whom, _)| *whom == subject));
    assert!(ledger.observed.iter().all(|(_, whom, _)| *whom == subject));
}

#[rule]
fn a_model_that_a_client_invents_is_nobodys_count() {
    let mut world = World::default();
    let mut visit = world.ask(&ASK.replace("gpt", "invented"));
    visit.close();
    let ledger = visit.ledger();
    assert!(
        ledger
            .added
            .iter()
            .all(|(_, whom, _)| *whom == Subject::default())
    );
    assert_eq!(ledger.facts()["model"], "invented");
    assert_eq!(ledger.facts()["model_group"], Value::Null);
}

#[rule]
fn an_answer_without_usage_is_estimated_and_marked() {
    for usage in [Value::Null, json!("none"), json!([])] {
        let ledger = counted(&whole(usage));
        let (input, output) = ledger.in_out();
        assert!(input > 0 && output > 0);
        assert_eq!(ledger.facts()["estimated"], true);
        assert!(ledger.cost() > 0);
    }
    let stated = counted(&whole(json!({"prompt_tokens": 1, "completion_tokens": 1})));
    assert_eq!(stated.facts()["estimated"], false);
}

#[rule]
fn a_request_whose_price_nobody_knows_is_counted_as_such_and_not_as_free() {
    let mut world = World::of(
        json!({"model_list": [{"model_name": "gpt", "litellm_params": {
            "model": "hosted_vllm/nobody-knows-this", "api_base": "http://here.example/v1", "api_key": "k-1234",
        }}]}),
    );
    let visit = world
        .ask(ASK)
        .answered(&whole(json!({"prompt_tokens": 10, "completion_tokens": 5})));
    let ledger = visit.ledger();
    assert_eq!(ledger.total(Counter::UnpricedRequests), 1);
    assert!(
        !ledger
            .added
            .iter()
            .any(|(counter, _, _)| *counter == Counter::CostNanousd)
    );
    assert_eq!(visit.client().header("x-litellm-response-cost"), None);
    assert_eq!(ledger.facts().get("cost_nanousd"), None);
    assert_eq!(ledger.in_out(), (10, 5));
}

/// A visit that has come as far as a state, for every state there is.
fn everywhere(check: impl Fn(&str, Visit<'_>)) {
    let mut worlds: [World; 9] = core::array::from_fn(|_| World::default());
    let [
        asking,
        sent,
        failing,
        whole,
        opening,
        streaming,
        told,
        opaque,
        answered,
    ] = &mut worlds;
    let growing = Call::chat(ASK).body(&[b"{\"model\""]).unfinished();
    check("asking", asking.send(growing));
    check("sent", sent.ask(ASK));
    let after = |world: &'static str, mut visit: Visit<'_>, upstream: Upstream, parts: &[&str]| {
        visit.begin(&upstream.body(&[b"x"]));
        for part in parts {
            visit.chunk(part.as_bytes(), false);
        }
        check(world, visit);
    };
    after(
        "failing",
        failing.ask(ASK),
        Upstream::json(500, "x"),
        &["{"],
    );
    after("whole", whole.ask(ASK), Upstream::json(200, "x"), &["{"]);
    after(
        "opening",
        opening.ask(STREAM),
        Upstream::stream(&[]),
        &[ROLE],
    );
    after(
        "streaming",
        streaming.ask(STREAM),
        Upstream::stream(&[]),
        &[ROLE, WORD],
    );
    after(
        "told",
        told.ask(STREAM),
        Upstream::stream(&[]),
        &[WORD, "data: {\"error\":\"down\"}\n\n"],
    );
    let gzip = Upstream::json(200, "x").header("content-encoding", "gzip");
    after("opaque", opaque.ask(ASK), gzip, &["x"]);
    check("answered", answered.ask("{}"));
}

#[rule]
fn an_exchange_is_counted_and_logged_once_wherever_its_client_leaves() {
    everywhere(|place, mut visit| {
        visit.leave();
        let ledger = visit.ledger();
        let status = match place {
            "answered" => 400,
            "streaming" | "told" | "opaque" => 200,
            _ => 499,
        };
        assert_eq!(ledger.requests(), [("chat", status)], "{place}");
        assert_eq!(
            ledger.observed(Histogram::RequestDurationMs).len(),
            1,
            "{place}"
        );
        assert_eq!(ledger.observed(Histogram::OverheadUs).len(), 1, "{place}");
        assert_eq!(ledger.logged.len(), 1, "{place}");
    });
}

#[rule]
fn what_a_client_that_leaves_has_used_is_estimated() {
    everywhere(|place, mut visit| {
        visit.leave();
        let ledger = visit.ledger();
        let (input, output) = ledger.in_out();
        let facts = ledger.facts();
        match place {
            "asking" | "answered" | "failing" => {
                assert_eq!((input, output), (0, 0), "{place}");
            }
            "sent" | "whole" | "opening" | "opaque" => {
                assert!(input > 0, "{place}");
                assert_eq!((output, &facts["estimated"]), (0, &json!(true)), "{place}");
            }
            _ => {
                assert!(input > 0, "{place}");
                assert_eq!((output, &facts["estimated"]), (3, &json!(true)), "{place}");
            }
        }
    });
}

#[rule]
fn nothing_is_counted_after_an_exchange_is_settled() {
    let mut world = World::default();
    let mut visit = world.ask(ASK);
    let upstream = whole(json!({"prompt_tokens": 10, "completion_tokens": 5}));
    visit.begin(&upstream);
    visit.chunk(
        br#"{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5}}"#,
        true,
    );
    let before = visit.ledger().added.clone();
    visit.end(Some(200), "late");
    assert_eq!(visit.ledger().added, before);
}

#[rule]
fn an_upstream_that_breaks_off_while_its_head_is_held_is_counted_with_envoys_status() {
    let mut world = World::default();
    let mut visit = world.ask(STREAM);
    visit.begin(&Upstream::stream(&[b""]));
    visit.chunk(ROLE.as_bytes(), false);
    visit.end(Some(502), "upstream_reset_after_response_started");
    assert_eq!(visit.ledger().requests(), [("chat", 502)]);
    let facts = visit.ledger().facts();
    assert_eq!(facts["error"], "upstream_reset");
    assert_eq!(facts["details"], "upstream_reset_after_response_started");
}

#[rule]
fn the_log_tells_the_facts_and_neither_secrets_nor_query() {
    let mut world = World::with(json!({"general_settings": {"master_key": "the-master-key"}}));
    let call = Call::chat(ASK)
        .to("/v1/chat/completions?api-key=the-master-key&x=hidden")
        .header("authorization", "Bearer the-master-key");
    let mut visit = world.send(call);
    visit.wait(Duration::from_millis(250));
    let visit = visit.answered(&whole(
        json!({"prompt_tokens": 1000, "completion_tokens": 100}),
    ));
    let facts = visit.ledger().facts();
    let call_id = visit.client().header("x-litellm-call-id").unwrap();
    assert_eq!(
        facts,
        json!({
            "call_id": call_id, "method": "POST", "path": "/v1/chat/completions", "operation": "chat",
            "model": "gpt", "model_group": "gpt", "deployment": "orange", "provider": "openai", "stream": false,
            "input_tokens": 1000, "output_tokens": 100, "cache_read_tokens": 0, "cache_write_tokens": 0,
            "reasoning_tokens": 0, "estimated": false, "cost_nanousd": 2_800_000, "overhead_us": 0,
            "attempts": [{"deployment": "orange", "outcome": "ok", "ms": 250}],
        })
    );
    let logged = String::from_utf8(visit.ledger().logged[0].clone()).unwrap();
    for hidden in [KEYS[0], "the-master-key", "hidden", "How are you"] {
        assert!(!logged.contains(hidden), "{logged}");
    }
    assert_eq!(visit.ledger().observed(Histogram::RequestDurationMs), [250]);
}

#[rule]
fn a_whole_answer_has_no_time_to_first_token() {
    let ledger = counted(&whole(json!({"prompt_tokens": 1, "completion_tokens": 1})));
    assert!(ledger.observed(Histogram::TimeToFirstTokenMs).is_empty());
}

#[rule]
fn health_and_models_are_counted_by_operation() {
    for (path, operation) in [("/health/liveliness", "health"), ("/v1/models", "models")] {
        let mut world = World::default();
        let mut visit = world.send(Call::get(path));
        visit.close();
        assert_eq!(visit.ledger().requests(), [(operation, 200)]);
        assert_eq!(visit.ledger().facts()["operation"], operation);
    }
}
