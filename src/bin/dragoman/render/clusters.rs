//! One Envoy cluster for each place requests can go.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::{Bootstrap, Upstream, address, merged};

/// How much Envoy reads from a provider at once unless told otherwise.
const READ: u32 = 1_048_576;

pub(super) fn clusters(input: &Bootstrap) -> Vec<Value> {
    let upstreams = input.upstreams.iter();
    upstreams.map(|upstream| cluster(upstream, input)).collect()
}

fn cluster(upstream: &Upstream, input: &Bootstrap) -> Value {
    let mut cluster = Map::from_iter([
        ("name".to_owned(), json!(upstream.cluster)),
        ("connect_timeout".to_owned(), json!("5s")),
        (
            "per_connection_buffer_limit_bytes".to_owned(),
            json!(read_at_once(input.max_body)),
        ),
        ("circuit_breakers".to_owned(), circuit_breakers()),
        (
            "typed_extension_protocol_options".to_owned(),
            protocol(upstream.tls),
        ),
        ("load_assignment".to_owned(), endpoint(upstream)),
    ]);
    cluster.extend(discovery(upstream));
    if upstream.tls {
        cluster.insert(
            "transport_socket".to_owned(),
            tls(upstream, &input.authorities),
        );
    }
    Value::Object(cluster)
}

/// What is read at once from a provider lies in the listener's buffer before the module lets it through. As much as that takes was
/// seen to be too much for it; half was not.
fn read_at_once(max_body: u32) -> u32 {
    READ.min(max_body / 2).max(1)
}

/// A name is looked up in the background: neither Envoy's start nor another provider waits for it. One connection pool
/// for all of a name's addresses, since those of a large service change with every look-up and a change must not end streams.
fn discovery(upstream: &Upstream) -> Map<String, Value> {
    if upstream.host.parse::<IpAddr>().is_ok() {
        return Map::from_iter([("type".to_owned(), json!("STATIC"))]);
    }
    let dns = json!({
        "name": "envoy.clusters.dns",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster",
            "all_addresses_in_single_endpoint": true,
            "dns_lookup_family": "ALL",
            "dns_refresh_rate": "30s",
            "dns_failure_refresh_rate": {"base_interval": "1s", "max_interval": "10s"},
        },
    });
    Map::from_iter([
        ("wait_for_warm_on_init".to_owned(), json!(false)),
        ("cluster_type".to_owned(), dns),
    ])
}

fn endpoint(upstream: &Upstream) -> Value {
    json!({
        "cluster_name": upstream.cluster,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(&upstream.host, upstream.port)}}]}],
    })
}

/// Answers take seconds to minutes, so many are open at once; Envoy's default of 1,024 is soon reached.
pub(super) fn circuit_breakers() -> Value {
    let most = 65_536;
    json!({"thresholds": [{
        "priority": "DEFAULT",
        "max_connections": most,
        "max_pending_requests": most,
        "max_requests": most,
        "max_retries": most,
    }]})
}

/// With TLS the provider chooses between HTTP/2 and HTTP/1.1; pings find HTTP/2 connections that died silently.
/// Idle connections are closed before the usual 60 s of a provider's load balancer do it under a new request.
fn protocol(tls: bool) -> Value {
    let common = json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"idle_timeout": "50s"},
        "http_filters": [without_envoys_fields(), codec()],
    });
    let version = if tls {
        json!({"auto_config": {"http2_protocol_options": {"connection_keepalive": {"interval": "30s", "timeout": "10s"}}}})
    } else {
        json!({"explicit_http_config": {"http_protocol_options": {}}})
    };
    json!({"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": merged([common, version])})
}

/// Calls that the module makes itself pass no route that could do it.
fn without_envoys_fields() -> Value {
    json!({
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {"request_mutations": [{"remove_on_match": {"key_matcher": {"prefix": "x-envoy-"}}}]},
        },
    })
}

fn codec() -> Value {
    json!({
        "name": "envoy.filters.http.upstream_codec",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
        },
    })
}

/// The certificate must be for the host, by an authority in `authorities`. An IP address cannot be asked for by name.
fn tls(upstream: &Upstream, authorities: &str) -> Value {
    let context =
        "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
    let typed_config = if upstream.host.parse::<IpAddr>().is_ok() {
        let name = json!({"san_type": "IP_ADDRESS", "matcher": {"exact": upstream.host}});
        let validation = json!({"trusted_ca": {"filename": authorities}, "match_typed_subject_alt_names": [name]});
        json!({"@type": context, "common_tls_context": {"validation_context": validation}})
    } else {
        let validation = json!({"trusted_ca": {"filename": authorities}});
        json!({
            "@type": context,
            "sni": upstream.host,
            "auto_sni_san_validation": true,
            "common_tls_context": {"validation_context": validation},
        })
    };
    json!({"name": "envoy.transport_sockets.tls", "typed_config": typed_config})
}
