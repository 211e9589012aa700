//! What is no mistake in a plan but will not do what it looks like: chains that lead nowhere, and what a transport cannot do.

use std::collections::BTreeSet;

use dragoman::config::plan::{Group, Midstream, Plan, Transport};
use dragoman::policy::Hop;

/// The remarks, a sentence each.
pub fn of(plan: &Plan) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut unknown = BTreeSet::new();
    for (index, group) in plan.groups.iter().enumerate() {
        remarks.extend(too_long(plan, group));
        remarks.extend(no_larger_window(plan, index, group));
        unknown.extend(unknown_windows(plan, group));
    }
    let prices = plan.groups.iter().flat_map(|group| &group.chains.general);
    unknown.extend(prices.filter_map(|hop| unknown_price(plan, hop)));
    remarks.extend(unknown);
    remarks.extend(calls(plan));
    remarks.push(transport(plan.transport).to_owned());
    remarks
}

/// How many chains there are that have somewhere to go.
pub fn chains(plan: &Plan) -> usize {
    let chains = plan.groups.iter().flat_map(|group| lists(group));
    chains.filter(|(_, chain)| !chain.is_empty()).count()
}

fn lists(group: &Group) -> [(&'static str, &Vec<Hop>); 3] {
    [
        ("fallbacks", &group.chains.general),
        ("context_window_fallbacks", &group.chains.context_window),
        ("content_policy_fallbacks", &group.chains.content_policy),
    ]
}

/// What stands behind the last place that `max_fallbacks` lets a request come to is never tried.
fn too_long<'p>(plan: &Plan, group: &'p Group) -> impl Iterator<Item = String> + use<'p> {
    let most = plan.max_fallbacks;
    let reached = usize::try_from(most).unwrap_or(usize::MAX);
    let (name, lists) = (&group.name, lists(group));
    lists.into_iter().filter_map(move |(list, chain)| {
        let first = chain.get(reached)?;
        Some(format!(
            "`{name}`: its {list} are never tried from `{}` on: max_fallbacks is {most}",
            first.model
        ))
    })
}

/// A prompt that is too long here is too long there.
fn no_larger_window(plan: &Plan, index: usize, group: &Group) -> Option<String> {
    let own = Hop {
        group: index,
        model: group.name.clone(),
    };
    let own = window(plan, &own)?;
    let chain = &group.chains.context_window;
    let windows: Option<Vec<u64>> = chain.iter().map(|hop| window(plan, hop)).collect();
    let largest = windows?.into_iter().max().filter(|window| *window <= own)?;
    Some(format!(
        "`{}`: its context_window_fallbacks are a dead end: it takes {own} tokens, none of them more than {largest}",
        group.name
    ))
}

fn unknown_windows<'p>(plan: &'p Plan, group: &'p Group) -> impl Iterator<Item = String> + use<'p> {
    let hops = group.chains.context_window.iter();
    let unknown = hops.filter(|hop| window(plan, hop).is_none());
    unknown.map(|hop| {
        format!(
            "`{}` is to take prompts that are too long for others, but nobody knows how long a prompt it takes: say so in `model_info.max_input_tokens`",
            hop.model
        )
    })
}

/// The largest prompt any deployment takes, if it is known of all of them.
fn window(plan: &Plan, hop: &Hop) -> Option<u64> {
    let group = plan.groups.get(hop.group)?;
    let windows = plan.members(group).map(|deployment| {
        let listed = || {
            let asked = plan.asked_of(deployment, hop);
            deployment.prices_for(&asked)?.max_input
        };
        deployment.max_input.or_else(listed)
    });
    let windows: Option<Vec<u64>> = windows.collect();
    windows?.into_iter().max()
}

/// One sentence for a fallback that is not priced, however many groups have it.
fn unknown_price(plan: &Plan, hop: &Hop) -> Option<String> {
    let group = plan.groups.get(hop.group)?;
    let is_priced = plan.members(group).all(|deployment| {
        let asked = plan.asked_of(deployment, hop);
        deployment.mock_response.is_some() || deployment.prices_for(&asked).is_some()
    });
    let words = || {
        format!(
            "`{}` is a fallback and not all of it has a known price: requests that end there may not be counted in money",
            hop.model
        )
    };
    (!is_priced).then(words)
}

/// What holds with both transports, for those who have switched it on: Envoy gives a module no second upstream that streams.
fn calls(plan: &Plan) -> impl Iterator<Item = String> + use<> {
    let hedges = plan.hedge_after.map(|_| {
        "hedge_after: with both transports a second deployment that wins arrives whole, and one that loses cannot be stopped and is paid for"
    });
    let continues = (plan.midstream == Midstream::Continue).then_some(
        "midstream `continue`: with both transports the rest of a stream arrives whole, and a connection that is cut after content cannot be gone on with",
    );
    [hedges, continues].into_iter().flatten().map(str::to_owned)
}

