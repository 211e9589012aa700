"""Who may call, and that no credential goes where it does not belong."""

import json

import pytest

from harness import sse, standard
from harness.conversation import TOOLS, user
from harness.gateway import error_of, text_of
from harness.standard import ANTHROPIC_KEY, OPENAI_KEY
from harness.stand_in import GREETING

MASTER = "sk-master-72b1"
KEYS = {"gpt": OPENAI_KEY, "claude": ANTHROPIC_KEY}


@pytest.fixture(scope="module")
def keyed_gateway(start, provider):
    config = standard.config(provider.url) | {"general_settings": {"master_key": MASTER}}
    return start(config, environment=standard.ENVIRONMENT)


@pytest.fixture
def keyed(keyed_gateway, stand_in):
    """A gateway whose callers must present a key."""
    return keyed_gateway


REFUSED = {
    "no key": {},
    "another key": {"authorization": "Bearer sk-other"},
    "the beginning": {"authorization": f"Bearer {MASTER[:-1]}"},
    "more than the key": {"x-api-key": f"{MASTER}x"},
    "an empty one": {"authorization": "Bearer"},
    "a provider's key": {"authorization": f"Bearer {OPENAI_KEY}"},
    "other letters": {"api-key": MASTER.upper()},
    "in a header of its own": {"x-master-key": MASTER},
}


@pytest.mark.parametrize("case", REFUSED)
def test_without_the_key_nobody_is_served(keyed, stand_in, case):
    answer = keyed.chat("gpt", headers=REFUSED[case])
    assert answer.status_code == 401
    error = error_of(answer)
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_api_key")
    assert MASTER not in answer.text
    assert stand_in.requests() == []


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "api-key"])
def test_the_key_is_taken_where_clients_put_it(keyed, model, name):
    value = f"Bearer {MASTER}" if name == "authorization" else MASTER
    assert text_of(keyed.chat(model, headers={name: value})) == GREETING


def test_models_need_the_key_and_probes_do_not(keyed):
    assert keyed.http.get("/v1/models").status_code == 401
    assert keyed.http.get("/v1/models", headers={"api-key": MASTER}).status_code == 200
    assert keyed.http.get("/health/liveliness").status_code == 200
    assert keyed.http.get("/health/readiness").status_code == 200


CLIENTS_OWN = {
    "api-key": "client-secret-2",
    "authorization": "Bearer client-secret-1",
    "cookie": "session=client-secret-3",
    "keep-alive": "timeout=5",
    "proxy-authorization": "Basic client-secret-4",
    "te": "trailers",
    "x-api-key": "client-secret-5",
    "x-envoy-retry-on": "5xx",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-forwarded-for": "192.0.2.1",
    "x-goog-api-key": "client-secret-6",
    "x-litellm-api-key": "client-secret-7",
    "x-litellm-tags": "client-secret-8",
}


def test_what_is_the_clients_own_never_reaches_a_provider(gateway, stand_in, model):
    assert text_of(gateway.chat(model, headers=CLIENTS_OWN)) == GREETING
    seen = stand_in.last()
    assert "client-secret" not in json.dumps(seen.headers)
    for name in seen.header_names():
        assert not name.startswith(("x-envoy-", "x-litellm-", "x-forwarded-for")), name
    assert seen.header_names().isdisjoint(
        {"cookie", "keep-alive", "proxy-authorization", "te", "transfer-encoding", gateway.cluster_header}
    )


def test_a_provider_gets_the_deployments_key_in_its_own_place(gateway, stand_in):
    gateway.chat("gpt", headers=CLIENTS_OWN)
    assert stand_in.last().header("authorization") == f"Bearer {OPENAI_KEY}"
    gateway.chat("claude", headers=CLIENTS_OWN)
    assert stand_in.last().header("x-api-key") == ANTHROPIC_KEY
    assert stand_in.last().header("authorization") is None


def assert_unseen(key, answer):
    assert key not in answer.text
    assert key not in json.dumps(list(answer.headers.multi_items()))


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_key_that_a_provider_echoes_in_an_error_is_kept_from_the_client(gateway, stand_in, model, stream):
    stand_in.behave(echo_key=True)
    answer = gateway.chat(model, stream=stream)
    assert answer.status_code == 401
    error_of(answer)
    assert_unseen(KEYS[model], answer)


@pytest.mark.parametrize("content_type", ["application/json", "text/html", "text/plain"])
def test_a_key_is_kept_from_the_client_whatever_holds_it(gateway, stand_in, model, content_type):
    stand_in.behave(status=403, body=f"<b>{KEYS[model]}</b>", content_type=content_type)
    answer = gateway.chat(model)
    assert answer.status_code == 403
    error_of(answer)
    assert_unseen(KEYS[model], answer)


def test_a_key_in_a_good_answer_is_kept_from_the_client(gateway, stand_in):
    message = {"role": "assistant", "content": f"your key is {OPENAI_KEY}"}
    document = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
    document["choices"] = [{"index": 0, "message": message, "finish_reason": "stop"}]
    stand_in.behave(
        status=200, body=json.dumps(document), content_type="application/json", headers={"x-debug": OPENAI_KEY}
    )
    answer = gateway.chat("gpt")
    assert text_of(answer).startswith("your key is ")
    assert_unseen(OPENAI_KEY, answer)


@pytest.mark.parametrize("split", [None, 1, 5, 64])
def test_a_key_in_a_stream_is_kept_from_the_client_wherever_it_is_cut(gateway, stand_in, model, split):
    # The stand-in repeats what tools found: the only way to make it say any text in a stream.
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = [
        user("weather?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": f"{KEYS[model]} is the key"},
    ]
    stand_in.behave(split_bytes=split)
    body = {"model": model, "messages": messages, "tools": TOOLS, "stream": True}
    answer = gateway.http.post("/v1/chat/completions", json=body)
    assert sse.text(answer.text).endswith(" is the key 🦀")
    assert_unseen(KEYS[model], answer)
    assert KEYS[model] not in sse.text(answer.text)


def test_no_key_is_ever_written_down(gateway, stand_in):
    for behaviour in ({"echo_key": True}, {"reset_before_headers": True}, {"html_200": True}):
        stand_in.behave(**behaviour)
        for model in KEYS:
            answer = gateway.chat(model, headers=CLIENTS_OWN)
            gateway.log_of(answer)
    written = "\n".join(gateway.process.lines) + gateway.process.error_text()
    for secret in (OPENAI_KEY, ANTHROPIC_KEY, "client-secret"):
        assert secret not in written


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_redirect_is_not_followed(gateway, stand_in, elsewhere, model, stream):
    elsewhere.reset()
    stand_in.behave(redirect=f"{elsewhere.url}/v1/chat/completions")
    answer = gateway.chat(model, stream=stream)
    assert answer.status_code == 502
    assert error_of(answer)["type"] == "server_error"
    assert "location" not in answer.headers
    assert elsewhere.address not in answer.text
    assert elsewhere.requests() == []
    assert len(stand_in.requests()) == 1
