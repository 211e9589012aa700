//! Vendors with formats of their own, from the client's request to its answer.

use serde_json::{Value, json};
use wasm_tests::world::{Call, Upstream, World};

use crate::rule;
use crate::scenario::text;
use crate::spoken::{done, role, stop, word};

const ASK: &str = r#"{"model":"group","messages":[{"role":"user","content":"hi"}],"stream":true}"#;

/// A deployment of that model, with these members of `dragoman`.
fn world(model: &str, options: Value) -> World {
    let params = json!({"model": model, "api_base": "http://vendor.example", "api_key": "credential-of-the-vendor",
        "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6});
    World::of(
        json!({"router_settings": {"num_retries": 0}, "model_list": [
        {"model_name": "group", "litellm_params": params, "model_info": {"id": "a"}, "dragoman": options}]}),
    )
}

fn line(message: Value, more: Value) -> String {
    let mut line = json!({"model": "m", "created_at": "2026-01-15T12:34:56.789Z", "message": message, "done": false});
    for (name, value) in more.as_object().unwrap() {
        line[name] = value.clone();
    }
    format!("{line}\n")
}

fn lines(media: &str) -> Upstream {
    let said = line(json!({"role": "assistant", "content": "Hello"}), json!({}));
    let end =
        json!({"done": true, "done_reason": "stop", "prompt_eval_count": 1000, "eval_count": 100});
    let end = line(json!({"role": "assistant", "content": ""}), end);
    let upstream = Upstream::status(200).header("content-type", media);
    upstream.body(&[said.as_bytes(), end.as_bytes(), b""])
}

#[rule]
fn json_lines_reach_the_client_as_events_while_they_come() {
    for media in [
        "application/x-ndjson",
        "application/json-lines; charset=utf-8",
    ] {
        let mut world = world("ollama/qwen3", json!({}));
        let visit = world.ask(ASK).answered(&lines(media));
        assert_eq!(text(visit.client()), "Hello", "{media}");
        assert_eq!(visit.provider().head.get(":path"), Some("/api/chat"));
        assert_eq!(visit.ledger().in_out(), (1000, 100), "{media}");
    }
}

#[rule]
fn a_line_with_an_error_is_a_failure_before_content_and_an_error_event_after() {
    let error = "{\"error\":\"model runner crashed\"}\n";
    let failing = Upstream::status(200).header("content-type", "application/x-ndjson");
    let mut world = world("ollama/qwen3", json!({}));
    let visit = world
        .ask(ASK)
        .answered(&failing.clone().body(&[error.as_bytes(), b""]));
    assert_eq!(visit.client().status, 502);
    assert!(visit.client().text().contains("model runner crashed"));
    drop(visit);
    let said = line(json!({"role": "assistant", "content": "Hello"}), json!({}));
    let both = failing.body(&[said.as_bytes(), error.as_bytes(), b""]);
    let visit = world.ask(ASK).answered(&both);
    let events = visit.client().events();
    assert!(
        events.last().unwrap().contains("model runner crashed"),
        "{events:?}"
    );
}

#[rule]
fn documents_are_ranked_whoever_ranks_them() {
    let ask = r#"{"model":"group","query":"q","documents":["a","b"],"top_n":1}"#;
    let answer = r#"{"data":[{"index":0,"relevance_score":0.25},{"index":1,"relevance_score":0.5}],"usage":{"total_tokens":7}}"#;
    for path in ["/rerank", "/v1/rerank", "/v2/rerank"] {
        let mut world = world("voyage/rerank-2", json!({}));
        let visit = world
            .send(Call::chat(ask).to(path))
            .answered(&Upstream::json(200, answer));
        let sent: Value = serde_json::from_slice(&visit.provider().body).unwrap();
        assert_eq!(
            sent,
            json!({"model": "rerank-2", "query": "q", "documents": ["a", "b"], "top_k": 1})
        );
        let results = &visit.client().json()["results"];
        assert_eq!(
            *results,
            json!([{"index": 1, "relevance_score": 0.5}]),
            "{path}"
        );
        assert_eq!(visit.ledger().in_out(), (7, 0));
    }
}

#[rule]
fn texts_are_embedded_in_the_form_that_openais_clients_ask_for() {
    let ask = r#"{"model":"group","input":"a","encoding_format":"base64"}"#;
    let answer = r#"{"model":"m","embeddings":[[1.0,-2.0]],"prompt_eval_count":7}"#;
    let mut world = world("ollama/nomic-embed-text", json!({}));
    let call = Call::chat(ask).to("/v1/embeddings");
    let visit = world.send(call).answered(&Upstream::json(200, answer));
    assert_eq!(
        visit.client().json()["data"][0]["embedding"],
        "AACAPwAAAMA="
    );
    assert_eq!(visit.ledger().in_out(), (7, 0));
}

#[rule]
fn what_a_vendor_does_not_do_is_a_400_that_says_so() {
    let mut world = world("jina_ai/jina-embeddings-v3", json!({}));
    let visit = world.ask(ASK);
    assert_eq!(visit.client().status, 400);
    assert!(
        visit.client().text().contains("jina_ai"),
        "{}",
        visit.client().text()
    );
}

#[rule]
fn reasoning_in_the_text_is_told_apart_where_the_deployment_says_so() {
    let parts = [
        role(),
        word("<thi"),
        word("nk>hm</think>\n\nYes"),
        stop(),
        done(),
    ];
    let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
    let upstream = Upstream::stream(&[parts, vec![b""]].concat());
    for (options, content, reasoning) in [
        (json!({}), "<think>hm</think>\n\nYes", ""),
        (json!({"think_tags": "answer"}), "Yes", "hm"),
    ] {
        let mut world = world("hosted_vllm/qwen3", options);
        let visit = world.ask(ASK).answered(&upstream);
        assert_eq!(text(visit.client()), content);
        let thought = |event: &String| {
            let chunk: Value = serde_json::from_str(event).ok()?;
            Some(
                chunk["choices"][0]["delta"]["reasoning_content"]
                    .as_str()?
                    .to_owned(),
            )
        };
        let events = visit.client().events();
        assert_eq!(
            events.iter().filter_map(thought).collect::<String>(),
            reasoning
        );
    }
}
