//! Fixtures of requests and of complete answers.

use std::borrow::Cow;

use dragoman::api::chat::answer;
use dragoman::canonical::error::ApiError;
use dragoman::canonical::request::ChatRequest;
use dragoman::gateway::relay::whole::{self, Wants};
use dragoman::provider::{self, Encoded, Options, Provider, Reading, Rules, Setting, Target};
use dragoman::value::head::Head;
use dragoman::value::secret::Secret;
use dragoman::wire::json::Members;
use serde_json::Value;
use serde_json::value::RawValue;

/// A request that asks for nothing in particular.
const PLAIN: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}"#;

/// What a fixture says, by member.
pub(super) struct Fixture<'a> {
    members: Members<'a>,
}

impl<'a> Fixture<'a> {
    pub fn read(text: &'a str) -> Self {
        Self {
            members: Members::read(text.as_bytes()).expect("a fixture is a JSON object"),
        }
    }

    pub fn raw(&self, name: &str) -> Option<&'a str> {
        let member = self.members.get(name)?;
        Some(core::str::from_utf8(member.value).expect("fixtures are text"))
    }

    pub fn value(&self, name: &str) -> Option<Value> {
        self.raw(name)
            .map(|json| serde_json::from_str(json).expect("a member is JSON"))
    }

    /// The client's request, words for words.
    pub fn request(&self) -> &'a str {
        self.raw("request").unwrap_or(PLAIN)
    }

    /// The request as the vendor of the folder is sent it.
    pub fn encode(&self, name: &str) -> Result<Encoded, ApiError> {
        let provider = provider(name);
        self.at(provider, |target| {
            provider.encode(&chat(self.request()), target)
        })
    }

    /// What comes of the deployment that it describes.
    pub fn at<T>(&self, provider: &dyn Provider, ask: impl FnOnce(&Target<'_>) -> T) -> T {
        let model = self
            .value("model")
            .unwrap_or_else(|| Value::from(usual_model(provider.name())));
        let text = |name: &str| {
            self.value(name)
                .and_then(|value| value.as_str().map(str::to_owned))
        };
        let key = Secret::new(text("key").unwrap_or_else(|| "sk-ant-test".to_owned()));
        let allowed = self.value("allowed").unwrap_or_default();
        let rules = Rules {
            allowed: serde_json::from_value(allowed).unwrap_or_default(),
            ..Rules::default()
        };
        let target = Target {
            model: model.as_str().expect("a model is a name"),
            key: Some(&key).filter(|key| !key.expose().is_empty()),
            authority: &text("authority").unwrap_or_default(),
            base_path: &text("base_path").unwrap_or_default(),
            rules: &rules,
            drop_params: self.value("drop_params") == Some(Value::Bool(true)),
            max_output: self.value("max_output").and_then(|most| most.as_u64()),
            options: &self.options(provider),
            ..Target::of_model("")
        };
        ask(&target)
    }

    /// What the deployment says that only its vendor understands.
    fn options(&self, provider: &dyn Provider) -> Options {
        let options = self.value("options").unwrap_or_default();
        let of = |setting: &Setting| {
            let text = options[setting.key].as_str()?;
            Some((setting.key, Secret::new(text.to_owned())))
        };
        provider.settings().iter().filter_map(of).collect()
    }

    /// How the vendor's answer to it is read.
    pub fn reading(&self, name: &str) -> Reading {
        self.encode(name).expect("the request is fine").reading
    }
}

/// The model of fixtures that name none.
fn usual_model(vendor: &str) -> &'static str {
    match vendor {
        "gemini" | "vertex_ai" => "gemini-3-pro",
        _ => "claude-haiku-4-5",
    }
}

/// The vendor whose name the folder has.
pub(super) fn provider(name: &str) -> &'static dyn Provider {
    let folder = name.split(['/', '\\']).next().unwrap_or_default();
    provider::find(folder).expect("a folder is named after a provider")
}

pub(super) fn chat(json: &str) -> ChatRequest<'_> {
    let members = Members::read(json.as_bytes()).expect("a request is a JSON object");
    let value: Value = serde_json::from_str(&json.replace("\\ud83d", "")).unwrap_or_default();
    ChatRequest {
        json: json.as_bytes(),
        members,
        model: Cow::Borrowed("group"),
        stream: value["stream"] == true,
        include_usage: value["stream_options"]["include_usage"] == true,
    }
}

