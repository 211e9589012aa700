//! Mistakes and what is said about them.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

fn env(name: &str) -> Option<String> {
    let value = match name {
        "BAD_BASE" => "https://user:hunter2@llm/",
        "BAD_MODEL" => "hunter2/model",
        "EMPTY" => "",
        "KEY" => "sk-hunter2",
        "NEWLINE" => "hunter2\n",
        "WORD" => "hunter2",
        _ => return None,
    };
    Some(value.to_owned())
}

/// The report on a file with this content, which it calls `f`.
fn check(text: &str, allow_missing: bool) -> Report {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let unique = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let file = std::env::temp_dir().join(format!("dragoman-check-{}-{}.yaml", unique.0, unique.1));
    std::fs::write(&file, text).unwrap();
    let report = run(&file, allow_missing, &env);
    std::fs::remove_file(&file).unwrap();
    let complaints = report
        .complaints
        .replace(&format!("{}:", file.display()), "f:");
    Report {
        complaints,
        ..report
    }
}

fn faults(text: &str) -> Vec<String> {
    let report = check(text, false);
    assert!(!report.good && report.output.is_empty(), "accepted: {text}");
    report
        .complaints
        .lines()
        .map(|line| line.strip_prefix("f:").unwrap().to_owned())
        .collect()
}

/// A whole file whose deployment has these parameters, from line 4 on, besides what it needs.
fn params(lines: &str) -> String {
    let lines = lines.replace('\n', "\n      ");
    format!(
        "model_list:\n- model_name: m\n  litellm_params:\n      {lines}\n      api_key: os.environ/KEY\n"
    )
}

/// A good deployment on lines 1 to 5, then these lines.
fn file(lines: &str) -> String {
    format!(
        "model_list:\n- model_name: m\n  litellm_params:\n      model: openai/gpt-4o\n      api_key: os.environ/KEY\n{lines}\n"
    )
}

/// Good parameters on lines 4 and 5, then these.
fn extra(lines: &str) -> String {
    let lines = lines.replace('\n', "\n      ");
    file(&format!("      {lines}"))
}

