//! From a provider's answer to the client's, or to the error in its place.

use super::streaming::event_stream;
use super::{Exchange, State, secrets_of};
use crate::api::chat::chunks::Chunks;
use crate::canonical::error::ApiError;
use crate::gateway::attempt::Attempt;
use crate::gateway::effect::Effect;
use crate::gateway::event::Local;
use crate::gateway::relay::foreign::ForeignRelay;
use crate::gateway::relay::openai::OpenaiRelay;
use crate::gateway::relay::{Relay, malformed, whole};
use crate::gateway::{Context, heads, refuse};
use crate::provider::Reading;
use crate::usage::Usage;
use crate::usage::estimate::tokens_of;
use crate::usage::metrics::Counter;
use crate::value::head::Head;
use crate::value::secret::Secret;

impl Exchange {
    pub(super) fn answered(
        &mut self,
        attempt: Attempt,
        head: &Head,
        last: bool,
        local: Option<Local>,
        cx: &mut Context<'_>,
    ) -> Effect {
        if let Some(why) = local {
            return self.give_up(&attempt, None, refuse::local(why), cx);
        }
        let status = head.status().unwrap_or(502);
        match status {
            200..=299 => self.begun(attempt, head, last, cx),
            300..=399 => self.give_up(&attempt, Some(head), refuse::redirected(), cx),
            _ if last => self.failed(&attempt, head, b"", cx),
            _ => {
                self.state = State::Failing {
                    attempt,
                    head: head.clone(),
                };
                Effect::Hold
            }
        }
    }

    fn begun(&mut self, attempt: Attempt, head: &Head, last: bool, cx: &mut Context<'_>) -> Effect {
        if last {
            return self.give_up(&attempt, Some(head), malformed("it is empty"), cx);
        }
        if head
            .get("content-encoding")
            .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
        {
            cx.meter
                .add(Counter::CompressedAnswers, self.account.subject, 1);
            return self.pass_opaque(attempt, head, cx);
        }
        let media = head.media_type().unwrap_or_default();
        let head = head.clone();
        match media.as_str() {
            "text/event-stream" if attempt.stream => {
                let (attempt, relay) = self.relay(attempt, cx);
                self.state = State::Opening {
                    attempt,
                    head,
                    relay,
                    out: Vec::new(),
                    same: true,
                };
                Effect::Hold
            }
            "text/html" => self.give_up(&attempt, Some(&head), malformed("it is a web page"), cx),
            _ => {
                self.state = State::Whole { attempt, head };
                Effect::Hold
            }
        }
    }

    pub(super) fn relay(&self, attempt: Attempt, cx: &Context<'_>) -> (Attempt, Box<dyn Relay>) {
        let secrets: Vec<Secret> = secrets_of(&attempt, cx).into_iter().cloned().collect();
        let include_usage = attempt.include_usage;
        match attempt.reading {
            Reading::Openai => (attempt, Box::new(OpenaiRelay::new(include_usage, secrets))),
            Reading::Foreign(decode) => {
                let id = self.account.call_id.clone();
                let chunks =
                    Chunks::new(id, cx.now.seconds(), &self.account.requested, include_usage);
                let attempt = Attempt {
                    reading: Reading::Openai,
                    ..attempt
                };
                (
                    attempt,
                    Box::new(ForeignRelay::new(decode, chunks, secrets)),
                )
            }
        }
    }

    /// An answer in a coding that cannot be read goes to the client as it is. What it took is guessed.
    fn pass_opaque(&mut self, attempt: Attempt, head: &Head, cx: &mut Context<'_>) -> Effect {
        let mut head = head.clone();
        self.account.usage = Some(Usage::estimated(attempt.input_tokens, 0));
        self.finish_head(&mut head, &attempt, cx);
        self.state = State::Opaque;
        self.status = head.status().unwrap_or(200);
        Effect::Release { head, body: None }
    }

    pub(super) fn failed(
        &mut self,
        attempt: &Attempt,
        head: &Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Effect {
        let deployment = cx.plan.deployments.get(attempt.deployment);
        let provider = deployment.map_or("", |deployment| deployment.provider.name());
        let error = ApiError::answered(provider, head, body);
        self.give_up(attempt, Some(head), error, cx)
    }

    pub(super) fn whole(
        &mut self,
        mut attempt: Attempt,
        mut head: Head,
        body: &[u8],
        cx: &mut Context<'_>,
    ) -> Effect {
        let model = self.account.requested.clone();
        let wish = self.wish(attempt.stream, attempt.include_usage, &model, cx);
        let answer = match whole::read(&mut attempt.reading, body, &wish) {
            Ok(answer) => answer,
            Err(error) => return self.give_up(&attempt, Some(&head), error, cx),
        };
        self.account.tier = answer.tier;
        self.account.usage = answer.usage.or_else(|| {
            let text = tokens_of(body);
            Some(Usage::estimated(attempt.input_tokens, text))
        });
        let secrets = secrets_of(&attempt, cx);
        let sent = answer.body.as_deref().unwrap_or(body);
        let clean = heads::blackened(sent, &secrets).or(answer.body);
        self.finish_head(&mut head, &attempt, cx);
        if attempt.stream {
            head.remove("content-length");
            event_stream(&mut head);
        } else {
            if let Some(body) = &clean {
                head.set("content-length", body.len().to_string());
            }
            self.account.price(cx);
            if let Some(cost) = self.account.cost {
                head.set("x-litellm-response-cost", cost.to_string());
            }
        }
        self.status = head.status().unwrap_or(200);
        self.settle(cx);
        Effect::Release { head, body: clean }
    }
}
