//! A small world for exchanges: a configuration, a clock that only tests move, fixed randomness, and a ledger.
//!
//! [`World::send`] is a client's request; the [`Visit`] it returns is told what Envoy would tell the gateway and keeps
//! what client and provider got.

mod call;
mod cuts;
mod ledger;
mod visit;

use core::time::Duration;

use dragoman::config::plan::Plan;
use dragoman::config::read;
use dragoman::gateway::{Context, book, effect, tokens};
use dragoman::state::pace::Pace;
use dragoman::state::{Desk, Memory, record};
use dragoman::value::rng::Rng;
use dragoman::value::time::Timestamp;
use serde_json::{Value, json};

pub use call::{Call, Upstream};
pub use cuts::{Outcome, at_every_cut};
pub use ledger::Ledger;
pub use visit::{Answer, Did, Sent, Visit};

/// The keys of the usual deployments. They look like no vendor's, so that nothing but knowing them finds them.
pub const KEYS: [&str; 2] = ["orange-provider-credential", "purple-provider-credential"];

/// When the world begins, in nanoseconds since the Unix epoch.
const BEGINNING: u64 = 1_768_480_496_000_000_000;

/// What exchanges happen in.
#[derive(Debug)]
pub struct World {
    desk: Desk,
    ledger: Ledger,
    now: Timestamp,
    plan: Plan,
    rng: Rng,
    store: Memory,
}

impl Default for World {
    fn default() -> Self {
        Self::of(usual())
    }
}

impl World {
    /// A world with this configuration.
    ///
    /// # Panics
    /// When the configuration has faults.
    #[must_use]
    pub fn of(config: Value) -> Self {
        let checked = match read(&config, &|_| None) {
            Ok(checked) => checked,
            Err(faults) => panic!("{faults:?}"),
        };
        Self {
            desk: book::desk(&checked.plan),
            ledger: Ledger::default(),
            now: Timestamp::from_nanos(BEGINNING),
            plan: checked.plan,
            rng: Rng::new(1),
            store: Memory::default(),
        }
    }

    /// The usual configuration with these members in place of its own.
    #[must_use]
    pub fn with(changes: Value) -> Self {
        let mut config = usual();
        for (name, value) in changes.as_object().expect("changes are members") {
            config[name] = value.clone();
        }
        Self::of(config)
    }

    /// Lets time go by.
    pub fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    /// What the gateway works from.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What was counted.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Requests under way at deployments, requests in all, and those of them that are being tried again.
    pub fn under_way(&mut self) -> [u32; 3] {
        let deployments = 0..self.plan.deployments.len();
        let in_flight = deployments.map(|index| self.desk.in_flight(index, &self.store));
        let in_flight = in_flight.sum();
        let (active, retries) = self.desk.totals(self.now, &self.store);
        [in_flight, active, retries]
    }

    /// What was measured of the deployment with that id.
    #[must_use]
    pub fn pace(&self, id: &str) -> Pace {
        let plan = self.plan.deployments.iter();
        let index = plan.map(|of| &of.id).position(|other| other == id);
        let names = self.desk.names(index.expect("a deployment's id"));
        record::read(&self.store, &names.pace)
    }

    /// Forgets what was counted, and begins chance and time anew.
    pub fn forget(&mut self) {
        self.ledger = Ledger::default();
        self.now = Timestamp::from_nanos(BEGINNING);
        self.rng = Rng::new(1);
        self.desk = book::desk(&self.plan);
        self.store = Memory::default();
    }

    /// A worker's tick, as far as access tokens go: the calls it makes for them, by the records they are for.
    pub fn fetches(&mut self) -> Vec<(String, effect::Call)> {
        let sign = |_: &str, _: &[u8]| Some(b"signature".to_vec());
        tokens::due(&self.context(), &sign)
    }

    /// A call for an access token is answered.
    pub fn fetched(&mut self, record: &str, upstream: &Upstream) {
        let body = upstream.parts.concat();
        let answer = (Some(&upstream.head), body.as_slice(), None);
        tokens::answered(record, answer, &self.context());
    }

    fn context(&mut self) -> Context<'_> {
        Context {
            now: self.now,
            rng: &mut self.rng,
            meter: &mut self.ledger,
            plan: &self.plan,
            store: &self.store,
            desk: &mut self.desk,
        }
    }

    /// A client sends a request.
    pub fn send(&mut self, call: Call) -> Visit<'_> {
        Visit::of(self, call)
    }

    /// A client sends a chat request with this body.
    pub fn ask(&mut self, body: &str) -> Visit<'_> {
        self.send(Call::chat(body))
    }
}

/// An OpenAI and an Anthropic deployment with prices of their own, and one that answers itself. Nothing is tried again.
fn usual() -> Value {
    let price = |input: f64| {
        json!({"input_cost_per_token": input, "output_cost_per_token": 8e-6,
               "cache_read_input_token_cost": 5e-7})
    };
    let entry = |name: &str, id: &str, params: Value| {
        let mut all = price(2e-6);
        for (key, value) in params.as_object().expect("parameters are members") {
            all[key] = value.clone();
        }
        json!({"model_name": name, "litellm_params": all, "model_info": {"id": id}})
    };
    json!({"router_settings": {"num_retries": 0}, "model_list": [
        entry("gpt", "orange", json!({"model": "openai/gpt-4o", "api_key": KEYS[0]})),
        entry("claude", "purple", json!({"model": "anthropic/claude-haiku-4-5", "api_key": KEYS[1]})),
        entry("mock", "grey", json!({"model": "openai/gpt-4o", "api_key": "unused", "mock_response": "Hello there"})),
    ]})
}
