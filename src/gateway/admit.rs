//! Which API, which caller, may it: everything that is decided before a provider is involved.

use percent_encoding::percent_decode_str;

use super::effect::{Effect, Reply};
use super::{heads, refuse};
use crate::api::{self, Entry, Operation, Route};
use crate::canonical::asked::Line;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::Plan;
use crate::value::head::Head;

/// Where callers may put their key: OpenAI's clients, Anthropic's, Azure's, Google's.
const KEY_HEADERS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

/// What becomes of a request by its head alone.
#[derive(Debug)]
pub enum Admission {
    /// Answered: done.
    Answered(Operation, Reply),
    /// A request for a provider; its body is needed.
    Ask(Line),
    /// Not the gateway's.
    Foreign(Effect),
    /// Refused.
    Refused(Operation, ApiError),
    /// The gateway's path; the method to use instead.
    WrongMethod(Operation, &'static str),
}

/// Decides by the request's head.
#[must_use]
pub fn admit(head: &Head, last: bool, plan: &Plan) -> Admission {
    let method = head.get(":method").unwrap_or_default();
    match api::route(method, head.get(":path").unwrap_or_default()) {
        Entry::Foreign => Admission::Foreign(foreign(head, plan)),
        Entry::Ours(route) => ours(&route, head, last, plan),
        Entry::WrongMethod { allow, operation } => Admission::WrongMethod(operation, allow),
    }
}

/// What others' requests must lose: a client never chooses a cluster.
fn foreign(head: &Head, plan: &Plan) -> Effect {
    if head
        .pairs()
        .any(|(name, _)| name == plan.cluster_header.as_bytes())
    {
        return Effect::Strip;
    }
    Effect::Pass
}

fn ours(route: &Route<'_>, head: &Head, last: bool, plan: &Plan) -> Admission {
    let operation = route.operation();
    let refused = |error: ApiError| Admission::Refused(operation, error);
    if operation != Operation::Health
        && let Err(error) = authenticate(head, operation.format(), plan)
    {
        return refused(error);
    }
    match route {
        Route::Ask {
            format,
            model,
            stream,
        } => match body_fits(*format, head, last, plan) {
            Ok(()) => Admission::Ask(Line {
                headers: heads::of_format(head),
                length: length(head),
                method: head.get(":method").unwrap_or_default().to_owned(),
                model: model.as_deref().map(str::to_owned),
                path: said_by_path(*format, head),
                stream: *stream,
                ..Line::of(*format)
            }),
            Err(error) => refused(error),
        },
        Route::Liveliness => Admission::Answered(operation, json(api::health::ALIVE.to_vec())),
        Route::Model { id } => match plan.resolve(id) {
            Some(_) => Admission::Answered(operation, json(model(id, head))),
            None => refused(refuse::unknown_model(id)),
        },
        Route::Models => Admission::Answered(operation, json(models(head, plan))),
        Route::Readiness => {
            Admission::Answered(operation, json(api::health::ready(plan.deployments.len())))
        }
        Route::Through { path, vendor } => Admission::Ask(Line {
            headers: heads::through(head),
            length: length(head),
            method: head.get(":method").unwrap_or_default().to_owned(),
            path: (*path).to_owned(),
            vendor: Some(vendor),
            ..Line::of(Format::Passthrough)
        }),
    }
}

/// The format in which a request is answered by the gateway itself.
#[must_use]
pub fn format(operation: Operation, head: &Head) -> Format {
    match operation {
        Operation::Models if is_anthropics(head) => Format::Messages,
        Operation::Ask(_) | Operation::Health | Operation::Models => operation.format(),
    }
}

/// Whether it is a client of Anthropic's that asks: others have the same paths for models.
fn is_anthropics(head: &Head) -> bool {
    head.get("anthropic-version").is_some()
}

fn model(id: &str, head: &Head) -> Vec<u8> {
    if is_anthropics(head) {
        return api::models::anthropic_one(id);
    }
    api::models::one(id)
}

fn models(head: &Head, plan: &Plan) -> Vec<u8> {
    if is_anthropics(head) {
        let path = head.get(":path").unwrap_or_default();
        return api::models::anthropic_list(plan.listed(), path);
    }
    api::models::list(plan.listed())
}

fn authenticate(head: &Head, format: Format, plan: &Plan) -> Result<(), ApiError> {
    let Some(master) = &plan.master_key else {
        return Ok(());
    };
    let mut presented = false;
    for name in KEY_HEADERS {
        if let Some(value) = head.get(name) {
            presented = true;
            if master.is(bearer(value)) {
                return Ok(());
            }
        }
    }
    if let Some(key) = key_of_path(format, head) {
        presented = true;
        if master.is(&key) {
            return Ok(());
        }
    }
    Err(refuse::unauthorized(presented))
}

/// The key that clients of Gemini may put into the query.
fn key_of_path(format: Format, head: &Head) -> Option<String> {
    let (_, query) = head.get(":path")?.split_once('?')?;
    let key = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("key="))?;
    let text = percent_decode_str(key).decode_utf8().ok()?;
    matches!(format, Format::Gemini | Format::Passthrough).then(|| text.into_owned())
}

/// Path and query, where the format says in them more than the route: of Gemini's, how a stream is framed.
fn said_by_path(format: Format, head: &Head) -> String {
    if format == Format::Gemini {
        return head.get(":path").unwrap_or_default().to_owned();
    }
    String::new()
}

/// The credential in a header's value: what follows `Bearer`, or all of it.
fn bearer(value: &str) -> &str {
    let value = value.trim();
    match value.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer ") => rest.trim_start(),
        Some(_) | None => value,
    }
}

fn body_fits(format: Format, head: &Head, last: bool, plan: &Plan) -> Result<(), ApiError> {
    if last {
        return api::chat::read(b"", None).map(|_| ());
    }
    // A file that flows is not held, however long it is.
    let is_held = format != Format::Transcriptions;
    if is_held && length(head).is_some_and(|length| length > plan.max_body) {
        return Err(refuse::too_large(plan.max_body));
    }
    Ok(())
}

/// How long the body is, where the head says.
fn length(head: &Head) -> Option<usize> {
    head.get("content-length")?.parse().ok()
}

fn json(body: Vec<u8>) -> Reply {
    Reply {
        status: 200,
        headers: vec![("content-type".into(), "application/json".to_owned())],
        body,
    }
}
