//! What a deployment says of itself about routing.

use super::*;
use crate::config::plan::Deployment;

fn deployment(params: Value, info: Value) -> Deployment {
    let mut params = params;
    params["api_key"] = json!("k");
    if params.get("model").is_none() {
        params["model"] = json!("openai/gpt-4o");
    }
    let entry = json!({"model_name": "m", "litellm_params": params, "model_info": info});
    plan(&json!({"model_list": [entry]})).deployments.remove(0)
}

#[test]
fn a_deployment_s_own_numbers_are_read() {
    let read = deployment(
        json!({"order": 2, "max_parallel_requests": 7, "num_retries": 0, "max_retries": 4, "timeout": 3}),
        json!({}),
    );
    assert_eq!(
        (read.order, read.max_parallel, read.num_retries),
        (Some(2), Some(7), Some(0))
    );
    assert_eq!(read.timeout, Some(Duration::from_secs(3)));
}

#[test]
fn max_retries_counts_where_num_retries_is_not_given() {
    let read = deployment(json!({"max_retries": 4}), json!({}));
    assert_eq!(read.num_retries, Some(4));
}

#[test]
fn the_order_in_model_info_counts_where_the_parameters_have_none() {
    let order = |params: Value, info: Value| deployment(params, info).order;
    assert_eq!(order(json!({}), json!({"order": 3})), Some(3));
    assert_eq!(order(json!({"order": 1}), json!({"order": 3})), Some(1));
    assert_eq!(order(json!({}), json!({})), None);
}

#[test]
fn requests_per_minute_do_not_bound_requests_at_a_time() {
    let read = deployment(json!({"rpm": 60, "tpm": 1000}), json!({}));
    assert_eq!(
        (read.max_parallel, read.rpm, read.tpm),
        (None, Some(60), Some(1000))
    );
}

#[test]
fn the_router_s_max_parallel_requests_hold_for_deployments_without_their_own() {
    let mut source = json!({"model_list": [entry("m", json!({"model": "openai/gpt-4o"})),
        entry("m", json!({"model": "openai/gpt-4o", "max_parallel_requests": 2}))]});
    source["router_settings"] = json!({"default_max_parallel_requests": 9});
    let plan = plan(&source);
    let parallel = plan.deployments.iter().map(|it| it.max_parallel);
    assert_eq!(parallel.collect::<Vec<_>>(), [Some(9), Some(2)]);
}

#[test]
fn the_largest_prompt_is_what_the_file_says_else_what_the_table_says() {
    let max = |params: Value, info: Value| deployment(params, info).max_input;
    assert_eq!(max(json!({}), json!({})), Some(128_000));
    assert_eq!(max(json!({}), json!({"max_input_tokens": 5})), Some(5));
    let unknown = json!({"model": "openai/my-own"});
    assert_eq!(max(unknown.clone(), json!({})), None);
    assert_eq!(max(unknown, json!({"base_model": "gpt-4o"})), Some(128_000));
}

#[test]
fn abilities_are_what_the_file_says_over_what_the_table_says() {
    let listed = deployment(json!({}), json!({})).abilities.unwrap();
    assert!(listed.vision && listed.function_calling && listed.response_schema);
    let denied = deployment(json!({}), json!({"supports_vision": false}));
    let denied = denied.abilities.unwrap();
    assert!(!denied.vision && denied.function_calling);
}

#[test]
fn what_nobody_says_about_an_unlisted_model_is_not_denied() {
    let unknown = json!({"model": "openai/my-own"});
    assert_eq!(deployment(unknown.clone(), json!({})).abilities, None);
    let partly = deployment(unknown, json!({"supports_vision": false})).abilities;
    let partly = partly.unwrap();
    assert!(!partly.vision && partly.function_calling && partly.response_schema);
    assert!(!partly.assistant_prefill);
}

#[test]
fn only_the_file_marks_a_deployment_able_to_go_on_from_a_text() {
    let mut source = one(json!({"model": "anthropic/claude-haiku-4-5"}));
    assert!(!plan(&source).deployments[0].prefill);
    source["model_list"][0]["dragoman"] = json!({"prefill": true});
    assert!(plan(&source).deployments[0].prefill);
}

#[test]
fn tags_without_tag_filtering_are_told_to_have_no_effect() {
    let mut source = one(json!({"model": "openai/gpt-4o", "tags": ["free", "eu"]}));
    assert_eq!(
        warnings(&source),
        [
            "model_list[0].litellm_params.tags: ignored: `router_settings.enable_tag_filtering` is not on"
        ]
    );
    source["router_settings"] = json!({"enable_tag_filtering": true});
    assert!(warnings(&source).is_empty());
    assert_eq!(plan(&source).deployments[0].tags, ["free", "eu"]);
}

#[test]
fn what_is_said_about_parameters_is_read() {
    let params = json!({"allowed_openai_params": ["seed"], "additional_drop_params": ["tools[*].function.strict"],
        "extra_body": {"top_k": 5, "route": {"key": "os.environ/REGION"}, "empty": ""}, "merge_reasoning_content_in_choices": true});
    let mut source = json!({"model_list": [entry("m", params)]});
    source["model_list"][0]["litellm_params"]["model"] = json!("openai/gpt-4o");
    source["litellm_settings"] = json!({"modify_params": true});
    source["environment_variables"] = json!({"REGION": "eu"});
    let rules = &plan(&source).deployments[0].rules;
    assert_eq!(rules.allowed, ["seed"]);
    assert_eq!(rules.dropped, ["tools[*].function.strict"]);
    let extra: Vec<_> = rules
        .extra_body
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(extra, ["top_k=5", r#"route={"key":"eu"}"#, r#"empty="""#]);
    assert!(rules.merge_reasoning && rules.modify);
    assert!(rules.allows("seed") && !rules.allows("n"));
}
