//! Fixtures of clients that speak another format than chat: what vendors are asked in their place, and what they are told.

use dragoman::api::{self, ClientFormat, Voice, Wish};
use dragoman::canonical::asked::{Asked, Line};
use dragoman::canonical::format::Format;
use dragoman::gateway::relay::foreign::ForeignRelay;
use dragoman::gateway::relay::{Output, Relay};
use dragoman::provider::{self, Decode, Reading, Target, openai_like};
use serde_json::Value;

use super::case::{Fixture, chat, refused, same};

/// What stands in for what a vendor leaves out.
const WISH: Wish<'static> = Wish {
    id: "chatcmpl-ours",
    created: 1_768_480_496,
    model: "group",
};

/// The format of the folder.
fn format(name: &str) -> Format {
    match name.split(['/', '\\']).next() {
        Some("completions") => Format::Completions,
        Some("gemini-in") => Format::Gemini,
        Some("messages") => Format::Messages,
        Some("responses") => Format::Responses,
        other => panic!("no format for {other:?}"),
    }
}

/// The fixture's request, and who reads it. The path's part in it is `model` and `stream`.
fn asking<T>(
    name: &str,
    fixture: &Fixture<'_>,
    then: impl FnOnce(&'static dyn ClientFormat, &Asked<'_>) -> T,
) -> Result<T, dragoman::canonical::error::ApiError> {
    let format = format(name);
    let client = api::client(format);
    let text = |name: &str| Some(fixture.value(name)?.as_str()?.to_owned());
    let line = Line {
        model: text("model"),
        path: text("path").unwrap_or_default(),
        stream: fixture.value("stream").and_then(|stream| stream.as_bool()),
        ..Line::of(format)
    };
    let plain = match format {
        Format::Gemini => r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#,
        Format::Responses => r#"{"model":"m","input":"hi"}"#,
        Format::Completions => r#"{"model":"m","prompt":"hi"}"#,
        _ => r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#,
    };
    let body = fixture.raw("request").unwrap_or(plain);
    let asked = client.read(body.as_bytes(), &line)?;
    Ok(then(client, &asked))
}

fn voice(name: &str, fixture: &Fixture<'_>) -> Box<dyn Voice> {
    asking(name, fixture, |client, asked| client.voice(asked, &WISH)).expect("the request is fine")
}

