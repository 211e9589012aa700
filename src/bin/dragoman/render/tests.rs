//! The configuration as a tree, as text, and as Envoy sees it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

fn input() -> Bootstrap {
    Bootstrap {
        listen: ([0, 0, 0, 0], 8080).into(),
        admin: ([127, 0, 0, 1], 9901).into(),
        wasm: "/opt/dragoman.wasm".to_owned(),
        config: json!({"model_list": [{"model_name": "on", "litellm_params": {"model": "openai/gpt-4.1"}}]}),
        variables: vec!["OPENAI_API_KEY".to_owned()],
        upstreams: vec![
            upstream("api.openai.com_443", true, "api.openai.com", 443),
            upstream("127.0.0.1_10001", false, "127.0.0.1", 10_001),
            upstream("outbound|443||::1", true, "::1", 443),
        ],
        cluster_header: "x-dragoman-cluster".to_owned(),
        max_body: 33_554_432,
        authorities: "/etc/ssl/certs/ca-certificates.crt".to_owned(),
        transport: Transport::Dispatch,
    }
}

fn upstream(cluster: &str, tls: bool, host: &str, port: u16) -> Upstream {
    Upstream {
        cluster: cluster.to_owned(),
        tls,
        host: host.to_owned(),
        port,
    }
}

fn at<'a>(tree: &'a Value, pointer: &str) -> &'a Value {
    tree.pointer(pointer)
        .unwrap_or_else(|| panic!("nothing at {pointer}"))
}

const MANAGER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";

fn in_manager(tree: &Value, pointer: &str) -> Value {
    at(tree, &format!("{MANAGER}{pointer}")).clone()
}

fn in_filter(tree: &Value, pointer: &str) -> Value {
    in_manager(
        tree,
        &format!("/http_filters/0/typed_config/config{pointer}"),
    )
}

#[test]
fn the_filter_may_wait_for_the_body_and_comes_back_after_a_trap() {
    let tree = bootstrap(&input());

    assert_eq!(in_filter(&tree, "/allow_on_headers_stop_iteration"), true);
    assert_eq!(in_filter(&tree, "/failure_policy"), "FAIL_RELOAD");
}

#[test]
fn the_operators_file_is_the_plugin_configuration_as_written() {
    let input = input();

    let tree = bootstrap(&input);

    assert_eq!(in_filter(&tree, "/configuration/value"), input.config);
}

#[test]
fn the_module_sees_the_environment_variables_the_file_names_and_no_others() {
    let keys = in_filter(
        &bootstrap(&input()),
        "/vm_config/environment_variables/host_env_keys",
    );

    assert_eq!(keys, json!(["OPENAI_API_KEY"]));
}

#[test]
fn nothing_is_said_of_the_environment_when_the_file_names_none() {
    let tree = bootstrap(&Bootstrap {
        variables: Vec::new(),
        ..input()
    });

    assert_eq!(
        in_filter(&tree, "/vm_config").get("environment_variables"),
        None
    );
}

#[test]
fn one_limit_holds_for_bodies_over_both_versions_of_http() {
    let tree = bootstrap(&Bootstrap {
        max_body: 1_000_000,
        ..input()
    });

    assert_eq!(
        at(
            &tree,
            "/static_resources/listeners/0/per_connection_buffer_limit_bytes"
        ),
        1_000_000
    );
    assert_eq!(
        in_manager(&tree, "/http2_protocol_options/initial_stream_window_size"),
        1_000_000
    );
}

#[test]
fn no_more_is_read_at_once_than_the_listener_takes() {
    let read = |max_body| {
        let tree = bootstrap(&Bootstrap {
            max_body,
            ..input()
        });
        at(
            &tree,
            "/static_resources/clusters/1/per_connection_buffer_limit_bytes",
        )
        .as_u64()
    };

    assert_eq!(read(100_000), Some(50_000));
    assert_eq!(read(33_554_432), Some(1_048_576));
    // 0 would be no limit.
    assert_eq!(read(1), Some(1));
}

#[test]
fn a_client_cannot_choose_a_cluster_and_a_provider_is_not_told_it() {
    let tree = bootstrap(&input());
    let early = in_manager(
        &tree,
        "/early_header_mutation_extensions/0/typed_config/mutations/0/remove",
    );
    let late = in_manager(
        &tree,
        "/route_config/virtual_hosts/0/routes/0/request_headers_to_remove/0",
    );

    assert_eq!([early, late], ["x-dragoman-cluster", "x-dragoman-cluster"]);
}

#[test]
fn a_name_is_looked_up_without_holding_up_the_start() {
    let tree = bootstrap(&input());

    assert_eq!(
        at(&tree, "/static_resources/clusters/0/wait_for_warm_on_init"),
        false
    );
    assert_eq!(
        at(&tree, "/static_resources/clusters/0/cluster_type/name"),
        "envoy.clusters.dns"
    );
}

#[test]
fn an_address_is_not_looked_up() {
    assert_eq!(
        at(&bootstrap(&input()), "/static_resources/clusters/1/type"),
        "STATIC"
    );
}