pub(super) fn request(name: &str, text: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let encoded = match (fixture.encode(name), fixture.value("error")) {
        (Err(error), Some(expected)) => return refused(&error, &expected),
        (Err(error), None) => return Err(format!("refused: {error:?}")),
        (Ok(_), Some(_)) => return Err("not refused".to_owned()),
        (Ok(encoded), None) => encoded,
    };
    sent(&fixture, encoded)
}

/// Whether the vendor is sent what is expected.
pub(super) fn sent(fixture: &Fixture<'_>, encoded: Encoded) -> Result<(), String> {
    let unchanged = || fixture.request().as_bytes().to_vec();
    let body = encoded.body.unwrap_or_else(unchanged);
    let body = String::from_utf8(body).map_err(|fault| fault.to_string())?;
    if let Some(path) = fixture.value("path")
        && path != encoded.path
    {
        return Err(format!("path is {}", encoded.path));
    }
    // A raw reading first: it refuses what is no JSON at all.
    serde_json::from_str::<&RawValue>(&body).map_err(|fault| format!("{fault} in {body}"))?;
    same(
        &serde_json::from_str(&body).map_err(|fault| fault.to_string())?,
        &fixture.value("expected").expect("expected"),
    )?;
    for (header, value) in fixture
        .value("headers")
        .unwrap_or_default()
        .as_object()
        .into_iter()
        .flatten()
    {
        let set = encoded
            .headers
            .iter()
            .find(|(name, _)| name == header)
            .map(|(_, value)| value.as_str());
        if set != value.as_str() {
            return Err(format!("header {header} is {set:?}"));
        }
    }
    for spelling in fixture
        .value("contains")
        .unwrap_or_default()
        .as_array()
        .into_iter()
        .flatten()
    {
        if !body.contains(spelling.as_str().expect("a spelling is a string")) {
            return Err(format!("{spelling} is not in {body}"));
        }
    }
    Ok(())
}

pub(super) fn answer(name: &str, text: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let response = fixture.raw("response").expect("response");
    let answered = worded(&fixture, name, response.as_bytes());
    let body = match (answered, fixture.value("error")) {
        (Err(error), Some(expected)) => return refused(&error, &expected),
        (Err(error), None) => return Err(format!("refused: {error:?}")),
        (Ok(_), Some(_)) => return Err("not refused".to_owned()),
        (Ok(body), None) => body,
    };
    same(
        &serde_json::from_slice(&body).map_err(|fault| fault.to_string())?,
        &fixture.value("expected").expect("expected"),
    )
}

/// The client's answer: what the vendor says in another format worded anew, what it says in OpenAI's as it is.
fn worded(fixture: &Fixture<'_>, name: &str, response: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut reading = fixture.reading(name);
    if let Reading::Foreign(decode) = &mut reading {
        let completion = decode.whole(response)?;
        return Ok(answer::encode(
            &completion,
            "chatcmpl-ours",
            1_768_480_496,
            "group",
        ));
    }
    let wants = Wants {
        stream: false,
        include_usage: false,
        voice: None,
    };
    let answer = whole::read(&mut reading, provider(name).name(), response, wants)?;
    Ok(answer.body.unwrap_or_else(|| response.to_vec()))
}

/// What the client is told when the vendor refuses.
pub(super) fn failure(name: &str, text: &str) -> Result<(), String> {
    let fixture = Fixture::read(text);
    let mut head = Head::new();
    head.push(":status", fixture.raw("status").expect("status"));
    for (name, value) in fixture
        .value("headers")
        .unwrap_or_default()
        .as_object()
        .into_iter()
        .flatten()
    {
        head.push(name, value.as_str().expect("a header is text"));
    }
    let body = fixture.raw("body").unwrap_or_default();
    let vendor = provider(name).name();
    let error = ApiError::answered(vendor, &head, body.as_bytes());
    refused(&error, &fixture.value("error").expect("error"))
}

/// Whether the error has the members that are expected.
pub(super) fn refused(error: &ApiError, expected: &Value) -> Result<(), String> {
    let actual = serde_json::json!({
        "status": error.status, "type": error.kind, "code": error.code, "param": error.param, "message": error.message,
    });
    let differs = |name: &&String| actual.get(name.as_str()) != expected.get(name.as_str());
    match expected
        .as_object()
        .expect("error is an object")
        .keys()
        .find(differs)
    {
        Some(name) => Err(format!("error differs in {name}: {actual}")),
        None => Ok(()),
    }
}

pub(super) fn same(actual: &Value, expected: &Value) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("got      {actual}\n    expected {expected}"))
}
