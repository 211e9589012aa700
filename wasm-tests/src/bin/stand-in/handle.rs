//! The way of a request: who calls, what is asked, what was ordered, what is answered.

use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::{Value, json};

use crate::admin;
use crate::answer::{Answer, Prompt};
use crate::behaviour::{self, Behaviour, Orders};
use crate::fast::{Key, Prepared};
use crate::format::Format;
use crate::operations;
use crate::play::{Broken, Play, Watch};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::serve::Options;
use crate::socket::Abort;

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
    /// How many answers were not read to their end.
    pub unfinished: Arc<AtomicU64>,
}

impl Shared {
    /// Nothing ordered, nothing recorded.
    pub fn new(options: Options) -> Self {
        Self {
            fast: Prepared::default(),
            options,
            orders: Mutex::default(),
            record: Mutex::default(),
            unfinished: Arc::default(),
        }
    }
}

/// The guarded value, also after a panic elsewhere: nothing here is left half changed.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers a request, or breaks the connection.
pub async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    abort: Abort,
) -> Result<Response<Play>, Broken> {
    let watch = Watch::new(abort.clone(), shared.unfinished.clone());
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
    let path = head.uri.path();
    if path.starts_with(admin::PREFIX) {
        return Ok(admin::answer(&head, &body, &shared).response(watch));
    }
    let Some(format) = Format::of(path) else {
        return Ok(elsewhere(&head, &body, &shared).response(watch));
    };
    if shared.options.fast {
        return Ok(fast(format, &head, &body, &shared, watch));
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
    Ok(reply.response(watch))
}

fn elsewhere(head: &Parts, body: &Bytes, shared: &Shared) -> Reply {
    match (&head.method, head.uri.path()) {
        (_, "/healthz") => Reply::text(200, "text/plain", "ok".into()),
        (&Method::GET, path) if path.ends_with("/models") => models(&head.headers),
        (method, path) => {
            if let Some((reply, model)) = operations::answer(head, body) {
                locked(&shared.record).note(head, body, &model);
                return reply;
            }
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
    watch: Watch,
) -> Response<Play> {
    let key = format.caller(&head.headers, shared.options.key.as_deref());
    let key = key.and_then(|_| {
        Key::of(format, head.uri.path(), body)
            .ok_or_else(|| Refusal::invalid("you must provide a model parameter"))
    });
    let key = match key {
        Ok(key) => key,
        Err(refusal) => return format.refuse(&refusal).response(watch),
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
    reply.response(watch)
}

/// Checks, records, and follows orders.
fn decide(
    format: Format,
    head: &Parts,
    body: &[u8],
    shared: &Shared,
) -> Result<(Reply, Behaviour), Refusal> {
    let request = serde_json::from_slice::<Value>(body);
    let named = format.named(head.uri.path());
    let model = named.as_ref().map(|(model, _)| model.as_str());
    let body_names = request.as_ref().ok();
    let body_names = body_names.and_then(|request| request.get("model")?.as_str());
    let model = model.or(body_names).unwrap_or_default();
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
    let wished = behaviour::named(model);
    let strict = wished.as_ref().is_some_and(|behaviour| behaviour.strict);
    let prompt = format.read(request, model, &version, strict)?;
    let ordered = locked(&shared.orders).take(model).or(wished);
    if ordered.is_none() && model.starts_with("fault-") {
        return Err(Refusal::unknown_model(model));
    }
    let behaviour = ordered.unwrap_or_default();
    if let Some(fault) = instead(format, &behaviour, &key) {
        return Ok((fault, behaviour));
    }
    let yes = |pointer: &str| request.pointer(pointer).is_some_and(|value| *value == true);
    let streamed = match &named {
        Some((_, streamed)) => (*streamed, true),
        None => (yes("/stream"), yes("/stream_options/include_usage")),
    };
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
