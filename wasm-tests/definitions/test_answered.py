"""What clients are answered, judged by the types of the SDKs they use."""

import json

import pytest

import fixtures
from vendors import anthropic_says, google_says, openai_says

# What all chunks of a stream share: the golden files leave it out.
SHARED = {"id": "chatcmpl-ours", "object": "chat.completion.chunk", "created": 1_768_480_496, "model": "group"}

ANSWERS = fixtures.bodies(".answer.json", dict.fromkeys(fixtures.folders(".answer.json"), lambda *_: openai_says.answer))
CHUNKS = fixtures.bodies(".chunks.json", dict.fromkeys(fixtures.folders(".chunks.json"), lambda *_: openai_says.chunks))


@pytest.mark.parametrize("body", ANSWERS, ids=lambda body: body.name)
def test_an_answer_is_one_of_openais(body):
    assert body.problems_of(body.value) == []


@pytest.mark.parametrize("body", CHUNKS, ids=lambda body: body.name)
def test_chunks_are_openais(body):
    assert body.problems_of([{**SHARED, **chunk} for chunk in body.value]) == []


@pytest.mark.parametrize("body", CHUNKS, ids=lambda body: body.name)
def test_the_error_that_ends_a_stream_is_openais(body):
    ends = json.loads((fixtures.GOLDEN / body.name).read_text()).get("ends")
    assert ends is None or openai_says.error(ends) == []
