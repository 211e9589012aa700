//! Strategies, and what is set for all requests.

use super::*;
use crate::config::plan::{Midstream, TagMatch, Transport};
use crate::policy::Budget;
use crate::routing::Strategy;

fn with(section: &str, settings: Value) -> Value {
    let mut source = json!({"model_list": [entry("m", json!({"model": "openai/gpt-4o"})), entry("m", json!({"model": "openai/gpt-4o"}))]});
    source[section] = settings;
    source
}

fn router(settings: Value) -> Value {
    with("router_settings", settings)
}

fn ours(settings: Value) -> Plan {
    plan(&with("dragoman", settings))
}

fn strategy(settings: Value) -> Strategy {
    plan(&router(settings)).groups[0].strategy
}

#[test]
fn every_strategy_has_litellm_s_name() {
    let latency = Strategy::Latency {
        buffer: 0.0,
        ttl: Duration::from_secs(3600),
    };
    for (name, expected) in [
        ("simple-shuffle", Strategy::SimpleShuffle),
        ("least-busy", Strategy::LeastBusy),
        ("latency-based-routing", latency),
        ("cost-based-routing", Strategy::Cost),
        ("usage-based-routing", Strategy::Usage),
        ("usage-based-routing-v2", Strategy::Usage),
    ] {
        assert_eq!(strategy(json!({ "routing_strategy": name })), expected);
    }
    assert_eq!(strategy(json!({})), Strategy::SimpleShuffle);
}

#[test]
fn a_strategy_that_is_misspelt_or_not_there_is_a_fault() {
    let fault = |name: &str| faults(&router(json!({ "routing_strategy": name }))).concat();
    assert_eq!(
        fault("least-bussy"),
        "router_settings.routing_strategy: no strategy is named `least-bussy`, did you mean `least-busy`?"
    );
    assert_eq!(
        fault("lar1"),
        "router_settings.routing_strategy: the strategy `lar1` is not supported yet"
    );
}

#[test]
fn the_latency_strategy_has_arguments_and_no_other_does() {
    let args = json!({"ttl": 60, "lowest_latency_buffer": 0.5});
    let latency =
        json!({"routing_strategy": "latency-based-routing", "routing_strategy_args": args});
    let expected = Strategy::Latency {
        buffer: 0.5,
        ttl: Duration::from_secs(60),
    };
    assert_eq!(strategy(latency), expected);
    let busy = router(json!({"routing_strategy": "least-busy", "routing_strategy_args": args}));
    assert_eq!(
        warnings(&busy),
        [
            "router_settings.routing_strategy_args: ignored: only `latency-based-routing` has arguments"
        ]
    );
}

#[test]
fn an_argument_that_is_not_known_is_a_fault_and_one_without_meaning_a_warning() {
    let args = |args: Value| {
        router(json!({"routing_strategy": "latency-based-routing", "routing_strategy_args": args}))
    };
    assert_eq!(
        faults(&args(json!({"lowest_latency_bufer": 1}))),
        [
            "router_settings.routing_strategy_args.lowest_latency_bufer: unknown key, did you mean `lowest_latency_buffer`?"
        ]
    );
    let told = warnings(&args(json!({"max_latency_list_size": 20})));
    assert!(told.concat().contains("max_latency_list_size: ignored: "));
}

#[test]
fn weights_are_only_missed_where_they_decide() {
    let mut source = router(json!({"routing_strategy": "least-busy"}));
    source["model_list"][0]["litellm_params"]["rpm"] = json!(5);
    assert!(warnings(&source).is_empty());
    source["router_settings"] = json!({});
    assert_eq!(warnings(&source).len(), 1);
}

#[test]
fn tags_match_by_one_unless_all_must() {
    let tags = |settings: Value| plan(&router(settings)).tags;
    assert_eq!(tags(json!({})), None);
    assert_eq!(
        tags(json!({"enable_tag_filtering": true})),
        Some(TagMatch::Any)
    );
    let all = json!({"enable_tag_filtering": true, "tag_filtering_match_any": false});
    assert_eq!(tags(all), Some(TagMatch::All));
}

#[test]
fn the_rest_of_the_router_s_settings_is_read() {
    let plan = plan(&router(
        json!({"enable_pre_call_checks": true, "retry_after": 0.5, "max_fallbacks": 0, "timeout": 9, "stream_timeout": 4}),
    ));
    assert!(plan.pre_call_checks);
    assert_eq!(plan.retry_after, Duration::from_millis(500));
    assert_eq!(
        (plan.max_fallbacks, plan.timeout),
        (0, Some(Duration::from_secs(9)))
    );
    let stream = plan.deployments[0].stream_timeout;
    assert_eq!(stream, Some(Duration::from_secs(4)));
}

