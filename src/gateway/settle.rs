//! What an exchange came to: tokens, money, time, told to metrics and the access log.

use serde::Serialize;

use super::Context;
use super::attempt::Attempt;
use super::meter::Subject;
use crate::api::Operation;
use crate::config::plan::{Plan, Transport};
use crate::usage::Usage;
use crate::usage::metrics::{Counter, Histogram, Token};
use crate::usage::prices::Prices;
use crate::value::money::Usd;
use crate::value::time::Timestamp;

/// What the log says of a request whose client left before its answer was complete.
pub const CLIENT_LEFT: &str = "client_left";

/// An attempt that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Index into the plan's deployments.
    pub deployment: usize,
    /// What came of it, in a word.
    pub outcome: &'static str,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

impl Tried {
    /// It in words, for an error.
    #[must_use]
    pub fn words(&self, plan: &Plan) -> String {
        let name = name_of(self.deployment, plan);
        format!("{name}: {} after {} ms", self.outcome, self.ms)
    }
}

fn name_of(deployment: usize, plan: &Plan) -> &str {
    let deployment = plan.deployments.get(deployment);
    deployment.map_or("", |deployment| &deployment.id)
}

/// What is known of an exchange when it is settled.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The id the client knows it by.
    pub call_id: String,
    /// The request's method.
    pub method: String,
    /// The request's path, without its query, which may hold a key.
    pub path: String,
    /// What was asked.
    pub operation: Option<Operation>,
    /// The model as the client named it.
    pub requested: String,
    /// Whom it concerns.
    pub subject: Subject,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// When its head came.
    pub arrived: Timestamp,
    /// When the first content came.
    pub first_content: Option<Timestamp>,
    /// What the answer costs; `None` when nobody knows the price.
    pub cost: Option<Usd>,
    /// What the answer took.
    pub usage: Option<Usage>,
    /// Which tier served it.
    pub tier: Option<String>,
    /// Nanoseconds spent inside the gateway so far.
    pub overhead_ns: u64,
    /// Why it failed, in a word.
    pub error: Option<String>,
    /// The attempts that are over.
    pub attempts: Vec<Tried>,
    /// How often a group was tried again.
    pub retries: u32,
    /// How often it went on to another model.
    pub fallbacks: u32,
    /// What it costs where the plan cannot know: a deployment for any model.
    pub prices: Option<Prices>,
    /// What attempts cost whose answer the client did not get.
    pub spent_besides: Usd,
}

impl Account {
    /// Works out what the answer costs, once its usage is known.
    pub fn price(&mut self, cx: &Context<'_>) {
        self.cost = self.usage.as_ref().and_then(|usage| {
            if usage.cost.is_some() {
                return usage.cost;
            }
            let deployment = cx.plan.deployments.get(self.subject.deployment?)?;
            let prices = self.prices.as_ref().or(deployment.prices.as_ref())?;
            prices
                .is_priced()
                .then(|| prices.cost(usage, self.tier.as_deref()))
        });
    }

    /// The answer is this attempt's.
    pub fn served_by(&mut self, attempt: &Attempt, plan: &Plan) {
        let deployment = plan.deployments.get(attempt.pick.deployment);
        self.subject.deployment = Some(attempt.pick.deployment);
        if let Some(deployment) = deployment {
            self.subject.group.get_or_insert(deployment.group);
        }
        self.prices.clone_from(&attempt.prices);
    }

    /// Counts what an attempt took whose answer is not the client's, or not all of it.
    pub fn count_besides(&mut self, attempt: &Attempt, usage: &Usage, cx: &mut Context<'_>) {
        let other = Account {
            subject: Subject {
                deployment: Some(attempt.pick.deployment),
                group: self.subject.group,
            },
            prices: attempt.prices.clone(),
            usage: Some(*usage),
            ..Account::default()
        };
        let mut other = other;
        other.price(cx);
        other.count(usage, cx);
        let cost = other.cost.unwrap_or_default();
        self.spent_besides = self.spent_besides.saturating_add(cost);
    }

    /// Counts the exchange. To be called once.
    pub fn settle(&self, status: u16, cx: &mut Context<'_>) {
        let Some(operation) = self.operation else {
            return;
        };
        let subject = self.subject;
        cx.meter.add(
            Counter::Requests {
                operation: operation.as_str(),
                status,
            },
            subject,
            1,
        );
        if let Some(usage) = &self.usage {
            self.count(usage, cx);
        }
    }

    /// The exchange is over: its times are known, and the facts for the access log.
    pub fn close(&self, details: &str, cx: &mut Context<'_>) {
        if self.operation.is_some() {
            self.time(cx);
        }
        self.state_facts(details, self.error.as_deref(), cx);
    }

    /// States what is known so far, where the outer listener writes the access log: it hears of a client's leaving before the
    /// gateway does.
    pub fn state_as_if_left(&mut self, usage: Option<Usage>, cx: &mut Context<'_>) {
        if cx.plan.transport == Transport::Dispatch {
            return;
        }
        let (usage, cost) = (core::mem::replace(&mut self.usage, usage), self.cost);
        self.price(cx);
        self.state_facts("", Some(CLIENT_LEFT), cx);
        (self.usage, self.cost) = (usage, cost);
    }

