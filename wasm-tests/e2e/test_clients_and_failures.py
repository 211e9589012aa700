"""Real clients in front of a provider that fails: they are told of nothing, and see one clean answer."""

import asyncio
import json
import subprocess

import openai
import pytest
from langchain_openai import ChatOpenAI

from harness import places
from harness.conversation import user
from harness.routed import config, pair
from harness.stand_in import GREETING

QUESTION = [user("hello")]
ROLE_AND_ERROR = (
    'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m",'
    '"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    'data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}\n\n'
)
# How the preferred provider fails, by the group whose it is.
FAILING = {
    "overloaded": {"status": 503},
    "false-start": {"status": 200, "body": ROLE_AND_ERROR, "content_type": "text/event-stream"},
    "reset": {"reset_before_headers": True},
    "page": {"html_200": True},
}


@pytest.fixture(scope="module")
def failing_gateway(start_here, provider, transport):
    members = [entry for group in [*FAILING, "broken"] for entry in pair(provider.url, group)]
    return start_here(config(transport, members, {"disable_cooldowns": True}))


@pytest.fixture
def failing(failing_gateway, stand_in):
    """The gateway, in front of providers of which the preferred ones fail."""
    for group, behaviour in FAILING.items():
        stand_in.behave(f"{group}-a", **behaviour)
    return failing_gateway


def options(gateway):
    return {"base_url": f"{gateway.url}/v1", "api_key": "sk-client", "max_retries": 0, "timeout": 20}


def clean(chunks):
    """The text of a stream that began and ended once."""
    assert len({chunk.id for chunk in chunks}) == 1
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    return "".join(choice.delta.content or "" for choice in choices)


@pytest.mark.parametrize("group", FAILING)
def test_openais_package_sees_one_clean_stream(failing, stand_in, group):
    with openai.OpenAI(**options(failing)) as client:
        chunks = list(client.chat.completions.create(model=group, messages=QUESTION, stream=True))
    assert clean(chunks) == GREETING
    assert stand_in.counts() == {f"{group}-a": 1, f"{group}-b": 1}


@pytest.mark.parametrize("group", FAILING)
def test_openais_asynchronous_package_sees_clean_streams_at_the_same_time(failing, group):
    async def texts():
        async with openai.AsyncOpenAI(**options(failing)) as client:

            async def text():
                stream = await client.chat.completions.create(model=group, messages=QUESTION, stream=True)
                return clean([chunk async for chunk in stream])

            return await asyncio.gather(*(text() for _ in range(5)))

    assert asyncio.run(texts()) == [GREETING] * 5


@pytest.mark.parametrize("group", FAILING)
def test_openais_package_is_answered(failing, group):
    with openai.OpenAI(**options(failing)) as client:
        raw = client.chat.completions.with_raw_response.create(model=group, messages=QUESTION)
    assert raw.parse().choices[0].message.content == GREETING
    assert raw.headers["x-litellm-attempted-retries"] == "1"


def test_a_stream_that_breaks_after_content_is_raised(failing, stand_in):
    stand_in.behave("broken-a", error_event_after=2)
    seen = []
    with openai.OpenAI(**options(failing)) as client, pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(model="broken", messages=QUESTION, stream=True):
            seen += [choice.delta.content or "" for choice in chunk.choices]
    assert "".join(seen) == "你好 from "


@pytest.mark.parametrize("group", FAILING)
def test_the_npm_package_sees_one_clean_answer(failing, group):
    script = ["node", places.NODE_SCRIPTS / "failing.mjs", f"{failing.url}/v1", group]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "streamed": {"text": GREETING, "ids": 1, "ends": ["stop"]},
        "helped": {"text": GREETING, "counted": True},
        "plain": {"text": GREETING, "retries": "1"},
    }


@pytest.mark.parametrize("group", FAILING)
def test_langchain_streams(failing, group):
    chat = ChatOpenAI(**options(failing), model=group)
    assert "".join(chunk.content for chunk in chat.stream("hello")) == GREETING
