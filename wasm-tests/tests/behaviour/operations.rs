//! What OpenAI's API can do besides chat, at deployments that speak it.

use dragoman::usage::metrics::Counter;
use serde_json::{Value, json};
use wasm_tests::world::{Call, Did, Upstream, Visit, World};

use crate::rule;
use crate::scenario::{Setting, asked, fails};

const FORM: &str = "multipart/form-data; boundary=b1";

fn post(path: &str, body: &str) -> Call {
    Call::new("POST", path)
        .header("content-type", "application/json")
        .header("content-length", body.len().to_string())
        .body(&[body.as_bytes()])
}

fn sent(visit: &Visit<'_>) -> Value {
    serde_json::from_slice(&visit.provider().body).expect("the body is JSON")
}

fn path<'v>(visit: &'v Visit<'_>) -> &'v str {
    visit.provider().head.get(":path").unwrap()
}

#[rule]
fn each_operation_goes_to_its_path_with_nothing_but_the_model_changed() {
    for (operation, more) in [
        (
            "/embeddings",
            r#""input":"text","encoding_format":"base64""#,
        ),
        ("/embeddings", r#""input":["a","b"],"dimensions":2"#),
        ("/embeddings", r#""input":[[1,2],[3]]"#),
        ("/moderations", r#""input":[{"type":"text","text":"x"}]"#),
        ("/images/generations", r#""prompt":"a crab","n":1"#),
        ("/audio/speech", r#""input":"hi","voice":"alloy""#),
    ] {
        let mut world = World::default();
        let body = format!(r#"{{ "model": "gpt", {more} }}"#);
        let visit = world.send(post(&format!("/v1{operation}"), &body));
        assert_eq!(path(&visit), format!("/v1{operation}"));
        let expected = body.replace("\"gpt\"", "\"gpt-4o\"");
        assert_eq!(visit.provider().body, expected.as_bytes(), "{operation}");
    }
}

#[rule]
fn the_paths_of_azures_clients_name_the_model() {
    let mut world = World::default();
    let path_of = "/openai/deployments/gpt/embeddings?api-version=2024-10-21";
    let visit = world.send(post(path_of, r#"{"input":"x"}"#));
    assert_eq!(path(&visit), "/v1/embeddings");
    assert_eq!(sent(&visit), json!({"model": "gpt-4o", "input": "x"}));
}

#[rule]
fn an_embedding_costs_what_its_prompt_does() {
    let answer = |usage: &str| {
        let vectors = "0.123456789,".repeat(500);
        format!(r#"{{"object":"list","data":[{{"index":0,"embedding":[{vectors}1]}}]{usage}}}"#)
    };
    let stated = r#","usage":{"prompt_tokens":8,"total_tokens":8}"#;
    for (usage, tokens) in [(stated, Some(8)), ("", None)] {
        let mut world = World::default();
        let visit = world.send(post(
            "/v1/embeddings",
            r#"{"model":"gpt","input":"twowords"}"#,
        ));
        let answer = answer(usage);
        let visit = visit.answered(&Upstream::json(200, &answer));
        assert_eq!(visit.client().text(), answer);
        let (input, output) = visit.ledger().in_out();
        assert!(
            (1..9).contains(&input) && output == 0,
            "vectors are no text"
        );
        assert!(tokens.is_none_or(|tokens| tokens == input));
        assert_eq!(visit.ledger().cost(), input * 2000);
        assert_eq!(visit.ledger().requests(), [("embeddings", 200)]);
    }
}

#[rule]
fn a_moderation_needs_no_model() {
    let mut world = Setting::of(&[("omni-moderation-latest", &["a"])]).world("dispatch");
    let visit = world.send(post("/v1/moderations", r#"{"input":"x"}"#));
    assert_eq!(sent(&visit), json!({"input": "x", "model": "gpt-4o"}));
    let visit = visit.answered(&Upstream::json(200, r#"{"results":[]}"#));
    assert_eq!(visit.ledger().requests(), [("moderations", 200)]);
}

#[rule]
fn images_are_not_held_and_their_usage_is_counted() {
    let mut world = World::default();
    let body = r#"{"model":"gpt","prompt":"a crab"}"#;
    let mut visit = world.send(post("/v1/images/generations", body));
    let image = "A".repeat(200_000);
    let usage = r#"{"input_tokens":10,"output_tokens":1000,"total_tokens":1010}"#;
    let answer = format!(r#"{{"created":1,"data":[{{"b64_json":"{image}"}}],"usage":{usage}}}"#);
    let parts: Vec<&[u8]> = answer.as_bytes().chunks(10_000).collect();
    visit.did.clear();
    visit.answer_the_first(&Upstream::json(200, "").body(&parts));
    assert_eq!(visit.did[0], Did::Release);
    assert!(visit.did[1..].iter().all(|did| *did == Did::Pass));
    visit.close();
    assert_eq!(visit.client().text(), answer);
    assert_eq!(visit.ledger().in_out(), (10, 1000));
}

#[rule]
fn sound_passes_without_being_looked_at() {
    let mut world = World::default();
    let body = r#"{"model":"gpt","input":"hello there","voice":"alloy"}"#;
    let mut visit = world.send(post("/v1/audio/speech", body));
    visit.did.clear();
    let sound: &[&[u8]] = &[b"\xff\xfb\0", b"\0\x01", b""];
    visit.answer_the_first(&Upstream::of(200, "audio/mpeg", "").body(sound));
    assert_eq!(visit.did, [Did::Release]);
    visit.close();
    assert_eq!(visit.client().body, sound.concat());
    assert_eq!(visit.client().header("content-type"), Some("audio/mpeg"));
    let ledger = visit.ledger();
    assert_eq!(ledger.requests(), [("speech", 200)]);
    assert!(ledger.in_out().0 > 0 && ledger.in_out().1 == 0);
    assert_eq!(ledger.total(Counter::CompressedAnswers), 0);
}

#[rule]
fn each_operation_is_tried_again_elsewhere() {
    Setting::pair().in_both(|world| {
        for (operation, media, answer) in [
            ("/embeddings", "application/json", r#"{"data":[]}"#),
            ("/moderations", "application/json", r#"{"results":[]}"#),
            ("/images/generations", "application/json", r#"{"data":[]}"#),
            ("/audio/speech", "audio/mpeg", "\u{1}\u{2}"),
        ] {
            world.forget();
            let call = post(&format!("/v1{operation}"), r#"{"model":"gpt","input":"x"}"#);
            let good = Upstream::of(200, media, answer);
            let visit = world.send(call).answered_in_turn(&[fails(500), good]);
            assert_ne!(asked(&visit)[0], asked(&visit)[1], "{operation}");
            assert_eq!(visit.client().text(), answer, "{operation}");
            assert_eq!(visit.client().status, 200);
        }
    });
}

/// A form with a file, which has the model before the file or behind it.
fn form(first: bool) -> (String, String) {
    let field = |name: &str, value: &str| {
        format!("--b1\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let sound = "\u{0}\u{1}".repeat(5_000);
    let file = format!(
        "--b1\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav\r\n\r\n{sound}\r\n"
    );
    let (model, theirs) = (field("model", "gpt"), field("model", "gpt-4o"));
    let language = field("language", "cs");
    let with = |model: &str| {
        let parts = if first {
            [&language, model, &file]
        } else {
            [&file, &language, model]
        };
        format!("{}--b1--\r\n", parts.concat())
    };
    (with(&model), with(&theirs))
}

fn transcribe(body: &str, size: usize) -> Call {
    let parts: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
    Call::new("POST", "/v1/audio/transcriptions")
        .header("content-type", FORM)
        .header("content-length", body.len().to_string())
        .body(&parts)
}

#[rule]
fn a_transcription_goes_on_as_soon_as_its_model_is_known() {
    let (body, expected) = form(true);
    for size in [1, 7, 100, 1_000] {
        let mut world = World::default();
        let visit = world.send(transcribe(&body, size));
        assert!(visit.did.len() < 400, "the file is not waited for");
        assert_eq!(visit.did.last(), Some(&Did::Forward));
        let head = &visit.provider().head;
        assert_eq!(head.get(":path"), Some("/v1/audio/transcriptions"));
        assert_eq!(head.get("content-type"), Some(FORM));
        let length = expected.len().to_string();
        assert_eq!(head.get("content-length"), Some(&*length));
        assert_eq!(visit.provider().body, expected.as_bytes(), "by {size}");
        let answer = r#"{"text":"ahoj","usage":{"type":"tokens","input_tokens":10,"output_tokens":2,"total_tokens":12}}"#;
        let visit = visit.answered(&Upstream::json(200, answer));
        assert_eq!(visit.client().text(), answer);
        assert_eq!(visit.ledger().in_out(), (10, 2));
        assert_eq!(visit.ledger().requests(), [("transcriptions", 200)]);
    }
}

#[rule]
fn a_transcription_whose_model_comes_last_is_waited_for() {
    let (body, expected) = form(false);
    for size in [100, 100_000] {
        let mut world = World::default();
        let visit = world.send(transcribe(&body, size));
        assert_eq!(visit.provider().body, expected.as_bytes());
        let length = expected.len().to_string();
        assert_eq!(visit.provider().head.get("content-length"), Some(&*length));
        let visit = visit.answered(&Upstream::of(200, "text/plain", "ahoj\n"));
        assert_eq!(visit.client().text(), "ahoj\n");
    }
}

#[rule]
fn only_what_must_be_held_can_be_too_long() {
    let limit = json!({"dragoman": {"max_body_bytes": 4096}});
    let (early, expected) = form(true);
    let mut world = World::with(limit.clone());
    let visit = world.send(transcribe(&early, 500));
    assert_eq!(visit.provider().body, expected.as_bytes());
    let (late, _) = form(false);
    let mut world = World::with(limit);
    let mut visit = world.send(transcribe(&late, 500));
    visit.close();
    assert_eq!(visit.client().status, 413);
    assert!(visit.did.len() < 5, "it is refused before it has come");
}

#[rule]
fn a_transcription_that_has_flowed_is_tried_again_only_where_envoy_does_it() {
    let (body, expected) = form(true);
    let setting = Setting::pair();
    let mut world = setting.world("dispatch");
    let mut visit = world.send(transcribe(&body, 500));
    visit.next(&fails(500));
    visit.close();
    assert_eq!((visit.client().status, visit.providers().len()), (500, 1));

    let mut world = setting.world("envoy");
    let good = Upstream::json(200, r#"{"text":"ahoj"}"#);
    let visit = world
        .send(transcribe(&body, 500))
        .answered_in_turn(&[fails(500), good]);
    assert_ne!(asked(&visit)[0], asked(&visit)[1]);
    assert_eq!(visit.providers()[1].body, expected.as_bytes());
    assert_eq!(visit.client().status, 200);
}

#[rule]
fn a_transcription_that_was_held_is_tried_again_everywhere() {
    let (body, expected) = form(false);
    Setting::pair().in_both(|world| {
        let good = Upstream::json(200, r#"{"text":"ahoj"}"#);
        let visit = world
            .send(transcribe(&body, 500))
            .answered_in_turn(&[fails(500), good]);
        assert_eq!(visit.providers()[1].body, expected.as_bytes());
    });
}

#[rule]
fn a_transcription_without_a_model_or_a_form_is_refused() {
    for (media, body) in [
        (FORM, "--b1--\r\n"),
        ("application/json", r#"{"model":"gpt"}"#),
    ] {
        let mut world = World::default();
        let call = Call::new("POST", "/v1/audio/transcriptions")
            .header("content-type", media)
            .body(&[body.as_bytes()]);
        let mut visit = world.send(call);
        visit.close();
        assert_eq!(visit.client().status, 400, "{media}");
        assert!(!visit.is_sent());
    }
}
