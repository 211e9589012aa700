//! Patterns, routing groups, and what a name in a request means.

use super::*;
use crate::config::plan::Resolved;
use crate::routing::Strategy;

/// Three groups with patterns and two without; the second has two deployments.
fn file() -> Value {
    json!({"model_list": [
        entry("*", json!({"model": "openai/*"})),
        entry("chat", json!({"model": "openai/gpt-4o"})),
        entry("chat", json!({"model": "openai/gpt-4o-mini"})),
        entry("openai/*", json!({"model": "openai/*"})),
        {"model_name": "claude", "litellm_params": {"model": "anthropic/claude-haiku-4-5"}, "model_info": {"id": "claude-1"}},
        entry("a/*-mini", json!({"model": "groq/small-*"})),
    ]})
}

fn with(router: Value) -> Value {
    let mut source = file();
    source["router_settings"] = router;
    source
}

/// The group's name, the model's name in it, and the deployment.
fn resolve(source: &Value, name: &str) -> Option<(String, String, Option<usize>)> {
    let plan = plan(source);
    let Resolved { hop, deployment } = plan.resolve(name)?;
    Some((plan.groups[hop.group].name.clone(), hop.model, deployment))
}

fn is(group: &str, model: &str) -> Option<(String, String, Option<usize>)> {
    Some((group.to_owned(), model.to_owned(), None))
}

#[test]
fn the_most_specific_pattern_counts_and_only_where_no_name_does() {
    let file = file();
    assert_eq!(resolve(&file, "chat"), is("chat", "chat"));
    assert_eq!(
        resolve(&file, "openai/gpt-5"),
        is("openai/*", "openai/gpt-5")
    );
    assert_eq!(resolve(&file, "a/x-mini"), is("a/*-mini", "a/x-mini"));
    assert_eq!(resolve(&file, "a/x-mini-2"), is("*", "a/x-mini-2"));
}

#[test]
fn a_name_nothing_fits_is_nothing() {
    let mut file = file();
    file["model_list"].as_array_mut().unwrap().remove(0);
    assert_eq!(resolve(&file, "nobody"), None);
    assert_eq!(resolve(&file, "my-openai/gpt-5"), None);
}

#[test]
fn a_request_may_name_one_deployment_by_its_id() {
    let named = resolve(&file(), "claude-1").unwrap();
    assert_eq!(named, ("claude".to_owned(), "claude".to_owned(), Some(4)));
}

#[test]
fn a_group_s_name_counts_before_an_id() {
    let mut file = file();
    file["model_list"][2]["model_info"] = json!({"id": "claude"});
    assert_eq!(resolve(&file, "claude"), is("claude", "claude"));
}

#[test]
fn a_deployment_with_an_open_model_cannot_be_named_by_its_id() {
    let mut file = file();
    file["model_list"].as_array_mut().unwrap().remove(0);
    file["model_list"][2]["model_info"] = json!({"id": "any-openai"});
    assert_eq!(resolve(&file, "any-openai"), None);
}

#[test]
fn patterns_are_not_listed() {
    let plan = plan(&with(
        json!({"model_group_alias": {"best": "openai/gpt-5"}}),
    ));
    assert_eq!(
        plan.listed().collect::<Vec<_>>(),
        ["chat", "claude", "best"]
    );
}

#[test]
fn an_alias_may_stand_for_a_model_that_only_a_pattern_fits() {
    let source = with(json!({"model_group_alias": {"best": "openai/gpt-5"}}));
    assert_eq!(resolve(&source, "best"), is("openai/gpt-5", "openai/gpt-5"));
    let plan = plan(&source);
    let group = plan.resolve("best").unwrap().hop.group;
    let group = &plan.groups[group];
    let captures = group.pattern.as_ref().unwrap().captures("openai/gpt-5");
    assert_eq!(captures, Some(vec!["gpt-5"]));
    assert_eq!(group.deployments, plan.groups[2].deployments);
}

#[test]
fn an_alias_for_a_pattern_is_a_fault() {
    assert_eq!(
        faults(&with(json!({"model_group_alias": {"any": "openai/*"}}))),
        ["router_settings.model_group_alias.any: `openai/*` stands for many models: name one"]
    );
}

#[test]
fn a_star_that_nothing_can_fill_is_a_fault() {
    let mut source = file();
    source["model_list"][1]["litellm_params"]["model"] = json!("openai/*");
    assert_eq!(
        faults(&source),
        [
            "model_list[1].litellm_params.model: `openai/*` has more `*` than the `model_name` has to fill them with"
        ]
    );
}

#[test]
fn a_deployment_is_asked_for_what_the_name_has_in_place_of_the_star() {
    let plan = plan(&file());
    let asked = |name: &str| {
        let hop = plan.resolve(name).unwrap().hop;
        let deployment = plan.members(&plan.groups[hop.group]).next().unwrap();
        plan.asked_of(deployment, &hop).into_owned()
    };
    let names = ["openai/gpt-5", "a/x-mini", "chat"];
    assert_eq!(names.map(asked), ["gpt-5", "small-x", "gpt-4o"]);
}

#[test]
fn an_open_model_is_priced_by_what_is_asked_for() {
    let plan = plan(&file());
    let open = &plan.deployments[plan.groups[2].deployments[0]];
    assert!(open.prices.is_none() && open.max_input.is_none());
    let prices = open.prices_for("gpt-4o").unwrap();
    assert_eq!(prices.rates(0, None).output.unwrap().to_string(), "10");
    assert!(open.prices_for("nobody-knows-it").is_none());
    assert_eq!(open.max_input_for("gpt-4o"), Some(128_000));
    assert!(open.abilities_for("gpt-4o").unwrap().vision);
    assert!(open.abilities_for("nobody-knows-it").is_none());
    assert!(
        warnings(&file())
            .iter()
            .all(|it| !it.contains("unknown price: "))
    );
}

