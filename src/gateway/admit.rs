//! Which API, which caller, may it: everything that is decided before a provider is involved.

use super::effect::{Effect, Reply};
use super::{heads, refuse};
use crate::api::{self, Entry, Operation, Route};
use crate::canonical::asked::Line;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::Plan;
use crate::value::head::Head;

/// Where callers may put their key: OpenAI's clients, Anthropic's, Azure's.
const KEY_HEADERS: [&str; 3] = ["authorization", "x-api-key", "api-key"];

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
        && let Err(error) = authenticate(head, plan)
    {
        return refused(error);
    }
    match route {
        Route::Ask {
            format,
            model,
            stream,
        } => match body_fits(head, last, plan) {
            Ok(()) => Admission::Ask(Line {
                format: *format,
                headers: heads::of_format(head),
                method: head.get(":method").unwrap_or_default().to_owned(),
                model: model.as_deref().map(str::to_owned),
                path: String::new(),
                stream: *stream,
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

fn authenticate(head: &Head, plan: &Plan) -> Result<(), ApiError> {
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
    Err(refuse::unauthorized(presented))
}

/// The credential in a header's value: what follows `Bearer`, or all of it.
fn bearer(value: &str) -> &str {
    let value = value.trim();
    match value.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer ") => rest.trim_start(),
        Some(_) | None => value,
    }
}

fn body_fits(head: &Head, last: bool, plan: &Plan) -> Result<(), ApiError> {
    if last {
        return api::chat::read(b"", None).map(|_| ());
    }
    let length = head
        .get("content-length")
        .and_then(|length| length.parse().ok());
    if length.is_some_and(|length: usize| length > plan.max_body) {
        return Err(refuse::too_large(plan.max_body));
    }
    Ok(())
}

fn json(body: Vec<u8>) -> Reply {
    Reply {
        status: 200,
        headers: vec![("content-type".into(), "application/json".to_owned())],
        body,
    }
}
