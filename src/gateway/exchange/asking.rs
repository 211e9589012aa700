//! From a client's request to a provider's: the first half of an exchange.

use std::borrow::Cow;

use super::{Exchange, State};
use crate::api::Operation;
use crate::api::chat;
use crate::canonical::answer::Completion;
use crate::canonical::error::ApiError;
use crate::canonical::request::ChatRequest;
use crate::gateway::admit::{self, Admission};
use crate::gateway::effect::{Effect, Reply};
use crate::gateway::relay::whole;
use crate::gateway::{Context, attempt, heads, refuse};
use crate::routing::simple_shuffle;
use crate::usage::Usage;
use crate::usage::estimate::tokens_of;
use crate::value::head::Head;

/// How much of a model's name, which a client can make as long as it likes, is kept for logs.
const SHOWN: usize = 200;

impl Exchange {
    pub(super) fn arrived(&mut self, head: &Head, last: bool, cx: &mut Context<'_>) -> Effect {
        self.account.method = head.get(":method").unwrap_or_default().to_owned();
        let path = head.get(":path").unwrap_or_default();
        path.split('?')
            .next()
            .unwrap_or_default()
            .clone_into(&mut self.account.path);
        let admission = admit::admit(head, last, cx.plan);
        if let Admission::Foreign(effect) = admission {
            self.state = State::Foreign;
            return effect;
        }
        self.account.arrived = cx.now;
        self.account.call_id = cx.rng.uuid();
        match admission {
            Admission::Answered(operation, reply) => {
                self.account.operation = Some(operation);
                self.respond(reply, cx)
            }
            Admission::Refused(operation, error) => {
                self.account.operation = Some(operation);
                self.refuse(&error, cx)
            }
            Admission::WrongMethod(operation, allow) => {
                let reply = refuse::wrong_method(&self.account.method, allow);
                self.account.operation = Some(operation);
                self.account.error = Some("method_not_allowed".to_owned());
                self.respond(reply, cx)
            }
            Admission::Chat(model) => {
                self.account.operation = Some(Operation::Chat);
                self.state = State::Asking {
                    client: heads::to_provider(head),
                    model,
                };
                Effect::Hold
            }
            Admission::Foreign(effect) => effect,
        }
    }

    pub(super) fn ask(
        &mut self,
        body: &[u8],
        client: &Head,
        model: Option<String>,
        cx: &mut Context<'_>,
    ) -> Effect {
        if body.len() > cx.plan.max_body {
            return self.refuse(&refuse::too_large(cx.plan.max_body), cx);
        }
        match self.attempt(body, client, model, cx) {
            Ok(effect) => effect,
            Err(error) => self.refuse(&error, cx),
        }
    }

    fn attempt(
        &mut self,
        body: &[u8],
        client: &Head,
        model: Option<String>,
        cx: &mut Context<'_>,
    ) -> Result<Effect, ApiError> {
        let request = chat::read(body, model.map(Cow::Owned))?;
        self.account.stream = request.stream;
        self.account.requested = request.model.chars().take(SHOWN).collect();
        let group = cx
            .plan
            .names
            .get(request.model.as_ref())
            .map(|name| name.group);
        let group = group.ok_or_else(|| refuse::unknown_model(&request.model))?;
        self.account.subject.group = Some(group);
        let index = pick(group, cx).ok_or_else(|| refuse::no_deployment(&request.model))?;
        self.account.subject.deployment = Some(index);
        let deployment = cx.plan.deployments.get(index);
        if let Some(text) = deployment.and_then(|deployment| deployment.mock_response.as_deref()) {
            let reply = self.mocked(&request, text, cx);
            return Ok(self.respond(reply, cx));
        }
        let (attempt, effect) = attempt::start(&request, index, client, cx.plan)?;
        self.state = State::Sent { attempt };
        Ok(effect)
    }

    /// The answer a deployment's `mock_response` stands for. No provider is asked, so nothing is paid.
    fn mocked(&self, request: &ChatRequest<'_>, text: &str, cx: &Context<'_>) -> Reply {
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

/// The deployment of the group that is to serve the request, as an index into the plan's.
fn pick(group: usize, cx: &mut Context<'_>) -> Option<usize> {
    let group = cx.plan.groups.get(group)?;
    let offset = simple_shuffle(&group.weights, cx.rng)?;
    group.deployments.get(offset).copied()
}
