//! What one run is made of, drawn from its seed: a configuration, providers with their moods, and clients.

use core::time::Duration;

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::fault::{FINAL, Fault, PASSING};
use super::words::Format;

/// All strategies.
const STRATEGIES: [&str; 6] = [
    "simple-shuffle",
    "least-busy",
    "latency-based-routing",
    "cost-based-routing",
    "usage-based-routing",
    "usage-based-routing-v2",
];

/// What one run is made of.
#[derive(Debug)]
pub struct Scenario {
    /// What the operator wrote.
    pub config: Value,
    /// Whether nothing but providers stands in the way of an answer: enough retries and a large budget, no limits on
    /// requests, and none on time that a steady provider could miss.
    pub generous: bool,
    /// The providers, by the ids of their deployments.
    pub providers: Vec<Provider>,
    /// What clients send, in the order in which they do.
    pub requests: Vec<Request>,
    /// How many workers there are.
    pub workers: usize,
}

/// A deployment's provider, and how it is minded.
#[derive(Debug)]
pub struct Provider {
    /// How it words things.
    pub format: Format,
    /// The deployment's id.
    pub id: String,
    /// How often it fails, in percent.
    fails: u64,
    faults: Vec<Fault>,
    /// From when to when it fails always, since the beginning.
    outage: Option<(Duration, Duration)>,
}

/// What one client sends.
#[derive(Clone, Debug)]
pub struct Request {
    /// When, since the beginning.
    pub at: Duration,
    /// Its body.
    pub body: Vec<u8>,
    /// How long after its head.
    pub body_after: Duration,
    /// Its own fallbacks, in place of the configured ones.
    pub fallbacks: Option<Vec<String>>,
    /// The group it asks for.
    pub group: String,
    /// After how long its client leaves.
    pub leaves_after: Option<Duration>,
    /// Whether it wants no fallbacks.
    pub no_fallbacks: bool,
    /// How often it wants to be tried again.
    pub retries: Option<u32>,
    /// Whether it wants a stream.
    pub stream: bool,
    /// How long it may take, by its own word.
    pub timeout: Option<Duration>,
    /// Which worker it comes to.
    pub worker: usize,
}

impl Provider {
    /// Whether it never fails.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.fails == 0 && self.outage.is_none()
    }

    /// Whether it may say of a request that nobody need try it again.
    #[must_use]
    pub fn may_refuse(&self) -> bool {
        !self.is_steady() && self.faults.iter().any(|fault| fault.is_final())
    }

    /// How it fails this time, if it does.
    pub fn mood(&self, since_beginning: Duration, dice: &mut Dice) -> Option<Fault> {
        let is_out = self
            .outage
            .is_some_and(|(from, to)| (from..to).contains(&since_beginning));
        (is_out || dice.chance(self.fails)).then(|| dice.one(&self.faults))
    }

    fn draw(id: String, format: Format, span_ms: u64, dice: &mut Dice) -> Self {
        let refuses = dice.chance(15);
        let mut faults: Vec<Fault> = (0..dice.within(1..=4))
            .map(|_| dice.one(&PASSING))
            .collect();
        if refuses {
            faults.push(dice.one(&FINAL));
        }
        let (fails, outage) = match dice.within(0..=99) {
            0..=34 => (0, None),
            35..=49 => (100, None),
            50..=64 => {
                let (one, other) = (dice.ms(0..=span_ms), dice.ms(0..=span_ms));
                (0, Some((one.min(other), one.max(other))))
            }
            _ => (dice.within(5..=60), None),
        };
        Self {
            format,
            id,
            fails,
            faults,
            outage,
        }
    }
}

impl Scenario {
    /// The scenario of that seed.
    #[must_use]
    pub fn draw(dice: &mut Dice) -> Self {
        let generous = dice.chance(50);
        let groups: Vec<String> = (0..dice.within(1..=4)).map(|n| format!("g{n}")).collect();
        let span_ms = dice.one(&[2_000, 10_000, 70_000]);
        let workers = 1 + dice.index(4);
        let mut providers = Vec::new();
        let mut list = Vec::new();
        for group in &groups {
            for number in 0..dice.within(1..=5) {
                let id = format!("{group}-{number}");
                let format = dice.one(&[Format::Openai, Format::Openai, Format::Anthropic]);
                list.push(entry(group, &id, format, generous, dice));
                providers.push(Provider::draw(id, format, span_ms, dice));
            }
        }
        let config = json!({
            "model_list": list,
            "router_settings": router(&groups, generous, dice),
            "dragoman": ours(generous, dice),
        });
        let number = dice.within(20..=60);
        let mut requests: Vec<Request> = (0..number)
            .map(|_| Request::draw(&groups, generous, span_ms, workers, dice))
            .collect();
        requests.sort_by_key(|request| request.at);
        Self {
            config,
            generous,
            providers,
            requests,
            workers,
        }
    }
}

impl Request {
    fn draw(
        groups: &[String],
        generous: bool,
        span_ms: u64,
        workers: usize,
        dice: &mut Dice,
    ) -> Self {
        let mut request = Self {
            at: dice.ms(0..=span_ms),
            body: Vec::new(),
            body_after: dice.ms(0..=20),
            fallbacks: dice.chance(8).then(|| vec![dice.one(groups)]),
            group: dice.one(groups),
            leaves_after: dice.chance(12).then(|| dice.ms(1..=3_000)),
            no_fallbacks: dice.chance(8),
            retries: (!generous && dice.chance(10))
                .then(|| u32::try_from(dice.within(0..=5)).expect("a small number")),
            stream: dice.chance(50),
            timeout: (!generous && dice.chance(15)).then(|| dice.ms(300..=8_000)),
            worker: dice.index(workers),
        };
        request.body = request.worded();
        request
    }

