//! Numbers for kinds of failure.

use super::*;
use crate::canonical::error::Class;
use crate::policy::{CooldownRules, Retries};

fn with(section: &str, settings: Value) -> Value {
    let mut source = one(json!({"model": "openai/gpt-4o"}));
    source[section] = settings;
    source
}

fn retries(router: Value) -> Retries {
    plan(&with("router_settings", router))
        .groups
        .remove(0)
        .retries
}

fn cooldown(router: Value, params: Value, info: Value) -> CooldownRules {
    let mut source = with("router_settings", router);
    let entry = &mut source["model_list"][0];
    entry["model_info"] = info;
    for (key, value) in params.as_object().unwrap() {
        entry["litellm_params"][key] = value.clone();
    }
    plan(&source).deployments.remove(0).cooldown
}

#[test]
fn a_request_is_tried_again_twice_unless_the_file_says_otherwise() {
    assert_eq!(retries(json!({})).number, 2);
    assert_eq!(retries(json!({"num_retries": 0})).number, 0);
    let general = with("litellm_settings", json!({"num_retries": 7}));
    assert_eq!(plan(&general).groups[0].retries.number, 7);
}

#[test]
fn the_router_s_own_setting_wins_over_the_general_one_and_that_is_told() {
    let mut source = with(
        "litellm_settings",
        json!({"num_retries": 7, "allowed_fails": 1, "cooldown_time": 9, "max_fallbacks": 2}),
    );
    source["router_settings"] =
        json!({"num_retries": 1, "allowed_fails": 4, "cooldown_time": 3, "max_fallbacks": 3});
    let checked = good(&source);
    let rules = &checked.plan.deployments[0].cooldown;
    assert_eq!(checked.plan.groups[0].retries.number, 1);
    assert_eq!(
        (rules.allowed, rules.time),
        (Some(4), Duration::from_secs(3))
    );
    assert_eq!(checked.plan.max_fallbacks, 3);
    assert_eq!(checked.warnings.len(), 4);
    assert!(warnings(&source).contains(
        &"litellm_settings.max_fallbacks: ignored: router_settings.max_fallbacks counts".to_owned()
    ));
}

#[test]
fn a_policy_names_failures_as_litellm_s_exceptions_are_related() {
    let policy = json!({"BadRequestErrorRetries": 1, "AuthenticationErrorRetries": 2, "TimeoutErrorRetries": 3,
        "RateLimitErrorRetries": 4, "InternalServerErrorRetries": 5, "ServiceUnavailableErrorRetries": 6, "NotFoundErrorRetries": 7});
    let read = retries(json!({"retry_policy": policy}));
    let expected = [
        (Class::Auth, Some(2)),
        (Class::BadRequest, Some(1)),
        (Class::Connection, Some(5)),
        (Class::ContentFilter, Some(1)),
        (Class::ContextLength, Some(1)),
        (Class::Malformed, Some(5)),
        (Class::NotFound, Some(7)),
        (Class::Overloaded, Some(6)),
        (Class::Permission, None),
        (Class::Quota, None),
        (Class::RateLimit, Some(4)),
        (Class::Server, Some(5)),
        (Class::Timeout, Some(3)),
        (Class::TooLarge, Some(1)),
        (Class::Truncated, Some(5)),
    ];
    for (class, number) in expected {
        assert_eq!(read.by_class.get(class), number, "{class:?}");
    }
}

#[test]
fn refused_content_has_a_number_of_its_own_before_that_of_bad_requests() {
    let policy = json!({"BadRequestErrorRetries": 1, "ContentPolicyViolationErrorRetries": 3});
    let read = retries(json!({"retry_policy": policy}));
    assert_eq!(read.by_class.get(Class::ContentFilter), Some(3));
    assert_eq!(read.by_class.get(Class::ContextLength), Some(1));
}

#[test]
fn default_retries_are_the_number_for_what_the_policy_does_not_name() {
    let read = retries(json!({"num_retries": 4, "retry_policy": {"DefaultRetries": 1}}));
    assert_eq!((read.number, read.by_class.0.len()), (1, 0));
}

#[test]
fn a_group_s_own_policy_replaces_the_general_one_whole() {
    let policies = json!({"retry_policy": {"TimeoutErrorRetries": 3, "DefaultRetries": 9},
        "model_group_retry_policy": {"m": {"RateLimitErrorRetries": 5}}});
    let read = retries(policies);
    assert_eq!(read.by_class.get(Class::RateLimit), Some(5));
    assert_eq!(read.by_class.get(Class::Timeout), None);
    assert_eq!(read.number, 2);
}

#[test]
fn deployments_rest_five_seconds_after_a_number_nobody_said() {
    let usual = cooldown(json!({}), json!({}), json!({}));
    assert_eq!(
        (usual.allowed, usual.enabled, usual.time),
        (None, true, Duration::from_secs(5))
    );
    assert_eq!(usual.by_class.0, []);
}

#[test]
fn no_time_to_rest_is_no_rest() {
    let enabled = |router, params| cooldown(router, params, json!({})).enabled;
    assert!(!enabled(json!({"cooldown_time": 0}), json!({})));
    assert!(enabled(
        json!({"cooldown_time": 0}),
        json!({"cooldown_time": 1})
    ));
    assert!(!enabled(json!({}), json!({"cooldown_time": 0})));
    let disabled = json!({"disable_cooldowns": true});
    assert!(!enabled(disabled, json!({"cooldown_time": 1})));
}

#[test]
fn a_deployment_s_own_time_to_rest_wins() {
    let rules = cooldown(
        json!({"cooldown_time": 60}),
        json!({"cooldown_time": 0.5}),
        json!({}),
    );
    assert_eq!(rules.time, Duration::from_millis(500));
}

#[test]
fn a_deployment_s_own_allowed_fails_replace_the_router_s_policy_too() {
    let router =
        json!({"allowed_fails": 9, "allowed_fails_policy": {"TimeoutErrorAllowedFails": 8}});
    let rules = cooldown(router.clone(), json!({}), json!({"allowed_fails": 0}));
    assert_eq!((rules.allowed, rules.by_class.0.len()), (Some(0), 0));
    let policy = json!({"allowed_fails_policy": {"RateLimitErrorAllowedFails": 1}});
    let rules = cooldown(router, json!({}), policy);
    assert_eq!(rules.allowed, Some(9));
    assert_eq!(rules.by_class.get(Class::RateLimit), Some(1));
    assert_eq!(rules.by_class.get(Class::Timeout), Some(8));
}

#[test]
fn a_bad_gateway_is_what_the_gateway_answers_with_502_itself() {
    let router = json!({"allowed_fails_policy": {"BadGatewayErrorAllowedFails": 1, "InternalServerErrorAllowedFails": 2}});
    let rules = cooldown(router, json!({}), json!({}));
    let numbers = [Class::Connection, Class::Malformed, Class::Server];
    let numbers = numbers.map(|class| rules.by_class.get(class));
    assert_eq!(numbers, [Some(1), Some(1), Some(2)]);
}

#[test]
fn a_policy_for_a_model_nobody_knows_is_a_fault() {
    let source = with(
        "router_settings",
        json!({"model_group_retry_policy": {"n": {}, "mm": {"TimeoutRetries": 1}}}),
    );
    assert_eq!(
        faults(&source),
        [
            "router_settings.model_group_retry_policy.n: no model group is named `n`, did you mean `m`?",
            "router_settings.model_group_retry_policy.mm.TimeoutRetries: unknown key",
            "router_settings.model_group_retry_policy.mm: no model group is named `mm`, did you mean `m`?"
        ]
    );
}
