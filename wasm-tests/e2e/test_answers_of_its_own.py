"""Answers the gateway gives by itself, and names under which groups can be called."""

import pytest

from harness import sse
from harness.gateway import reassembled, text_of
from harness.standard import GPT, HIDDEN_ALIAS
from harness.stand_in import GREETING

MOCK = "A mock, žluť 🦀."


def test_a_mock_is_answered_without_a_provider(gateway, stand_in):
    answer = gateway.chat("mock")
    assert text_of(answer) == MOCK
    assert answer.json()["usage"]["total_tokens"] > 0
    assert answer.headers["x-litellm-model-id"] == "mock-1"
    assert stand_in.requests() == []


def test_a_mock_is_streamed(gateway, stand_in):
    answer = gateway.stream("mock", stream_options={"include_usage": True})
    chunks = reassembled(answer)
    assert sse.text(answer.text) == MOCK
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert len(sse.usages(answer.text)) == 1
    assert stand_in.requests() == []


@pytest.mark.parametrize("alias", ["plain-alias", HIDDEN_ALIAS])
def test_an_alias_reaches_its_group(gateway, stand_in, alias):
    answer = gateway.chat(alias)
    assert text_of(answer) == GREETING
    assert answer.headers["x-litellm-model-group"] == "gpt"
    assert stand_in.last().json()["model"] == GPT
