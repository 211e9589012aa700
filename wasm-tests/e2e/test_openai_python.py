"""OpenAI's own Python package as the client: what it must be able to do without knowing of the gateway."""

import json

import openai
import pytest
from pydantic import BaseModel

from harness.conversation import CALLS, CITY, PICTURE, PIXEL, RESULTS, TOOLS, TOOLS_ANSWER, picture, user
from harness.stand_in import GREETING


@pytest.fixture
def client(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="sk-client", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def completions(client):
    return client.chat.completions


def test_chat_is_answered_with_text_and_usage(completions, model):
    answer = completions.create(model=model, messages=[user("hello")])
    assert answer.choices[0].message.content == GREETING
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def test_a_stream_has_the_text_of_the_plain_answer(completions, model):
    chunks = list(completions.create(model=model, messages=[user("hello")], stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == GREETING
    assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "stop"
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_comes_last_in_a_stream_that_asked_for_it(completions, model):
    options = {"include_usage": True}
    chunks = list(completions.create(model=model, messages=[user("hello")], stream=True, stream_options=options))
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_the_stream_helper_reassembles_the_answer(completions, model):
    with completions.stream(model=model, messages=[user("hello")], stream_options={"include_usage": True}) as stream:
        answer = stream.get_final_completion()
    assert answer.choices[0].message.content == GREETING
    assert answer.usage.total_tokens > 0


def test_two_parallel_tool_calls_make_a_round_trip(completions, model):
    messages = [user("weather in Oslo, time in Rome?")]
    asked = completions.create(model=model, messages=messages, tools=TOOLS)
    assert asked.choices[0].finish_reason == "tool_calls"
    calls = asked.choices[0].message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == CALLS
    messages.append(asked.choices[0].message)
    messages += [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in zip(calls, RESULTS)]
    answer = completions.create(model=model, messages=messages, tools=TOOLS)
    assert answer.choices[0].message.content == TOOLS_ANSWER


def test_streamed_tool_calls_are_reassembled(completions, model):
    with completions.stream(model=model, messages=[user("weather and time?")], tools=TOOLS) as stream:
        message = stream.get_final_completion().choices[0].message
    assert [(call.function.name, json.loads(call.function.arguments)) for call in message.tool_calls] == CALLS
    assert all(call.id for call in message.tool_calls)


@pytest.mark.parametrize("url", [PIXEL, PICTURE], ids=["data", "https"])
def test_a_picture_is_seen(completions, model, url):
    answer = completions.create(model=model, messages=[picture(url)])
    assert answer.choices[0].message.content == "I saw 1 image(s) 🦀"


def test_a_json_schema_is_followed(completions, model):
    schema = {"type": "json_schema", "json_schema": {"name": "place", "schema": CITY}}
    answer = completions.create(model=model, messages=[user("where?")], response_format=schema)
    assert set(json.loads(answer.choices[0].message.content)) == {"city"}


def test_a_pydantic_model_is_parsed(completions, model):
    class Place(BaseModel):
        city: str

    answer = completions.parse(model=model, messages=[user("where?")], response_format=Place)
    assert answer.choices[0].message.parsed.city


def test_the_token_limit_ends_the_answer(completions, model):
    answer = completions.create(model=model, messages=[user("hello")], max_tokens=2)
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.content == "你好 from "


ERRORS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}


@pytest.mark.parametrize("status", ERRORS)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_providers_error_is_raised_as_the_sdks_own_type(completions, stand_in, model, status, stream):
    stand_in.behave(status=status)
    with pytest.raises(ERRORS[status]) as raised:
        completions.create(model=model, messages=[user("hello")], stream=stream)
    assert raised.value.status_code == status
    assert raised.value.body["message"]


def test_when_to_come_back_reaches_the_client(completions, stand_in, model):
    stand_in.behave(status=429, headers={"retry-after": "7"})
    with pytest.raises(openai.RateLimitError) as raised:
        completions.create(model=model, messages=[user("hello")])
    assert raised.value.response.headers["retry-after"] == "7"


def test_an_unknown_model_is_not_found(completions):
    with pytest.raises(openai.NotFoundError) as raised:
        completions.create(model="nobody", messages=[user("hello")])
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


def test_an_error_in_the_middle_of_a_stream_is_raised(completions, stand_in, model):
    stand_in.behave(error_event_after=1)
    stream = completions.create(model=model, messages=[user("hello")], stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


def test_a_provider_that_hangs_up_is_a_server_error_and_not_a_lost_connection(completions, stand_in, model):
    stand_in.behave(reset_before_headers=True)
    with pytest.raises(openai.InternalServerError) as raised:
        completions.create(model=model, messages=[user("hello")])
    assert raised.value.status_code == 502


def test_a_client_that_does_not_want_to_wait_gets_its_own_timeout(client, stand_in, model):
    stand_in.behave(delay_ms=2000)
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2).chat.completions.create(model=model, messages=[user("hello")])


def test_the_answer_says_who_gave_it_and_what_it_cost(completions, model):
    raw = completions.with_raw_response.create(model=model, messages=[user("hello")])
    headers = raw.headers
    assert headers["x-litellm-call-id"]
    assert headers["x-litellm-model-id"] == f"{model}-1"
    assert headers["x-litellm-model-group"] == model
    assert float(headers["x-litellm-response-cost"]) > 0
    assert headers["x-litellm-attempted-retries"] == "0"


def test_a_stream_says_who_gives_it_and_no_cost_yet(completions, model):
    with completions.with_streaming_response.create(model=model, messages=[user("hello")], stream=True) as raw:
        headers = dict(raw.headers)
        raw.read()
    assert headers["x-litellm-model-id"] == f"{model}-1"
    assert headers["x-litellm-model-group"] == model
    assert "x-litellm-response-cost" not in headers


def test_every_call_has_an_id_of_its_own(completions):
    raws = [completions.with_raw_response.create(model="gpt", messages=[user("hello")]) for _ in range(3)]
    assert len({raw.headers["x-litellm-call-id"] for raw in raws}) == 3


def test_models_are_listed(client):
    assert {"gpt", "claude", "plain-alias"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("gpt").id == "gpt"


def test_azures_client_reaches_its_deployment(gateway, model):
    azure = openai.AzureOpenAI(
        azure_endpoint=gateway.url, azure_deployment=model, api_key="sk-client", api_version="2024-10-21", max_retries=0
    )
    with azure:
        answer = azure.chat.completions.create(model=model, messages=[user("hello")])
    assert answer.choices[0].message.content == GREETING