/// The reader of the vendor whose words the fixture has: `provider`, or one that speaks OpenAI's format.
fn decoder(fixture: &Fixture<'_>) -> Box<dyn Decode> {
    let Some(vendor) = fixture.value("provider") else {
        return openai_like::decode::new("openai");
    };
    let vendor = provider::find(vendor.as_str().expect("a name")).expect("a provider");
    let request = chat(r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#);
    let encoded = vendor.encode(&request, &Target::of_model("m"));
    match encoded.expect("the request is fine").reading {
        Reading::Foreign(decode) => decode,
        Reading::Native(_) | Reading::Openai => panic!("it speaks OpenAI's format"),
    }
}

/// What a vendor is asked in chat's format.
pub(super) fn to_chat(name: &str, text: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let worded =
        asking(name, &fixture, |client, asked| client.to_chat(asked)).and_then(|worded| worded);
    let body = match (worded, fixture.value("error")) {
        (Err(error), Some(expected)) => return refused(&error, &expected),
        (Err(error), None) => return Err(format!("refused: {error:?}")),
        (Ok(_), Some(_)) => return Err("not refused".to_owned()),
        (Ok(body), None) => String::from_utf8(body).map_err(|fault| fault.to_string())?,
    };
    let expected = fixture.value("expected").expect("expected");
    same(&parse(&body)?, &expected)?;
    let spellings = fixture.value("contains").unwrap_or_default();
    for spelling in spellings.as_array().into_iter().flatten() {
        if !body.contains(spelling.as_str().expect("a spelling is a string")) {
            return Err(format!("{spelling} is not in {body}"));
        }
    }
    Ok(())
}

/// What the client is told of a complete answer.
pub(super) fn reply(name: &str, text: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let answer = fixture.raw("answer").expect("answer");
    let completion = decoder(&fixture).whole(answer.as_bytes());
    let completion = completion.map_err(|error| format!("not read: {error:?}"))?;
    let body = voice(name, &fixture).whole(&completion);
    let body = String::from_utf8(body).map_err(|fault| fault.to_string())?;
    same(
        &parse(&body)?,
        &fixture.value("expected").expect("expected"),
    )
}

/// What the client is told of a stream, wherever its bytes are cut.
pub(super) fn events(name: &str, text: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let told = asking(name, &fixture, |client, asked| {
        events_told(&fixture, client, asked)
    });
    told.expect("the request is fine")
}

fn events_told(
    fixture: &Fixture<'_>,
    client: &dyn ClientFormat,
    asked: &Asked<'_>,
) -> Result<(), String> {
    let stream = stream(fixture);
    let deliver = |parts: &[&[u8]]| deliver(fixture, client, asked, parts);
    let whole = deliver(&[stream.as_bytes()]);
    same(
        &told(&whole)?,
        &fixture.value("expected").expect("expected"),
    )?;
    for cut in 0..=stream.len() {
        let (head, tail) = stream.as_bytes().split_at(cut);
        if deliver(&[head, tail]) != whole {
            return Err(format!("cut at byte {cut} changes what is told"));
        }
    }
    let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
    if deliver(&bytes) != whole {
        return Err("byte by byte changes what is told".to_owned());
    }
    Ok(())
}

/// The vendor's stream: `sse` as it is, or `chunks` in OpenAI's framing, with its end unless `done` is false.
fn stream(fixture: &Fixture<'_>) -> String {
    if let Some(sse) = fixture.value("sse") {
        return sse.as_str().expect("a stream is text").to_owned();
    }
    let chunks = fixture.value("chunks").expect("chunks or sse");
    let chunks = chunks.as_array().expect("chunks are a list").iter();
    let mut stream: String = chunks.map(|chunk| format!("data: {chunk}\n\n")).collect();
    if fixture.value("done") != Some(Value::Bool(false)) {
        stream.push_str("data: [DONE]\n\n");
    }
    stream
}

fn deliver(
    fixture: &Fixture<'_>,
    client: &dyn ClientFormat,
    asked: &Asked<'_>,
    parts: &[&[u8]],
) -> String {
    let voice = client.voice(asked, &WISH);
    let mut relay = ForeignRelay::new(decoder(fixture), voice, Vec::new());
    let mut out = Vec::new();
    let mut take = |output: Output| match output {
        Output::Same => panic!("another format has other bytes"),
        Output::Changed(bytes) => out.extend(bytes),
    };
    for part in parts {
        take(relay.push(part, false));
    }
    take(relay.push(b"", true));
    if let Some(failure) = &relay.seen().failure {
        out.extend(client.error_event(failure));
    }
    String::from_utf8(out).expect("events are text")
}

/// The data of each event. An event's name is its data's `type`.
fn told(out: &str) -> Result<Value, String> {
    let mut list = Vec::new();
    for frame in out.split_terminator("\n\n") {
        let (event, data) = match frame.split_once("\ndata: ") {
            Some((event, data)) => (event.strip_prefix("event: "), data),
            None => (None, frame.strip_prefix("data: ").unwrap_or(frame)),
        };
        let data = if data == "[DONE]" {
            Value::from(data)
        } else {
            parse(data)?
        };
        if event.is_some_and(|event| data["type"] != event) {
            return Err(format!("an event of another name: {frame}"));
        }
        list.push(data);
    }
    Ok(Value::from(list))
}

fn parse(json: &str) -> Result<Value, String> {
    serde_json::from_str(json).map_err(|fault| format!("{fault} in {json}"))
}