#[test]
fn every_mistake_is_told_with_its_place_and_in_words() {
    let deployment = "model_list[0].litellm_params";
    #[rustfmt::skip]
    let cases: Vec<(String, &str)> = vec![
        // What is not a configuration at all.
        ("".into(), "1:1: configuration: `model_list` is missing"),
        ("[]".into(), "1:1: configuration: must be a section of keys and values, not a list"),
        ("hello".into(), "1:1: configuration: must be a section of keys and values, not text"),
        ("model_list: {}".into(), "1:1: model_list: must be a list, not a section of keys and values"),
        ("model_list: []".into(), "1:1: model_list: empty"),
        ("model_list: [1]".into(), "1:14: model_list[0]: must be a section of keys and values, not a number"),
        ("model_list: [".into(), "not valid YAML"),
        // Keys.
        (file("modellist: []"), "6:1: modellist: unknown key, did you mean `model_list`?"),
        (file("fancy: 1"), "6:1: fancy: unknown key"),
        (file("guardrails: [{}]"), "6:1: guardrails: not supported yet, and leaving it out would change what the file promises"),
        (file("api_base: http://x"), "6:1: api_base: not known here: it belongs into `litellm_params`"),
        (file("router_settings: {num_retrys: 2}"), "6:19: router_settings.num_retrys: unknown key, did you mean `num_retries`?"),
        (file("litellm_settings: {master_key: x}"), "6:20: litellm_settings.master_key: not known here: it belongs into `general_settings`"),
        (file("general_settings: {masterkey: x}"), "6:20: general_settings.masterkey: unknown key, did you mean `master_key`?"),
        (file("dragoman: {cluster_tmplate: x}"), "6:12: dragoman.cluster_tmplate: unknown key, did you mean `cluster_template`?"),
        (params("modle: openai/gpt-4o"), "4:7: model_list[0].litellm_params.modle: unknown key, did you mean `model`?"),
        (extra("tempratur: 1"), "6:7: model_list[0].litellm_params.tempratur: unknown key, did you mean `temperature`?"),
        (extra("tag_regex: [eu]"), "6:7: model_list[0].litellm_params.tag_regex: not supported yet"),
        (extra("allowed_openai_params: x"), "allowed_openai_params: must be a list, not text"),
        (extra("extra_body: [x]"), "extra_body: must be a section of keys and values, not a list"),
        (extra("extra_body: {a: {b: os.environ/NO_SUCH}}"), "extra_body.a: the environment variable `NO_SUCH` is not set"),
        (extra("max_budget: 5"), "max_budget: not supported yet"),
        (extra("tags: a"), "6:7: model_list[0].litellm_params.tags: must be a list, not text"),
        (extra("input_cost_per_token_above_200k_tokens: 1e-6"), "above_200k_tokens: not supported yet"),
        (file("  model_info: {idd: x}"), "6:16: model_list[0].model_info.idd: unknown key, did you mean `id`?"),
        (file("  modelinfo: {}"), "6:3: model_list[0].modelinfo: unknown key, did you mean `model_info`?"),
        (file("  dragoman: {clustr: x}"), "6:14: model_list[0].dragoman.clustr: unknown key, did you mean `cluster`?"),
        (file("router_settings: {optional_pre_call_checks: [x]}"), "6:19: router_settings.optional_pre_call_checks: not supported yet"),
        (file("litellm_settings: {max_budget: 5}"), "6:20: litellm_settings.max_budget: not supported yet"),
        (file("general_settings: {custom_auth: x.y}"), "6:20: general_settings.custom_auth: not supported yet"),
        (file("router_settings: {routing_strategy: lar1}"), "6:19: router_settings.routing_strategy: the strategy `lar1` is not supported yet"),
        (file("  model_info: {mode: ocr}"), "6:16: model_list[0].model_info.mode: the mode `ocr` is not supported yet"),
        // What is missing.
        ("model_list: [{}]".into(), "1:14: model_list[0]: `model_name` is missing"),
        ("model_list: [{model_name: a}]".into(), "1:14: model_list[0]: `litellm_params` is missing"),
        (params("rpm: 1"), "3:3: model_list[0].litellm_params: `model` is missing"),
        (params("model: hosted_vllm/x"), "3:3: model_list[0].litellm_params: `api_base` is missing: this provider has no usual address"),
        // Types and ranges.
        (file("router_settings: []"), "6:1: router_settings: must be a section of keys and values, not a list"),
        (extra("rpm: -1"), "6:7: model_list[0].litellm_params.rpm: must be a whole number from 0 up"),
        (extra("tpm: 1.5"), "tpm: must be a whole number from 0 up"),
        (extra("weight: -0.5"), "weight: must be a number from 0 up"),
        (extra("weight: heavy"), "weight: must be a number, not text"),
        (extra("weight: .nan"), "weight: must be a number, not text"),
        (extra("timeout: 0"), "timeout: must be a number of seconds above 0 and at most 30 days"),
        (extra("timeout: 30s"), "timeout: must be a number, not text"),
        (extra("stream_timeout: -3"), "stream_timeout: must be a number of seconds"),
        (extra("drop_params: maybe"), "drop_params: must be `true` or `false`, not text"),
        (extra("input_cost_per_token: -1e-6"), "input_cost_per_token: a price cannot be negative"),
        (extra("output_cost_per_token: {}"), "output_cost_per_token: must be a number, not a section of keys and values"),
        (extra("mock_response: {a: b}"), "mock_response: must be text, not a section"),
        (params("model: 4"), "4:7: model_list[0].litellm_params.model: must be text, not a number"),
        (params("model: ''"), "4:7: model_list[0].litellm_params.model: empty"),
        (file("general_settings: {master_key: ''}"), "6:20: general_settings.master_key: empty"),
        (file("general_settings: {master_key: 1234}"), "6:20: general_settings.master_key: must be text, not a number"),
        (file("dragoman: {max_body_bytes: 0}"), "6:12: dragoman.max_body_bytes: must be from 1 to 4294967295"),
        (file("environment_variables: {A: []}"), "6:25: environment_variables.A: must be text, not a list"),
        (file("- model_name: ''\n  litellm_params: {model: openai/x}"), "6:3: model_list[1].model_name: empty"),
        (file("- model_name: \"a\\nb\"\n  litellm_params: {model: openai/x}"), "6:3: model_list[1].model_name: has characters that cannot travel in a header field"),
        // Providers.
        (params("model: opnai/gpt-4o"), "4:7: model_list[0].litellm_params.model: no provider is named `opnai`, did you mean `openai`?"),
        (params("model: mine/x\napi_base: http://llm"), "for a server that speaks OpenAI's format put `openai/` in front of the model"),
        (params("model: llama"), "no provider is known for the model `llama`: put the provider in front"),
        (params("model: snowflake/x"), "4:7: model_list[0].litellm_params.model: the provider `snowflake` is not supported yet"),
        (extra("custom_llm_provider: gorq"), "6:7: model_list[0].litellm_params.custom_llm_provider: no provider is named `gorq`, did you mean `groq`?"),
        (params("model: openai/*"), "4:7: model_list[0].litellm_params.model: `openai/*` has more `*` than the `model_name` has to fill them with"),
        // Addresses and clusters.
        (extra("api_base: ftp://x"), "6:7: model_list[0].litellm_params.api_base: must start with `http://` or `https://`"),
        (extra("api_base: https://u:hunter2@x/"), "api_base: must not have a user or password: use `api_key` or `extra_headers`"),
        (extra("api_base: https://x/?a=hunter2"), "api_base: must not have a query"),
        (extra("api_base: https://x/#a"), "api_base: must not have a fragment"),
        (extra("api_base: https://x:0"), "api_base: the port must be from 1 to 65535"),
        (extra("base_url: https://"), "base_url: must be an address like `https://host:port/path`"),
        (extra("api_base: https://x\nbase_url: https://x"), "7:7: model_list[0].litellm_params.base_url: given already at model_list[0].litellm_params.api_base"),
        (file("dragoman: {cluster_template: '{hots}'}"), "6:12: dragoman.cluster_template: `{hots}` is not one of {host}, {port}, {scheme}"),
        (file("dragoman: {cluster_header: ':path'}"), "6:12: dragoman.cluster_header: not a valid header field"),
        (file("dragoman: {cluster_header: Host}"), "dragoman.cluster_header: the gateway sets this header field itself"),
        (file("- model_name: n\n  litellm_params: {model: openai/x, api_base: 'http://api.openai.com:443'}"), "6:3: model_list[1]: cluster `api.openai.com_443` is used both with and without TLS, see model_list[0]"),
        // Header fields.
        (extra("extra_headers: {Host: x}"), "6:23: model_list[0].litellm_params.extra_headers.Host: the gateway sets this header field itself"),
        (extra("extra_headers: {Content-Length: '1'}"), "extra_headers.Content-Length: the gateway sets"),
        (extra("extra_headers: {':path': x}"), "the gateway sets this header field itself"),
        (extra("extra_headers: {X-Dragoman-Cluster: x}"), "the gateway sets this header field itself"),
        (extra("extra_headers: {'a b': x}"), "not a valid header field"),
        (extra("extra_headers: {a: \"x\\r\\nb: y\"}"), "extra_headers.a: not a valid header field"),
        (extra("extra_headers: {a: 1}"), "extra_headers.a: must be text, not a number"),
        (extra("extra_headers: {a: x, A: y}"), "6:29: model_list[0].litellm_params.extra_headers.A: given already at"),
        (extra("extra_headers: []"), "extra_headers: must be a section of keys and values, not a list"),
        // The environment.
        (extra("mock_response: os.environ/NOBODY"), "6:7: model_list[0].litellm_params.mock_response: the environment variable `NOBODY` is not set"),
        (extra("extra_headers: {a: os.environ/NOBODY}"), "extra_headers.a: the environment variable `NOBODY` is not set"),
        (extra("mock_response: os.environ/EMPTY"), "mock_response: empty"),
        (file("general_settings: {master_key: os.environ/NOBODY}"), "general_settings.master_key: the environment variable `NOBODY` is not set"),
        (extra("rpm: os.environ/WORD"), "rpm: must be a number, not text"),
        (extra("api_base: os.environ/BAD_BASE"), "api_base: must not have a user or password"),
        (params("model: os.environ/BAD_MODEL"), "no provider is named `os.environ/BAD_MODEL`"),
        (params("model: openai/x").replace("/KEY", "/NEWLINE"), "api_key: has characters that cannot travel in a header field"),
        (file("router_settings: {routing_strategy: os.environ/WORD}"), "no strategy is named `os.environ/WORD`"),
        // Groups and aliases.
        (extra("weight: 0"), "2:3: model_list[0]: every deployment of `m` has weight 0"),
        (file("router_settings: {model_group_alias: {a: n}}"), "6:39: router_settings.model_group_alias.a: no model group is named `n`"),
        (file("router_settings: {model_group_alias: {m: m}}"), "6:39: router_settings.model_group_alias.m: a model group has this name already"),
        (file("router_settings: {model_group_alias: {a: b, b: a}}"), "6:39: router_settings.model_group_alias.a: the alias leads back to itself"),
        (file("router_settings: {model_group_alias: {a: {hidden: true}}}"), "router_settings.model_group_alias.a: `model` is missing"),
        (file("router_settings: {model_group_alias: {a: {model: m, hiden: true}}}"), "model_group_alias.a.hiden: unknown key, did you mean `hidden`?"),
        (file("router_settings: {fallbacks: [{m: [n]}]}"), "6:36: router_settings.fallbacks[0].m[0]: no model group is named `n`, did you mean `m`?"),
        (file("dragoman: {hedge_after: 0}"), "6:12: dragoman.hedge_after: must be a number of seconds above 0"),
        (file("router_settings: {model_group_alias: {a: [m]}}"), "model_group_alias.a: must be text, not a list"),
        (file("  model_info: {id: x}\n- model_name: n\n  litellm_params: {model: openai/x}\n  model_info: {id: x}"), "9:16: model_list[1].model_info.id: given already at model_list[0].model_info.id"),
    ];
    for (text, expected) in cases {
        let found = faults(&text);
        assert!(
            found.iter().any(|fault| fault.contains(expected)),
            "\n{text}\nexpected {expected}\nfound {found:#?}"
        );
        assert!(
            !found.concat().contains("hunter2"),
            "{deployment}: shows a value: {found:#?}"
        );
    }
}

