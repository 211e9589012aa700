//! What is done about failures: how often, when and where a request is tried again, and which deployments rest meanwhile.
//!
//! Everything here is a value or a pure function of values: the time, chance and what others know are arguments.

mod budget;
pub mod cooldown;
mod course;
mod failure;

use core::time::Duration;

use crate::canonical::error::Class;

pub use course::{Course, OwnChains, Start, View};

/// A number for some kinds of failure, as LiteLLM's `retry_policy` and `allowed_fails_policy` give one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerClass(pub Vec<(Class, u32)>);

impl PerClass {
    /// The number for that kind of failure, if it has one.
    #[must_use]
    pub fn get(&self, class: Class) -> Option<u32> {
        let entry = self.0.iter().find(|(other, _)| *other == class);
        entry.map(|(_, number)| *number)
    }
}

/// How often a group is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// By kind of failure: `model_group_retry_policy` of the group, else `retry_policy`.
    pub by_class: PerClass,
    /// `num_retries`, or `DefaultRetries` of the policy: after the first attempt, over all deployments of the group.
    pub number: u32,
}

/// A model to go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Index into the plan's groups.
    pub group: usize,
    /// The model's name, which for a group with a pattern decides what the vendor is asked for.
    pub model: String,
}

/// Where a group's requests go when it has failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chains {
    /// `content_policy_fallbacks`: tried first when the content was refused.
    pub content_policy: Vec<Hop>,
    /// `context_window_fallbacks`: tried first when the prompt was too long.
    pub context_window: Vec<Hop>,
    /// How many at the end of `general` are there for every group: they come last, whatever other chains a request is on.
    pub defaults: usize,
    /// `fallbacks`, and after them `default_fallbacks`.
    pub general: Vec<Hop>,
}

/// When a deployment is sent to rest, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CooldownRules {
    /// `allowed_fails`: how many failures a minute are let pass; `None` where nobody said.
    pub allowed: Option<u32>,
    /// `allowed_fails_policy`: the same by kind of failure.
    pub by_class: PerClass,
    /// Whether there is any rest at all: not with `disable_cooldowns`, nor with a `cooldown_time` of 0.
    pub enabled: bool,
    /// `cooldown_time`: the first rest.
    pub time: Duration,
}

/// How many requests may be tried again at the same time, so that an outage is not multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// So many always may.
    pub floor: u32,
    /// Of all requests under way, in percent.
    pub percent: u32,
}

/// An attempt's failure, as far as the policy cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind it is.
    pub class: Class,
    /// When the provider says it can be asked again: a time from now.
    pub retry_after: Option<Duration>,
    /// The provider's `x-should-retry`.
    pub should_retry: Option<bool>,
}

/// What is done about a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with another model.
    FallBack(Hop),
    /// Tell the client.
    GiveUp,
    /// Try the same group again.
    Retry {
        /// After that time; zero is at once.
        after: Duration,
    },
}
