//! Where requests go when a group has failed.

use super::*;

/// Groups `a` to `d`, an alias `x` of `a`, and `w/*`.
fn file(router: Value) -> Value {
    let mut list: Vec<Value> = ["a", "b", "c", "d"]
        .map(|name| entry(name, json!({"model": "openai/gpt-4o"})))
        .to_vec();
    list.push(entry("w/*", json!({"model": "openai/*"})));
    let mut router = router;
    router["model_group_alias"] = json!({"x": "a"});
    json!({"model_list": list, "router_settings": router})
}

/// The general chain of the group with this name.
fn general(source: &Value, group: &str) -> Vec<String> {
    chain(source, group, |chains| &chains.general)
}

fn chain(
    source: &Value,
    group: &str,
    of: fn(&crate::policy::Chains) -> &Vec<crate::policy::Hop>,
) -> Vec<String> {
    let plan = plan(source);
    let group = plan.groups.iter().find(|found| found.name == group);
    let hops = of(&group.unwrap().chains).iter();
    hops.map(|hop| hop.model.clone()).collect()
}

#[test]
fn fallbacks_may_be_written_in_each_of_these_ways() {
    for fallbacks in [
        json!([{"a": ["b", "c"]}, {"b": ["c"]}]),
        json!([{"a": ["b", "c"], "b": ["c"]}]),
        json!({"a": ["b", "c"], "b": ["c"]}),
        json!({"a": ["b", "c"], "b": "c"}),
    ] {
        let source = file(json!({ "fallbacks": fallbacks }));
        assert_eq!(general(&source, "a"), ["b", "c"]);
        assert_eq!(general(&source, "b"), ["c"]);
        assert!(general(&source, "c").is_empty());
    }
}

#[test]
fn a_chain_is_the_group_s_own_then_that_of_all_then_the_default() {
    let source = file(
        json!({"fallbacks": [{"*": ["c", "b"]}, {"a": ["b"]}], "default_fallbacks": ["d", "a"]}),
    );
    assert_eq!(general(&source, "a"), ["b", "c", "d"]);
    assert_eq!(general(&source, "c"), ["b", "d", "a"]);
    assert_eq!(general(&source, "w/*"), ["c", "b", "d", "a"]);
}

#[test]
fn default_fallbacks_are_also_for_models_nobody_knows() {
    let plan = plan(&file(json!({"default_fallbacks": "d"})));
    assert_eq!(plan.default_fallbacks.len(), 1);
    assert_eq!(plan.default_fallbacks[0].model, "d");
}

#[test]
fn the_special_lists_are_kept_apart() {
    let source = file(
        json!({"context_window_fallbacks": [{"a": ["b"]}], "content_policy_fallbacks": {"*": "c"}}),
    );
    assert_eq!(chain(&source, "a", |chains| &chains.context_window), ["b"]);
    assert_eq!(chain(&source, "a", |chains| &chains.content_policy), ["c"]);
    assert!(general(&source, "a").is_empty());
}

#[test]
fn the_router_s_fallbacks_win_over_the_general_ones_unless_there_are_none() {
    let mut source = file(json!({"fallbacks": []}));
    source["litellm_settings"] = json!({"fallbacks": [{"a": ["b"]}]});
    assert_eq!(general(&source, "a"), ["b"]);
    assert!(warnings(&source).is_empty());
    source["router_settings"]["fallbacks"] = json!([{"a": ["c"]}]);
    assert_eq!(general(&source, "a"), ["c"]);
    assert_eq!(
        warnings(&source),
        ["litellm_settings.fallbacks: ignored: router_settings.fallbacks counts"]
    );
}

#[test]
fn an_alias_is_as_good_as_the_group_on_both_sides() {
    let source = file(json!({"fallbacks": [{"x": ["b"]}, {"b": ["x"]}]}));
    assert_eq!(general(&source, "a"), ["b"]);
    assert_eq!(general(&source, "b"), ["a"]);
}

#[test]
fn a_target_that_a_pattern_fits_keeps_its_name() {
    let source = file(json!({"fallbacks": {"a": ["w/gpt-5"]}}));
    let hop = plan(&source).groups[0].chains.general[0].clone();
    assert_eq!((hop.group, hop.model.as_str()), (4, "w/gpt-5"));
}

#[test]
fn what_is_said_of_one_model_of_a_pattern_does_not_hold_for_the_others() {
    let source = file(json!({"fallbacks": {"w/gpt-5": "a", "w/*": "b"},
        "model_group_retry_policy": {"w/*": {"DefaultRetries": 7}}}));
    assert_eq!(general(&source, "w/gpt-5"), ["a", "b"]);
    assert_eq!(general(&source, "w/*"), ["b"]);
    let plan = plan(&source);
    let retries = |name: &str| {
        let group = plan.resolve(name).unwrap().hop.group;
        plan.groups[group].retries.number
    };
    assert_eq!([retries("w/gpt-5"), retries("w/other")], [7, 7]);
}

