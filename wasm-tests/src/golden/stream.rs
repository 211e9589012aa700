//! Fixtures of streams: whole, cut everywhere, byte by byte, with other line ends.

use dragoman::api;
use dragoman::api::chat::chunks::Chunks;
use dragoman::canonical::format::Format;
use dragoman::gateway::relay::foreign::ForeignRelay;
use dragoman::gateway::relay::openai::OpenaiRelay;
use dragoman::gateway::relay::{Output, Relay};
use dragoman::provider::Reading;
use serde_json::{Map, Value};

use super::case::{Fixture, chat, provider, same};

/// Members that all chunks share.
const SHARED: [&str; 4] = ["id", "object", "created", "model"];

pub(super) fn check(name: &str, text: &str, sse: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let whole = deliver(&fixture, name, [sse.as_bytes()]);
    let passes = matches!(fixture.reading(name), Reading::Openai);
    expected(&fixture, &whole, passes)?;
    for cut in 0..=sse.len() {
        let (head, tail) = sse.as_bytes().split_at(cut);
        unchanged(
            &whole,
            &deliver(&fixture, name, [head, tail]),
            &format!("cut at byte {cut}"),
        )?;
    }
    unchanged(
        &whole,
        &deliver(&fixture, name, sse.as_bytes().chunks(1)),
        "byte by byte",
    )?;
    let crlf = sse.replace('\n', "\r\n");
    unchanged(&whole, &deliver(&fixture, name, [crlf.as_bytes()]), "CRLF")?;
    unchanged(
        &whole,
        &deliver(&fixture, name, crlf.as_bytes().chunks(1)),
        "CRLF byte by byte",
    )
}

/// What the client is sent when the vendor's bytes come in these parts: what the gateway's own relay
/// makes of them, and the error event if it fails.
fn deliver<'a>(
    fixture: &Fixture<'_>,
    name: &str,
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> String {
    let include_usage = chat(fixture.request()).include_usage;
    let id = "chatcmpl-ours".to_owned();
    let chunks = Chunks::new(id, 1_768_480_496, "group", include_usage);
    let mut relay: Box<dyn Relay> = match fixture.reading(name) {
        Reading::Foreign(decoder) => {
            Box::new(ForeignRelay::new(decoder, Box::new(chunks), Vec::new()))
        }
        Reading::Native(_) => panic!("a golden stream answers a chat"),
        Reading::Openai => {
            let provider = provider(name).name();
            Box::new(OpenaiRelay::new(provider, include_usage, Vec::new()))
        }
    };
    let mut out = Vec::new();
    for part in parts {
        take(&mut out, part, relay.push(part, false));
    }
    take(&mut out, b"", relay.push(b"", true));
    if let Some(failure) = &relay.seen().failure {
        out.extend(api::client(Format::Chat).error_event(failure));
    }
    String::from_utf8(out).expect("chunks are text")
}

fn take(out: &mut Vec<u8>, part: &[u8], output: Output) {
    match output {
        Output::Same => out.extend_from_slice(part),
        Output::Changed(bytes) => out.extend(bytes),
    }
}

fn unchanged(whole: &str, cut: &str, how: &str) -> Result<(), String> {
    // What is passed on keeps its line ends, and a comment may get lost with the event behind it.
    let events = |text: &str| -> Vec<String> {
        let text = text.replace("\r\n", "\n");
        let frames = text.split("\n\n").filter(|frame| !frame.starts_with(':'));
        frames.map(str::to_owned).collect()
    };
    if events(whole) == events(cut) {
        return Ok(());
    }
    Err(format!("{how} changes the chunks to {cut}"))
}

fn expected(fixture: &Fixture<'_>, out: &str, passes: bool) -> Result<(), String> {
    let mut frames: Vec<_> = out
        .split_terminator("\n\n")
        .filter(|frame| !frame.starts_with(':'))
        .map(|frame| frame.strip_prefix("data: ").unwrap_or(frame))
        .collect();
    let last = frames.pop().unwrap_or_default();
    match fixture.value("ends") {
        None if last == "[DONE]" => {}
        None => return Err(format!("ends with {last}")),
        Some(error) => same(&parse(last)?, &error)?,
    }
    let include_usage = chat(fixture.request()).include_usage;
    let mut shared = Map::new();
    let mut chunks = Vec::new();
    for frame in frames {
        let Value::Object(mut chunk) = parse(frame)? else {
            return Err(format!("no object: {frame}"));
        };
        let mine: Map<_, _> = SHARED
            .iter()
            .filter_map(|name| chunk.shift_remove_entry(*name))
            .collect();
        let is_one = mine.len() == SHARED.len() && (shared.is_empty() || mine == shared);
        if !passes && !is_one {
            return Err(format!("id, object, created or model differ in {frame}"));
        }
        shared = mine;
        if !passes && chunk.get("usage").is_some() != include_usage {
            return Err(format!("usage in {frame}"));
        }
        if chunk.get("usage") == Some(&Value::Null) {
            chunk.shift_remove("usage");
        }
        chunks.push(Value::Object(chunk));
    }
    same(
        &Value::from(chunks),
        &fixture.value("expected").expect("expected"),
    )
}

fn parse(frame: &str) -> Result<Value, String> {
    serde_json::from_str(frame).map_err(|fault| format!("{fault} in {frame}"))
}
