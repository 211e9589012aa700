"""What tests of routing have in common: deployments told apart by the model they ask for, and calls in numbers."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx2

from . import standard

KEY = "sk-provider-routed-3b9e"


def member(provider_url, group, name, info=None, **parameters):
    """A deployment of `group` whose id and whose model at the provider are both `name`."""
    usual = {"api_base": f"{provider_url}/v1", "api_key": KEY}
    entry = standard.deployment(group, f"openai/{name}", name, **{**usual, **parameters})
    entry["model_info"].update(info or {})
    return entry


def pair(provider_url, group, first=None, second=None, **parameters):
    """`<group>-a` and `<group>-b`, of which the first is preferred; `first` and `second` are theirs alone."""
    return [
        member(provider_url, group, f"{group}-a", order=1, **parameters, **(first or {})),
        member(provider_url, group, f"{group}-b", order=2, **parameters, **(second or {})),
    ]


def config(transport, members, router=None, dragoman=None):
    """A file with these deployments. Where many requests fail on purpose, the budget of retries is no obstacle."""
    budget = {"percent": 100, "floor": 1000}
    own = {"retry_transport": transport, "retry_budget": budget, **(dragoman or {})}
    return {"model_list": members, "router_settings": router or {}, "dragoman": own}


def ask_anew(gateway, model, text="hello", headers=None, **more):
    """Asks over a connection of its own, which any of Envoy's workers may get."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    url = f"{gateway.url}/v1/chat/completions"
    return httpx2.post(url, json=body, headers=headers, trust_env=False, verify=False, timeout=20)


def at_once(count, ask):
    """The results of so many calls of `ask` at the same time."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: ask(), range(count)))


def served(answers):
    """How many of the answers each deployment gave; a failed one fails the test."""
    counts = Counter()
    for answer in answers:
        assert answer.status_code == 200, answer.text
        counts[answer.headers["x-litellm-model-id"]] += 1
    return counts


def retries(answer):
    return int(answer.headers["x-litellm-attempted-retries"])


def fallbacks(answer):
    return int(answer.headers["x-litellm-attempted-fallbacks"])
