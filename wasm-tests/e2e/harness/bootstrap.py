"""Finding and changing parts of a rendered Envoy bootstrap, for tests that need more than `render` offers."""

import json

STRING = "type.googleapis.com/google.protobuf.StringValue"
STRUCT = "type.googleapis.com/google.protobuf.Struct"
LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"


def walk(node):
    """Every mapping in `node`, from the outside in."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def use_free_ports(bootstrap):
    """Lets the kernel choose every port that is listened on."""
    use_port(bootstrap, 0)
    bootstrap["admin"]["address"]["socket_address"]["port_value"] = 0


def use_port(bootstrap, port):
    """Listens on `port`. A listener without an address is Envoy's own way to itself."""
    for listener in bootstrap["static_resources"]["listeners"]:
        if "address" in listener:
            listener["address"]["socket_address"]["port_value"] = port


def cluster_header(bootstrap):
    """The header that names the upstream cluster; None if the listener is elsewhere."""
    return next((node["cluster_header"] for node in walk(bootstrap) if "cluster_header" in node), None)


def virtual_hosts(bootstrap):
    return [host for node in walk(bootstrap) for host in node.get("virtual_hosts", [])]


def add_cluster(bootstrap, name, address):
    """Adds a plaintext cluster with one endpoint."""
    host, port = address.rsplit(":", 1)
    endpoint = {"address": {"socket_address": {"address": host, "port_value": int(port)}}}
    bootstrap["static_resources"]["clusters"].append(
        {
            "name": name,
            "type": "STATIC",
            "connect_timeout": "1s",
            "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        }
    )


def add_route(bootstrap, prefix, cluster):
    """Sends paths below `prefix` to `cluster`, before anything else is considered."""
    for host in virtual_hosts(bootstrap):
        host["routes"].insert(0, {"match": {"prefix": prefix}, "route": {"cluster": cluster}})


def remove_cluster(bootstrap, part):
    """Removes the only cluster whose name contains `part`."""
    clusters = bootstrap["static_resources"]["clusters"]
    (lost,) = [cluster for cluster in clusters if part in cluster["name"]]
    clusters.remove(lost)


def plugin(bootstrap):
    """The `google.protobuf.Any` that holds the plugin's configuration."""
    (found,) = [
        node["configuration"]
        for node in walk(bootstrap)
        if "vm_config" in node and node.get("configuration", {}).get("@type") in (STRING, STRUCT)
    ]
    return found


def configure_as_text(bootstrap, config):
    """Hands `config` to the plugin as JSON text."""
    plugin(bootstrap).update({"@type": STRING, "value": json.dumps(config)})


def configure_as_struct(bootstrap, config):
    """Hands `config` to the plugin as a protobuf Struct, the way an operator writes YAML in Envoy's file."""
    plugin(bootstrap).update({"@type": STRUCT, "value": config})


def listeners_from_file(bootstrap, path):
    """Moves the listeners out of the bootstrap; returns them as the content `path` shall have."""
    listeners = bootstrap["static_resources"].pop("listeners")
    bootstrap["dynamic_resources"] = {
        "lds_config": {"resource_api_version": "V3", "path_config_source": {"path": str(path)}}
    }
    bootstrap["node"] = {"id": "e2e", "cluster": "e2e"}
    return {"resources": [{"@type": LISTENER, **listener} for listener in listeners]}
