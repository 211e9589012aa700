//! Bedrock and SageMaker behind the gateway: what is signed, what comes in frames, what comes back.

use dragoman::provider::aws::sigv4::{Keys, Scope, Unsigned, sign};
use dragoman::value::time::Timestamp;
use dragoman::wire::event_stream::framed;
use serde_json::json;
use wasm_tests::world::{Call, Sent, Upstream, World};

use crate::rule;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const FRAMES: &str = "application/vnd.amazon.eventstream";

fn world() -> World {
    let entry = |name: &str, model: &str, more: &str| {
        let mut params = json!({"model": model, "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRET,
            "aws_region_name": "us-east-1", "input_cost_per_token": 2e-6, "output_cost_per_token": 8e-6});
        if !more.is_empty() {
            params["aws_session_token"] = json!(more);
        }
        json!({"model_name": name, "litellm_params": params})
    };
    let mut extended = entry(
        "extended",
        "bedrock/anthropic.claude-haiku-4-5-20251001-v1:0",
        "a-session-token",
    );
    extended["litellm_params"]["extra_body"] = json!({"requestMetadata": {"team": "x"}});
    World::of(
        json!({"router_settings": {"num_retries": 0}, "model_list": [
            entry("claude", "bedrock/anthropic.claude-haiku-4-5-20251001-v1:0", ""),
            entry("brief", "bedrock/anthropic.claude-haiku-4-5-20251001-v1:0", "a-session-token"),
            entry("titan", "bedrock/amazon.titan-embed-text-v2:0", ""),
            entry("mine", "sagemaker_chat/my-endpoint", ""),
            extended,
        ]}),
    )
}

fn chat(model: &str, stream: bool) -> Call {
    Call::chat(format!(
        r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}],"stream":{stream}}}"#
    ))
}

fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    framed(&headers, payload.as_bytes())
}

fn exception(name: &str) -> Vec<u8> {
    let headers = [(":exception-type", name), (":message-type", "exception")];
    framed(
        &headers,
        br#"{"message":"Too many tokens, please wait before trying again."}"#,
    )
}