    fn state_facts(&self, details: &str, error: Option<&str>, cx: &mut Context<'_>) {
        let facts = serde_json::to_vec(&self.facts(details, error, cx)).unwrap_or_default();
        let members = facts
            .strip_prefix(b"{")
            .and_then(|facts| facts.strip_suffix(b"}"))
            .unwrap_or_default();
        cx.meter.log(&[members, b","].concat());
    }

    fn time(&self, cx: &mut Context<'_>) {
        let subject = self.subject;
        let duration = millis(cx.now, self.arrived);
        cx.meter
            .observe(Histogram::RequestDurationMs, subject, duration);
        let overhead = self.overhead_us();
        cx.meter.observe(Histogram::OverheadUs, subject, overhead);
        if let Some(first) = self.first_content {
            let wait = millis(first, self.arrived);
            cx.meter
                .observe(Histogram::TimeToFirstTokenMs, subject, wait);
        }
    }

    /// What was paid for, over all attempts; `None` when nobody knows that anything was.
    fn spent(&self) -> Option<Usd> {
        let besides = Some(self.spent_besides).filter(|spent| spent.nanos() > 0);
        let cost = self
            .cost
            .map(|cost| cost.saturating_add(self.spent_besides));
        cost.or(besides)
    }

    const fn overhead_us(&self) -> u64 {
        self.overhead_ns / 1_000
    }

    fn count(&self, usage: &Usage, cx: &mut Context<'_>) {
        let written = usage.cache_write.saturating_add(usage.cache_write_1h);
        for (kind, tokens) in [
            (Token::CacheRead, usage.cache_read),
            (Token::CacheWrite, written),
            (Token::Input, usage.input),
            (Token::Output, usage.output),
            (Token::Reasoning, usage.reasoning),
        ] {
            if tokens > 0 {
                cx.meter.add(Counter::Tokens(kind), self.subject, tokens);
            }
        }
        match self.cost {
            Some(cost) => cx
                .meter
                .add(Counter::CostNanousd, self.subject, cost.nanos()),
            None => cx.meter.add(Counter::UnpricedRequests, self.subject, 1),
        }
    }

    fn facts<'a>(
        &'a self,
        details: &'a str,
        error: Option<&'a str>,
        cx: &'a Context<'_>,
    ) -> Facts<'a> {
        let deployment = self
            .subject
            .deployment
            .and_then(|index| cx.plan.deployments.get(index));
        let group = self
            .subject
            .group
            .and_then(|index| cx.plan.groups.get(index));
        let usage = self.usage.as_ref();
        let ours = self.operation.is_some().then_some(());
        Facts {
            call_id: ours.map(|()| self.call_id.as_str()),
            method: &self.method,
            path: &self.path,
            operation: self.operation.map(Operation::as_str),
            model: ours
                .map(|()| self.requested.as_str())
                .filter(|model| !model.is_empty()),
            model_group: group.map(|group| group.name.as_str()),
            deployment: deployment.map(|deployment| deployment.id.as_str()),
            provider: deployment.map(|deployment| deployment.provider.name()),
            upstream: deployment
                .filter(|_| cx.plan.transport == Transport::Envoy)
                .map(|deployment| deployment.endpoint.authority.as_str()),
            stream: ours.map(|()| self.stream),
            input_tokens: usage.map(|usage| usage.input),
            output_tokens: usage.map(|usage| usage.output),
            cache_read_tokens: usage.map(|usage| usage.cache_read),
            cache_write_tokens: usage
                .map(|usage| usage.cache_write.saturating_add(usage.cache_write_1h)),
            reasoning_tokens: usage.map(|usage| usage.reasoning),
            estimated: usage.map(|usage| usage.estimated),
            cost_nanousd: self.spent().map(Usd::nanos),
            time_to_first_token_ms: self.first_content.map(|first| millis(first, self.arrived)),
            overhead_us: ours.map(|()| self.overhead_us()),
            error,
            retries: self.retries,
            fallbacks: self.fallbacks,
            attempts: self.logged(cx.plan),
            details: Some(details).filter(|details| !details.is_empty()),
        }
    }

    fn logged<'a>(&self, plan: &'a Plan) -> Vec<Logged<'a>> {
        let log = |tried: &Tried| Logged {
            deployment: name_of(tried.deployment, plan),
            outcome: tried.outcome,
            ms: tried.ms,
        };
        self.attempts.iter().map(log).collect()
    }
}

/// The facts of one exchange, as the access log has them. What is not known is left out.
#[derive(Debug, Serialize)]
struct Facts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<&'a str>,
    method: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
    /// Where the outer listener cannot say it: it knows only the inner one.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_nanousd: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_first_token_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overhead_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "is_none")]
    retries: u32,
    #[serde(skip_serializing_if = "is_none")]
    fallbacks: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Logged<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
}

/// An attempt in the access log.
#[derive(Debug, Serialize)]
struct Logged<'a> {
    deployment: &'a str,
    outcome: &'static str,
    ms: u64,
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

fn millis(now: Timestamp, earlier: Timestamp) -> u64 {
    u64::try_from(now.since(earlier).as_millis()).unwrap_or(u64::MAX)
}
