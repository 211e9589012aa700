"""Failures: whatever a provider or Envoy itself sends, the client gets an OpenAI error with the right status."""

import contextlib
import json

import httpx2
import pytest

from harness.gateway import error_of, text_of
from harness.stand_in import GREETING

STATUSES = [400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503]
PAGE = "<!DOCTYPE html><html><head><title>Bad</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@pytest.mark.parametrize("status", STATUSES)
def test_the_vendors_own_error_keeps_its_status(gateway, stand_in, model, status):
    stand_in.behave(status=status)
    answer = gateway.chat(model)
    assert answer.status_code == status
    assert error_of(answer)["type"]


FORMS = {
    "a page": (PAGE, "text/html"),
    "a page that says it is JSON": (PAGE, "application/json"),
    "plain text": ("no healthy upstream", "text/plain"),
    "nothing": ("", "text/plain"),
    "JSON that is no error": ('{"hello":1}', "application/json"),
    "a list": ("[]", "application/json"),
    "half of an error": ('{"error":{"mess', "application/json"),
    "an error that is a text": ('{"error":"over quota"}', "application/json"),
    "a detail": ('{"detail":[{"loc":["body","model"],"msg":"field required"}]}', "application/json"),
}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("form", FORMS)
def test_whatever_form_an_error_has_it_arrives_as_openais(gateway, stand_in, model, form, stream):
    body, content_type = FORMS[form]
    stand_in.behave(status=502, body=body, content_type=content_type)
    answer = gateway.chat(model, stream=stream)
    assert answer.status_code == 502
    assert "<" not in error_of(answer)["message"]


def test_openais_own_words_are_kept(gateway, stand_in):
    error = {"message": "too long", "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}
    stand_in.behave(status=400, body=json.dumps({"error": error}), content_type="application/json")
    assert error_of(gateway.chat("gpt")) == error


def test_anthropics_words_are_kept_in_openais_form(gateway, stand_in):
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: too many"}}
    stand_in.behave(status=400, body=json.dumps(error), content_type="application/json")
    found = error_of(gateway.chat("claude"))
    assert (found["type"], found["message"]) == ("invalid_request_error", "max_tokens: too many")


LOCAL = {"refused": 502, "lost": 503, "brief": 504}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("group", LOCAL)
def test_a_failure_of_envoys_own_is_an_openai_error(gateway, stand_in, group, stream):
    stand_in.behave(delay_ms=3000)
    answer = gateway.chat(group, stream=stream)
    assert answer.status_code == LOCAL[group]
    error_of(answer)
    assert answer.headers["x-litellm-call-id"]
    assert answer.headers["x-litellm-model-group"] == group


def test_a_deployment_in_time_is_not_cut_off_by_its_timeout(gateway, stand_in):
    assert text_of(gateway.chat("brief")) == GREETING


@pytest.mark.parametrize("behaviour", ["reset_before_headers", "reset_mid_body", "empty_200", "html_200"])
def test_an_answer_that_is_none_is_a_bad_gateway(gateway, stand_in, model, behaviour):
    stand_in.behave(**{behaviour: True})
    answer = gateway.chat(model)
    assert answer.status_code == 502
    error_of(answer)


@pytest.mark.parametrize("body", ["{}", "[]", '{"choices":', "null", '{"choices":[]}', '{"content":{}}'])
def test_a_200_that_anthropic_never_sends_is_a_bad_gateway(gateway, stand_in, body):
    stand_in.behave(status=200, body=body, content_type="application/json")
    answer = gateway.chat("claude")
    assert answer.status_code == 502
    error_of(answer)


def test_the_gateway_goes_on_after_every_failure(gateway, stand_in, model):
    for behaviour in ("reset_before_headers", "reset_mid_body", "empty_200", "html_200", "cut_after_headers", "echo_key"):
        for stream in (False, True):
            stand_in.behave(**{behaviour: True})
            with contextlib.suppress(httpx2.RemoteProtocolError):
                gateway.chat(model, stream=stream)
            stand_in.reset()
            assert text_of(gateway.chat(model)) == GREETING
