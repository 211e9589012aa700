"""What vendors are sent, judged by their own definitions."""

import pytest

import fixtures
from vendors import anthropic_says, aws_says, cohere_says, google_says, mistral_says, ollama_says, openai_says


def of_google(vertex):
    def pick(body, _):
        if "anthropic_version" in body:
            params = anthropic_says.beta_params if needs_beta(body) else anthropic_says.message_create_params
            return lambda body: anthropic_says.request(body, "vertex-2023-10-16", params)
        if "contents" in body:
            return lambda body: google_says.request(body, vertex)
        return google_says.embed_request

    return pick


def of_cohere(body, _):
    if "documents" in body and "query" in body:
        return cohere_says.rerank_request
    return cohere_says.request if "messages" in body else cohere_says.embed_request


def of_openai(body, _):
    if "messages" in body:
        return openai_says.request
    if "prompt" in body:
        return openai_says.completions_request
    return openai_says.embeddings_request if "input" in body and "encoding_format" in body else None


def of_ollama(body, _):
    return ollama_says.request if "messages" in body else ollama_says.embed_request


def of_anthropic(body, _):
    return anthropic_says.beta_request if needs_beta(body) else anthropic_says.request


def needs_beta(body):
    return "mcp_servers" in body or any(str(tool.get("type")).startswith("computer_") for tool in body.get("tools", []))


DEFINITIONS = {
    "anthropic": of_anthropic,
    "azure": of_openai,
    "bedrock": lambda body, _: aws_says.request if "messages" in body else None,
    "cohere": of_cohere,
    "gemini": of_google(vertex=False),
    "mistral": lambda body, _: mistral_says.request if "messages" in body else mistral_says.embeddings_request,
    "ollama": of_ollama,
    "openai": of_openai,
    "vertex_ai": of_google(vertex=True),
}

# What clients' own members or a vendor's newer ones are forwarded for, though no definition has them yet.
ON_PURPOSE = {
    "anthropic/allowed-parameter.request.json": ["body.seed: unknown member"],
    "anthropic/output-config-merged.request.json": ["body.output_config.x: unknown member"],
    "gemini/native-tools.request.json": ["body.tools[2].url_context: unknown member"],
    # An address below /v1 is asked in OpenAI's words.
    "ollama/v1-limit-and-effort.request.json": ["body.max_tokens: unknown member", "body.reasoning_effort: unknown member"],
}

BODIES = fixtures.bodies(".request.json", DEFINITIONS)


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.name)
def test_the_vendor_knows_every_member_it_is_sent(body):
    assert body.problems_of(body.value) == ON_PURPOSE.get(body.name, [])
