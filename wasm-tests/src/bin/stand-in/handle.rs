//! The way of a request: who calls, what is asked, what was ordered, what is answered.

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::{Value, json};

use crate::answer::{Answer, Prompt};
use crate::behaviour::{self, Behaviour, Orders};
use crate::fast::{Key, Prepared};
use crate::play::{Broken, Piece, Play};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::serve::Options;
use crate::socket::Abort;
use crate::{admin, anthropic, openai, script};

/// What all connections share.
#[derive(Debug)]
pub struct Shared {
    /// Answers made beforehand, for `--fast`.
    pub fast: Prepared,
    options: Options,
    /// The orders in force.
    pub orders: Mutex<Orders>,
    /// What arrived.
    pub record: Mutex<Record>,
}

impl Shared {
    /// Nothing ordered, nothing recorded.
    pub fn new(options: Options) -> Self {
        Self {
            fast: Prepared::default(),
            options,
            orders: Mutex::default(),
            record: Mutex::default(),
        }
    }
}

/// The guarded value, also after a panic elsewhere: nothing here is left half changed.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The formats spoken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Format {
    /// Messages.
    Anthropic,
    /// Chat completions.
    OpenAi,
}

/// A response before it is sent.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    pieces: Vec<Piece>,
}

impl Reply {
    /// A JSON document.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    fn text(status: u16, content_type: &str, text: String) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let pieces = if text.is_empty() {
            Vec::new()
        } else {
            vec![Piece::Bytes(text.into())]
        };
        Self {
            status,
            headers,
            pieces,
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn response(&self, abort: Abort) -> Response<Play> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let unsound = |_| Response::new(Play::new([], Abort::default()));
        response
            .body(Play::new(self.pieces.clone(), abort))
            .unwrap_or_else(unsound)
    }
}

/// Answers a request, or breaks the connection.
pub async fn answer(
    request: Request<Incoming>,
    shared: std::sync::Arc<Shared>,
    abort: Abort,
) -> Result<Response<Play>, Broken> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let path = head.uri.path();
    if path.starts_with(admin::PREFIX) {
        return Ok(admin::answer(&head, &body, &shared).response(abort));
    }
    let Some(format) = Format::of(path) else {
        return Ok(elsewhere(&head, &body, &shared).response(abort));
    };
    if shared.options.fast {
        return Ok(fast(format, &head, &body, &shared, abort));
    }
    let decided = decide(format, &head, &body, &shared);
    let Ok((reply, behaviour)) = decided
        .or_else(|refusal| Ok::<_, Infallible>((format.refuse(&refusal), Behaviour::default())));
    if let Some(delay) = behaviour.delay() {
        tokio::time::sleep(delay).await;
    }
    if behaviour.reset_before_headers {
        abort.order();
        return Err(Broken);
    }
    Ok(reply.response(abort))
}

fn elsewhere(head: &Parts, body: &Bytes, shared: &Shared) -> Reply {
    match (&head.method, head.uri.path()) {
        (_, "/healthz") => Reply::text(200, "text/plain", "ok".into()),
        (&Method::GET, path) if path.ends_with("/models") => models(&head.headers),
        (method, path) => {
            if !shared.options.fast {
                locked(&shared.record).note(head, body, "");
            }
            Format::OpenAi.refuse(&Refusal {
                status: 404,
                ..Refusal::invalid(format!("Invalid URL ({method} {path})"))
            })
        }
    }
}

fn models(headers: &HeaderMap) -> Reply {
    let ids = ["stand-in", "stand-in-mini"];
    if headers.contains_key("anthropic-version") {
        let model = |id| json!({"type": "model", "id": id, "display_name": id, "created_at": "2026-01-15T12:34:56Z"});
        let models = ids.map(model);
        return Reply::json(
            200,
            &json!({"data": models, "has_more": false, "first_id": ids.first(), "last_id": ids.last()}),
        );
    }
    let models = ids.map(
        |id| json!({"id": id, "object": "model", "created": 1_768_480_496, "owned_by": "stand-in"}),
    );
    Reply::json(200, &json!({"object": "list", "data": models}))
}

/// An answer out of the store; only who calls is checked.
fn fast(
    format: Format,
    head: &Parts,
    body: &[u8],
    shared: &Shared,
    abort: Abort,
) -> Response<Play> {
    let key = format.caller(&head.headers, shared.options.key.as_deref());
    let key = key.and_then(|_| {
        Key::of(format, body).ok_or_else(|| Refusal::invalid("you must provide a model parameter"))
    });
    let key = match key {
        Ok(key) => key,
        Err(refusal) => return format.refuse(&refusal).response(abort),
    };
    let reply = shared.fast.reply(key, |key| {
        let behaviour = locked(&shared.orders).standing(&key.model).cloned();
        let behaviour = behaviour
            .or_else(|| behaviour::named(&key.model))
            .unwrap_or_default();
        let prompt = Prompt {
            choices: 1,
            input_bytes: 96,
            model: key.model.clone(),
            ..Prompt::default()
        };
        format.say(
            &Answer::to(&prompt, &behaviour),
            (key.stream, key.usage),
            &behaviour,
        )
    });
    reply.response(abort)
}

