//! Attempts: the next one is made, and when one has failed, the policy says what is done about it.

use core::time::Duration;
use std::borrow::Cow;
use std::rc::Rc;

use super::work::{Told, Work};
use super::{Exchange, State, secrets_of};
use crate::api::chat;
use crate::api::chat::controls::Mock;
use crate::canonical::answer::Completion;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::config::plan::{Deployment, Transport};
use crate::gateway::attempt::{self, Attempt, Worded, Wording};
use crate::gateway::effect::{Call, Effect, Reply};
use crate::gateway::event::Local;
use crate::gateway::relay::whole;
use crate::gateway::select::{self, Pick};
use crate::gateway::settle::Tried;
use crate::gateway::{Context, book, heads, refuse, transport};
use crate::policy::{Failure, Verdict, View};
use crate::usage::Usage;
use crate::usage::estimate::tokens_of;
use crate::usage::metrics::Counter;
use crate::value::head::Head;

/// How long an answer to a call of the gateway's own may take when nobody has set a limit.
const LONGEST: Duration = Duration::from_secs(3600);

/// What comes of a pick.
pub(super) enum Launched {
    /// The deployment's, or the client's, `mock_response`.
    Mocked(Pick, Reply),
    /// A request in its vendor's words.
    Worded(Box<Attempt>, Head, Option<Vec<u8>>),
}

impl Exchange {
    /// Makes the next attempt with a request that was read before.
    pub(super) fn try_again(&mut self, work: Box<Work>, cx: &mut Context<'_>) -> Effect {
        let body = Rc::clone(&work.body);
        let model = work.model.clone();
        match chat::read(&body, model.as_deref().map(Cow::Borrowed)) {
            Ok(request) => self.go_on(work, &request, cx),
            Err(error) => {
                self.work = Some(work);
                self.refuse(&error, cx)
            }
        }
    }

    /// Makes the next attempt; where nobody can even be asked, goes on to the next model.
    pub(super) fn go_on(
        &mut self,
        mut work: Box<Work>,
        request: &ChatRequest<'_>,
        cx: &mut Context<'_>,
    ) -> Effect {
        loop {
            self.account.subject.group = Some(work.course.hop().group);
            let error = match self.launch(&mut work, request, cx) {
                Ok(Launched::Mocked(pick, reply)) => return self.mocked(work, pick, reply, cx),
                Ok(Launched::Worded(attempt, head, body)) => {
                    return self.send(work, *attempt, head, body, cx);
                }
                Err(error) => error,
            };
            let failure = Failure::of(&error, None, cx.now);
            let verdict = verdict(&mut work, &failure, None, cx);
            work.last.get_or_insert(Told::ours(error));
            match verdict {
                Verdict::FallBack(hop) => self.fall_back(&mut work, hop.group, &failure, cx),
                Verdict::GiveUp | Verdict::Retry { .. } => return self.conclude(work, cx),
            }
        }
    }