    fn worded(&self) -> Vec<u8> {
        let mut body = json!({"model": self.group, "stream": self.stream,
            "messages": [{"role": "user", "content": "hello"}]});
        if let Some(fallbacks) = &self.fallbacks {
            body["fallbacks"] = json!(fallbacks);
        }
        if self.no_fallbacks {
            body["disable_fallbacks"] = json!(true);
        }
        if let Some(retries) = self.retries {
            body["num_retries"] = json!(retries);
        }
        if let Some(timeout) = self.timeout {
            body["timeout"] = json!(timeout.as_secs_f64());
        }
        body.to_string().into_bytes()
    }
}

fn entry(group: &str, id: &str, format: Format, generous: bool, dice: &mut Dice) -> Value {
    let model = match format {
        Format::Anthropic => "anthropic/claude-haiku-4-5",
        Format::Openai => "openai/gpt-4o",
    };
    let mut params = json!({"model": model, "api_key": format!("key-of-{id}"),
        "api_base": format!("https://{id}.example/v1")});
    let mut limit = |key: &str, percent: u64, dice: &mut Dice, value: fn(&mut Dice) -> Value| {
        if dice.chance(percent) {
            params[key] = value(dice);
        }
    };
    limit("timeout", 50, dice, |dice| {
        json!(dice.ms(2_500..=5_000).as_secs_f64())
    });
    limit("stream_timeout", 30, dice, |dice| {
        json!(dice.ms(1_000..=2_000).as_secs_f64())
    });
    limit("weight", 20, dice, |dice| json!(dice.within(1..=9)));
    limit("input_cost_per_token", 30, dice, |dice| {
        json!(1e-6 * dice.within(1..=9) as f64)
    });
    if !generous {
        limit("max_parallel_requests", 20, dice, |dice| {
            json!(dice.within(1..=4))
        });
        limit("rpm", 20, dice, |dice| json!(dice.within(2..=12)));
        limit("num_retries", 10, dice, |dice| json!(dice.within(0..=5)));
    }
    json!({"model_name": group, "litellm_params": params, "model_info": {"id": id},
        "dragoman": {"prefill": dice.chance(50)}})
}

fn router(groups: &[String], generous: bool, dice: &mut Dice) -> Value {
    let mut settings = Map::new();
    let mut set = |key: &str, value: Value| {
        if !value.is_null() {
            settings.insert(key.to_owned(), value);
        }
    };
    set("routing_strategy", json!(dice.one(&STRATEGIES)));
    set("fallbacks", chains(groups, 60, dice));
    set("context_window_fallbacks", chains(groups, 20, dice));
    set("content_policy_fallbacks", chains(groups, 20, dice));
    set(
        "retry_after",
        dice.one(&[Value::Null, json!(0.2), json!(1)]),
    );
    set(
        "allowed_fails",
        dice.one(&[Value::Null, json!(0), json!(1), json!(3)]),
    );
    set(
        "cooldown_time",
        dice.one(&[Value::Null, json!(1), json!(5), json!(30)]),
    );
    set("disable_cooldowns", json!(dice.chance(15)));
    set("enable_pre_call_checks", json!(dice.chance(20)));
    if generous {
        set("num_retries", json!(dice.within(4..=6)));
    } else {
        set("num_retries", json!(dice.within(0..=4)));
        set(
            "max_fallbacks",
            dice.one(&[Value::Null, json!(0), json!(1), json!(2)]),
        );
        if dice.chance(15) {
            set("timeout", json!(dice.ms(500..=9_000).as_secs_f64()));
        }
        if dice.chance(20) {
            set(
                "retry_policy",
                json!({"RateLimitErrorRetries": dice.within(0..=3),
                "TimeoutErrorRetries": dice.within(0..=3), "BadRequestErrorRetries": dice.within(0..=2)}),
            );
        }
    }
    Value::Object(settings)
}

/// Where some of the groups go on.
fn chains(groups: &[String], percent: u64, dice: &mut Dice) -> Value {
    let mut chains = Vec::new();
    for group in groups {
        let others: Vec<&String> = groups.iter().filter(|other| *other != group).collect();
        if others.is_empty() || !dice.chance(percent) {
            continue;
        }
        let mut chain: Vec<&String> = Vec::new();
        for _ in 0..dice.within(1..=3) {
            let other = dice.one(&others);
            if !chain.contains(&other) {
                chain.push(other);
            }
        }
        chains.push(json!({ group.as_str(): chain }));
    }
    if chains.is_empty() {
        Value::Null
    } else {
        json!(chains)
    }
}

fn ours(generous: bool, dice: &mut Dice) -> Value {
    let mut settings = json!({"retry_transport": dice.one(&["dispatch", "envoy"])});
    if dice.chance(25) {
        settings["hedge_after"] = json!(dice.ms(50..=600).as_secs_f64());
    }
    if dice.chance(50) {
        settings["stream_idle_timeout"] = json!(dice.ms(1_000..=3_000).as_secs_f64());
    }
    if dice.chance(15) {
        settings["midstream"] = json!("continue");
    }
    let tight = json!({"percent": 0, "floor": dice.within(0..=3)});
    let wide = json!({"percent": 100, "floor": 1_000});
    let budget = if generous {
        wide.clone()
    } else {
        dice.one(&[Value::Null, tight, wide])
    };
    if !budget.is_null() {
        settings["retry_budget"] = budget;
    }
    settings
}
