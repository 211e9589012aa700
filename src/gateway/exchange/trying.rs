//! Attempts: a deployment is picked, the request is worded for it and sent.

use core::time::Duration;
use std::borrow::Cow;
use std::rc::Rc;

use super::failing::verdict;
use super::work::{Told, Work};
use super::{Exchange, State};
use crate::api::chat::controls::Mock;
use crate::api::chat::needs;
use crate::api::merged::Merged;
use crate::api::{self, Voice};
use crate::canonical::answer::Completion;
use crate::canonical::asked::Asked;
use crate::canonical::error::ApiError;
use crate::canonical::format::Format;
use crate::config::plan::Deployment;
use crate::gateway::attempt::{self, Attempt, Worded, Wording};
use crate::gateway::effect::{Call, Effect, Reply};
use crate::gateway::relay::whole;
use crate::gateway::select::{self, Needs, Pick};
use crate::gateway::settle::Tried;
use crate::gateway::tokens::{self, Found};
use crate::gateway::{Context, book, heads, refuse};
use crate::policy::{Failure, Verdict};
use crate::usage::Usage;
use crate::usage::estimate::tokens_of;
use crate::value::head::Head;
use crate::value::secret::Secret;

/// How long an answer to a call of the gateway's own may take when nobody has set a limit.
const LONGEST: Duration = Duration::from_secs(3600);

/// What comes of a pick.
pub(super) enum Launched {
    /// Nothing yet: an access token is being fetched.
    Later,
    /// The deployment's, or the client's, `mock_response`.
    Mocked(Pick, Reply),
    /// A request in its vendor's words.
    Worded(Box<Attempt>, Head, Option<Vec<u8>>),
}

/// What is said to a request.
enum Words {
    /// The gateway's own answer.
    Ours(Vec<u8>),
    /// The request in its vendor's words, and what words the answer for the client.
    Theirs(Box<Worded>, Option<Box<dyn Voice>>),
}