    pub(super) fn launch(
        &mut self,
        work: &mut Work,
        request: &ChatRequest<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Launched, ApiError> {
        if let Some(error) = mocked_failure(work) {
            return Err(error);
        }
        let mut refused = None;
        loop {
            let picked = select::select(&work.want(request.stream), cx);
            let pick = match picked {
                Ok(pick) => pick,
                Err(lack) => {
                    return Err(
                        refused.unwrap_or_else(|| refuse::lack(&lack, &work.course.hop().model))
                    );
                }
            };
            let index = pick.deployment;
            let Some(deployment) = cx.plan.deployments.get(index) else {
                book::ended(pick, cx);
                return Err(refuse::no_deployment(&request.model));
            };
            self.account.subject.deployment = Some(index);
            let mock = work.controls.mock_response.as_deref();
            if let Some(text) = mock.or(deployment.mock_response.as_deref()) {
                let reply = self.mock(request, text, cx);
                return Ok(Launched::Mocked(pick, reply));
            }
            match worded(work, request, deployment, cx) {
                Ok(worded) => return Ok(launched(work, request, pick, worded, cx)),
                Err(error) => {
                    book::ended(pick, cx);
                    // The others of the group may be of vendors that can.
                    if work.tried.contains(&index) {
                        return Err(error);
                    }
                    work.tried.push(index);
                    refused = Some(error);
                }
            }
        }
    }

    /// Sends an attempt on its way: as the request that Envoy holds, or if that is gone, as one of the gateway's own.
    fn send(
        &mut self,
        work: Box<Work>,
        attempt: Attempt,
        head: Head,
        body: Option<Vec<u8>>,
        cx: &mut Context<'_>,
    ) -> Effect {
        if core::mem::take(&mut self.fresh) {
            let mut work = work;
            if !cx.plan.keeps_bodies() {
                work.body = Rc::default();
            }
            self.work = Some(work);
            let asked = Usage::estimated(attempt.input_tokens, 0);
            self.account.state_as_if_left(Some(asked), cx);
            self.state = State::Sent { attempt };
            return Effect::Forward { head, body };
        }
        self.state = State::Calling;
        self.dispatch(work, attempt, head, body, cx)
    }

    /// Asks by a call of the gateway's own.
    pub(super) fn dispatch(
        &mut self,
        work: Box<Work>,
        attempt: Attempt,
        mut head: Head,
        body: Option<Vec<u8>>,
        cx: &Context<'_>,
    ) -> Effect {
        let body = body.unwrap_or_else(|| work.body.to_vec());
        let cluster = head.get(&cx.plan.cluster_header).unwrap_or_default();
        let cluster = cluster.to_owned();
        head.remove(&cx.plan.cluster_header);
        heads::for_a_call(&mut head);
        let limit = attempt::earlier(attempt.ends, self.deadline.map(|deadline| deadline.at));
        let timeout = limit.map_or(LONGEST, |limit| limit.since(cx.now));
        self.work = Some(work);
        self.call = Some(attempt);
        Effect::Dispatch(Call {
            head,
            body,
            cluster,
            timeout,
        })
    }

    /// Asks a second deployment while the first has not said anything; `None` when there is none to ask.
    pub(super) fn hedge(&mut self, first: usize, cx: &mut Context<'_>) -> Option<Effect> {
        let mut work = self.work.take()?;
        work.hedged = true;
        let group = work.course.hop().group;
        let tried = [work.tried.as_slice(), &[first]].concat();
        let possible =
            self.call.is_none() && select::healthy(group, &tried, cx) > 0 && book::may_retry(cx);
        if !possible {
            self.work = Some(work);
            return None;
        }
        let (body, model) = (Rc::clone(&work.body), work.model.clone());
        let Ok(request) = chat::read(&body, model.as_deref().map(Cow::Borrowed)) else {
            self.work = Some(work);
            return None;
        };
        let before = core::mem::replace(&mut work.tried, tried);
        let subject = self.account.subject;
        let launched = self.launch(&mut work, &request, cx);
        self.account.subject = subject;
        work.tried = before;
        match launched {
            Ok(Launched::Worded(second, head, body)) if second.pick.deployment != first => {
                self.count_retry(&mut work, "hedge", cx);
                Some(self.dispatch(work, *second, head, body, cx))
            }
            Ok(Launched::Mocked(pick, _)) => {
                book::ended(pick, cx);
                self.work = Some(work);
                None
            }
            Ok(Launched::Worded(second, ..)) => {
                book::ended(second.pick, cx);
                self.work = Some(work);
                None
            }
            Err(_) => {
                self.work = Some(work);
                None
            }
        }
    }

    /// An attempt has failed before the client got anything of it.
    pub(super) fn attempt_failed(
        &mut self,
        attempt: Attempt,
        head: Option<&Head>,
        error: ApiError,
        cx: &mut Context<'_>,
    ) -> Effect {
        let Some(mut work) = self.work.take() else {
            return self.refuse(&error, cx);
        };
        let index = attempt.pick.deployment;
        let failure = self.note(&mut work, attempt, head, error, cx);
        // A hedge that is still under way may yet bring the answer.
        if self.call.is_some() {
            self.work = Some(work);
            self.state = State::Calling;
            return Effect::Hold;
        }
        self.decide(work, &failure, Some(index), cx)
    }

    /// Takes note of a failed attempt.
    fn note(
        &mut self,
        work: &mut Work,
        attempt: Attempt,
        head: Option<&Head>,
        error: ApiError,
        cx: &mut Context<'_>,
    ) -> Failure {
        let told = Told::of(error, head, &secrets_of(&attempt, cx));
        let failure = Failure::of(&told.error, head, cx.now);
        let index = attempt.pick.deployment;
        book::failed(&attempt.pick, &failure, cx);
        self.end(attempt, failure.class.name(), cx);
        work.last = Some(told);
        if !work.tried.contains(&index) {
            work.tried.push(index);
        }
        failure
    }

    /// The connection was cut, and nobody asked the gateway: Envoy brings the request again. What happens then is decided now,
    /// unless it was decided before.
    pub(super) fn cut_off(&mut self, state: State, cx: &mut Context<'_>) {
        let decided = if let State::Waiting { until } = &state {
            Some(*until)
        } else {
            None
        };
        self.state = State::Replaying {
            until: cx.now.after(super::waking::PATIENCE),
        };
        let (attempt, call) = (state.into_attempt(), self.call.take());
        let second = call.as_ref().map(|call| call.pick.deployment);
        if let Some(call) = call {
            self.lost_the_race(call, "cut", cx);
        }
        let Some(mut work) = self.work.take() else {
            return;
        };
        let error = refuse::local(Local::Reset);
        if let Some(attempt) = attempt {
            let index = attempt.pick.deployment;
            let failure = self.note(&mut work, attempt, None, error, cx);
            self.decide_for_later(&mut work, &failure, index, cx);
        } else if let Some(second) = second {
            // The first had failed already. This one did not, but its answer has nowhere to go.
            let failure = Failure::of(&error, None, cx.now);
            self.decide_for_later(&mut work, &failure, second, cx);
        } else if let Some(until) = decided {
            work.not_before = until;
        }
        self.work = Some(work);
    }

    /// Says what is to be done when Envoy has brought the request again.
    fn decide_for_later(
        &mut self,
        work: &mut Work,
        failure: &Failure,
        failed: usize,
        cx: &mut Context<'_>,
    ) {
        match verdict(work, failure, Some(failed), cx) {
            Verdict::FallBack(hop) => self.fall_back(work, hop.group, failure, cx),
            Verdict::GiveUp => work.over = true,
            Verdict::Retry { after } => {
                self.count_retry(work, failure.class.name(), cx);
                work.not_before = cx.now.after(after);
            }
        }
    }

    /// Does what the policy says about a failure.
    pub(super) fn decide(
        &mut self,
        mut work: Box<Work>,
        failure: &Failure,
        failed: Option<usize>,
        cx: &mut Context<'_>,
    ) -> Effect {
        match verdict(&mut work, failure, failed, cx) {
            Verdict::FallBack(hop) => {
                self.fall_back(&mut work, hop.group, failure, cx);
                self.again(work, cx)
            }
            Verdict::GiveUp => self.conclude(work, cx),
            Verdict::Retry { after } => {
                self.count_retry(&mut work, failure.class.name(), cx);
                if after.is_zero() {
                    return self.again(work, cx);
                }
                self.work = Some(work);
                self.state = State::Waiting {
                    until: cx.now.after(after),
                };
                Effect::Hold
            }
        }
    }

    /// The next attempt: by the request that Envoy holds if it is there, else as the transport does it.
    pub(super) fn again(&mut self, work: Box<Work>, cx: &mut Context<'_>) -> Effect {
        if self.fresh || cx.plan.transport == Transport::Dispatch {
            return self.try_again(work, cx);
        }
        if self.legs > transport::RETRIES {
            return self.conclude(work, cx);
        }
        self.replay(work, cx)
    }

    /// Has Envoy bring the request again: it does so because this answer is not marked as final.
    fn replay(&mut self, work: Box<Work>, cx: &Context<'_>) -> Effect {
        let reply = match &work.last {
            Some(told) => told.reply(),
            None => refuse::reply(&refuse::lost()),
        };
        self.work = Some(work);
        self.state = State::Replaying {
            until: cx.now.after(super::waking::PATIENCE),
        };
        Effect::Respond(Reply {
            status: 503,
            ..reply
        })
    }

    fn count_retry(&self, work: &mut Work, reason: &'static str, cx: &mut Context<'_>) {
        cx.meter
            .add(Counter::Retries { reason }, self.account.subject, 1);
        retrying(work, cx);
    }

    pub(super) fn fall_back(
        &mut self,
        work: &mut Work,
        group: usize,
        failure: &Failure,
        cx: &mut Context<'_>,
    ) {
        let counter = |from| Counter::Fallbacks {
            from,
            to: group,
            reason: failure.class.name(),
        };
        if let Some(from) = self.account.subject.group {
            cx.meter.add(counter(from), self.account.subject, 1);
        }
        work.tried.clear();
        work.pinned = None;
        retrying(work, cx);
    }

    /// Nothing more is tried: the client is told of the last failure, and what was tried.
    pub(super) fn conclude(&mut self, work: Box<Work>, cx: &mut Context<'_>) -> Effect {
        let told = work
            .last
            .clone()
            .unwrap_or_else(|| Told::ours(refuse::lost()));
        self.work = Some(work);
        let told = told.listing(&self.account.attempts, cx.plan);
        self.account.error = told
            .error
            .code
            .clone()
            .or_else(|| Some(told.error.kind.clone()));
        self.respond(told.reply(), cx)
    }

    /// An attempt is over: it is noted with its outcome, and the deployment is one request less busy.
    pub(super) fn end(&mut self, attempt: Attempt, outcome: &'static str, cx: &mut Context<'_>) {
        self.account.attempts.push(Tried {
            deployment: attempt.pick.deployment,
            outcome,
            ms: u64::try_from(cx.now.since(attempt.began).as_millis()).unwrap_or(u64::MAX),
        });
        book::ended(attempt.pick, cx);
    }

    fn mocked(
        &mut self,
        work: Box<Work>,
        pick: Pick,
        reply: Reply,
        cx: &mut Context<'_>,
    ) -> Effect {
        self.work = Some(work);
        self.account.attempts.push(Tried {
            deployment: pick.deployment,
            outcome: "mock",
            ms: 0,
        });
        book::ended(pick, cx);
        self.account.error = None;
        self.respond(reply, cx)
    }

    /// The answer a `mock_response` stands for. No provider is asked, so nothing is paid.
    fn mock(&self, request: &ChatRequest<'_>, text: &str, cx: &Context<'_>) -> Reply {
        let usage = Usage::estimated(attempt::input_tokens(request), tokens_of(text.as_bytes()));
        let completion = Completion::of_text(text, usage);
        let wish = self.wish(request.stream, request.include_usage, &request.model, cx);
        let (media, body) = if request.stream {
            (
                "text/event-stream; charset=utf-8",
                whole::streamed(&completion, &wish),
            )
        } else {
            (
                "application/json",
                chat::answer::encode(&completion, wish.id, wish.created, wish.model),
            )
        };
        Reply {
            status: 200,
            headers: vec![("content-type".into(), media.to_owned())],
            body,
        }
    }
}

/// Words the request for a deployment. A fallback adapts: what its vendor cannot honour is left out.
fn worded(
    work: &Work,
    request: &ChatRequest<'_>,
    deployment: &Deployment,
    cx: &Context<'_>,
) -> Result<Worded, ApiError> {
    let model = cx.plan.asked_of(deployment, work.course.hop());
    let wording = Wording {
        client: &work.client,
        deployment,
        model: &model,
        adapt: work.has_fallen_back(),
    };
    attempt::word(request, &wording, cx.plan)
}

fn launched(
    work: &Work,
    request: &ChatRequest<'_>,
    pick: Pick,
    worded: Worded,
    cx: &Context<'_>,
) -> Launched {
    let deployment = cx.plan.deployments.get(pick.deployment);
    let timeout = deployment.and_then(|deployment| deployment.timeout);
    let stream_timeout = deployment.and_then(|deployment| deployment.stream_timeout);
    let first_within = work.controls.stream_timeout.or(stream_timeout);
    // What the plan knows, it is asked for when it is needed.
    let unpriced = deployment.filter(|deployment| deployment.prices.is_none());
    let prices = unpriced.and_then(|deployment| {
        deployment.prices_for(&cx.plan.asked_of(deployment, work.course.hop()))
    });
    let attempt = Attempt {
        began: cx.now,
        ends: attempt::until(cx.now, timeout),
        first_by: attempt::until(cx.now, first_within.filter(|_| request.stream)),
        include_usage: request.include_usage,
        input_tokens: work.input_tokens,
        pick,
        prices: prices.map(Cow::into_owned),
        reading: worded.reading,
        stream: request.stream,
    };
    Launched::Worded(Box::new(attempt), worded.head, worded.body)
}

/// What the policy says about a failure; `failed` is the deployment that was asked, if one was.
pub(super) fn verdict(
    work: &mut Work,
    failure: &Failure,
    failed: Option<usize>,
    cx: &mut Context<'_>,
) -> Verdict {
    let plan = cx.plan;
    let index = work.course.hop().group;
    let Some(group) = plan.groups.get(index) else {
        return Verdict::GiveUp;
    };
    let others = match work.pinned {
        Some(_) => 0,
        None => select::healthy(index, &work.tried, cx),
    };
    let view = View {
        retries: &group.retries,
        deployment_retries: failed
            .and_then(|index| plan.deployments.get(index))
            .and_then(|deployment| deployment.num_retries),
        chains: &group.chains,
        others,
        budget: work.retrying || book::may_retry(cx),
        left: work.deadline.map(|deadline| deadline.since(cx.now)),
        stuck: failed.is_none(),
    };
    work.course.failed(failure, &view, cx.rng)
}

/// The request counts among those that are being tried again, from now on.
fn retrying(work: &mut Work, cx: &mut Context<'_>) {
    if !core::mem::replace(&mut work.retrying, true) {
        book::retry_began(cx);
    }
}

/// The failure that the client asks to be shown, as LiteLLM's `mock_testing_*` do: only the model it asked for fails.
fn mocked_failure(work: &Work) -> Option<ApiError> {
    if work.has_fallen_back() {
        return None;
    }
    work.controls.mock.map(Mock::error)
}
