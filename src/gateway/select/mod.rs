//! Which deployment serves an attempt.
//!
//! Candidates are narrowed down step by step, and nothing is listed while nothing narrows them: a group of a thousand costs
//! what a group of three does.
//!
//! 1. [`tags`]: what the request may use.
//! 2. [`checks`]: what can serve it.
//! 3. [`awake`]: what does not rest. One whose rest is over gets one request, which tries it. Where all rest, they are used all
//!    the same, but for those that refuse the credential: a wrong guess costs an attempt, refusing costs the request.
//! 4. By turns: what was not tried yet first, then by `order`.
//! 5. [`rank`]: the strategy's choice.
//! 6. [`reserve`]: its place is taken; if there is none, the next best.

mod awake;
mod checks;
mod pool;
mod rank;
mod reserve;
mod tags;
#[cfg(test)]
mod tests;

use core::time::Duration;

use super::Context;
use crate::config::plan::{Group, Plan};
use crate::state::minute::Limits;
use crate::state::rests::Standing;
use crate::value::time::Timestamp;
use pool::Pool;

pub(super) use reserve::{Reserved, kept};

/// When nobody knows how long to wait: a place may be free the next moment.
const SOON: Duration = Duration::from_secs(1);

/// What a request needs of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// An answer that keeps to a JSON schema.
    pub schema: bool,
    /// Calling functions.
    pub tools: bool,
    /// Seeing images.
    pub vision: bool,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Want<'a> {
    /// Index into the plan's groups.
    pub group: usize,
    /// About how many tokens the prompt has.
    pub input_tokens: u64,
    /// The most tokens the answer may have, if the client said.
    pub max_tokens: Option<u64>,
    /// The model, as the client or a chain names it: what it costs may depend on it.
    pub model: &'a str,
    /// Whether what cannot serve it is left out even where the operator wants no checks: a fallback is there to serve.
    pub must_fit: bool,
    /// What the model must be able to do.
    pub needs: Needs,
    /// The one deployment it may be, as an index into the plan's, if the request named one.
    pub pinned: Option<usize>,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// The request's tags.
    pub tags: &'a [String],
    /// The deployments that already failed.
    pub tried: &'a [usize],
}

/// A deployment that was picked. It has a request under way until [`super::book::ended`] is told.
#[derive(Debug)]
#[must_use]
pub struct Pick {
    /// Index into the plan's deployments.
    pub deployment: usize,
    /// Whether it is the one request that tries whether the deployment has recovered.
    pub probe: bool,
    /// The group it was picked for.
    pub(super) group: usize,
    pub(super) reserved: Option<Reserved>,
    /// Whether the deployment had a rest when it was picked.
    pub(super) rested: bool,
    /// Whether it has one of a limited number of seats.
    pub(super) seated: bool,
    /// When it was picked.
    pub(super) since: Timestamp,
}

/// Why there is no deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// None can do that.
    Capability(&'static str),
    /// None takes that many tokens.
    ContextWindow,
    /// All rest, and none is worth a try.
    Cooling {
        /// Until the first may be asked.
        retry_after: Duration,
    },
    /// There are none.
    Empty,
    /// All have as many requests as they take.
    Full {
        /// When to ask again.
        retry_after: Duration,
    },
    /// All have had as many requests or tokens in a minute as they may.
    Limited {
        /// Until the first may have more.
        retry_after: Duration,
    },
    /// None has the request's tags.
    Tags,
}

/// Picks a deployment and takes a place there.
///
/// # Errors
/// Why there is none; nothing was taken.
pub fn select(want: &Want<'_>, cx: &mut Context<'_>) -> Result<Pick, Lack> {
    cx.desk.attend(cx.now, cx.store, cx.rng);
    let mut pool = eligible(want, cx.plan)?;
    awake::keep(&mut pool, cx)?;
    by_turns(pool, want, cx)
}

/// How many deployments that may serve the request could be asked, besides those it has tried: they do not rest, nobody is
/// finding out whether they have recovered, and they have a place left.
#[must_use]
pub fn healthy(want: &Want<'_>, cx: &mut Context<'_>) -> usize {
    let plan = cx.plan;
    let (Some(group), Ok(mut pool)) = (plan.groups.get(want.group), eligible(want, plan)) else {
        return 0;
    };
    cx.desk.learn(cx.store);
    if !want.tried.is_empty() {
        pool.retain(|deployment| !want.tried.contains(&deployment));
    }
    if !cx.desk.all_healthy() {
        pool.retain(|deployment| is_open(cx.desk.standing(deployment, cx.now)));
    }
    pool.retain(|deployment| reserve::has_room(deployment, group, cx));
    pool.len()
}

