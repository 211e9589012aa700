//! Deployments that answer by themselves.

use wasm_tests::world::World;

use crate::rule;

fn mocked(more: &str) -> wasm_tests::world::Answer {
    let mut world = World::default();
    let mut visit = world.ask(&format!(
        r#"{{"model":"mock","messages":[{{"role":"user","content":"hi"}}]{more}}}"#
    ));
    visit.close();
    assert!(!visit.is_sent());
    assert_eq!(visit.ledger().requests(), [("chat", 200)]);
    assert_eq!(
        (visit.ledger().in_out(), visit.ledger().cost()),
        ((0, 0), 0)
    );
    visit.client().clone()
}

#[rule]
fn a_mock_answers_as_openai_would_without_a_provider_and_for_free() {
    let answer = mocked("");
    let body = answer.json();
    assert_eq!(
        body["choices"][0]["message"]["content"], "Hello there",
        "{body}"
    );
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["created"], 1_768_480_496);
    assert!(body["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-litellm-model-id"), Some("grey"));
    assert_eq!(answer.header("x-litellm-model-group"), Some("mock"));
}

#[rule]
fn a_mock_streams_when_asked_and_tells_usage_only_when_asked() {
    for (options, wanted) in [
        ("", false),
        (r#","stream_options":{"include_usage":true}"#, true),
        (r#","stream_options":{"include_usage":false}"#, false),
    ] {
        let answer = mocked(&format!(r#","stream":true{options}"#));
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/event-stream")
        );
        let events = answer.events();
        assert_eq!(events.last().unwrap(), "[DONE]");
        assert_eq!(events.iter().filter(|event| *event == "[DONE]").count(), 1);
        assert_eq!(answer.text().contains("\"usage\""), wanted);
        assert!(answer.text().contains("Hello there"));
    }
}
