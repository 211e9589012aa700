"""Who plays: clients with the format they speak, providers with the upstream that stands in for them, and the features."""

from dataclasses import dataclass

from . import drivers

# What a deployment needs besides model and address.
BY_KEY = (("api_key", "sk-provider-5f0c1d"),)
AZURE = (*BY_KEY, ("api_version", "2024-10-21"))
VERTEX = (*BY_KEY, ("vertex_project", "p"), ("vertex_location", "europe-west1"))
AWS = (
    ("aws_access_key_id", "AKIDEXAMPLE"),
    ("aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    ("aws_region_name", "us-east-1"),
)


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
    more: tuple = BY_KEY
    # What the upstream plays wrongly, and the formats it has no place for; the golden fixtures are the proof of these.
    unplayed: tuple = ()
    silent: tuple = ()

    @property
    def group(self):
        """What clients call it."""
        return f"{self.name}-by-{self.upstream}"

    def deployment(self, upstreams):
        base = f"{upstreams[self.upstream]}{self.path}"
        return {
            "model_name": self.group,
            "litellm_params": {"model": self.model, "api_base": base, **dict(self.more)},
            "model_info": {"id": f"{self.group}-1"},
        }


FEATURES = ("chat", "stream", "tools", "streamed_tools", "pictures", "schema", "reasoning", "usage", "errors")

CLIENTS = [
    Client("openai", "Chat", drivers.OpenAiChat),
    Client("ai", "Chat", drivers.AiSdk),
    Client("anthropic", "Messages", drivers.Anthropic),
    Client("openai", "Responses", drivers.OpenAiResponses),
    Client("google-genai", "Gemini", drivers.Google),
    Client("openai", "Completions", drivers.OpenAiCompletions),
]

PROVIDERS = [
    # OpenAI shows nobody its thoughts by this interface.
    Provider("openai", "openai/gpt-5-mini", "stand-in", "/v1", unplayed=("reasoning",), silent=("Completions", "Responses")),
    Provider("openai", "openai/gpt-5-mini", "aimock", "/v1", silent=("Completions",)),
    Provider("anthropic", "anthropic/claude-sonnet-4-5", "stand-in"),
    Provider("azure", "azure/gpt-5-mini", "aimock", more=AZURE, silent=("Completions",)),
    Provider("gemini", "gemini/gemini-2.5-flash", "aimock"),
    Provider("vertex_ai", "vertex_ai/gemini-2.5-flash", "aimock", more=VERTEX),
    Provider("bedrock", "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0", "aimock", more=AWS),
    # aimock tells their thoughts as if they were answers, or under another name, and Ollama's counts as zero.
    Provider("cohere", "cohere/command-a-03-2025", "aimock", unplayed=("reasoning",)),
    Provider("ollama", "ollama_chat/qwen3", "aimock", unplayed=("reasoning", "usage")),
    # Mistral counts without being asked, aimock does not.
    Provider("mistral", "mistral/mistral-large-latest", "aimock", "/v1", unplayed=("usage",)),
    Provider("deepseek", "deepseek/deepseek-chat", "aimock", "/v1"),
]

# What a provider cannot do and says so: the client must be told by a 400.
REFUSED = set()

CASES = [
    (client, provider, feature)
    for client in CLIENTS
    for provider in PROVIDERS
    for feature in client.features
    if feature not in provider.unplayed and client.format not in provider.silent
]
