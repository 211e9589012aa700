"""Who plays: clients with the format they speak, providers with the upstream that stands in for them, and the features."""

from dataclasses import dataclass

from . import drivers

KEY = "sk-provider-5f0c1d"


@dataclass(frozen=True)
class Client:
    """A client as its users know it."""

    name: str
    # The format it speaks.
    format: str
    driver: type

    @property
    def features(self):
        return getattr(self.driver, "FEATURES", FEATURES)


@dataclass(frozen=True)
class Provider:
    """A deployment of a provider, in LiteLLM's words."""

    name: str
    model: str
    # Who answers: our strict stand-in, or aimock.
    upstream: str
    # What follows the upstream's address in `api_base`.
    path: str = ""
    more: tuple = ()
    # What the upstream plays wrongly; the golden fixtures are the proof of these.
    unplayed: tuple = ()

    def deployment(self, upstreams):
        base = f"{upstreams[self.upstream]}{self.path}"
        return {
            "model_name": self.name,
            "litellm_params": {"model": self.model, "api_base": base, "api_key": KEY, **dict(self.more)},
            "model_info": {"id": f"{self.name}-1"},
        }


FEATURES = ("chat", "stream", "tools", "streamed_tools", "pictures", "schema", "reasoning", "usage", "errors")

CLIENTS = [
    Client("openai", "Chat", drivers.OpenAiChat),
    Client("ai", "Chat", drivers.AiSdk),
]

PROVIDERS = [
    Provider("openai", "openai/gpt-5-mini", "stand-in", "/v1", unplayed=("reasoning",)),
    Provider("anthropic", "anthropic/claude-sonnet-4-5", "stand-in"),
    Provider("deepseek", "deepseek/deepseek-chat", "aimock", "/v1"),
]

# What a provider cannot do and says so: the client must be told by a 400.
REFUSED = set()

CASES = [
    (client, provider, feature)
    for client in CLIENTS
    for provider in PROVIDERS
    for feature in client.features
    if feature not in provider.unplayed
]