#[test]
fn a_router_timeout_that_does_not_count_is_told() {
    let mut source = router(json!({"timeout": 9}));
    source["litellm_settings"] = json!({"request_timeout": 8});
    assert_eq!(plan(&source).timeout, Some(Duration::from_secs(8)));
    assert_eq!(
        warnings(&source),
        ["router_settings.timeout: ignored: litellm_settings.request_timeout counts"]
    );
    source["litellm_settings"] = json!({"request_timeout": 9});
    assert!(warnings(&source).is_empty());
}

#[test]
fn what_our_section_leaves_out_is_as_usual() {
    let plan = ours(json!({}));
    assert_eq!(
        (plan.transport, plan.midstream),
        (Transport::Dispatch, Midstream::Fail)
    );
    let usual = Budget {
        floor: 10,
        percent: 20,
    };
    assert_eq!(plan.retry_budget, usual);
    assert_eq!((plan.hedge_after, plan.stream_idle_timeout), (None, None));
    assert_eq!(plan.max_fallbacks, 5);
}

#[test]
fn our_section_is_read() {
    let mut source = with(
        "dragoman",
        json!({"retry_transport": "envoy", "midstream": "continue", "hedge_after": 1.5, "stream_idle_timeout": 20}),
    );
    source["model_list"][0]["dragoman"] = json!({"prefill": true});
    let plan = plan(&source);
    assert!(warnings(&source).is_empty());
    assert_eq!(
        (plan.transport, plan.midstream),
        (Transport::Envoy, Midstream::Continue)
    );
    assert_eq!(plan.hedge_after, Some(Duration::from_millis(1500)));
    assert_eq!(plan.stream_idle_timeout, Some(Duration::from_secs(20)));
}

#[test]
fn a_retry_budget_is_a_percentage_or_a_section() {
    let budget = |value: Value| {
        let budget = ours(json!({ "retry_budget": value })).retry_budget;
        (budget.percent, budget.floor)
    };
    assert_eq!(budget(json!(50)), (50, 10));
    assert_eq!(budget(json!("0")), (0, 10));
    assert_eq!(budget(json!({"floor": 3})), (20, 3));
    assert_eq!(budget(json!({"percent": 1, "floor": 0})), (1, 0));
}

#[test]
fn an_unquoted_off_is_off() {
    assert_eq!(ours(json!({"midstream": false})).midstream, Midstream::Fail);
    assert_eq!(ours(json!({"midstream": "off"})).midstream, Midstream::Fail);
}

#[test]
fn options_that_can_do_nothing_are_told() {
    let mut source = one(json!({"model": "openai/gpt-4o"}));
    source["dragoman"] = json!({"hedge_after": 1, "midstream": "continue"});
    assert_eq!(
        warnings(&source),
        [
            "dragoman.hedge_after: ignored: no model group has a second deployment to ask",
            "dragoman.midstream: ignored: no deployment is marked `dragoman: {prefill: true}`"
        ]
    );
}

#[test]
fn nonsense_is_a_fault_with_its_place() {
    for (section, key, value, expected) in [
        (
            "router_settings",
            "num_retries",
            json!(-1),
            "must be a whole number from 0 up",
        ),
        (
            "router_settings",
            "allowed_fails",
            json!("few"),
            "must be a number, not text",
        ),
        (
            "router_settings",
            "cooldown_time",
            json!(-5),
            "must be a number of seconds from 0 up and at most 30 days",
        ),
        (
            "router_settings",
            "retry_after",
            json!(true),
            "must be a number, not `true` or `false`",
        ),
        (
            "router_settings",
            "default_max_parallel_requests",
            json!(0),
            "must be a whole number from 1 to 4294967295",
        ),
        (
            "router_settings",
            "routing_strategy_args",
            json!([]),
            "must be a section of keys and values, not a list",
        ),
        (
            "router_settings",
            "retry_policy",
            json!(3),
            "must be a section of keys and values, not a number",
        ),
        (
            "dragoman",
            "retry_transport",
            json!("dispach"),
            "no transport is named `dispach`, did you mean `dispatch`?",
        ),
        (
            "dragoman",
            "retry_transport",
            json!(1),
            "must be text, not a number",
        ),
        (
            "dragoman",
            "midstream",
            json!(true),
            "must be text, not `true` or `false`",
        ),
        (
            "dragoman",
            "midstream",
            json!("go on"),
            "no way to go on is named `go on`",
        ),
        (
            "dragoman",
            "retry_budget",
            json!(101),
            "must be a whole number from 0 to 100",
        ),
        (
            "dragoman",
            "retry_budget",
            json!([1]),
            "must be a number, not a list",
        ),
        (
            "dragoman",
            "hedge_after",
            json!(0),
            "must be a number of seconds above 0 and at most 30 days",
        ),
    ] {
        let found = faults(&with(section, json!({ key: value })));
        assert_eq!(found, [format!("{section}.{key}: {expected}")]);
    }
}