/// Those that may serve the request and can, whether or not they rest.
fn eligible<'p>(want: &Want<'_>, plan: &'p Plan) -> Result<Pool<'p>, Lack> {
    let group = plan.groups.get(want.group).ok_or(Lack::Empty)?;
    let mut pool = Pool::of(group);
    match want.pinned {
        Some(pinned) => pool.retain(|deployment| deployment == pinned),
        None => {
            tags::keep(&mut pool, want.tags, plan)?;
            checks::keep(&mut pool, want, plan)?;
        }
    }
    if pool.is_empty() {
        return Err(Lack::Empty);
    }
    Ok(pool)
}

fn is_open(standing: Option<Standing>) -> bool {
    matches!(standing, None | Some(Standing::Due))
}

/// Takes the first that has a place: first what was not tried, of this what has the lowest order.
fn by_turns(mut pool: Pool<'_>, want: &Want<'_>, cx: &mut Context<'_>) -> Result<Pick, Lack> {
    let is_retry = !want.tried.is_empty();
    let mut lack = None;
    if is_retry || cx.desk.is_ordered(want.group) {
        let plan = cx.plan;
        let turn = |deployment: usize, cx: &Context<'_>| {
            let standing = cx.desk.standing(deployment, cx.now);
            // A request that has failed once is not the one to take a chance with.
            let is_risk = is_retry && standing == Some(Standing::Due);
            let order = plan.deployments.get(deployment).and_then(|of| of.order);
            let was_tried = want.tried.contains(&deployment);
            (was_tried, is_risk, order.unwrap_or(u64::MAX))
        };
        while let Some(first) = pool.split_lowest(|deployment| turn(deployment, cx)) {
            match one_of(first, want, cx) {
                Ok(pick) => return Ok(pick),
                Err(other) => lack = Some(sooner(lack, other)),
            }
        }
        return Err(lack.unwrap_or(Lack::Empty));
    }
    one_of(pool, want, cx)
}

/// Takes the one that is due for a try, else the one the strategy picks, else the next best.
fn one_of(mut pool: Pool<'_>, want: &Want<'_>, cx: &mut Context<'_>) -> Result<Pick, Lack> {
    let mut lack = None;
    if !cx.desk.all_healthy() {
        for deployment in awake::due(&mut pool, cx) {
            match probe(deployment, want, cx) {
                Ok(pick) => return Ok(pick),
                Err(other) => lack = Some(sooner(lack, other)),
            }
        }
    }
    let mut is_sifted = pool.len() <= rank::ALL;
    while let Some(place) = rank::choose(&pool, want, cx) {
        let Some(deployment) = pool.deployment(place) else {
            break;
        };
        match reserve::take(deployment, want, cx) {
            Ok(pick) => return Ok(pick),
            Err(other) => lack = Some(sooner(lack, other)),
        }
        pool.retain(|other| other != deployment);
        // Where one of many has no place, most may have none: looking at each is cheaper than choosing among them one by one.
        if !core::mem::replace(&mut is_sifted, true) {
            let group = pool.group();
            pool.retain(|other| reserve::has_room(other, group, cx));
        }
    }
    Err(lack.unwrap_or(Lack::Cooling { retry_after: SOON }))
}

fn probe(deployment: usize, want: &Want<'_>, cx: &mut Context<'_>) -> Result<Pick, Lack> {
    if !cx.desk.probe(deployment, cx.now, cx.store) {
        return Err(Lack::Cooling { retry_after: SOON });
    }
    match reserve::take(deployment, want, cx) {
        Ok(pick) => Ok(Pick {
            probe: true,
            ..pick
        }),
        Err(lack) => {
            cx.desk.unprobe(deployment, cx.now, cx.store);
            Err(lack)
        }
    }
}

/// Which of two lacks to tell of: that which is over sooner.
fn sooner(lack: Option<Lack>, other: Lack) -> Lack {
    let wait = |lack: &Lack| match lack {
        Lack::Cooling { retry_after }
        | Lack::Full { retry_after }
        | Lack::Limited { retry_after } => *retry_after,
        Lack::Capability(_) | Lack::ContextWindow | Lack::Empty | Lack::Tags => Duration::MAX,
    };
    match lack {
        Some(lack) if wait(&lack) <= wait(&other) => lack,
        Some(_) | None => other,
    }
}

/// The limits of a deployment in that group that must not be exceeded.
fn limits(deployment: usize, group: &Group, cx: &Context<'_>) -> Limits {
    let deployment = cx.plan.deployments.get(deployment);
    match deployment {
        Some(deployment) if reserve::binds(group, cx.plan) => reserve::limits_of(deployment),
        Some(_) | None => Limits::default(),
    }
}
