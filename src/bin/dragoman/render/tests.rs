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

#[test]
fn envoy_accepts_it() {
    let envoy = envoy();
    let folder = std::env::temp_dir().join(format!("dragoman-render-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (module, file) = (folder.join("empty.wasm"), folder.join("envoy.yaml"));
    std::fs::write(&module, MODULE).unwrap();
    let input = Bootstrap {
        wasm: module.to_string_lossy().into_owned(),
        ..input()
    };
    std::fs::write(&file, yaml(&input).unwrap()).unwrap();

    let output = Command::new(envoy)
        .args(["--mode", "validate", "-c"])
        .arg(&file)
        .output()
        .unwrap();

    std::fs::remove_dir_all(&folder).unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    assert!(!words.contains("Deprecated field"), "{words}");
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
