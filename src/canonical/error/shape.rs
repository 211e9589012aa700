//! Where providers put the parts of an error: some seventeen shapes, read by one tolerant walk.

use serde_json::{Map, Value};

/// The parts of an error found in a body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Found {
    pub code: Option<String>,
    pub kind: Option<String>,
    pub message: Option<String>,
    /// Further names of the failure, which only help to recognise it.
    pub names: Vec<String>,
    /// Whether this is an OpenAI error object already.
    pub openai: bool,
    pub param: Option<String>,
    pub retry_delay: Option<String>,
}

/// The parts of the error `body` is; `None` if no known shape fits.
pub(super) fn find(body: &Value) -> Option<Found> {
    match body {
        Value::Array(items) => find_object(items.first()?.as_object()?),
        Value::Object(members) => find_object(members),
        Value::String(message) => Some(Found {
            message: Some(message.clone()),
            ..Found::default()
        }),
        Value::Bool(_) | Value::Null | Value::Number(_) => None,
    }
}

fn find_object(body: &Map<String, Value>) -> Option<Found> {
    match body.get("error") {
        Some(Value::Object(error)) => Some(wrapped(body, error)),
        Some(Value::String(error)) if !error.is_empty() => Some(named(body, error)),
        _ => base_resp(body)
            .or_else(|| detail(body))
            .or_else(|| listed(body))
            .or_else(|| flat(body)),
    }
}

/// OpenAI, Azure, OpenRouter, Anthropic, Google: an object in `error`.
fn wrapped(body: &Map<String, Value>, error: &Map<String, Value>) -> Found {
    let google = text(error, "status");
    let inner = ["innererror", "inner_error"]
        .iter()
        .find_map(|key| error.get(*key).or_else(|| body.get(*key)));
    let inner = inner.and_then(|inner| text(inner.as_object()?, "code"));
    let found = Found {
        code: scalar(error, "code"),
        kind: text(error, "type"),
        message: text(error, "message").or_else(|| text(error, "msg")),
        names: reasons(error).chain(inner).chain(google.clone()).collect(),
        openai: google.is_none() && text(body, "type").as_deref() != Some("error"),
        param: text(error, "param"),
        retry_delay: details(error).find_map(|detail| text(detail, "retryDelay")),
    };
    match forwarded(error) {
        Some(original) => original.or(found),
        None => found,
    }
}

/// OpenRouter's copy of what the provider behind it answered: JSON, as a text or not, or words.
fn forwarded(error: &Map<String, Value>) -> Option<Found> {
    let raw = error.get("metadata")?.as_object()?.get("raw")?;
    let Some(text) = raw.as_str() else {
        return find(raw).map(Found::copied);
    };
    match serde_json::from_str(text) {
        Ok(raw) => find(&raw).map(Found::copied),
        Err(_) => Some(Found {
            message: Some(text.to_owned()),
            ..Found::default()
        })
        .filter(|_| !text.trim().is_empty()),
    }
}

impl Found {
    /// The same as a copy: whose words it is in says nothing of who sends it.
    fn copied(self) -> Found {
        Found {
            openai: false,
            ..self
        }
    }

    fn or(self, other: Found) -> Found {
        let names = self
            .names
            .into_iter()
            .chain(other.names)
            .chain(other.kind.clone());
        Found {
            code: self.code.or(other.code),
            names: names.collect(),
            kind: self.kind.or(other.kind),
            message: self.message.or(other.message),
            openai: self.openai || other.openai,
            param: self.param.or(other.param),
            retry_delay: self.retry_delay.or(other.retry_delay),
        }
    }
}

/// OAuth, TGI, Ollama: a word or a sentence in `error`.
fn named(body: &Map<String, Value>, error: &str) -> Found {
    let words = text(body, "error_description").or_else(|| text(body, "message"));
    Found {
        code: words.is_some().then(|| error.to_owned()),
        kind: text(body, "error_type"),
        message: Some(words.unwrap_or_else(|| error.to_owned())),
        ..Found::default()
    }
}

/// MiniMax.
fn base_resp(body: &Map<String, Value>) -> Option<Found> {
    let base = body.get("base_resp")?.as_object()?;
    Some(Found {
        code: scalar(base, "status_code"),
        message: text(base, "status_msg"),
        ..Found::default()
    })
}

/// FastAPI: a sentence, or a list of places and what is wrong there.
fn detail(body: &Map<String, Value>) -> Option<Found> {
    let (message, kind) = match body.get("detail")? {
        Value::String(message) => (message.clone(), None),
        Value::Array(items) => (
            joined(items)?,
            items
                .iter()
                .find_map(|item| text(item.as_object()?, "type")),
        ),
        Value::Object(detail) => return find_object(detail),
        Value::Bool(_) | Value::Null | Value::Number(_) => return None,
    };
    Some(Found {
        kind,
        message: Some(message),
        ..Found::default()
    })
}

fn joined(items: &[Value]) -> Option<String> {
    let lines: Vec<String> = items
        .iter()
        .filter_map(|item| placed(item.as_object()?))
        .collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

fn placed(item: &Map<String, Value>) -> Option<String> {
    let words = text(item, "msg")?;
    let place = item
        .get("loc")
        .and_then(Value::as_array)
        .map(|loc| loc.iter().filter_map(plain).collect::<Vec<_>>().join("."));
    Some(
        place
            .filter(|place| !place.is_empty())
            .map_or(words.clone(), |place| format!("{place}: {words}")),
    )
}

/// Cloudflare: a list in `errors`.
fn listed(body: &Map<String, Value>) -> Option<Found> {
    flat(body.get("errors")?.as_array()?.first()?.as_object()?)
}

/// AWS, Cohere, vLLM, Azure's gateway, Databricks, DashScope: the parts side by side.
fn flat(body: &Map<String, Value>) -> Option<Found> {
    let message = ["message", "Message", "msg"]
        .iter()
        .find_map(|key| text(body, key))?;
    let kind =
        text(body, "__type").map(|name| name.rsplit('#').next().unwrap_or_default().to_owned());
    let kind = kind.or_else(|| text(body, "type").filter(|kind| kind != "error"));
    let code = ["code", "error_code", "statusCode"]
        .iter()
        .find_map(|key| scalar(body, key));
    Some(Found {
        code,
        kind,
        message: Some(message),
        param: text(body, "param"),
        ..Found::default()
    })
}

fn details(error: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    error
        .get("details")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
}

/// Google's reason; OpenRouter's, whose presence means the content was refused.
fn reasons(error: &Map<String, Value>) -> impl Iterator<Item = String> {
    let flagged = error
        .get("metadata")
        .and_then(|metadata| metadata.get("reasons"))
        .is_some();
    let google = details(error).filter_map(|detail| text(detail, "reason"));
    google.chain(flagged.then(|| "content_filter".to_owned()))
}

fn text(members: &Map<String, Value>, key: &str) -> Option<String> {
    members
        .get(key)?
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// A text, or a number as one.
fn scalar(members: &Map<String, Value>, key: &str) -> Option<String> {
    plain(members.get(key)?)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Object(_) | Value::String(_) => {
            None
        }
    }
}
