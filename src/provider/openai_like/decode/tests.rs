//! What answers of compatible servers are read as.

use super::*;
use crate::canonical::answer::{Citation, ThinkingBlock};

/// The pieces of a stream, each as one line, the bytes cut at `cut`.
fn lines(events: &[&str], cut: usize) -> Vec<String> {
    let stream: String = events
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect();
    let mut lines = Vec::new();
    let mut each = |piece: Piece<'_>| {
        lines.push(match piece {
            Piece::Failed(error) => format!("Failed {} {}", error.status, error.message),
            Piece::Usage(usage) => format!("Usage {}+{}", usage.input, usage.output),
            other => format!("{other:?}"),
        });
    };
    let mut decode = new("openai");
    let (head, tail) = stream.as_bytes().split_at(cut.min(stream.len()));
    decode.stream(head, false, &mut each);
    decode.stream(tail, true, &mut each);
    lines
}

fn said(events: &[&str]) -> Vec<String> {
    let whole = lines(events, 0);
    let length: usize = events.iter().map(|event| event.len() + 8).sum();
    for cut in 1..=length {
        assert_eq!(lines(events, cut), whole, "cut at {cut}");
    }
    whole
}

/// What a delta says.
fn delta(delta: &str) -> String {
    let event = format!(r#"{{"id":"1","model":"m","choices":[{{"delta":{delta}}}]}}"#);
    let lines = lines(&[&event], 0);
    lines.get(1..).unwrap_or_default().join(" ")
}

fn whole(message: &str, finish: &str) -> Completion {
    let body = format!(
        r#"{{"id":"1","created":7.0,"model":"m","choices":[{{"index":0,"message":{message},"finish_reason":{finish}}}]}}"#
    );
    new("openai").whole(body.as_bytes()).unwrap()
}

const START: &str = r#"Start { id: Some("1"), model: Some("m") }"#;

#[test]
fn a_stream_is_told_piece_by_piece_and_usage_wherever_it_stands() {
    let chunks = [
        r#"{"id":"","model":"","choices":[],"prompt_filter_results":[]}"#,
        r#"{"id":"1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}"#,
        r#"{"choices":[{"index":1,"delta":{"content":"other"}},{"index":0,"delta":{"content":"žluť \u00e9"}}]}"#,
        r#"{"choices":[{"delta":{"content":null},"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":2}}]}"#,
        "[DONE]",
    ];
    assert_eq!(
        said(&chunks),
        [
            START,
            "Content(\"žluť é\")",
            "Finish(Stop)",
            "Usage 3+2",
            "End"
        ]
    );
}

#[test]
fn calls_are_numbered_by_us_whatever_the_server_does() {
    let call = |members: &str| {
        format!(
            r#"{{"id":"1","model":"m","choices":[{{"delta":{{"tool_calls":[{{{members}}}]}}}}]}}"#
        )
    };
    let start =
        |index: u32, id: &str| format!("ToolStart {{ index: {index}, id: {id:?}, name: \"f\" }}");
    let arguments = |index: u32, fragment: &str| {
        format!("ToolArguments {{ index: {index}, fragment: {fragment:?} }}")
    };
    let both = [
        start(0, "a"),
        arguments(0, "{}"),
        start(1, "b"),
        arguments(1, "[]"),
    ];
    for (how, first, second) in [
        (
            "numbered",
            r#""index":0,"id":"a","function":{"name":"f","arguments":"{}"}"#,
            r#""index":1,"id":"b","function":{"name":"f","arguments":"[]"}"#,
        ),
        (
            "always 0",
            r#""index":0,"id":"a","function":{"name":"f","arguments":"{}"}"#,
            r#""index":0,"id":"b","function":{"name":"f","arguments":"[]"}"#,
        ),
        (
            "not numbered",
            r#""id":"a","function":{"name":"f","arguments":{}}"#,
            r#""id":"b","function":{"name":"f","arguments":[ ]}"#,
        ),
        (
            "from 1",
            r#""index":1,"id":"a","function":{"name":"f","arguments":"{}"}"#,
            r#""index":2,"id":"b","function":{"name":"f","arguments":"[]"}"#,
        ),
    ] {
        let lines = said(&[&call(first), &call(second)]);
        assert_eq!(lines.get(1..).unwrap(), both, "{how}");
    }
    let repeated = said(&[
        &call(r#""index":0,"id":"a","function":{"name":"f","arguments":null}"#),
        &call(r#""index":0,"id":"a","function":{"name":"f","arguments":"{"}"#),
        &call(r#""index":0,"id":"a","function":{"name":"","arguments":"}"}"#),
    ]);
    assert_eq!(
        repeated.get(1..).unwrap(),
        [start(0, "a"), arguments(0, "{"), arguments(0, "}")]
    );
}

#[test]
fn a_call_without_an_id_is_given_one_that_others_do_not_have() {
    let message = r#"{"tool_calls":[{"function":{"name":"f","arguments":{"a": 1}}},{"function":{"name":"f","arguments":""}}]}"#;
    let calls = whole(message, "\"stop\"").tool_calls;
    let [one, other] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert!(
        one.id.starts_with("call_") && one.id.len() == 29 && one.id != other.id,
        "{calls:?}"
    );
    assert_eq!(
        (one.arguments.as_str(), other.arguments.as_str()),
        ("{\"a\":1}", "")
    );
}

#[test]
fn an_answer_with_calls_has_stopped_for_them() {
    let message = r#"{"content":"","tool_calls":[{"id":"a","function":{"name":"f"}}]}"#;
    for reason in ["\"stop\"", "\"\"", "null", "\"tool_use\""] {
        let answer = whole(message, reason);
        assert_eq!(answer.finish, Some(FinishReason::ToolCalls), "{reason}");
        assert_eq!(answer.content, None);
    }
    assert_eq!(
        whole(message, "\"length\"").finish,
        Some(FinishReason::Length)
    );
}

#[test]
fn reasoning_is_found_by_either_name_and_told_once() {
    for json in [
        r#"{"reasoning":"hm"}"#,
        r#"{"reasoning_content":"hm","reasoning":"hm"}"#,
        r#"{"reasoning_content":"","reasoning":"hm"}"#,
        r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#,
        r#"{"content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]}]}"#,
    ] {
        assert_eq!(delta(json), "Reasoning(\"hm\")", "{json}");
    }
}

#[test]
fn signed_reasoning_is_kept_for_the_next_turn() {
    let databricks = r#"{"content":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm","signature":"s"}]},{"type":"text","text":"ok"}]}"#;
    let litellm = r#"{"reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"s"}],"content":"ok"}"#;
    for json in [databricks, litellm] {
        let answer = whole(json, "null");
        let signed = ThinkingBlock::Signed {
            signature: "s".to_owned(),
            thinking: "hm".to_owned(),
        };
        assert_eq!(answer.thinking, [signed], "{json}");
        assert_eq!(
            (answer.reasoning.as_deref(), answer.content.as_deref()),
            (Some("hm"), Some("ok"))
        );
    }
}

#[test]
fn sources_are_told_once_with_the_best_there_is() {
    let citation = |title: &str| Citation {
        end: 0,
        start: 0,
        title: title.to_owned(),
        url: "https://a".to_owned(),
    };
    for (json, title) in [
        (
            r#"{"citations":["https://a"],"choices":[{"message":{"content":"x"}}]}"#,
            "",
        ),
        (
            r#"{"citations":["https://a"],"search_results":[{"title":"T","url":"https://a"}],"choices":[{"message":{"content":"x"}}]}"#,
            "T",
        ),
        (
            r#"{"citations":["https://b"],"choices":[{"message":{"annotations":[{"type":"url_citation","url_citation":{"url":"https://a","title":"A"}}]}}]}"#,
            "A",
        ),
    ] {
        let answer = new("perplexity").whole(json.as_bytes()).unwrap();
        assert_eq!(answer.citations, [citation(title)], "{json}");
    }
}

#[test]
fn a_stream_ends_with_its_marker_or_with_a_reason_and_not_otherwise() {
    let (text, reason) = (
        r#"{"id":"1","model":"m","choices":[{"delta":{"content":"x"}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#,
    );
    assert_eq!(
        said(&[text, reason]),
        [START, "Content(\"x\")", "Finish(Length)", "End"]
    );
    assert_eq!(
        said(&[text, "[DONE]"]),
        [START, "Content(\"x\")", "Finish(Stop)", "End"]
    );
    assert_eq!(said(&[text]), [START, "Content(\"x\")"]);
}

#[test]
fn nothing_follows_a_failure() {
    let text = r#"{"id":"1","model":"m","choices":[{"delta":{"content":"x"}}]}"#;
    let failure = r#"{"error":{"message":"down","code":503},"choices":[{"delta":{"content":"y"},"finish_reason":"error"}]}"#;
    assert_eq!(
        said(&[text, failure, text, "[DONE]"]),
        [START, "Content(\"x\")", "Failed 503 down"]
    );
    let broken = r#"{"id":"1","model":"m","choices":[{"delta":{},"finish_reason":"error"}]}"#;
    assert!(said(&[broken])[1].starts_with("Failed 502"));
    assert_eq!(
        said(&[text, broken]),
        [START, "Content(\"x\")", "Finish(Stop)", "End"]
    );
    for garbage in ["{", "[]", "<html>"] {
        assert!(said(&[garbage])[0].starts_with("Failed 502"), "{garbage}");
    }
}

#[test]
fn what_is_no_answer_is_an_error() {
    for (body, status) in [
        ("", 502),
        ("<html>", 502),
        ("{}", 502),
        (r#"{"choices":[]}"#, 502),
        (
            r#"{"choices":[{"message":{},"finish_reason":"error"}]}"#,
            502,
        ),
        (r#"{"error":{"code":503,"message":"m"}}"#, 503),
        (
            "  \n\n{\"choices\":[{\"message\":{\"content\":\"x\"}}]}",
            200,
        ),
    ] {
        let read = new("openai").whole(body.as_bytes());
        assert_eq!(
            read.map_or_else(|error| error.status, |_| 200),
            status,
            "{body}"
        );
    }
}

#[test]
fn a_complete_answer_keeps_what_it_says_of_itself() {
    let answer = whole(r#"{"content":"x","refusal":"no"}"#, "\"content_filter\"");
    assert_eq!(
        (
            answer.id.as_deref(),
            answer.model.as_deref(),
            answer.created
        ),
        (Some("1"), Some("m"), Some(7))
    );
    assert_eq!(
        (answer.refusal.as_deref(), answer.finish),
        (Some("no"), Some(FinishReason::ContentFilter))
    );
}
