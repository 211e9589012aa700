//! What can serve a request, as far as that is known: looked at with `enable_pre_call_checks`, and wherever a fallback is sought.

use super::pool::Pool;
use super::{Lack, Needs, Want};
use crate::config::plan::{Deployment, Plan};
use crate::policy::Hop;
use crate::usage::prices::Abilities;

/// An ability a request may need.
struct Ability {
    has: fn(&Abilities) -> bool,
    is_needed: fn(&Needs) -> bool,
    name: &'static str,
}

const ABILITIES: [Ability; 3] = [
    Ability {
        has: |abilities| abilities.response_schema,
        is_needed: |needs| needs.schema,
        name: "json_schema",
    },
    Ability {
        has: |abilities| abilities.function_calling,
        is_needed: |needs| needs.tools,
        name: "tools",
    },
    Ability {
        has: |abilities| abilities.vision,
        is_needed: |needs| needs.vision,
        name: "vision",
    },
];

/// Keeps those that can do what the request needs and take as many tokens as it has and may get. What nobody knows about stays.
pub(super) fn keep(pool: &mut Pool<'_>, want: &Want<'_>, plan: &Plan) -> Result<(), Lack> {
    if !plan.pre_call_checks && !want.must_fit {
        return Ok(());
    }
    let hop = Hop {
        group: want.group,
        model: want.model.to_owned(),
    };
    let is = |deployment: usize, check: &dyn Fn(&Deployment) -> bool| {
        plan.deployments.get(deployment).is_some_and(check)
    };
    for ability in ABILITIES {
        if (ability.is_needed)(&want.needs) {
            let can = |of: &Deployment| {
                let abilities = of.abilities_for(&plan.asked_of(of, &hop));
                abilities.as_ref().is_none_or(ability.has)
            };
            pool.retain(|deployment| is(deployment, &can));
        }
        if pool.is_empty() {
            return Err(Lack::Capability(ability.name));
        }
    }
    let tokens = want.max_tokens.unwrap_or_default();
    let tokens = want.input_tokens.saturating_add(tokens);
    let fits = |of: &Deployment| {
        let most = of.max_input_for(&plan.asked_of(of, &hop));
        most.is_none_or(|most| tokens <= most)
    };
    pool.retain(|deployment| is(deployment, &fits));
    if pool.is_empty() {
        return Err(Lack::ContextWindow);
    }
    Ok(())
}