const fn transport(transport: Transport) -> &'static str {
    match transport {
        Transport::Dispatch => {
            "retry_transport `dispatch`: an attempt after the first is a call of the module's own: a stream arrives whole then, `stream_timeout` and `stream_idle_timeout` do not bound it, an answer may have 32 MiB, and it goes on, and is paid for, after its client has left; a connection that is cut while an answer's head is held, and a first answer that is too long, end in Envoy's own 502 and are not tried again"
        }
        Transport::Envoy => {
            "retry_transport `envoy`: every request passes Envoy twice, by the two listeners that `dragoman render` prints; with the module alone in a listener nothing is tried again, and what would be is a 503"
        }
    }
}

#[cfg(test)]
mod tests {
    use dragoman::config;
    use serde_json::{Value, json};

    use super::*;

    /// Groups with windows of 128,000 (`small`), 1,047,576 (`large`) and unknown size, and one with a pattern.
    fn remarks(router: Value) -> Vec<String> {
        let entry = |name: &str, model: &str| json!({"model_name": name, "litellm_params": {"model": model, "api_key": "k"}});
        let source = json!({"model_list": [
            entry("small", "openai/gpt-4o"), entry("other", "openai/gpt-4o-mini"), entry("large", "openai/gpt-4.1"),
            entry("own", "openai/my-own"), entry("open/*", "openai/*")], "router_settings": router});
        of_source(&source)
    }

    fn of_source(source: &Value) -> Vec<String> {
        let checked = config::read(source, &|_| None).unwrap();
        let mut remarks = of(&checked.plan);
        assert!(remarks.pop().unwrap().starts_with("retry_transport"));
        remarks
    }

    #[test]
    fn good_chains_give_no_remarks() {
        let good = json!({"fallbacks": {"small": "large"}, "context_window_fallbacks": {"small": ["other", "large"], "other": "open/gpt-4.1"}});
        assert_eq!(remarks(good), [""; 0]);
    }

    #[test]
    fn a_prompt_that_is_too_long_everywhere_is_a_dead_end() {
        let chain = json!({"context_window_fallbacks": {"small": ["other"]}});
        assert_eq!(
            remarks(chain),
            [
                "`small`: its context_window_fallbacks are a dead end: it takes 128000 tokens, none of them more than 128000"
            ]
        );
        let open = remarks(json!({"context_window_fallbacks": {"small": "open/gpt-4o"}}));
        assert!(open.concat().contains("dead end"));
    }

    #[test]
    fn a_target_nobody_knows_the_window_or_the_price_of_is_told_once() {
        let chains = json!({"context_window_fallbacks": [{"small": "own"}, {"other": "own"}], "fallbacks": {"*": "own"}});
        let remarks = remarks(chains);
        assert_eq!(remarks.len(), 2, "{remarks:#?}");
        assert!(remarks.concat().contains("`model_info.max_input_tokens`"));
        assert!(remarks.concat().contains("known price"));
    }

    #[test]
    fn what_stands_behind_the_last_allowed_fallback_is_told_to_be_never_tried() {
        let chain = json!({"fallbacks": {"small": ["other", "large"]}, "max_fallbacks": 1});
        assert_eq!(
            remarks(chain),
            ["`small`: its fallbacks are never tried from `large` on: max_fallbacks is 1"]
        );
    }

    #[test]
    fn every_transport_says_what_it_cannot_do() {
        assert!(transport(Transport::Dispatch).contains("502"));
        assert!(transport(Transport::Envoy).contains("listeners"));
    }

    #[test]
    fn who_hedges_or_goes_on_is_told_that_it_arrives_whole_by_either_transport() {
        let member = |key: &str| json!({"model_name": "m", "litellm_params": {"model": "openai/gpt-4o", "api_key": key}, "dragoman": {"prefill": true}});
        for transport in ["dispatch", "envoy"] {
            let with = |mut own: Value| {
                own["retry_transport"] = json!(transport);
                of_source(&json!({"model_list": [member("k"), member("l")], "dragoman": own}))
            };
            assert_eq!(with(json!({})), [""; 0]);
            let told = with(json!({"hedge_after": 1, "midstream": "continue"}));
            let wholly = told.iter().filter(|it| it.contains("arrives whole"));
            assert_eq!(wholly.count(), 2, "{told:#?}");
        }
    }
}
