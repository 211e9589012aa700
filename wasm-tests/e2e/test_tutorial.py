"""The five samples of the tutorial this gateway was asked for with, as an application would write them."""

import json

import openai
import pytest

from harness.conversation import RESULTS, TOOLS, TOOLS_ANSWER, user
from harness.stand_in import GREETING

QUESTION = [user("你是谁")]
CALLS = 300
# Six standard deviations of a binomial distribution with n = 300 and p = 2/3: once in 500 million runs.
BOUND = 49


@pytest.fixture
def completions(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-client", max_retries=0) as client:
        yield client.chat.completions


def test_two_vendors_are_asked_in_the_same_words(completions):
    answers = [completions.create(model=model, messages=QUESTION) for model in ("gpt", "claude")]
    assert [answer.choices[0].message.content for answer in answers] == [GREETING, GREETING]


def test_an_answer_is_streamed(completions, model):
    parts = [chunk.choices[0].delta.content for chunk in completions.create(model=model, messages=QUESTION, stream=True)]
    assert "".join(part or "" for part in parts) == GREETING
    assert len([part for part in parts if part]) > 1


def test_a_list_of_chunks_is_put_together_with_its_usage(completions, model):
    options = {"include_usage": True}
    chunks = list(completions.create(model=model, messages=QUESTION, stream=True, stream_options=options))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    plain = completions.create(model=model, messages=QUESTION)
    assert (text, chunks[-1].usage.total_tokens) == (plain.choices[0].message.content, plain.usage.total_tokens)


def test_tools_are_called_and_their_results_answered(completions, model):
    functions = {"weather": lambda city: f"rain in {city}", "local_time": lambda city: f"noon in {city}"}
    messages = [user("weather in Oslo and the time in Rome?")]
    message = completions.create(model=model, messages=messages, tools=TOOLS, tool_choice="auto").choices[0].message
    messages.append(message)
    for call in message.tool_calls:
        result = functions[call.function.name](**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    assert [entry["content"] for entry in messages[2:]] == RESULTS
    assert completions.create(model=model, messages=messages, tools=TOOLS).choices[0].message.content == TOOLS_ANSWER


def test_a_deployment_of_twice_the_weight_is_chosen_twice_as_often(completions, stand_in):
    for _ in range(CALLS):
        completions.create(model="weighted", messages=QUESTION)
    counts = stand_in.counts()
    assert counts["light"] + counts["heavy"] == CALLS
    assert abs(counts["heavy"] - CALLS * 2 / 3) <= BOUND, counts