#[test]
fn a_group_that_goes_on_to_itself_is_told_and_does_not() {
    let source = file(json!({"fallbacks": {"a": ["x", "b"]}}));
    assert_eq!(general(&source, "a"), ["b"]);
    assert_eq!(
        warnings(&source),
        ["router_settings.fallbacks.a[0]: ignored: the group itself has failed by then"]
    );
}

#[test]
fn a_circle_is_told_once_from_its_first_group() {
    let source = file(json!({"fallbacks": {"c": "a", "a": ["d", "b"], "b": ["c"]}}));
    assert_eq!(
        warnings(&source),
        [
            "router_settings.fallbacks.a[0]: a circle, `a` → `b` → `c` → `a`: no model is tried twice, so it ends there"
        ]
    );
}

#[test]
fn what_all_groups_go_on_with_makes_no_circle() {
    let source = file(json!({"fallbacks": [{"*": ["a", "b"]}], "default_fallbacks": ["c", "d"]}));
    assert!(warnings(&source).is_empty());
    let twice = file(json!({"fallbacks": {"a": "b"}, "context_window_fallbacks": {"b": "a"}}));
    assert!(warnings(&twice).is_empty());
}

#[test]
fn unknown_names_are_faults_with_the_nearest_one() {
    let mut source = file(
        json!({"fallbacks": [{"a": ["chat-b", "cc"]}, {"alpha": ["c"]}], "default_fallbacks": ["e"]}),
    );
    source["model_list"][1]["model_name"] = json!("chat-bb");
    assert_eq!(
        faults(&source),
        [
            "router_settings.fallbacks[1].alpha: no model group is named `alpha`",
            "router_settings.fallbacks[0].a[0]: no model group is named `chat-b`, did you mean `chat-bb`?",
            "router_settings.fallbacks[0].a[1]: no model group is named `cc`, did you mean `c`?",
            "router_settings.default_fallbacks[0]: no model group is named `e`, did you mean `a`?"
        ]
    );
}

#[test]
fn lists_of_another_shape_are_faults_with_their_places() {
    for (fallbacks, expected) in [
        (json!("b"), ": must be a list, not text"),
        (
            json!(["b"]),
            "[0]: must be a section of keys and values, not text",
        ),
        (json!({"a": 1.5}), ".a: must be text, not a number"),
        (json!({"a": [["b"]]}), ".a[0]: must be text, not a list"),
        (
            json!({"a": {"b": "c"}}),
            ".a: must be text, not a section of keys and values",
        ),
        (
            json!({"a": ["w/*"]}),
            ".a[0]: `w/*` stands for many models: name one",
        ),
        (
            json!([{"a": "b"}, {"a": "c"}]),
            "[1].a: given already at router_settings.fallbacks[0].a",
        ),
    ] {
        let found = faults(&file(json!({ "fallbacks": fallbacks })));
        assert_eq!(found, [format!("router_settings.fallbacks{expected}")]);
    }
}

#[test]
fn a_group_with_faults_causes_no_others_where_it_is_named() {
    let mut source = file(
        json!({"fallbacks": {"a": ["b", "bad"], "bad": "a"}, "model_group_retry_policy": {"bad": {}},
        "routing_groups": [{"group_name": "g", "models": ["bad"], "routing_strategy": "least-busy"}], "default_fallbacks": ["g"]}),
    );
    let bad = entry("bad", json!({"model": "opnai/x"}));
    source["model_list"].as_array_mut().unwrap().push(bad);
    assert_eq!(faults(&source).len(), 1);
}

#[test]
fn a_group_with_faults_does_not_hide_those_of_its_targets() {
    let mut source = file(json!({"fallbacks": {"bad": "nobody"}}));
    let bad = entry("bad", json!({"model": "opnai/x"}));
    source["model_list"].as_array_mut().unwrap().push(bad);
    assert!(
        faults(&source).contains(
            &"router_settings.fallbacks.bad: no model group is named `nobody`".to_owned()
        )
    );
}

#[test]
fn a_name_from_the_environment_is_not_shown() {
    let source = file(json!({"fallbacks": {"a": "os.environ/OPENAI_API_KEY"}}));
    assert_eq!(
        faults(&source),
        ["router_settings.fallbacks.a: no model group is named `os.environ/OPENAI_API_KEY`"]
    );
}