impl Exchange {
    /// Makes the next attempt with a request that was read before.
    pub(super) fn try_again(&mut self, work: Box<Work>, cx: &mut Context<'_>) -> Effect {
        let body = Rc::clone(&work.body);
        let line = Rc::clone(&work.line);
        match api::client(line.format).read(&body, &line) {
            Ok(asked) => self.go_on(work, &asked, cx),
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
        asked: &Asked<'_>,
        cx: &mut Context<'_>,
    ) -> Effect {
        loop {
            self.account.subject.group = Some(work.course.hop().group);
            let error = match self.launch(&mut work, asked, cx) {
                Ok(Launched::Later) => {
                    self.work = Some(work);
                    self.state = State::Waiting {
                        until: cx.now.after(tokens::LOOKS),
                    };
                    return Effect::Hold;
                }
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
        asked: &Asked<'_>,
        cx: &mut Context<'_>,
    ) -> Result<Launched, ApiError> {
        if let Some(error) = mocked_failure(work) {
            return Err(error);
        }
        if work.has_fallen_back() {
            work.needs.get_or_insert_with(|| needs_of_fallback(asked));
        }
        let mut refused = None;
        loop {
            let picked = select::select(&work.want(asked.stream), cx);
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
                return Err(refuse::no_deployment(&asked.model));
            };
            self.account.subject.deployment = Some(index);
            let mock = work.controls.mock_response.as_deref();
            let mock = mock.or(deployment.mock_response.as_deref());
            if let Some(text) = mock.filter(|_| asked.format.is_conversation()) {
                let reply = self.mock(asked, text, cx);
                return Ok(Launched::Mocked(pick, reply));
            }
            let token = match self.token(work, deployment, cx) {
                Ok(Some(token)) => token,
                Ok(None) => {
                    book::ended(pick, cx);
                    return Ok(Launched::Later);
                }
                Err(error) => {
                    let failure = Failure::of(&error, None, cx.now);
                    book::failed(&pick, &failure, cx);
                    book::ended(pick, cx);
                    if work.tried.contains(&index) {
                        return Err(error);
                    }
                    work.tried.push(index);
                    refused = Some(error);
                    continue;
                }
            };
            match self.worded(work, asked, (deployment, token.as_ref()), cx) {
                Ok(Words::Ours(body)) => {
                    let reply = Reply {
                        status: 200,
                        headers: vec![("content-type".into(), "application/json".to_owned())],
                        body,
                    };
                    return Ok(Launched::Mocked(pick, reply));
                }
                Ok(Words::Theirs(worded, voice)) => {
                    let words = (*worded, voice, token);
                    return Ok(launched(work, asked, pick, words, cx));
                }
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
        // The time limit of the whole request ends the call with the request, and is nobody's failure.
        let timeout = attempt.ends.map_or(LONGEST, |ends| ends.since(cx.now));
        self.work = Some(work);
        self.call = Some(attempt);
        Effect::Dispatch(Call {
            head,
            body,
            cluster,
            timeout,
        })
    }

    /// The token to show, if the deployment wants one; `None` while it is being fetched.
    fn token(
        &self,
        work: &mut Work,
        deployment: &Deployment,
        cx: &Context<'_>,
    ) -> Result<Option<Option<Secret>>, ApiError> {
        match tokens::find(deployment, cx) {
            Found::Failed(error) => Err(error),
            Found::Needless => Ok(Some(None)),
            Found::Ready(token) => Ok(Some(Some(token))),
            Found::Wanted => {
                let since = *work.waits_since.get_or_insert(cx.now);
                // A form that flows does not wait: there would be more of it by then.
                let flows = self.flows && self.format == Format::Transcriptions;
                if flows || cx.now.since(since) >= tokens::WAITS {
                    return Err(tokens::too_late());
                }
                Ok(None)
            }
        }
    }

    /// Words the request for a deployment. A fallback adapts: what its vendor cannot honour is left out.
    fn worded(
        &self,
        work: &Work,
        asked: &Asked<'_>,
        (deployment, token): (&Deployment, Option<&Secret>),
        cx: &Context<'_>,
    ) -> Result<Words, ApiError> {
        let model = self.model_for(work, asked, deployment, cx);
        let flows = self.flows.then_some(work.line.length);
        let wording = Wording {
            client: &work.client,
            deployment,
            model: &model,
            adapt: work.has_fallen_back(),
            flows,
            now: cx.now,
            token,
        };
        if let Some(answer) = attempt::own_answer(asked, &wording) {
            return Ok(Words::Ours(answer));
        }
        let worded = attempt::word(asked, &wording, cx.plan)?;
        let voice = worded.foreign.then(|| self.voice(asked, cx));
        let voice = match voice {
            Some(voice) if deployment.rules.merge_reasoning => {
                Some(Box::new(Merged::new(voice)) as Box<dyn Voice>)
            }
            other => other,
        };
        Ok(Words::Theirs(Box::new(worded), voice))
    }

    /// The model that the deployment is asked for.
    fn model_for<'a>(
        &self,
        work: &Work,
        asked: &'a Asked<'_>,
        deployment: &'a Deployment,
        cx: &Context<'_>,
    ) -> Cow<'a, str> {
        if self.format == Format::Passthrough && !work.renames {
            return Cow::Borrowed(&*asked.model);
        }
        cx.plan.asked_of(deployment, work.course.hop())
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
    fn mock(&self, asked: &Asked<'_>, text: &str, cx: &Context<'_>) -> Reply {
        let usage = Usage::estimated(attempt::input_tokens(asked), tokens_of(text.as_bytes()));
        let completion = Completion::of_text(text, usage);
        let mut voice = self.voice(asked, cx);
        let (media, body) = if asked.stream {
            let body = whole::streamed(&completion, &mut *voice);
            (voice.media_type(), body)
        } else {
            ("application/json", voice.whole(&completion))
        };
        Reply {
            status: 200,
            headers: vec![("content-type".into(), media.to_owned())],
            body,
        }
    }
}

/// What a fallback must be able to do. Tools and schemas are parameters, which are adapted; and a model that is not known to take
/// them often does.
fn needs_of_fallback(asked: &Asked<'_>) -> Needs {
    Needs {
        vision: needs::vision(&asked.members),
        ..Needs::default()
    }
}

fn launched(
    work: &Work,
    asked: &Asked<'_>,
    pick: Pick,
    (worded, voice, token): (Worded, Option<Box<dyn Voice>>, Option<Secret>),
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
    let is_own = asked.format != Format::Passthrough || work.renames;
    let other = deployment.filter(|of| !is_own && of.model != asked.model);
    let prices = other.map_or(prices, |of| Some(Cow::Owned(of.prices_of(&asked.model))));
    let attempt = Attempt {
        began: cx.now,
        ends: attempt::until(cx.now, timeout),
        first_by: attempt::until(cx.now, first_within.filter(|_| asked.stream)),
        include_usage: asked.include_usage,
        input_tokens: work.input_tokens,
        pick,
        prices: prices.map(Cow::into_owned),
        provider: deployment.map_or("", |deployment| deployment.provider.name()),
        reading: worded.reading,
        stream: asked.stream,
        token,
        voice,
    };
    Launched::Worded(Box::new(attempt), worded.head, worded.body)
}

/// The failure that the client asks to be shown, as LiteLLM's `mock_testing_*` do: only the model it asked for fails.
fn mocked_failure(work: &Work) -> Option<ApiError> {
    if work.has_fallen_back() {
        return None;
    }
    work.controls.mock.map(Mock::error)
}
