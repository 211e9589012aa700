"""The Envoys to compare: bare, with the floor filter, and with Dragoman as its users would run it."""

import subprocess
from pathlib import Path

import yaml

BUFFER = 32 * 1024 * 1024
TYPE = "type.googleapis.com/"
HTTP = "envoy.extensions.filters.http"
ROUTER = {"name": "router", "typed_config": {"@type": f"{TYPE}{HTTP}.router.v3.Router"}}
ROUTING_HEADER = "x-dragoman-cluster"


def bare(listen: int, admin: int, provider: int) -> dict:
    """No filter: the least that can stand between a client and a provider."""
    return bootstrap(listen, admin, provider, [ROUTER], {"cluster": "provider"})


def floor(listen: int, admin: int, provider: int, wasm: Path) -> dict:
    """A filter that names the cluster and does nothing else: the cost of Wasm itself."""
    plugin = {
        "name": "floor",
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": str(wasm)}},
        },
        "configuration": {"@type": f"{TYPE}google.protobuf.StringValue", "value": "provider"},
    }
    wasm_filter = {
        "name": "floor",
        "typed_config": {"@type": f"{TYPE}{HTTP}.wasm.v3.Wasm", "config": plugin},
    }
    route = {"cluster_header": ROUTING_HEADER}
    return bootstrap(listen, admin, provider, [wasm_filter, ROUTER], route)


def dragoman(listen: int, admin: int, config: Path, command: Path, wasm: Path, log: bool) -> dict:
    """What `dragoman render` makes of `config`; `log` keeps its access log."""
    rendered = subprocess.run(
        [command, "render", config, "--listen", f"127.0.0.1:{listen}",
         "--admin", f"127.0.0.1:{admin}", "--wasm", wasm],
        check=True, capture_output=True, text=True,
    )
    whole = yaml.safe_load(rendered.stdout)
    if not log:
        drop(whole, "access_log")
    return whole


def drop(tree, key: str) -> None:
    """Removes every member `key`, wherever it is."""
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    if isinstance(tree, dict):
        tree.pop(key, None)
    for child in children:
        drop(child, key)


def dragoman_config(provider: int, models: dict) -> dict:
    """A LiteLLM configuration with one deployment per model; aliases differ from the vendor's names."""
    bases = {"openai": f"http://127.0.0.1:{provider}/v1", "anthropic": f"http://127.0.0.1:{provider}"}
    return {"model_list": [
        {"model_name": alias, "litellm_params": {
            "model": f"{vendor}/{name}", "api_base": bases[vendor], "api_key": "sk-bench"}}
        for alias, (vendor, name) in models.items()
    ]}


def bootstrap(listen: int, admin: int, provider: int, filters: list, route: dict) -> dict:
    manager = {
        "@type": f"{TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        "http_filters": filters,
        "route_config": {"virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": {**route, "timeout": "0s"}}],
        }]},
    }
    chain = {"filters": [{"name": "http", "typed_config": manager}]}
    most = 100_000
    limits = {"max_connections": most, "max_pending_requests": most, "max_requests": most}
    return {
        "admin": {"address": address(admin)},
        "static_resources": {
            "listeners": [{
                "name": "bench",
                "address": address(listen),
                "per_connection_buffer_limit_bytes": BUFFER,
                "filter_chains": [chain],
            }],
            "clusters": [{
                "name": "provider",
                "type": "STATIC",
                "connect_timeout": "1s",
                "per_connection_buffer_limit_bytes": BUFFER,
                "circuit_breakers": {"thresholds": [limits]},
                "load_assignment": {"cluster_name": "provider", "endpoints": [{
                    "lb_endpoints": [{"endpoint": {"address": address(provider)}}],
                }]},
            }],
        },
    }


def address(port: int) -> dict:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