fn hello() -> Vec<u8> {
    let delta = |text: &str| {
        let payload = json!({"contentBlockIndex": 0, "delta": {"text": text}, "p": "abc"});
        event("contentBlockDelta", &payload.to_string())
    };
    [
        event("messageStart", r#"{"role":"assistant"}"#),
        delta("žluť"),
        delta(" 🦀"),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event(
            "metadata",
            r#"{"usage":{"inputTokens":600,"outputTokens":100,"totalTokens":700,"cacheReadInputTokens":400},"metrics":{"latencyMs":1}}"#,
        ),
    ]
    .concat()
}

fn streamed(parts: &[&[u8]]) -> Upstream {
    Upstream::status(200)
        .header("content-type", FRAMES)
        .body(parts)
}

/// Whether the signature is the one of what was sent.
fn is_signed(sent: &Sent, service: &str) -> bool {
    let (time, authority) = (
        1_768_480_496_000_000_000,
        sent.head.get(":authority").unwrap(),
    );
    let field = |name| Some((name, sent.head.get(name)?.to_owned()));
    let headers = ["content-type", "x-amzn-sagemaker-accept"].into_iter();
    let headers: Vec<(&str, String)> = headers.filter_map(field).collect();
    let request = Unsigned {
        method: sent.head.get(":method").unwrap(),
        authority,
        path: sent.head.get(":path").unwrap(),
        headers: &headers,
        body: &sent.body,
    };
    let keys = Keys {
        id: "AKIDEXAMPLE",
        secret: SECRET,
        token: sent.head.get("x-amz-security-token"),
    };
    let region = "us-east-1";
    let fields = sign(
        &request,
        &keys,
        &Scope { region, service },
        Timestamp::from_nanos(time),
    );
    fields
        .iter()
        .all(|(name, value)| sent.head.get(name).is_some_and(|sent| sent == value))
}

#[rule]
fn what_is_sent_to_aws_is_what_was_signed() {
    let mut world = world();
    for (model, service, path) in [
        (
            "claude",
            "bedrock",
            "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
        ),
        (
            "extended",
            "bedrock",
            "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
        ),
        (
            "brief",
            "bedrock",
            "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
        ),
    ] {
        let visit = world.send(chat(model, false));
        let sent = visit.provider();
        assert_eq!(sent.head.get(":path"), Some(path));
        assert_eq!(
            sent.head.get(":authority"),
            Some("bedrock-runtime.us-east-1.amazonaws.com")
        );
        assert!(is_signed(sent, service), "{model}");
    }
    let visit = world.send(chat("extended", false));
    let body = String::from_utf8_lossy(&visit.provider().body);
    assert!(body.contains(r#""requestMetadata":{"team":"x"}"#), "{body}");
    drop(visit);
    let visit = world.send(chat("brief", false));
    assert_eq!(
        visit.provider().head.get("x-amz-security-token"),
        Some("a-session-token")
    );
}

#[rule]
fn a_stream_in_frames_reaches_the_client_as_events_however_it_is_cut() {
    let mut world = world();
    let stream = hello();
    let mut told = Vec::new();
    let bytes: Vec<&[u8]> = stream.chunks(1).chain([&[][..]]).collect();
    for parts in [vec![&stream[..]], bytes] {
        world.forget();
        let visit = world.send(chat("claude", true)).answered(&streamed(&parts));
        let answer = visit.client();
        assert_eq!(
            answer.header("content-type"),
            Some("text/event-stream; charset=utf-8")
        );
        assert!(
            answer.text().contains(r#""content":"žluť""#),
            "{}",
            answer.text()
        );
        assert_eq!(answer.events().last().map(String::as_str), Some("[DONE]"));
        told.push(answer.text().to_owned());
        drop(visit);
        assert_eq!(world.ledger().in_out(), (1000, 100));
    }
    assert_eq!(told[0], told[1]);
}

#[rule]
fn an_exception_in_the_place_of_an_answer_is_a_failure_like_any_other() {
    let mut world = world();
    let visit = world
        .send(chat("claude", true))
        .answered(&streamed(&[&exception("throttlingException")]));
    assert_eq!(visit.client().status, 429);
    assert_eq!(
        visit.client().json()["error"]["code"],
        "rate_limit_exceeded"
    );
}

#[rule]
fn a_text_is_embedded_in_openais_format() {
    let mut world = world();
    let call = Call::chat(r#"{"model":"titan","input":"hi","encoding_format":"base64"}"#)
        .to("/v1/embeddings");
    let mut visit = world.send(call);
    assert_eq!(
        visit.provider().head.get(":path"),
        Some("/model/amazon.titan-embed-text-v2%3A0/invoke")
    );
    assert!(is_signed(visit.provider(), "bedrock"));
    visit.answer_the_first(&Upstream::json(
        200,
        r#"{"embedding":[1.0,-2.0],"inputTextTokenCount":5}"#,
    ));
    assert_eq!(
        visit.client().json(),
        json!({"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": "AACAPwAAAMA="}],
            "model": "amazon.titan-embed-text-v2:0", "usage": {"prompt_tokens": 5, "total_tokens": 5}})
    );
}

#[rule]
fn a_containers_stream_comes_in_frames_and_goes_out_as_events() {
    let mut world = world();
    let part = |payload: &str| {
        let headers = [(":event-type", "PayloadPart"), (":message-type", "event")];
        framed(&headers, payload.as_bytes())
    };
    let stream = [
        part(
            "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"cont",
        ),
        part(
            "ent\":\"Hi\"},\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        ),
        part("data: [DONE]\n\n"),
    ];
    let mut visit = world.send(chat("mine", true));
    let path = "/endpoints/my-endpoint/invocations-response-stream";
    assert_eq!(visit.provider().head.get(":path"), Some(path));
    assert!(is_signed(visit.provider(), "sagemaker"));
    visit.answer_the_first(&streamed(&[&stream.concat()]));
    let answer = visit.client();
    assert!(
        answer.text().contains(r#""content":"Hi""#),
        "{}",
        answer.text()
    );
    assert_eq!(answer.events().last().map(String::as_str), Some("[DONE]"));
}