#[test]
fn all_faults_are_told_at_once_from_top_to_bottom() {
    let text = "router_settings: {timeuot: 1}\nmodel_list:\n- model_name: a\n  litellm_params: {model: opnai/x, rpm: -1}\n- litellm_params: {model: openai/x}\n";
    let expected = [
        "1:19: router_settings.timeuot: unknown key, did you mean `timeout`?",
        "4:20: model_list[0].litellm_params.model: no provider is named `opnai`, did you mean `openai`?",
        "4:36: model_list[0].litellm_params.rpm: must be a whole number from 0 up",
        "5:3: model_list[1]: `model_name` is missing",
    ];
    assert_eq!(faults(text), expected);
}

#[test]
fn a_fault_does_not_hide_others_nor_cause_any() {
    let text = "model_list:\n- model_name: a\n  litellm_params: {model: opnai/x, api_base: 'ftp://x'}\n  model_info: {id: i}\n- model_name: b\n  litellm_params: {model: openai/x}\n  model_info: {id: i}\nrouter_settings: {model_group_alias: {c: a}}\n";
    let expected = [
        "3:20: model_list[0].litellm_params.model: no provider is named `opnai`, did you mean `openai`?; for a server that speaks OpenAI's format put `openai/` in front of the model",
        "3:36: model_list[0].litellm_params.api_base: must start with `http://` or `https://`",
        "7:16: model_list[1].model_info.id: given already at model_list[0].model_info.id",
    ];
    assert_eq!(faults(text), expected);
}

