"""The Envoys to compare: what `dragoman render` prints, as it is, with the floor filter in the module's place, and with
no filter at all. All else is the same: listener, access log, header rules, clusters."""

import subprocess
from pathlib import Path

import yaml

TYPE = "type.googleapis.com/"


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


def bare(rendered: dict) -> dict:
    """No filter: the least that can stand between a client and a provider."""
    manager = connection_manager(rendered)
    manager["http_filters"] = [one for one in manager["http_filters"] if "wasm" not in one["typed_config"]["@type"]]
    route = manager["route_config"]["virtual_hosts"][0]["routes"][0]
    route["match"].pop("headers", None)
    route["route"].pop("cluster_header")
    route["route"]["cluster"] = cluster(rendered)
    return rendered


def floor(rendered: dict, wasm: Path) -> dict:
    """A filter that names the cluster and does nothing else: the cost of Wasm itself."""
    for one in connection_manager(rendered)["http_filters"]:
        if "wasm" in one["typed_config"]["@type"]:
            plugin = one["typed_config"]["config"]
            plugin["vm_config"]["code"]["local"]["filename"] = str(wasm)
            plugin["vm_config"].pop("environment_variables", None)
            plugin["configuration"] = {"@type": f"{TYPE}google.protobuf.StringValue", "value": cluster(rendered)}
    return rendered


def connection_manager(rendered: dict) -> dict:
    listener = rendered["static_resources"]["listeners"][0]
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def cluster(rendered: dict) -> str:
    """The stand-in provider serves all models: there is one cluster."""
    return rendered["static_resources"]["clusters"][0]["name"]


def drop(tree, key: str) -> None:
    """Removes every member `key`, wherever it is."""
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else []
    if isinstance(tree, dict):
        tree.pop(key, None)
    for child in children:
        drop(child, key)


def dragoman_config(provider: int, models: dict, transport: str) -> dict:
    """A LiteLLM configuration with one deployment per model; aliases differ from the vendor's names."""
    host = f"http://127.0.0.1:{provider}"
    own = {
        "openai": {"api_base": f"{host}/v1", "api_key": "sk-bench"},
        # Signed, as most deployments there are: that is a part of the cost.
        "bedrock": {"api_base": host, "aws_access_key_id": "AKIDBENCH", "aws_secret_access_key": "bench",
                    "aws_region_name": "us-east-1"},
    }
    usual = {"api_base": host, "api_key": "sk-bench"}
    return {"dragoman": {"retry_transport": transport}, "model_list": [
        {"model_name": alias, "litellm_params": {"model": f"{vendor}/{name}", **own.get(vendor, usual)}}
        for alias, (vendor, name) in models.items()
    ]}
