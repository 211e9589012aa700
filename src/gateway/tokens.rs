//! Access tokens that have to be fetched: one worker fetches each of them ahead of its end, from its tick, and requests that come
//! before there is one wait for it.

use core::time::Duration;

use super::effect::Call;
use super::event::Local;
use super::{Context, refuse};
use crate::canonical::error::{ApiError, Class};
use crate::config::plan::{Deployment, Granted, Plan};
use crate::provider::grant::{self, NoToken, Question, Sign};
use crate::state::record::{read, update};
use crate::state::token::{Standing, Token};
use crate::value::head::Head;
use crate::value::secret::Secret;

/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a request that waits for a token looks for it.
pub(super) const LOOKS: Duration = Duration::from_millis(25);
/// How long a request waits for a token in all.
pub(super) const WAITS: Duration = Duration::from_secs(30);

/// What a request has of its deployment's token.
#[derive(Debug)]
pub enum Found {
    /// There is none, and none is to be expected.
    Failed(ApiError),
    /// Nothing has to be fetched.
    Needless,
    /// It.
    Ready(Secret),
    /// It is being fetched.
    Wanted,
}

/// Looks for the token of a deployment.
#[must_use]
pub fn find(deployment: &Deployment, cx: &Context<'_>) -> Found {
    let Some(granted) = &deployment.grant else {
        return Found::Needless;
    };
    let token: Token = read(cx.store, &granted.record);
    match token.standing(cx.now) {
        Standing::Failed { refused, words } => Found::Failed(failure(refused, &words)),
        Standing::Ready(text) => Found::Ready(Secret::new(text)),
        Standing::Wanted => Found::Wanted,
    }
}

/// A token did not come in time.
#[must_use]
pub fn too_late() -> ApiError {
    ApiError::new(
        504,
        Class::Timeout,
        "the access token for the provider did not come in time",
    )
    .with_code("upstream_timeout")
}

fn failure(refused: bool, words: &str) -> ApiError {
    let words = format!("no access token for the provider: {words}");
    if refused {
        ApiError::new(401, Class::Auth, words).with_code("upstream_token_refused")
    } else {
        ApiError::new(503, Class::Connection, words).with_code("upstream_token_unavailable")
    }
}

/// The tokens of a plan, each once.
pub fn all(plan: &Plan) -> impl Iterator<Item = &Granted> {
    let mut seen: Vec<&str> = Vec::new();
    let granted = plan.deployments.iter().filter_map(|of| of.grant.as_ref());
    granted.filter(move |granted| {
        let is_new = !seen.contains(&granted.record.as_str());
        if is_new {
            seen.push(&granted.record);
        }
        is_new
    })
}

/// The tokens that this worker fetches now: their records, and the calls to make.
pub fn due(cx: &Context<'_>, sign: Sign<'_>) -> Vec<(String, Call)> {
    all(cx.plan)
        .filter(|granted| takes(granted, cx))
        .filter_map(|granted| match granted.grant.question(cx.now, sign) {
            Ok(question) => Some((granted.record.clone(), call(granted, question))),
            Err(none) => {
                fail(&granted.record, &none, cx);
                None
            }
        })
        .collect()
}

/// Whether the token is to be fetched, and by this worker.
fn takes(granted: &Granted, cx: &Context<'_>) -> bool {
    let token: Token = read(cx.store, &granted.record);
    let leased = || {
        update(cx.store, &granted.record, |token: &mut Token| {
            token.lease(cx.now)
        })
    };
    token.is_due(cx.now) && matches!(leased(), Ok(Some(())))
}

fn call(granted: &Granted, question: Question) -> Call {
    let endpoint = &granted.endpoint;
    let mut head = Head::new();
    head.push(":method", "POST");
    head.push(":scheme", if endpoint.tls { "https" } else { "http" });
    head.push(":authority", endpoint.authority.as_str());
    head.push(":path", endpoint.base_path.as_str());
    head.push("content-type", "application/x-www-form-urlencoded");
    head.push("accept", "application/json");
    if let Some(authorization) = question.authorization {
        head.push("authorization", authorization);
    }
    Call {
        head,
        body: question.body.into_bytes(),
        cluster: endpoint.cluster.clone(),
        timeout: PATIENCE,
    }
}

/// The call for the token of that record was answered.
pub fn answered(
    record: &str,
    (head, body, local): (Option<&Head>, &[u8], Option<Local>),
    cx: &Context<'_>,
) {
    let status = head.and_then(Head::status);
    let read = match (status, local) {
        (Some(status), None) => grant::read(status, body),
        (_, why) => Err(NoToken {
            refused: false,
            words: refuse::local(why.unwrap_or(Local::Reset)).message,
        }),
    };
    match read {
        Ok(new) => {
            // Whoever else has written since has written the same.
            let _ = update(cx.store, record, |token: &mut Token| {
                token.renewed(&new.text, new.holds, cx.now);
                Some(())
            });
        }
        Err(none) => fail(record, &none, cx),
    }
}

fn fail(record: &str, none: &NoToken, cx: &Context<'_>) {
    log::warn!("{record} could not be fetched: {}", none.words);
    let _ = update(cx.store, record, |token: &mut Token| {
        token.failed(none.refused, &none.words, cx.now);
        Some(())
    });
}
