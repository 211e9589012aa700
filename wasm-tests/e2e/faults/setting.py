"""The configuration the faults are played against."""

from harness import bootstrap as boot
from harness.standard import deployment

from .matrix import CASES, IDLE_S, LOST_PORT

KEY = "sk-provider-of-faults-77c1"


def config(provider_url, transport):
    """A file with a group for each case."""
    two = [case for case in CASES if not case.fault.alone]
    return {
        "model_list": [entry for case in CASES for entry in entries(case, provider_url)],
        "router_settings": {
            "num_retries": 2,
            "fallbacks": [{case.group: [case.model("fallback")]} for case in two],
            "context_window_fallbacks": [{case.group: [case.model("context")]} for case in two],
            "content_policy_fallbacks": [{case.group: [case.model("policy")]} for case in two],
        },
        "dragoman": {
            "retry_transport": transport,
            "stream_idle_timeout": IDLE_S,
            # Here everything fails at once, which is what the budget is against.
            "retry_budget": {"percent": 100, "floor": 1000},
        },
    }


def entries(case, provider_url):
    """The deployments of a case; each fallback is a group of its own."""
    for position, role in enumerate(case.roles()):
        model = case.model(role)
        group = case.group if role in ("primary", "second") else model
        own = {"api_base": f"{provider_url}/v1", "api_key": KEY, "order": position + 1}
        own.update(case.fault.params.get(role, {}))
        yield deployment(group, f"openai/{model}", model, **own)


def edit(bootstrap):
    """Takes away the cluster that shall not be there."""
    boot.remove_cluster(bootstrap, f"_{LOST_PORT}")
