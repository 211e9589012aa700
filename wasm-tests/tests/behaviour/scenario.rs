//! Gateways with several deployments, in both transports, and what their providers say.

use serde_json::{Value, json};
use wasm_tests::world::{Answer, Call, Upstream, Visit, World};

use crate::spoken::{done, role, stop, usage, word};

/// What the usual answer costs, in billionths of a dollar: 1,000 tokens in and 100 out.
pub const COST: u64 = 2_800_000;

/// Groups of deployments, and how they are tried.
#[derive(Clone)]
pub struct Setting(Value);

impl Setting {
    /// Groups by name, each with the ids of its deployments. All are OpenAI's, and each has an address and a key of its own.
    pub fn of(groups: &[(&str, &[&str])]) -> Self {
        let entries = groups
            .iter()
            .flat_map(|(group, ids)| ids.iter().map(|id| entry(group, id)));
        let entries: Vec<Value> = entries.collect();
        Self(json!({"model_list": entries}))
    }

    /// One group `gpt` with deployments `a` and `b`.
    pub fn pair() -> Self {
        Self::of(&[("gpt", &["a", "b"])])
    }

    /// The same with these members of `router_settings`.
    pub fn router(self, members: Value) -> Self {
        self.section("router_settings", members)
    }

    /// The same with these members of `dragoman`.
    pub fn dragoman(self, members: Value) -> Self {
        self.section("dragoman", members)
    }

    /// The same with these parameters of the deployment `id`.
    pub fn params(self, id: &str, members: Value) -> Self {
        self.deployment(id, "litellm_params", members)
    }

    /// The same with these members of the deployment's section.
    pub fn deployment(mut self, id: &str, section: &str, members: Value) -> Self {
        let entries = self.0["model_list"].as_array_mut().unwrap();
        for entry in entries {
            if entry["model_info"]["id"] == id {
                put(&mut entry[section], members.clone());
            }
        }
        self
    }

    fn section(mut self, name: &str, members: Value) -> Self {
        put(&mut self.0[name], members);
        self
    }

    /// What holds whichever transport carries it out.
    pub fn in_both(&self, mut act: impl FnMut(&mut World)) {
        for transport in ["dispatch", "envoy"] {
            act(&mut self.world(transport));
        }
    }

    /// A world with it in this transport.
    pub fn world(&self, transport: &str) -> World {
        let setting = self.clone().dragoman(json!({"retry_transport": transport}));
        World::of(setting.0)
    }
}

fn put(place: &mut Value, members: Value) {
    for (name, value) in members.as_object().unwrap() {
        place[name] = value.clone();
    }
}

fn entry(group: &str, id: &str) -> Value {
    json!({
        "model_name": group,
        "litellm_params": {
            "model": "openai/gpt-4o",
            "api_base": format!("http://{id}.example/v1"),
            "api_key": key(id),
            "input_cost_per_token": 2e-6,
            "output_cost_per_token": 8e-6,
        },
        "model_info": {"id": id},
    })
}

/// The key of the deployment with that id. It looks like no vendor's.
pub fn key(id: &str) -> String {
    format!("credential-of-deployment-{id}")
}

/// A request for the group `gpt`, with these members besides.
pub fn ask(more: &str) -> Call {
    Call::chat(format!(
        r#"{{"model":"gpt","messages":[{{"role":"user","content":"hi"}}]{more}}}"#
    ))
}

/// The same for a stream.
pub fn ask_stream(more: &str) -> Call {
    ask(&format!(r#","stream":true{more}"#))
}

/// The ids of the deployments that were asked, in order.
pub fn asked<'v>(visit: &'v Visit<'_>) -> Vec<&'v str> {
    let hosts = visit
        .providers()
        .iter()
        .map(|sent| sent.head.get(":authority").unwrap());
    hosts
        .map(|host| host.strip_suffix(".example").unwrap_or(host))
        .collect()
}

/// A complete answer with that text, which took 1,000 tokens in and 100 out.
pub fn good(text: &str) -> Upstream {
    let message = json!({"role": "assistant", "content": text, "refusal": null});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    let answer = json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "gpt-4o-x",
        "choices": [choice],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}});
    Upstream::json(200, answer.to_string())
}

/// The same in a stream.
pub fn good_stream(text: &str) -> Upstream {
    stream(&[role(), word(text), stop(), usage(), done()])
}

/// A stream that comes event by event.
pub fn stream(events: &[String]) -> Upstream {
    let parts: Vec<&[u8]> = events.iter().map(String::as_bytes).collect();
    Upstream::stream(&[parts, vec![b""]].concat())
}

/// An error of that status.
pub fn fails(status: u16) -> Upstream {
    let error = json!({"error": {"message": format!("trouble {status}"), "type": "t", "param": null, "code": null}});
    Upstream::json(status, error.to_string())
}

/// The text of an answer, whole or in a stream that is as it should be.
pub fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    if !answer.header("content-type").unwrap().contains("stream") {
        let body = answer.json();
        return body["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    let mut events = answer.events();
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    assert!(
        !events
            .iter()
            .any(|event| event == "[DONE]" || event.contains("\"error\""))
    );
    let chunks: Vec<Value> = events
        .iter()
        .map(|event| serde_json::from_str(event).unwrap())
        .collect();
    for name in ["id", "model", "created"] {
        assert!(chunks.iter().all(|chunk| chunk[name] == chunks[0][name]));
    }
    let roles = chunks
        .iter()
        .filter(|chunk| chunk.pointer("/choices/0/delta/role").is_some());
    assert_eq!(roles.count(), 1, "{}", answer.text());
    let words = chunks
        .iter()
        .filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str());
    words.collect()
}

/// The error in an answer.
pub fn error(answer: &Answer) -> Value {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let error = answer.json()["error"].clone();
    let members: Vec<_> = error.as_object().unwrap().keys().collect();
    assert_eq!(members, ["message", "type", "param", "code"]);
    error
}

/// The outcomes of all attempts in the access log, by deployment.
pub fn attempts(visit: &Visit<'_>) -> Vec<(String, String)> {
    let facts = visit.ledger().facts();
    let attempts = facts["attempts"].as_array().cloned().unwrap_or_default();
    let word = |attempt: &Value, name: &str| attempt[name].as_str().unwrap().to_owned();
    attempts
        .iter()
        .map(|attempt| (word(attempt, "deployment"), word(attempt, "outcome")))
        .collect()
}