#[test]
fn a_deployment_with_its_own_prices_costs_them_whatever_is_asked_for() {
    let mut source = file();
    source["model_list"][3]["litellm_params"]["output_cost_per_token"] = json!(3e-6);
    let plan = plan(&source);
    let open = &plan.deployments[plan.groups[2].deployments[0]];
    let prices = open.prices_for("gpt-4o").unwrap();
    assert_eq!(prices.rates(0, None).output.unwrap().to_string(), "3");
}

fn routing_groups(groups: Value) -> Value {
    with(json!({ "routing_groups": groups }))
}

#[test]
fn a_routing_group_is_a_model_of_its_own_and_gives_its_members_its_strategy() {
    let source = routing_groups(
        json!([{"group_name": "all", "models": ["chat", "claude"], "routing_strategy": "least-busy"}]),
    );
    let plan = plan(&source);
    let all = plan.resolve("all").unwrap().hop;
    assert_eq!(plan.groups[all.group].deployments, [1, 2, 4]);
    assert_eq!(plan.groups[all.group].weights, [1.0, 1.0, 1.0]);
    let strategy = |name: &str| plan.groups[plan.resolve(name).unwrap().hop.group].strategy;
    let strategies = ["all", "chat", "claude", "openai/gpt-5"].map(strategy);
    assert_eq!(strategies[..3], [Strategy::LeastBusy; 3]);
    assert_eq!(strategies[3], Strategy::SimpleShuffle);
    assert_eq!(plan.listed().collect::<Vec<_>>(), ["chat", "claude", "all"]);
}

#[test]
fn a_routing_group_has_arguments_of_its_own() {
    let source = routing_groups(
        json!([{"group_name": "all", "models": ["chat"], "routing_strategy": "latency-based-routing", "routing_strategy_args": {"ttl": 5}}]),
    );
    let expected = Strategy::Latency {
        buffer: 0.0,
        ttl: Duration::from_secs(5),
    };
    assert_eq!(plan(&source).groups[1].strategy, expected);
}

#[test]
fn an_alias_may_stand_for_a_routing_group() {
    let source = with(json!({"model_group_alias": {"any": "all"},
        "routing_groups": [{"group_name": "all", "models": ["chat"], "routing_strategy": "simple-shuffle"}]}));
    assert_eq!(resolve(&source, "any"), is("all", "all"));
}

#[test]
fn a_member_of_a_routing_group_that_gets_no_share_is_told() {
    let mut source = routing_groups(
        json!([{"group_name": "all", "models": ["chat", "claude"], "routing_strategy": "simple-shuffle"}]),
    );
    source["model_list"][4]["litellm_params"]["weight"] = json!(1);
    assert!(warnings(&source).contains(
        &"router_settings.routing_groups[0].models: the deployments of `chat` have no `weight` while others of this routing group have one: it sends them nothing"
            .to_owned()
    ));
}

#[test]
fn mistakes_in_routing_groups_are_told_with_their_places() {
    let shuffle = "simple-shuffle";
    for (groups, expected) in [
        (
            json!({}),
            ": must be a list, not a section of keys and values",
        ),
        (
            json!([{"models": ["chat"], "routing_strategy": shuffle}]),
            "[0]: `group_name` is missing",
        ),
        (
            json!([{"group_name": "g", "models": ["chat"]}]),
            "[0]: `routing_strategy` is missing",
        ),
        (
            json!([{"group_name": "g", "models": [], "routing_strategy": shuffle}]),
            "[0].models: empty",
        ),
        (
            json!([{"group_name": "g", "models": ["chta"], "routing_strategy": shuffle}]),
            "[0].models[0]: no model group is named `chta`, did you mean `chat`?",
        ),
        (
            json!([{"group_name": "g", "models": ["chat"], "routing_strategy": "priority"}]),
            "[0].routing_strategy: the strategy `priority` is not supported yet",
        ),
        (
            json!([{"group_name": "chat", "models": ["claude"], "routing_strategy": shuffle}]),
            "[0].group_name: a model group has this name already",
        ),
        (
            json!([{"group_name": "g", "models": ["openai/gpt-5"], "routing_strategy": shuffle}]),
            "[0].models[0]: `openai/gpt-5` has no deployments of its own: a routing group has no name to fill its `*` with",
        ),
        (
            json!([{"group_name": "g", "models": ["chat", "chat"], "routing_strategy": shuffle}]),
            "[0].models[1]: given already at router_settings.routing_groups[0].models[0]",
        ),
        (
            json!([{"group_name": "g", "models": ["chat"], "routing_strategy": shuffle}, {"group_name": "g", "models": ["claude"], "routing_strategy": shuffle}]),
            "[1]: given already at router_settings.routing_groups[0]",
        ),
        (
            json!([{"group_name": "g*", "models": ["chat"], "routing_strategy": shuffle}]),
            "[0].group_name: `g*` stands for many models: name one",
        ),
        (
            json!([{"group_name": "g", "models": "chat", "routing_strategy": shuffle}]),
            "[0].models: must be a list, not text",
        ),
    ] {
        let mut source = routing_groups(groups);
        source["model_list"].as_array_mut().unwrap().remove(0);
        let found = faults(&source);
        assert!(
            found.contains(&format!("router_settings.routing_groups{expected}")),
            "{expected}\n{found:#?}"
        );
    }
}
