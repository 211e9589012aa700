"""Vendors' own clients, pointed at the gateway's path for their vendor: they must not notice that it is there."""

import anthropic
import openai
import pytest

from harness.conversation import user
from harness.standard import ANTHROPIC_KEY, CLAUDE, GPT, OPENAI_KEY, deployment
from harness.stand_in import GREETING
from harness.waiting import until


@pytest.fixture(scope="module")
def through(start_here, provider, transport):
    """A gateway with one deployment at each vendor, any of which will do."""
    gpt = deployment("gpt", f"openai/{GPT}", "gpt-1", api_base=f"{provider.url}/v1", api_key=OPENAI_KEY)
    claude = deployment("claude", f"anthropic/{CLAUDE}", "claude-1", api_base=provider.url, api_key=ANTHROPIC_KEY)
    router = {"num_retries": 2, "disable_cooldowns": True}
    return start_here(
        {"model_list": [gpt, claude], "router_settings": router, "dragoman": {"retry_transport": transport}}
    )


@pytest.fixture
def gateway(through, stand_in):
    return through


def streamed(gateway):
    """Output tokens of the streams in the access log so far."""
    return [entry.get("output_tokens") for entry in gateway.log() if entry.get("stream")]


@pytest.fixture(params=["/openai/v1", "/openai"])
def client(gateway, request):
    url = f"{gateway.url}{request.param}"
    with openai.OpenAI(base_url=url, api_key="sk-client", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def claude(gateway):
    with anthropic.Anthropic(base_url=f"{gateway.url}/anthropic", api_key="sk-client", max_retries=0, timeout=20) as client:
        yield client


@pytest.mark.parametrize("model", ["gpt", GPT])
def test_openais_client_chats_with_a_group_or_a_model(client, gateway, stand_in, model):
    raw = client.chat.completions.with_raw_response.create(model=model, messages=[user("hello")])
    answer = raw.parse()
    assert answer.choices[0].message.content == GREETING
    arrived = stand_in.last()
    assert arrived.path == "/v1/chat/completions"
    assert arrived.json()["model"] == GPT
    assert arrived.header("authorization") == f"Bearer {OPENAI_KEY}"
    assert "sk-client" not in str(arrived.headers)
    entry = gateway.log_of(raw)
    assert (entry["input_tokens"], entry["output_tokens"]) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)


def test_openais_client_streams(client, gateway):
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model=GPT, messages=[user("hello")], stream=True, stream_options=options))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == GREETING
    usage = chunks[-1].usage
    until("the count", lambda: usage.completion_tokens in streamed(gateway))


def test_openais_client_sends_and_lists_files(client, stand_in):
    content = b"\0\xff" * 1_000_000
    assert client.files.create(file=("a.jsonl", content), purpose="batch").id == "file-1"
    assert content in stand_in.last().body
    assert stand_in.last().header("authorization") == f"Bearer {OPENAI_KEY}"
    assert [file.id for file in client.files.list(limit=2)] == ["file-1"]
    assert (stand_in.last().method, stand_in.last().path) == ("GET", "/v1/files?limit=2")


def test_a_vendors_error_is_the_clients(client, claude, stand_in):
    stand_in.behave(status=429)
    with pytest.raises(openai.RateLimitError) as error:
        client.chat.completions.create(model=GPT, messages=[user("hello")])
    assert error.value.response.headers["x-request-id"] == "req_standin"
    with pytest.raises(Exception) as error:
        claude.messages.create(model=CLAUDE, max_tokens=9, messages=[user("hello")])
    assert (error.value.status_code, error.value.body["type"]) == (429, "error")
    # Neither was tried again.
    assert len(stand_in.requests()) == 2


def test_a_key_that_the_vendor_repeats_is_covered(client, stand_in):
    stand_in.behave(echo_key=True)
    with pytest.raises(openai.AuthenticationError) as error:
        client.chat.completions.create(model=GPT, messages=[user("hello")])
    assert OPENAI_KEY not in str(error.value) + str(error.value.response.headers)


@pytest.mark.parametrize("model", ["claude", CLAUDE])
def test_anthropics_client_talks(claude, gateway, stand_in, model):
    raw = claude.messages.with_raw_response.create(model=model, max_tokens=99, messages=[user("hello")])
    answer = raw.parse()
    assert answer.content[0].text == GREETING
    arrived = stand_in.last()
    assert arrived.path == "/v1/messages"
    assert arrived.json()["model"] == CLAUDE
    assert arrived.header("x-api-key") == ANTHROPIC_KEY
    assert "sk-client" not in str(arrived.headers)
    usage = answer.usage
    asked = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    entry = gateway.log_of(raw)
    assert (entry["input_tokens"], entry["output_tokens"]) == (asked, usage.output_tokens)


def test_anthropics_client_streams(claude, gateway):
    with claude.messages.stream(model=CLAUDE, max_tokens=99, messages=[user("hello")]) as stream:
        assert stream.get_final_text() == GREETING
        usage = stream.get_final_message().usage
    until("the count", lambda: usage.output_tokens in streamed(gateway))


def test_azures_paths_stay_the_gateways_own(gateway, stand_in):
    body = {"messages": [user("hello")]}
    answer = gateway.http.post("/openai/deployments/claude/chat/completions?api-version=1", json=body)
    assert answer.json()["choices"][0]["message"]["content"] == GREETING
    assert stand_in.last().path == "/v1/messages"


def test_a_vendor_that_nobody_is_deployed_at_is_not_found(gateway, stand_in):
    answer = gateway.http.get("/mistral/v1/models")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_provider")
    assert stand_in.requests() == []
