//! Complete answers on their way to the client.

use serde_json::json;
use wasm_tests::world::{Answer, Did, KEYS, Upstream, World};

use crate::rule;

const ASK: &str = r#"{"model":"gpt","messages":[{"role":"user","content":"hi"}]}"#;

const OPENAI: &str = concat!(
    "{ \"id\":\"chatcmpl-9\", \"object\":\"chat.completion\",\"created\":7,\n\"model\":\"gpt-4o-x\",\"odd\":1.0e0,",
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"\\u0068i\"},\"finish_reason\":\"stop\"}],",
    "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100,",
    "\"prompt_tokens_details\":{\"cached_tokens\":400},\"completion_tokens_details\":{\"reasoning_tokens\":30}} }"
);

const ANTHROPIC: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":[{"type":"text","text":"Bonjour"}],
"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":600,"cache_read_input_tokens":400,"cache_creation_input_tokens":0,"output_tokens":100}}"#;

fn answered(ask: &str, upstream: &Upstream) -> Answer {
    let mut world = World::default();
    world.ask(ask).answered(upstream).client().clone()
}

#[rule]
fn an_openai_answer_goes_out_byte_for_byte() {
    let mut world = World::default();
    let visit = world.ask(ASK).answered(&Upstream::json(200, OPENAI));
    assert_eq!(visit.did[2..], [Did::Hold, Did::Release, Did::Pass]);
    assert_eq!(visit.client().text(), OPENAI);
    assert_eq!(
        visit.client().header("content-length"),
        Some(OPENAI.len().to_string().as_str())
    );
}

#[rule]
fn an_answer_may_come_in_any_parts() {
    let whole = answered(ASK, &Upstream::json(200, OPENAI));
    for cut in 0..=OPENAI.len() {
        let (head, tail) = OPENAI.as_bytes().split_at(cut);
        let upstream = Upstream::json(200, OPENAI).body(&[head, tail, b""]);
        assert_eq!(answered(ASK, &upstream), whole, "cut at {cut}");
    }
}

#[rule]
fn an_answer_says_who_gave_it_and_what_it_cost() {
    let answer = answered(ASK, &Upstream::json(200, OPENAI));
    for (name, value) in [
        ("x-litellm-model-id", "orange"),
        ("x-litellm-model-group", "gpt"),
        ("x-litellm-attempted-retries", "0"),
        // 600 × 2e-6 + 400 × 5e-7 + 100 × 8e-6
        ("x-litellm-response-cost", "0.0022"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("x-litellm-call-id").unwrap().len(), 36);
}

#[rule]
fn what_a_provider_says_of_its_connection_does_not_reach_the_client() {
    let mut upstream = Upstream::json(200, OPENAI);
    for name in [
        "set-cookie",
        "via",
        "www-authenticate",
        "x-litellm-model-id",
        "strict-transport-security",
    ] {
        upstream = upstream.header(name, "theirs");
    }
    let upstream = upstream.header("openai-processing-ms", "12");
    let answer = answered(ASK, &upstream);
    assert!(
        answer
            .head
            .iter()
            .all(|(_, value)| value != b"theirs".as_slice())
    );
    assert_eq!(answer.header("openai-processing-ms"), Some("12"));
}

#[rule]
fn a_key_that_a_provider_repeats_is_blacked_out_of_answers_and_heads() {
    let leaky = OPENAI.replace("\\u0068i", &format!("my key is {}", KEYS[0]));
    let upstream = Upstream::json(200, leaky).header("x-echo", format!("Bearer {}", KEYS[0]));
    let answer = answered(ASK, &upstream);
    assert_eq!(
        answer.json()["choices"][0]["message"]["content"],
        "my key is [redacted]"
    );
    assert_eq!(
        answer.header("content-length"),
        Some(answer.body.len().to_string().as_str())
    );
    assert_eq!(answer.header("x-echo"), None);
}

#[rule]
fn a_key_among_a_deployments_own_headers_is_blacked_out_too() {
    let mut world = World::of(
        json!({"model_list": [{"model_name": "gpt", "litellm_params": {
            "model": "openai/gpt-4o", "api_key": "unused-key", "extra_headers": {"X-Auth-Token": "yellow-credential"},
        }}]}),
    );
    let leaky = OPENAI.replace("\\u0068i", "yellow-credential");
    let visit = world.ask(ASK).answered(&Upstream::json(200, leaky));
    assert!(!visit.client().text().contains("yellow"));
}

#[rule]
fn an_anthropic_answer_is_told_as_openais() {
    let mut world = World::default();
    let ask = ASK.replace("gpt", "claude");
    let visit = world.ask(&ask).answered(&Upstream::json(200, ANTHROPIC));
    let answer = visit.client();
    let body = answer.json();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["choices"][0]["message"]["content"], "Bonjour");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["prompt_tokens"], 1000);
    assert_eq!(body["usage"]["prompt_tokens_details"]["cached_tokens"], 400);
    assert_eq!(
        answer.header("content-length"),
        Some(answer.body.len().to_string().as_str())
    );
    assert_eq!(answer.header("x-litellm-response-cost"), Some("0.0022"));
    assert_eq!(visit.ledger().in_out(), (1000, 100));
    assert_eq!(visit.ledger().cost(), 2_200_000);
}

