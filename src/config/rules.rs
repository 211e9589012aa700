//! How often a request is tried again and when a deployment rests, as LiteLLM's policies say it.

use core::time::Duration;
use std::collections::HashMap;

use super::directory::Directory;
use super::environment::Text;
use super::schema::{ALLOWED_FAILS_POLICY, RETRY_POLICY};
use super::section::{Findings, Section};
use super::settings::Sections;
use crate::canonical::error::Class;
use crate::policy::{CooldownRules, PerClass};

/// As in LiteLLM, which has it from OpenAI's client.
const RETRIES: u32 = 2;

/// LiteLLM's usual rest.
const REST: Duration = Duration::from_secs(5);

const POLICY: &str = "allowed_fails_policy";

/// How LiteLLM's policies call each kind of failure; the first of the names that has a number counts. Refused content is a bad
/// request there, and so is a prompt that is too long; a broken connection is a server error. Two kinds have no name: LiteLLM
/// has no field for a refused permission, and where the money is used up (for LiteLLM a bad request, or a rate limit) a number
/// meant for the others would have the same deployment asked again in vain.
const NAMES: [(Class, &[&str]); 13] = [
    (Class::Auth, &["AuthenticationError"]),
    (Class::BadRequest, &["BadRequestError"]),
    (Class::Connection, BROKEN),
    (
        Class::ContentFilter,
        &["ContentPolicyViolationError", "BadRequestError"],
    ),
    (Class::ContextLength, &["BadRequestError"]),
    (Class::Malformed, BROKEN),
    (Class::NotFound, &["NotFoundError"]),
    (Class::Overloaded, &["ServiceUnavailableError"]),
    (Class::RateLimit, &["RateLimitError"]),
    (Class::Server, &["InternalServerError"]),
    (Class::Timeout, &["TimeoutError"]),
    (Class::TooLarge, &["BadRequestError"]),
    (Class::Truncated, BROKEN),
];

/// What the gateway answers with a 502 of its own.
const BROKEN: &[&str] = &["BadGatewayError", "InternalServerError"];

/// The numbers of a policy whose keys end in `suffix`.
fn per_class(section: &Section<'_>, suffix: &str, findings: &Findings<'_>) -> PerClass {
    let number = |name: &&str| section.small(&format!("{name}{suffix}"), &findings.env);
    let numbers = NAMES
        .iter()
        .filter_map(|(class, names)| Some((*class, names.iter().find_map(number)?)));
    PerClass(numbers.collect())
}

/// A `retry_policy`.
#[derive(Clone, Default)]
struct Policy {
    by_class: PerClass,
    /// `DefaultRetries`.
    number: Option<u32>,
}

impl Policy {
    fn read(section: &Section<'_>, findings: &Findings<'_>) -> Policy {
        Policy {
            by_class: per_class(section, "Retries", findings),
            number: section.small("DefaultRetries", &findings.env),
        }
    }
}

/// How often each group is tried again.
pub(super) struct Policies {
    general: Policy,
    number: u32,
    own: HashMap<usize, Policy>,
}

impl Policies {
    /// Reads `num_retries`, `retry_policy` and `model_group_retry_policy`.
    pub fn read(
        sections: &Sections<'_>,
        directory: &mut Directory,
        findings: &mut Findings<'_>,
    ) -> Policies {
        let router = &sections.router;
        let general = router.section("retry_policy", &RETRY_POLICY, findings);
        let number = sections.shared("num_retries", findings);
        let mut policies = Policies {
            general: Policy::read(&general, findings),
            number: number
                .small("num_retries", &findings.env)
                .unwrap_or(RETRIES),
            own: HashMap::new(),
        };
        let at = router.place("model_group_retry_policy");
        for (name, value) in router.entries("model_group_retry_policy", findings) {
            let section = Section::open(Some(value), at.key(name), &RETRY_POLICY, findings);
            match directory.subject(&Text::literal(name)) {
                Err(trouble) => findings.fault(at.key(name), trouble),
                Ok(None) => {}
                Ok(Some(group)) => {
                    let policy = Policy::read(&section, findings);
                    policies.own.insert(group, policy);
                }
            }
        }
        policies
    }

    /// Tells every group.
    pub fn apply(&self, directory: &mut Directory) {
        directory.each(|index, base, group| {
            let own = self.own.get(&index);
            let inherited = || base.and_then(|base| self.own.get(&base));
            let policy = own.or_else(inherited).unwrap_or(&self.general);
            group.retries.by_class = policy.by_class.clone();
            group.retries.number = policy.number.unwrap_or(self.number);
        });
    }
}

/// When deployments rest that say nothing about it.
pub(super) struct Rest {
    /// `disable_cooldowns`: no deployment ever does.
    disabled: bool,
    rules: CooldownRules,
}

impl Rest {
    /// Reads what the router's settings say.
    pub fn read(sections: &Sections<'_>, findings: &mut Findings<'_>) -> Rest {
        let router = &sections.router;
        let policy = router.section(POLICY, &ALLOWED_FAILS_POLICY, findings);
        let allowed = sections.shared("allowed_fails", findings);
        let time = sections.shared("cooldown_time", findings);
        let env = &findings.env;
        Rest {
            disabled: router.flag("disable_cooldowns", env).unwrap_or(false),
            rules: CooldownRules {
                allowed: allowed.small("allowed_fails", env),
                by_class: per_class(&policy, "AllowedFails", findings),
                enabled: true,
                time: time.wait("cooldown_time", env).unwrap_or(REST),
            },
        }
    }

    /// What holds for a deployment: what it says itself, over what holds for all. Its own `allowed_fails` replaces the router's
    /// policy as well; its own policy only replaces the router's for the kinds of failure it names.
    pub fn of(
        &self,
        params: &Section<'_>,
        info: &Section<'_>,
        findings: &mut Findings<'_>,
    ) -> CooldownRules {
        let policy = info.section(POLICY, &ALLOWED_FAILS_POLICY, findings);
        let env = &findings.env;
        let own_time = info
            .wait("cooldown_time", env)
            .or_else(|| params.wait("cooldown_time", env));
        let time = own_time.unwrap_or(self.rules.time);
        let allowed = info.small("allowed_fails", env);
        let mut by_class = per_class(&policy, "AllowedFails", findings);
        if allowed.is_none() {
            let named = by_class.clone();
            let others = self.rules.by_class.0.iter().copied();
            let others = others.filter(|(class, _)| named.get(*class).is_none());
            by_class.0.extend(others);
        }
        CooldownRules {
            allowed: allowed.or(self.rules.allowed),
            by_class,
            enabled: !self.disabled && !time.is_zero(),
            time,
        }
    }
}