#[test]
fn a_provider_must_show_a_certificate_for_its_name() {
    let tree = bootstrap(&input());
    let tls = at(
        &tree,
        "/static_resources/clusters/0/transport_socket/typed_config",
    );

    assert_eq!(at(tls, "/sni"), "api.openai.com");
    assert_eq!(at(tls, "/auto_sni_san_validation"), true);
    assert_eq!(
        at(
            tls,
            "/common_tls_context/validation_context/trusted_ca/filename"
        ),
        "/etc/ssl/certs/ca-certificates.crt"
    );
}

#[test]
fn a_provider_at_an_address_must_show_a_certificate_for_that_address() {
    let tree = bootstrap(&input());
    let tls = at(
        &tree,
        "/static_resources/clusters/2/transport_socket/typed_config",
    );

    assert_eq!(tls.get("sni"), None);
    assert_eq!(
        at(
            tls,
            "/common_tls_context/validation_context/match_typed_subject_alt_names/0"
        ),
        &json!({"san_type": "IP_ADDRESS", "matcher": {"exact": "::1"}})
    );
}

#[test]
fn plain_http_has_no_tls() {
    assert_eq!(
        at(&bootstrap(&input()), "/static_resources/clusters/1").get("transport_socket"),
        None
    );
}

#[test]
fn a_word_that_yaml_may_take_for_a_truth_value_is_quoted() {
    let text = yaml(&input()).unwrap();

    assert!(text.contains("model_name: \"on\""), "{text}");
}

#[test]
fn the_example_for_istio_cuts_the_same_labels_out_of_metric_names() {
    let example = include_str!("../../../../envoy/istio.yaml");

    for label in dragoman::usage::metrics::LABELS {
        let pattern = dragoman::usage::metrics::pattern(label);
        assert!(
            example.contains(&format!("{{tag_name: {label}, regex: '{pattern}'}}")),
            "{label}"
        );
    }
}

fn retried_by_envoy() -> Bootstrap {
    Bootstrap {
        transport: Transport::Envoy,
        ..input()
    }
}

const INNER: &str = "/static_resources/listeners/1/filter_chains/0/filters/0/typed_config";

fn in_inner(tree: &Value, pointer: &str) -> Value {
    at(tree, &format!("{INNER}{pointer}")).clone()
}

#[test]
fn a_client_sends_no_header_of_the_gateways_own_with_either_transport() {
    for input in [input(), retried_by_envoy()] {
        let mutations = in_manager(
            &bootstrap(&input),
            "/early_header_mutation_extensions/0/typed_config/mutations",
        );

        let prefixes = mutations.as_array().unwrap().iter().map(|mutation| {
            let prefix = mutation.pointer("/remove_on_match/key_matcher/prefix");
            prefix.and_then(Value::as_str).unwrap_or_default()
        });
        assert_eq!(
            prefixes.collect::<Vec<_>>(),
            ["", "x-dragoman-", "x-envoy-", "x-forwarded-"]
        );
    }
}

#[test]
fn with_one_filter_envoy_tries_nothing_again() {
    let text = yaml(&input()).unwrap();

    assert!(!text.contains("retry"), "{text}");
    assert!(!text.contains("internal_listener"), "{text}");
}

#[test]
fn envoy_tries_again_what_does_not_carry_the_marker() {
    let route = in_manager(
        &bootstrap(&retried_by_envoy()),
        "/route_config/virtual_hosts/0/routes/0/route",
    );

    assert_eq!(at(&route, "/cluster"), "dragoman_inner");
    assert_eq!(
        at(&route, "/retry_policy/retriable_headers"),
        &json!([{"name": "x-dragoman-final", "present_match": false}])
    );
}

#[test]
fn the_marker_reaches_no_client_and_comes_from_no_provider() {
    let tree = bootstrap(&retried_by_envoy());
    let removed = "/route_config/virtual_hosts/0/routes/0/response_headers_to_remove";

    assert_eq!(in_manager(&tree, removed), json!(["x-dragoman-final"]));
    assert_eq!(in_inner(&tree, removed), json!(["x-dragoman-final"]));
}

#[test]
fn a_request_for_nobody_is_refused_once() {
    let added = in_inner(
        &bootstrap(&retried_by_envoy()),
        "/route_config/virtual_hosts/0/routes/1/response_headers_to_add/0/header/key",
    );

    assert_eq!(added, "x-dragoman-final");
}

#[test]
fn a_provider_is_told_nothing_of_attempts() {
    let removed = in_inner(
        &bootstrap(&retried_by_envoy()),
        "/route_config/virtual_hosts/0/routes/0/request_headers_to_remove",
    );

    for name in ["x-dragoman-exchange", "x-envoy-attempt-count"] {
        assert!(removed.as_array().unwrap().contains(&json!(name)), "{name}");
    }
}