#[rule]
fn a_complete_answer_to_a_request_for_a_stream_becomes_one() {
    for (model, upstream, text) in [("gpt", OPENAI, "hi"), ("claude", ANTHROPIC, "Bonjour")] {
        let ask = ASK
            .replace("gpt", model)
            .replacen('{', "{\"stream\":true,", 1);
        let answer = answered(&ask, &Upstream::json(200, upstream));
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/event-stream")
        );
        assert_eq!(answer.header("content-length"), None);
        assert_eq!(answer.header("x-litellm-response-cost"), None);
        let events = answer.events();
        assert_eq!(events.last().unwrap(), "[DONE]");
        assert!(!answer.text().contains("usage"), "{}", answer.text());
        let said: String = events[..events.len() - 1]
            .iter()
            .map(|event| serde_json::from_str::<serde_json::Value>(event).unwrap())
            .filter_map(|event| {
                event["choices"][0]["delta"]["content"]
                    .as_str()
                    .map(str::to_owned)
            })
            .collect();
        assert_eq!(said, text);
    }
}

#[rule]
fn a_compressed_answer_goes_out_untouched_and_is_counted_as_such() {
    use dragoman::usage::metrics::Counter;
    for stream in [false, true] {
        let mut world = World::default();
        let ask = ASK.replacen('{', &format!("{{\"stream\":{stream},"), 1);
        let upstream = Upstream::json(200, b"\x1f\x8b not text \xff")
            .header("content-encoding", "gzip")
            .body(&[b"\x1f\x8b not", b" text \xff"]);
        let visit = world.ask(&ask).answered(&upstream);
        assert_eq!(visit.client().body, b"\x1f\x8b not text \xff");
        assert_eq!(visit.client().header("content-encoding"), Some("gzip"));
        assert_eq!(visit.client().header("x-litellm-model-id"), Some("orange"));
        assert_eq!(visit.ledger().total(Counter::CompressedAnswers), 1);
        assert_eq!(visit.ledger().requests(), [("chat", 200)]);
        assert_eq!(visit.ledger().facts()["estimated"], true);
    }
}

#[rule]
fn what_is_no_answer_is_a_502() {
    for (media, body) in [
        ("application/json", "{}"),
        ("application/json", "[]"),
        ("application/json", "{\"choices\":[]"),
        ("application/json", "{\"choices\":null}"),
        ("text/html; charset=utf-8", "<html>Please log in</html>"),
        ("text/plain", "ok"),
    ] {
        for model in ["gpt", "claude"] {
            for stream in [false, true] {
                let ask =
                    ASK.replace("gpt", model)
                        .replacen('{', &format!("{{\"stream\":{stream},"), 1);
                let answer = answered(&ask, &Upstream::of(200, media, body));
                assert_eq!(answer.status, 502, "{model} {body}: {}", answer.text());
                assert_eq!(answer.json()["error"]["type"], "server_error");
                assert!(!answer.text().contains("<html>"));
            }
        }
    }
}

#[rule]
fn an_empty_answer_is_a_502() {
    for upstream in [
        Upstream::status(200),
        Upstream::status(204),
        Upstream::json(200, ""),
    ] {
        assert_eq!(answered(ASK, &upstream).status, 502);
    }
}