#[test]
fn a_fault_in_what_an_alias_brings_is_told_where_it_is_written() {
    let text = "x: &x {modle: a}\nmodel_list:\n- model_name: a\n  litellm_params:\n    <<: *x\n    model: openai/gpt-4o\n";
    assert!(faults(text).contains(
        &"1:8: model_list[0].litellm_params.modle: unknown key, did you mean `model`?".to_owned()
    ));
}

#[test]
fn a_good_file_is_summed_up_without_its_secrets() {
    let text = file(
        "  model_info: {id: first}\n- model_name: m\n  litellm_params: {model: hosted_vllm/llama, api_base: 'http://llm:8000/v1', api_key: sk-hunter2, rpm: 1, extra_headers: {a: hunter2}}\nrouter_settings: {model_group_alias: {g: {model: m, hidden: true}}}\ngeneral_settings: {master_key: sk-hunter2}",
    );
    let report = check(&text, false);
    assert!(report.good, "{}", report.complaints);
    for part in [
        "| m ",
        "g (hidden)",
        "| first ",
        "gpt-4o",
        "api.openai.com_443",
        "http://llm:8000/v1",
        "100.0 %",
        "0.0 %",
        "2.5 (cached 1.25) in, 10 out",
        "unknown price",
        "master key",
    ] {
        assert!(report.output.contains(part), "{part}\n{}", report.output);
    }
    assert!(!report.output.contains("hunter2") && !report.complaints.contains("hunter2"));
}

