"""What clients are answered, judged by the types of the SDKs they use."""

import json

import pytest

import fixtures
from vendors import anthropic_says, google_says, openai_says

# What all chunks of a stream share: the golden files leave it out.
SHARED = {"id": "chatcmpl-ours", "object": "chat.completion.chunk", "created": 1_768_480_496, "model": "group"}
# Vendors whose answers are put into OpenAI's words. All others say it themselves, with members of their own, which pass.
TRANSLATED = {"anthropic", "bedrock", "cohere", "gemini", "ollama", "vertex_ai"}


def everywhere(suffix, definition):
    return fixtures.bodies(suffix, dict.fromkeys(fixtures.folders(suffix), definition))


ANSWERS = everywhere(".answer.json", lambda *_: openai_says.answer)
CHUNKS = everywhere(".chunks.json", lambda *_: openai_says.chunks)


def ours(body, problems):
    """The problems of what we say, not of what the vendor said."""
    if body.name.split("/")[0] in TRANSLATED:
        return problems
    file = fixtures.GOLDEN / body.name
    said = file.read_text() if body.name.endswith(".answer.json") else file.with_name(stream_of(file)).read_text()
    return [one for one in problems if not (one.endswith(": unknown member") and f'"{last_name(one)}"' in said)]


def stream_of(file):
    return file.name.replace(".chunks.json", ".sse")


def last_name(problem):
    return problem.removesuffix(": unknown member").rpartition(".")[2]


@pytest.mark.parametrize("body", ANSWERS, ids=lambda body: body.name)
def test_an_answer_is_one_of_openais(body):
    assert ours(body, body.problems_of(body.value)) == []


@pytest.mark.parametrize("body", CHUNKS, ids=lambda body: body.name)
def test_chunks_are_openais(body):
    chunks = [{**SHARED, **chunk} for chunk in body.value]
    translated = body.name.split("/")[0] in TRANSLATED
    assert ours(body, openai_says.chunks(chunks) if translated else openai_says.each_chunk(chunks)) == []


@pytest.mark.parametrize("body", CHUNKS, ids=lambda body: body.name)
def test_the_error_that_ends_a_stream_is_openais(body):
    ends = json.loads((fixtures.GOLDEN / body.name).read_text()).get("ends")
    assert ends is None or openai_says.error(ends) == []
