//! What holds of the configuration as a whole.

mod deployments;
mod fallbacks;
mod groups;
mod routing;
mod rules;

use core::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::plan::Plan;
use super::source::tests::encode;
use super::{Checked, Path, from_bytes, read, schema};

fn env(name: &str) -> Option<String> {
    let value = match name {
        "ANTHROPIC_API_KEY" => "sk-ant-hunter2",
        "DEEPSEEK_API_KEY" => "sk-deep-hunter2",
        "OPENAI_API_KEY" => "sk-hunter2",
        "RPM" => "60",
        _ => return None,
    };
    Some(value.to_owned())
}

fn good(source: &Value) -> Checked {
    read(source, &env).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn faults(source: &Value) -> Vec<String> {
    read(source, &env)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn warnings(source: &Value) -> Vec<String> {
    good(source)
        .warnings
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn entry(group: &str, params: Value) -> Value {
    json!({"model_name": group, "litellm_params": params})
}

fn one(params: Value) -> Value {
    json!({"model_list": [entry("m", params)]})
}

fn plan(source: &Value) -> Plan {
    good(source).plan
}

/// What LiteLLM's users have in their files, all of it together.
fn realistic() -> Value {
    json!({
        "model_list": [
            entry("gpt-4o", json!({"model": "openai/gpt-4o", "api_key": "os.environ/OPENAI_API_KEY", "rpm": 600, "tpm": 150_000,
                "timeout": 300, "stream_timeout": 60, "max_retries": 2})),
            {"model_name": "deepseek", "litellm_params": {"model": "deepseek/deepseek-chat", "api_key": "os.environ/DEEPSEEK_API_KEY"},
                "model_info": {"id": "deepseek-main", "mode": "chat", "base_model": "deepseek/deepseek-chat", "supports_vision": false,
                    "max_tokens": 8192, "description": "cheap"}},
            entry("gpt-4o", json!({"model": "openai/gpt-4o", "api_base": "https://proxy.example.com:8443/v1/",
                "api_key": "os.environ/OPENAI_API_KEY", "rpm": "os.environ/RPM", "input_cost_per_token": 2.5e-06,
                "output_cost_per_token": "1e-05", "extra_headers": {"X-Team": "a"}, "drop_params": false})),
            entry("local", json!({"model": "hosted_vllm/llama-3", "api_base": "http://llm:8000/v1", "input_cost_per_token": 0,
                "output_cost_per_token": 0})),
            entry("mock", json!({"model": "gpt-4o-mini", "mock_response": "hello"})),
        ],
        "router_settings": {"routing_strategy": "simple-shuffle", "num_retries": 2, "timeout": 30, "retry_after": 5,
            "model_group_alias": {"gpt-4": "gpt-4o", "internal": {"model": "gpt-4", "hidden": true}}, "allowed_fails": 3,
            "cooldown_time": 30, "redis_host": "os.environ/REDIS_HOST", "redis_port": 6379, "fallbacks": [{"gpt-4o": ["deepseek"]}], "enable_pre_call_checks": false,
            "routing_groups": [{"group_name": "both", "models": ["deepseek", "local"], "routing_strategy": "least-busy"}]},
        "litellm_settings": {"drop_params": true, "set_verbose": false, "json_logs": true, "request_timeout": 600, "num_retries": 3,
            "success_callback": ["langfuse"], "failure_callback": ["sentry"], "callbacks": ["prometheus"], "cache": true,
            "cache_params": {"type": "redis"}, "telemetry": false, "ssl_verify": false},
        "general_settings": {"master_key": "sk-1234-hunter2", "database_url": "os.environ/DATABASE_URL", "store_model_in_db": true,
            "alerting": ["slack"], "proxy_batch_write_at": 60, "database_connection_pool_limit": 10, "ui_access_mode": "admin_only",
            "background_health_checks": true},
        "environment_variables": {"LANGFUSE_SECRET_KEY": "os.environ/LANGFUSE", "DEEPSEEK_API_KEY": "sk-own-hunter2"},
    })
}

#[test]
fn a_litellm_file_can_be_pasted() {
    let checked = good(&realistic());
    let plan = &checked.plan;
    assert_eq!(
        plan.groups
            .iter()
            .map(|group| group.name.as_str())
            .collect::<Vec<_>>(),
        ["gpt-4o", "deepseek", "local", "mock", "both"]
    );
    assert_eq!(plan.deployments.len(), 5);
    assert_eq!(plan.timeout, Some(Duration::from_secs(600)));
    assert!(plan.master_key.as_ref().unwrap().is("sk-1234-hunter2"));
    assert_eq!(
        checked
            .variables
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
        [
            "HOSTED_VLLM_API_KEY",
            "OPENAI_API_KEY",
            "OPENAI_ORGANIZATION",
            "RPM"
        ]
    );
}

#[test]
fn what_has_no_meaning_here_is_told_once_each_with_the_reason() {
    let warnings = warnings(&realistic());
    let about = |place: &str| {
        warnings
            .iter()
            .filter(|warning| warning.starts_with(&format!("{place}: ")))
            .collect::<Vec<_>>()
    };
    for place in [
        "general_settings.database_url",
        "litellm_settings.success_callback",
        "litellm_settings.ssl_verify",
        "router_settings.redis_host",
    ] {
        assert!(
            matches!(about(place)[..], [warning] if warning.contains(": ignored: ")),
            "{place}"
        );
    }
    assert_eq!(
        about("litellm_settings.num_retries"),
        ["litellm_settings.num_retries: ignored: router_settings.num_retries counts"]
    );
    assert_eq!(about("environment_variables.LANGFUSE_SECRET_KEY").len(), 1);
    assert!(about("router_settings.num_retries").is_empty());
}

#[test]
fn deployments_of_a_group_are_next_to_each_other_and_keep_their_order() {
    let plan = plan(&realistic());
    for (index, group) in plan.groups.iter().enumerate().take(4) {
        assert!(
            plan.members(group)
                .all(|deployment| deployment.group == index)
        );
    }
    let hosts: Vec<_> = plan
        .members(&plan.groups[0])
        .map(|deployment| deployment.endpoint.authority.as_str())
        .collect();
    assert_eq!(hosts, ["api.openai.com", "proxy.example.com:8443"]);
}

#[test]
fn json_text_and_struct_give_the_same_plan() {
    let text = from_bytes(realistic().to_string().as_bytes()).unwrap();
    let fields = from_bytes(&encode(&realistic())).unwrap();
    let [text, fields] = [plan(&text), plan(&fields)];
    assert_eq!(
        format!("{:#?}", text.deployments),
        format!("{:#?}", fields.deployments)
    );
    assert_eq!(text.names, fields.names);
    assert_eq!(format!("{:?}", text.groups), format!("{:?}", fields.groups));
}

#[test]
fn nothing_secret_is_shown() {
    let checked = good(&realistic());
    assert!(!format!("{checked:?}").contains("hunter2"));
    let headers = one(json!({"model": "openai/x", "extra_headers": {"authorization": "hunter2"}}));
    assert!(!format!("{:?}", good(&headers)).contains("hunter2"));
}

#[test]
fn aliases_lead_to_groups_also_by_way_of_others() {
    let plan = plan(&realistic());
    assert_eq!(
        (plan.names["gpt-4"].group, plan.names["gpt-4"].hidden),
        (0, false)
    );
    assert_eq!(
        (plan.names["internal"].group, plan.names["internal"].hidden),
        (0, true)
    );
    assert_eq!(plan.names.len(), 7);
}

#[test]
fn the_deployment_s_drop_params_wins_over_the_general_one() {
    let plan = plan(&realistic());
    let members: Vec<_> = plan
        .members(&plan.groups[0])
        .map(|deployment| deployment.drop_params)
        .collect();
    assert_eq!(members, [true, false]);
}

#[test]
fn own_prices_win_over_the_list_s() {
    let plan = plan(&realistic());
    let price = |index: usize| {
        plan.deployments[index]
            .prices
            .as_ref()
            .map(|prices| prices.rates(0, None))
    };
    let own = price(1).unwrap();
    assert_eq!(
        (
            own.input.unwrap().to_string(),
            own.output.unwrap().to_string()
        ),
        ("2.5".to_owned(), "10".to_owned())
    );
    assert_eq!(price(3).unwrap().input.unwrap().nanos(), 0);
    assert!(price(4).is_some());
}

#[test]
fn a_model_nobody_has_a_price_for_is_told() {
    let unknown = one(json!({"model": "openai/my-own", "api_key": "k"}));
    assert_eq!(
        warnings(&unknown),
        [
            "model_list[0].litellm_params.model: unknown price: what it costs is not counted, only how often it is asked"
        ]
    );
    let base = json!({"model_list": [{"model_name": "m", "litellm_params": {"model": "openai/my-own", "api_key": "k"}, "model_info": {"base_model": "gpt-4o"}}]});
    assert!(warnings(&base).is_empty());
}

#[test]
fn a_key_is_taken_from_the_deployment_then_from_the_provider_s_variable() {
    let key = |params: Value| {
        plan(&one(params))
            .deployments
            .remove(0)
            .api_key
            .map(|key| key.expose().to_owned())
    };
    assert_eq!(
        key(json!({"model": "openai/gpt-4o", "api_key": "own"})).as_deref(),
        Some("own")
    );
    assert_eq!(
        key(json!({"model": "openai/gpt-4o", "api_key": null})).as_deref(),
        Some("sk-hunter2")
    );
    assert_eq!(key(json!({"model": "groq/x"})), None);
}

#[test]
fn a_missing_key_is_told_where_the_provider_wants_one() {
    let about_key = |params: Value| {
        warnings(&one(params))
            .into_iter()
            .filter(|warning| warning.contains("api_key"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        about_key(json!({"model": "groq/x"})),
        [
            "model_list[0].litellm_params: no `api_key`, and `GROQ_API_KEY` is not set: requests go out without a key"
        ]
    );
    assert!(about_key(json!({"model": "lm_studio/x"})).is_empty());
    assert!(about_key(json!({"model": "groq/x", "mock_response": "x"})).is_empty());
    assert!(
        about_key(json!({"model": "groq/x", "extra_headers": {"Authorization": "Bearer x"}}))
            .is_empty()
    );
    assert!(
        about_key(json!({"model": "openai/x", "api_base": "https://elsewhere/v1"}))[0]
            .contains("`OPENAI_API_KEY` is sent to an address that is not the provider's own")
    );
}

#[test]
fn ids_are_unique_stable_and_do_not_depend_on_secrets() {
    let ids = |source: &Value| {
        plan(source)
            .deployments
            .into_iter()
            .map(|deployment| deployment.id)
            .collect::<Vec<_>>()
    };
    let twice = |key: &str| json!({"model_list": [entry("m", json!({"model": "openai/x", "api_key": key})), entry("m", json!({"model": "openai/x", "api_key": "b"}))]});
    let first = ids(&twice("a"));
    assert_ne!(first[0], first[1]);
    assert_eq!(first, ids(&twice("c")));
    assert_eq!(first[0], "ea41a734408a40f1");
    let taken = json!({"model_list": [entry("m", json!({"model": "openai/x"})),
        {"model_name": "n", "litellm_params": {"model": "openai/y"}, "model_info": {"id": first[0]}}]});
    assert_eq!(ids(&taken), [format!("{}-2", first[0]), first[0].clone()]);
}

#[test]
fn siblings_without_a_weight_get_nothing_and_are_told() {
    let source = |first: Value, second: Value| {
        let mut source = json!({"model_list": [entry("m", json!({"model": "openai/gpt-4o"})), entry("m", json!({"model": "openai/gpt-4o"}))]});
        for (index, extra) in [first, second].into_iter().enumerate() {
            source["model_list"][index]["litellm_params"]
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
        }
        source
    };
    let weights = |source: &Value| plan(source).groups.remove(0).weights;
    let lacking = source(json!({"weight": 2}), json!({"rpm": 9}));
    assert_eq!(
        warnings(&lacking),
        [
            "model_list[1].litellm_params: no `weight` while others of its group have one: it gets no traffic"
        ]
    );
    let idle = source(json!({"rpm": 0}), json!({"tpm": 5}));
    assert_eq!(
        warnings(&idle),
        [
            "model_list[0].litellm_params: no `tpm` while others of its group have one: it gets no traffic"
        ]
    );
    assert_eq!(weights(&lacking), [2.0, 0.0]);
    assert_eq!(
        weights(&source(json!({"rpm": 1}), json!({"rpm": 9}))),
        [1.0, 9.0]
    );
    assert_eq!(
        weights(&source(json!({"rpm": 0, "tpm": 5}), json!({"tpm": 5}))),
        [5.0, 5.0]
    );
    assert_eq!(weights(&source(json!({}), json!({}))), [1.0, 1.0]);
}

#[test]
fn clusters_follow_the_template_unless_the_deployment_names_its_own() {
    let mut source = one(json!({"model": "openai/gpt-4o"}));
    source["dragoman"] = json!({"cluster_template": "outbound|{port}||{host}", "cluster_header": "X-Route", "max_body_bytes": 1024});
    source["model_list"][0]["dragoman"] = json!({});
    let checked = plan(&source);
    assert_eq!(
        checked.deployments[0].endpoint.cluster,
        "outbound|443||api.openai.com"
    );
    assert_eq!(
        (checked.cluster_header.as_str(), checked.max_body),
        ("x-route", 1024)
    );
    source["model_list"][0]["dragoman"] = json!({"cluster": "egress"});
    assert_eq!(plan(&source).deployments[0].endpoint.cluster, "egress");
}

#[test]
fn a_deployment_cannot_set_the_header_that_picks_its_cluster() {
    let mut source = one(json!({"model": "openai/gpt-4o", "extra_headers": {"X-Route": "other"}}));
    assert!(good(&source).warnings.is_empty());
    source["dragoman"] = json!({"cluster_header": "x-route"});
    assert_eq!(
        faults(&source),
        [
            "model_list[0].litellm_params.extra_headers.X-Route: the gateway sets this header field itself"
        ]
    );
}

#[test]
fn the_usual_settings_hold_without_a_section_of_ours() {
    let plan = plan(&one(json!({"model": "openai/gpt-4o"})));
    assert_eq!(
        (plan.cluster_header.as_str(), plan.max_body),
        ("x-dragoman-cluster", 33_554_432)
    );
    assert_eq!(plan.deployments[0].endpoint.cluster, "api.openai.com_443");
}

#[test]
fn environment_variables_of_the_file_win() {
    let mut source = one(json!({"model": "openai/gpt-4o", "api_key": "os.environ/OPENAI_API_KEY"}));
    source["environment_variables"] = json!({"OPENAI_API_KEY": "from-the-file"});
    assert!(
        plan(&source).deployments[0]
            .api_key
            .as_ref()
            .unwrap()
            .is("from-the-file")
    );
    source["environment_variables"] = json!({"OPENAI_API_KEY": "os.environ/NOBODY"});
    assert_eq!(
        faults(&source),
        [
            "model_list[0].litellm_params.api_key: the environment variable `OPENAI_API_KEY` is not set"
        ]
    );
}

#[test]
fn null_is_as_good_as_nothing_and_off_switches_are_silent() {
    let mut source =
        one(json!({"model": "openai/gpt-4o", "rpm": null, "extra_headers": null, "tags": []}));
    source["router_settings"] =
        json!({"fallbacks": [], "enable_tag_filtering": false, "timeout": null});
    for section in [
        "litellm_settings",
        "general_settings",
        "environment_variables",
        "guardrails",
        "dragoman",
    ] {
        source[section] = Value::Null;
    }
    assert!(warnings(&source).is_empty());
}

#[test]
fn the_references_of_a_file_are_found_wherever_they_are() {
    let source = json!({"a": ["os.environ/X", {"b": "os.environ/Y"}], "c": "os.environ/X"});
    let found: Vec<_> = super::references(&source)
        .into_iter()
        .map(|(name, at)| format!("{name} {at}"))
        .collect();
    assert_eq!(found, ["X a[0]", "Y a[1].b"]);
}

/// Any value, with keys and texts that get far into the reading.
fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,12}",
        "(openai|anthropic|groq|bedrock)/[a-z*/]{0,6}",
        "https?://[a-z\\[\\]:@?#0-9./]{0,12}",
        "os\\.environ/[A-Z]{0,3}",
        Just("simple-shuffle".to_owned()),
        Just("1e999".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        let keys = prop_oneof![prop::sample::select(keys()), "\\PC{0,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn keys() -> Vec<String> {
    let tables = [
        &schema::ROOT,
        &schema::ENTRY,
        &schema::PARAMS,
        &schema::MODEL_INFO,
        &schema::ROUTER,
        &schema::LITELLM,
        &schema::GENERAL,
        &schema::DRAGOMAN,
        &schema::ALLOWED_FAILS_POLICY,
        &schema::RETRY_BUDGET,
        &schema::RETRY_POLICY,
        &schema::ROUTING_GROUP,
        &schema::STRATEGY_ARGS,
    ];
    tables
        .iter()
        .flat_map(|table| table.rows)
        .flat_map(|(_, keys)| keys.iter().map(|key| (*key).to_owned()))
        .collect()
}

fn judge(source: &Value) {
    match read(source, &|name| {
        (name.len() < 3).then(|| "hunter2".to_owned())
    }) {
        Err(faults) => assert!(
            !faults.is_empty()
                && !faults
                    .iter()
                    .any(|fault| fault.to_string().contains("hunter2"))
        ),
        Ok(checked) => assert!(!checked.plan.deployments.is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_value_makes_it_panic(value in any_value()) {
        judge(&value);
    }

    #[test]
    fn no_value_anywhere_in_a_good_file_makes_it_panic(value in any_value(), place in 0_usize..11) {
        let mut source = realistic();
        let pointer = ["/model_list", "/model_list/0", "/model_list/0/litellm_params", "/model_list/1/model_info", "/router_settings",
            "/router_settings/model_group_alias", "/environment_variables", "/model_list/2/litellm_params/extra_headers", "/litellm_settings", "/router_settings/fallbacks", "/router_settings/routing_groups/0"][place];
        *source.pointer_mut(pointer).unwrap() = value;
        judge(&source);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = from_bytes(&bytes) {
            judge(&value);
        }
    }

    #[test]
    fn a_damaged_struct_does_not_make_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = encode(&realistic());
        let (at, cut) = (at.index(bytes.len()), cut.index(bytes.len()));
        bytes[at] = byte;
        for bytes in [&bytes[..], &bytes[..cut]] {
            if let Ok(value) = from_bytes(bytes) {
                judge(&value);
            }
        }
    }
}

#[test]
fn a_path_leads_to_its_parent() {
    let path = Path::root().key("a").index(0);
    assert_eq!(path.parent(), Some(Path::root().key("a")));
    assert_eq!(Path::root().parent(), None);
}
