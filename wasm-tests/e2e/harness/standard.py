"""The configuration most tests share: one group for each thing a group can be."""

OPENAI_KEY = "sk-provider-openai-5f0c1d"
ANTHROPIC_KEY = "sk-ant-provider-91ab7e"
KEY_VARIABLE = "E2E_OPENAI_KEY"
ENVIRONMENT = {KEY_VARIABLE: OPENAI_KEY}

GPT = "gpt-4o-mini"
CLAUDE = "claude-sonnet-4-5"
ODD_NAME = "team a/gpt.4:mini (eu)"
HIDDEN_ALIAS = "hidden-alias"
# Nothing listens on the discard port, nor on the one below it, whose cluster is removed.
REFUSED_BASE = "http://127.0.0.1:9/v1"
LOST_PORT = 8


def config(provider_url):
    """LiteLLM's file for a provider at `provider_url`."""
    openai = {"api_base": f"{provider_url}/v1", "api_key": f"os.environ/{KEY_VARIABLE}"}
    anthropic = {"api_base": provider_url, "api_key": ANTHROPIC_KEY}
    return {
        "model_list": [
            deployment("gpt", f"openai/{GPT}", "gpt-1", **openai),
            deployment("claude", f"anthropic/{CLAUDE}", "claude-1", **anthropic),
            deployment(ODD_NAME, f"openai/{GPT}", "odd one: a/b.c", **openai),
            deployment("priced", "openai/made-up", "priced-1", **openai, **PRICES),
            deployment("unpriced", "openai/made-up", "unpriced-1", **openai),
            deployment("brief", "openai/brief", "brief-1", **openai, timeout=0.3),
            deployment("refused", f"openai/{GPT}", "refused-1", **{**openai, "api_base": REFUSED_BASE}),
            deployment("lost", f"openai/{GPT}", "lost-1", **{**openai, "api_base": f"http://127.0.0.1:{LOST_PORT}/v1"}),
            deployment("mock", f"openai/{GPT}", "mock-1", **openai, mock_response="A mock, žluť 🦀."),
            deployment("weighted", "openai/light", "light-1", **openai, weight=1),
            deployment("weighted", "openai/heavy", "heavy-1", **openai, weight=2),
        ],
        "router_settings": {
            "routing_strategy": "simple-shuffle",
            # What comes of one attempt is shown here; trying again has tests of its own.
            "num_retries": 0,
            "disable_cooldowns": True,
            "model_group_alias": {"plain-alias": "gpt", HIDDEN_ALIAS: {"model": "gpt", "hidden": True}},
        },
    }


PRICES = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.000006, "cache_read_input_token_cost": 0.000001}


def deployment(group, model, identifier, **parameters):
    """One entry of `model_list`."""
    return {
        "model_name": group,
        "litellm_params": {"model": model, **parameters},
        "model_info": {"id": identifier},
    }
