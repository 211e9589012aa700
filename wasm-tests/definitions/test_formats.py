"""What clients of formats other than chat are told, and what their requests become on the way to vendors without them."""

import pytest

import fixtures
from vendors import anthropic_says, google_says, openai_says


def named(events):
    """Events with the names they are sent by, which are their types."""
    return [(event.get("type"), event) for event in events]


def of_each(definition, error):
    """A definition of streams whose events are alike; what ends them is no JSON."""

    def check(events):
        events = [event for event in events if event != "[DONE]"]
        return [problem for event in events for problem in (error if "error" in event else definition)(event)]

    return check


REPLIES = {
    "completions": lambda *_: openai_says.completions_answer,
    "gemini-in": lambda *_: google_says.answer,
    "messages": lambda *_: anthropic_says.answer,
    "responses": lambda *_: openai_says.responses_answer,
}
STREAMS = {
    "completions": lambda *_: of_each(openai_says.completions_chunk, openai_says.error),
    "gemini-in": lambda *_: of_each(google_says.answer, google_says.error),
    "messages": lambda *_: lambda events: anthropic_says.stream(named(events)),
    "responses": lambda *_: lambda events: openai_says.responses_stream(named(events)),
}

# What chat requests carry besides OpenAI's own, for vendors that know it and for the gateway.
BESIDES = (
    "cache_control",
    "extra_content",
    "fallbacks",
    "is_error",
    "provider_specific_fields",
    "reasoning_content",
    "signature",
    "tags",
    "thinking",
    "thinking_blocks",
    "top_k",
)


@pytest.mark.parametrize("body", fixtures.bodies(".reply.json", REPLIES), ids=lambda body: body.name)
def test_an_answer_is_one_of_the_clients_format(body):
    assert body.problems_of(body.value) == []


@pytest.mark.parametrize("body", fixtures.bodies(".events.json", STREAMS), ids=lambda body: body.name)
def test_a_stream_is_one_of_the_clients_format(body):
    assert body.problems_of(body.value) == []


TO_CHAT = fixtures.bodies(".tochat.json", dict.fromkeys(REPLIES, lambda *_: openai_says.request))


@pytest.mark.parametrize("body", TO_CHAT, ids=lambda body: body.name)
def test_a_request_becomes_one_that_chat_knows(body):
    problems = body.problems_of(body.value)
    besides = tuple(f".{name}: unknown member" for name in BESIDES)
    assert [one for one in problems if not one.endswith(besides)] == []