#[test]
fn every_provider_is_spared_what_envoy_adds_to_calls_of_the_module() {
    let tree = bootstrap(&input());
    let options =
        "typed_extension_protocol_options/envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    for index in 0..3 {
        let prefix = format!(
            "/static_resources/clusters/{index}/{options}/http_filters/0/typed_config/mutations/request_mutations/0/remove_on_match/key_matcher/prefix"
        );

        assert_eq!(at(&tree, &prefix), "x-envoy-");
    }
}

#[test]
fn the_two_halves_have_a_machine_each_and_their_records_in_common() {
    let tree = bootstrap(&retried_by_envoy());
    let machine = "/http_filters/0/typed_config/config/vm_config";
    let (outer, inner) = (in_manager(&tree, machine), in_inner(&tree, machine));

    assert_eq!(at(&outer, "/configuration/value"), "outer");
    assert_eq!(inner.get("configuration"), None);
    assert_eq!(outer.get("vm_id"), inner.get("vm_id"));
}

#[test]
fn a_request_is_logged_once_whoever_retries() {
    let tree = bootstrap(&retried_by_envoy());

    assert_eq!(
        in_manager(&tree, "/access_log").as_array().unwrap().len(),
        1
    );
    assert_eq!(at(&tree, INNER).get("access_log"), None);
}

#[test]
fn envoys_own_answers_have_the_clients_format_at_both_listeners() {
    let tree = bootstrap(&retried_by_envoy());
    let replies = "/local_reply_config";

    assert_eq!(in_manager(&tree, replies), in_inner(&tree, replies));
}

#[test]
fn a_body_is_kept_up_to_the_same_limit_at_both_listeners() {
    let tree = bootstrap(&Bootstrap {
        max_body: 1_000_000,
        ..retried_by_envoy()
    });
    let window = "/http2_protocol_options/initial_stream_window_size";

    for listener in 0..2 {
        let limit =
            format!("/static_resources/listeners/{listener}/per_connection_buffer_limit_bytes");
        assert_eq!(at(&tree, &limit), 1_000_000);
    }
    assert_eq!(in_manager(&tree, window), 1_000_000);
    assert_eq!(in_inner(&tree, window), 1_000_000);
}

#[test]
fn envoy_accepts_it() {
    for (name, input) in [("dispatch", input()), ("envoy", retried_by_envoy())] {
        let words = validated(name, |wasm| yaml(&Bootstrap { wasm, ..input }).unwrap());

        assert!(!words.contains("Deprecated field"), "{words}");
    }
}

#[test]
fn envoy_accepts_the_example_for_retries() {
    validated("example", |wasm| {
        EXAMPLE.replace("/etc/envoy/dragoman.wasm", &wasm)
    });
}

#[test]
fn the_example_for_retries_agrees_with_the_module() {
    use dragoman::gateway::transport::{ATTEMPT, EXCHANGE, FINAL, OUTER, PREFIX, RETRIES};

    for part in [
        format!("retriable_headers: [{{name: {FINAL}, present_match: false}}]"),
        format!("response_headers_to_remove: [{FINAL}]"),
        format!("num_retries: {RETRIES}"),
        format!("google.protobuf.StringValue, value: {OUTER}}}"),
        format!("key_matcher: {{prefix: {PREFIX}}}"),
        format!("- {EXCHANGE}\n"),
        format!("- {ATTEMPT}\n"),
    ] {
        assert!(EXAMPLE.contains(&part), "{part}");
    }
}

const EXAMPLE: &str = include_str!("../../../../envoy/retry.yaml");

/// What Envoy says of the configuration that is made for a module's file, and which it must accept.
fn validated(name: &str, configuration: impl FnOnce(String) -> String) -> String {
    let envoy = envoy();
    let folder =
        std::env::temp_dir().join(format!("dragoman-render-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (module, file) = (folder.join("empty.wasm"), folder.join("envoy.yaml"));
    std::fs::write(&module, MODULE).unwrap();
    let configuration = configuration(module.to_string_lossy().into_owned());
    std::fs::write(&file, configuration).unwrap();

    let output = Command::new(envoy)
        .args(["--mode", "validate", "-c"])
        .arg(&file)
        .output()
        .unwrap();

    std::fs::remove_dir_all(&folder).unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
    words
}

/// The shortest module Envoy loads: a memory, `malloc`, and the mark of the interface's version.
const MODULE: &[u8] = b"\0asm\x01\0\0\0\
    \x01\x09\x02`\0\0`\x01\x7f\x01\x7f\
    \x03\x03\x02\0\x01\
    \x05\x03\x01\0\x01\
    \x07-\x03\x06memory\x02\0\x17proxy_abi_version_0_2_1\0\0\x06malloc\0\x01\
    \x0a\x09\x02\x02\0\x0b\x04\0A\0\x0b";

/// Envoy as `make` installs it, or as the environment says.
fn envoy() -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/envoy");
    let envoy = std::env::var_os("ENVOY").map_or(installed, PathBuf::from);
    assert!(envoy.exists(), "no Envoy to ask: `make setup` installs one");
    envoy
}