/// Checks, records, and follows orders.
fn decide(
    format: Format,
    head: &Parts,
    body: &[u8],
    shared: &Shared,
) -> Result<(Reply, Behaviour), Refusal> {
    let request = serde_json::from_slice::<Value>(body);
    let model = request
        .as_ref()
        .ok()
        .and_then(|request| request.get("model")?.as_str())
        .unwrap_or_default();
    locked(&shared.record).note(head, body, model);
    if head.method != Method::POST {
        let message = format!("Not allowed to {} on {}.", head.method, head.uri.path());
        return Err(Refusal {
            status: 405,
            ..Refusal::invalid(message)
        });
    }
    let (key, version) = format.caller(&head.headers, shared.options.key.as_deref())?;
    content_type(&head.headers)?;
    let request = request
        .as_ref()
        .map_err(|_| Refusal::invalid("We could not parse the JSON body of your request."))?;
    let named = behaviour::named(model);
    let prompt = match format {
        Format::Anthropic => anthropic::prompt(request, &version)?,
        Format::OpenAi => openai::prompt(
            request,
            named.as_ref().is_some_and(|behaviour| behaviour.strict),
        )?,
    };
    let ordered = locked(&shared.orders).take(model).or(named);
    if ordered.is_none() && model.starts_with("fault-") {
        return Err(Refusal::unknown_model(model));
    }
    let behaviour = ordered.unwrap_or_default();
    if let Some(fault) = instead(format, &behaviour, &key) {
        return Ok((fault, behaviour));
    }
    let yes = |pointer: &str| request.pointer(pointer).is_some_and(|value| *value == true);
    let streamed = (yes("/stream"), yes("/stream_options/include_usage"));
    Ok((
        format.say(&Answer::to(&prompt, &behaviour), streamed, &behaviour),
        behaviour,
    ))
}

fn content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if value.starts_with("application/json") {
        return Ok(());
    }
    Err(Refusal::invalid(format!(
        "Unsupported content type: '{value}'. This API method only accepts 'application/json'."
    )))
}

/// The answer that is not an answer, if one was ordered.
fn instead(format: Format, behaviour: &Behaviour, key: &str) -> Option<Reply> {
    let reply = if behaviour.echo_key {
        let refusal = Refusal::unauthorized(format!("Incorrect API key provided: {key}."));
        format.refuse(&refusal).header("x-received-key", key)
    } else if let Some(target) = &behaviour.redirect {
        Reply::text(302, "text/plain", "moved".into()).header("location", target)
    } else if behaviour.empty_200 {
        Reply {
            status: 200,
            headers: Vec::new(),
            pieces: Vec::new(),
        }
    } else if behaviour.html_200 {
        let page = "<!DOCTYPE html><html><body><h1>Welcome</h1></body></html>";
        Reply::text(200, "text/html; charset=utf-8", page.into())
    } else if let Some(status) = behaviour.status {
        match &behaviour.body {
            Some(body) => Reply::text(status, "text/plain", body.clone()),
            None => format.refuse(&Refusal::of_status(status)),
        }
    } else {
        return None;
    };
    Some(reply.with(behaviour))
}

impl Reply {
    /// The same with the headers that were ordered.
    fn with(mut self, behaviour: &Behaviour) -> Self {
        if let Some(content_type) = &behaviour.content_type {
            self.headers.retain(|(name, _)| name != "content-type");
            self = self.header("content-type", content_type);
        }
        self.headers.extend(behaviour.headers.clone());
        self
    }
}

impl Format {
    /// The format spoken at `path`, wherever a vendor mounts it.
    fn of(path: &str) -> Option<Self> {
        if path.ends_with("/chat/completions") {
            return Some(Self::OpenAi);
        }
        path.ends_with("/v1/messages").then_some(Self::Anthropic)
    }

    /// The caller's key and the version of the API.
    fn caller(
        self,
        headers: &HeaderMap,
        accepted: Option<&str>,
    ) -> Result<(String, String), Refusal> {
        match self {
            Self::Anthropic => {
                let anthropic::Caller { key, version } = anthropic::caller(headers, accepted)?;
                Ok((key, version))
            }
            Self::OpenAi => Ok((openai::key(headers, accepted)?, String::new())),
        }
    }

    fn refuse(self, refusal: &Refusal) -> Reply {
        let error = match self {
            Self::Anthropic => anthropic::error(refusal),
            Self::OpenAi => openai::error(refusal),
        };
        self.signed(Reply::json(refusal.status, &error))
    }

    /// The answer in this format; `streamed`, and with usage.
    fn say(self, answer: &Answer, (streamed, usage): (bool, bool), behaviour: &Behaviour) -> Reply {
        let mut reply = if streamed {
            let (events, error) = match self {
                Self::Anthropic => (
                    anthropic::events(answer, behaviour),
                    anthropic::error_event(),
                ),
                Self::OpenAi => (
                    openai::events(answer, usage, behaviour),
                    openai::error_event(),
                ),
            };
            let headers = vec![(
                "content-type".to_owned(),
                "text/event-stream; charset=utf-8".to_owned(),
            )];
            Reply {
                status: 200,
                headers,
                pieces: script::stream(&events, &error, behaviour),
            }
        } else {
            let value = match self {
                Self::Anthropic => anthropic::whole(answer, behaviour),
                Self::OpenAi => openai::whole(answer, behaviour),
            };
            let body = value.to_string().into_bytes();
            let length = body.len().to_string();
            let reply = Reply::json(200, &Value::Null);
            let pieces = script::whole(body, behaviour);
            let reply = Reply { pieces, ..reply };
            // A body that breaks off is only seen to do so if its length was promised.
            if reply.pieces.len() > 1 && !behaviour.gzip {
                reply.header("content-length", &length)
            } else {
                reply
            }
        };
        if behaviour.gzip {
            reply = reply.header("content-encoding", "gzip");
        }
        self.signed(reply).with(behaviour)
    }

    /// With the vendor's request id.
    fn signed(self, reply: Reply) -> Reply {
        match self {
            Self::Anthropic => reply.header("request-id", "req_standin"),
            Self::OpenAi => reply.header("x-request-id", "req_standin"),
        }
    }
}