#[test]
fn what_becomes_of_failures_is_summed_up_too() {
    let text = file(
        "  model_info: {allowed_fails: 3, cooldown_time: 60}\n- model_name: n/*\n  litellm_params: {model: openai/*, api_key: k}\nrouter_settings: {routing_strategy: least-busy, num_retries: 4, retry_policy: {TimeoutErrorRetries: 0}, fallbacks: {m: [n/x, n/y]}, default_fallbacks: m, timeout: 90}\ndragoman: {retry_budget: 30}",
    );
    let report = check(&text, false);
    assert!(report.good, "{}", report.complaints);
    for part in [
        "| m     | least-busy | 0 to 4  | 60 s when more than 3 failed | n/x → n/y |",
        "| n/*   | least-busy | 0 to 4  | 5 s                          | m         |",
        "as the model asked for",
        "30 % of the requests under way, and 10 always",
        "models nobody knows: m",
        "whole request: 90 s",
        "fallback chains: 2\n",
        "note: retry_transport `dispatch`",
    ] {
        assert!(report.output.contains(part), "{part}\n{}", report.output);
    }
    // Where chance does not decide there are no shares.
    assert!(!report.output.contains("100.0 %"));
}

#[test]
fn the_example_in_readme_is_a_good_file_without_warnings() {
    let readme = include_str!("../../../../README.md");
    let example = readme.split("```yaml\n").nth(1).unwrap();
    let report = check(example.split("```").next().unwrap(), true);
    let unset = "is not set\n";
    let told = report.complaints.matches("warning").count();
    assert!(report.good, "{}", report.complaints);
    assert_eq!(
        told,
        report.complaints.matches(unset).count(),
        "{}",
        report.complaints
    );
}

#[test]
fn a_column_that_nobody_needs_is_left_out() {
    let output = check(&file(""), false).output;
    assert!(!output.contains("| fallbacks"), "{output}");
}

#[test]
fn warnings_have_places_too() {
    let text = file(
        "- model_name: n\n  litellm_params: {model: lm_studio/x}\nlitellm_settings:\n  callbacks: [langfuse]",
    );
    let expected = "f:7:20: warning: model_list[1].litellm_params.model: unknown price: what it costs is not counted, only how often it is asked\n\
                    f:9:3: warning: litellm_settings.callbacks: ignored: the gateway calls nobody back: metrics and the access log say what happened\n";
    assert_eq!(check(&text, false).complaints, expected);
}

#[test]
fn variables_that_are_not_set_can_be_mere_warnings() {
    let text = extra(
        "mock_response: os.environ/NOBODY\nrpm: os.environ/NOBODY2\napi_base: os.environ/NOBODY3\nextra_headers: {a: os.environ/NOBODY4}",
    );
    let report = check(&text, true);
    assert!(report.good, "{}", report.complaints);
    assert_eq!(
        report.complaints.matches("is not set").count(),
        4,
        "{}",
        report.complaints
    );
    assert!(report.complaints.starts_with("f:6:7: warning: model_list[0].litellm_params.mock_response: the environment variable `NOBODY` is not set\n"));
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault() {
    let report = run(File::new("/nowhere/at/all.yaml"), false, &env);
    assert_eq!(
        (report.good, report.complaints.as_str()),
        (
            false,
            "/nowhere/at/all.yaml:1:1: cannot be read: entity not found\n"
        )
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        check(&String::from_utf8_lossy(&bytes), true);
    }

    #[test]
    fn no_yaml_makes_it_panic(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        check(&words.concat(), true);
    }

    #[test]
    fn no_damage_to_a_file_makes_it_panic(at in any::<prop::sample::Index>(), word in prop::sample::select(WORDS)) {
        let mut text = file("  model_info: &a {id: x}\nrouter_settings:\n  model_group_alias: {a: m}\nx: *a");
        text.insert_str(at.index(text.len()), word);
        check(&text, true);
    }
}

const WORDS: &[&str] = &[
    "a",
    "model_list",
    ": ",
    ":",
    "- ",
    "-",
    "\n",
    "  ",
    "&a ",
    "*a",
    "<<: ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "'",
    "\"",
    "|\n",
    ">-\n",
    "!!str ",
    "!x ",
    "? ",
    "#",
    "---\n",
    "...",
    "%YAML 1.2\n",
    "\t",
    "1",
    "1e-7",
    "~",
    "true",
    "\u{feff}",
    "ž",
    "\u{0}",
    "os.environ/A",
];
