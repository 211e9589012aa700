"""Request bodies: what arrives at the provider is what the client sent, however it was sent."""

import json

import httpx2
import pytest

from harness import raw
from harness.gateway import error_of, text_of
from harness.raw import Connection
from harness.standard import GPT
from harness.stand_in import GREETING
from harness.waiting import until

PATH = "/v1/chat/completions"
CHAT = b'{"model":"gpt","messages":[{"role":"user","content":"hello"}]}'
LIMIT = 32 * 1024 * 1024

# Each is what JSON allows and a careless gateway changes. `%s` is the model's name.
SPELLINGS = {
    "numbers": '{"model":"%s","messages":[{"role":"user","content":"hello"}],"temperature":1.10,"top_p":1e-1,'
    '"x_small":1e-7,"x_large":12345678901234567890,"x_more":-0.0,"x_most":1E+30}',
    "unknown members": '{"x_before":{"b":[1,{"a":null}]},"model":"%s","x_between":true,'
    '"messages":[{"role":"user","content":"hello","x_inside":[[]]}],"x_after":{}}',
    "order of members": '{"seed":1,"messages":[{"content":"hello","role":"user"}],"n":1,"model":"%s","logprobs":false}',
    "spaces": ' {\n\t"model" : "%s" ,\r\n "messages" : [ { "role" : "user" , "content" : "hello" } ]\n}\n ',
    "escapes": r'{"model":"%s","messages":[{"role":"user","content":"\u00e9\/\ud83e\udd80\t\u0000\\\" é 🦀"}]}',
    "escaped names": r'{"mod\u0065l":"%s","messages":[{"role":"user","content":"hello"}]}',
    "text that looks like members": r'{"messages":[{"role":"user","content":"\"model\":\"x\""}],"model":"%s"}',
    "last name": '{"messages":[{"role":"user","content":"hello"}],"user":"a","model":"%s"}',
}


def sized(size):
    """A request of exactly `size` bytes."""
    head, tail = b'{"model":"gpt","messages":[{"role":"user","content":"', b'"}]}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


def for_provider(body):
    """What the provider must receive for `body`: the same, but for its own name of the model."""
    return body.replace(b'"model":"gpt"', b'"model":"%s"' % GPT.encode())


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_body_arrives_byte_for_byte_but_for_the_model(gateway, stand_in, spelling):
    answer = raw.post(gateway.address, PATH, (SPELLINGS[spelling] % "gpt").encode())
    assert answer.status == 200, answer.body
    assert stand_in.last().body.decode() == SPELLINGS[spelling] % GPT


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_streamed_request_gains_nothing_but_stream_options(gateway, stand_in, spelling):
    sent = (SPELLINGS[spelling] % "gpt").rstrip()
    sent = sent[:-1] + ',"stream":true}'
    assert raw.post(gateway.address, PATH, sent.encode()).status == 200
    arrived = stand_in.last().body.decode()
    assert json.loads(arrived)["stream_options"] == {"include_usage": True}
    without = arrived.replace('"stream_options":{"include_usage":true}', "", 1)
    expected = SPELLINGS[spelling].rstrip()[:-1] % GPT + ',"stream":true}'
    assert without in (expected[:-1] + ",}", expected.replace("{", "{,", 1)), arrived


def test_stream_options_of_the_client_are_merged_in_place(gateway, stand_in):
    sent = CHAT[:-1] + b',"stream":true,"stream_options":{"x_own":1.10,"include_usage":false},"user":"a"}'
    assert raw.post(gateway.address, PATH, sent).status == 200
    arrived = json.loads(stand_in.last().body)
    assert arrived["stream_options"] == {"x_own": 1.1, "include_usage": True}
    assert b"1.10" in stand_in.last().body
    assert list(arrived) == ["model", "messages", "stream", "stream_options", "user"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body_arrives_whole(gateway, stand_in, size):
    pieces = [CHAT[start : start + size] for start in range(0, len(CHAT), size)]
    with Connection(gateway.address) as connection:
        connection.send(raw.head(PATH, "transfer-encoding: chunked"))
        for piece in pieces:
            connection.send(raw.chunk(piece))
        connection.send(raw.chunk(b""))
        assert connection.answer().status == 200
    assert stand_in.last().body == for_provider(CHAT)


def test_a_body_whose_end_comes_late_and_empty_arrives_whole(gateway, stand_in):
    received = "http.dragoman.downstream_cx_rx_bytes_total"
    before = gateway.stat(received)
    first = raw.head(PATH, "transfer-encoding: chunked") + raw.chunk(CHAT)
    with Connection(gateway.address) as connection:
        connection.send(first)
        until("Envoy to have read the body", lambda: gateway.stat(received) >= before + len(first))
        assert stand_in.requests() == []
        connection.send(raw.chunk(b""))
        assert connection.answer().status == 200
    assert stand_in.last().body == for_provider(CHAT)


def test_a_client_may_ask_before_it_sends(gateway, stand_in):
    with Connection(gateway.address) as connection:
        connection.send(raw.head(PATH, f"content-length: {len(CHAT)}", "expect: 100-continue"))
        assert connection.interim() == "HTTP/1.1 100 Continue"
        connection.send(CHAT)
        assert connection.answer().status == 200
    assert stand_in.last().body == for_provider(CHAT)
    assert stand_in.last().header("expect") is None


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_http_2_is_spoken(gateway, stand_in, model, stream):
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": stream}
    with httpx2.Client(base_url=gateway.url, http1=False, http2=True, trust_env=False) as client:
        answer = client.post(PATH, json=body)
    assert (answer.http_version, answer.status_code) == ("HTTP/2", 200)
    assert (answer.text.endswith("data: [DONE]\n\n")) is stream


def test_requests_share_a_connection(gateway, stand_in):
    with Connection(gateway.address) as connection:
        for number in range(3):
            body = CHAT.replace(b"hello", b"hello %d" % number)
            connection.send(raw.head(PATH, f"content-length: {len(body)}") + body)
            assert connection.answer().status == 200
            assert stand_in.last().body == for_provider(body)


@pytest.mark.parametrize("megabytes", [1, 20])
def test_a_large_body_arrives_whole(gateway, stand_in, megabytes):
    body = sized(megabytes * 1024 * 1024)
    assert raw.post(gateway.address, PATH, body).status == 200
    assert stand_in.last().body == for_provider(body)


def test_a_large_body_arrives_whole_over_http_2(gateway, stand_in):
    body = sized(20 * 1024 * 1024)
    with httpx2.Client(base_url=gateway.url, http1=False, http2=True, trust_env=False, timeout=30) as client:
        answer = client.post(PATH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert stand_in.last().body == for_provider(body)


def test_a_large_body_is_translated(gateway, stand_in):
    body = sized(1024 * 1024).replace(b'"gpt"', b'"claude"')
    assert raw.post(gateway.address, PATH, body).status == 200
    text = json.dumps(stand_in.last().json()["messages"])
    assert text.count("x") > 1024 * 1024 - 200


def test_a_body_over_the_limit_is_refused_by_its_stated_length(gateway, stand_in):
    with Connection(gateway.address) as connection:
        connection.send(raw.head(PATH, f"content-length: {LIMIT + 1}"))
        connection.send_until_answered([CHAT])
        assert_too_large(connection.answer())
    assert stand_in.requests() == []


def test_a_chunked_body_over_the_limit_is_refused(gateway, stand_in):
    piece = raw.chunk(b" " * (1024 * 1024))
    with Connection(gateway.address) as connection:
        connection.send(raw.head(PATH, "transfer-encoding: chunked"))
        connection.send_until_answered([piece] * 36)
        assert_too_large(connection.answer())
    assert stand_in.requests() == []


def assert_too_large(answer):
    assert answer.status == 413
    error = error_of(answer)
    assert (error["type"], error["code"]) == ("invalid_request_error", "request_too_large")


# body → code and param; the status is 400 and the type invalid_request_error for all of them.
WRONG = {
    "nothing": (b"", None, None),
    "not JSON": (b"hello", None, None),
    "half of it": (CHAT[:-3], None, None),
    "more after it": (CHAT + b"}", None, None),
    "a list": (b"[]", None, None),
    "a text": (b'"gpt"', None, None),
    "null": (b"null", None, None),
    "a byte order mark": (b"\xef\xbb\xbf" + CHAT, None, None),
    "UTF-16": (CHAT.decode().encode("utf-16"), None, None),
    "no UTF-8": (CHAT.replace(b"hello", b"\xff\xfe"), None, None),
    "no model": (b'{"messages":[]}', "missing_required_parameter", "model"),
    "no messages": (b'{"model":"gpt"}', "missing_required_parameter", "messages"),
    "a model that is no text": (b'{"model":1,"messages":[]}', "invalid_type", "model"),
    "messages that are no list": (b'{"model":"gpt","messages":{}}', "invalid_type", "messages"),
    "stream that is no boolean": (CHAT[:-1] + b',"stream":"yes"}', "invalid_type", "stream"),
    "deep nesting": (CHAT[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}", None, None),
    "deep nesting without end": (b'{"x":' + b'{"a":' * 100_000, None, None),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_body_is_refused_in_openais_words(gateway, stand_in, case):
    body, code, param = WRONG[case]
    answer = raw.post(gateway.address, PATH, body)
    assert answer.status == 400
    error = error_of(answer)
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert stand_in.requests() == []


def test_an_unknown_model_is_not_found_and_nothing_secret_is_told(gateway, stand_in):
    answer = gateway.chat("gpt-9")
    assert answer.status_code == 404
    error = error_of(answer)
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "model_not_found", "model")
    for told in ("claude", "hidden-alias", "127.0.0.1", "sk-", "gpt-1"):
        assert told not in answer.text
    assert stand_in.requests() == []


def test_a_model_named_twice_cannot_reach_another_than_the_one_that_was_checked(gateway, stand_in):
    body = CHAT[:-1] + b',"model":"gpt","model":"gpt-4-secret"}'
    answer = raw.post(gateway.address, PATH, body)
    if answer.status == 200:
        pairs = json.loads(stand_in.last().body, object_pairs_hook=list)
        assert {value for name, value in pairs if name == "model"} == {GPT}
    else:
        assert answer.status in (400, 404)
        error_of(answer)


# Odd, but JSON: what is no business of the gateway's is the provider's to judge.
ODD = {
    "lone surrogates": (CHAT.replace(b"hello", rb"\ud83e \udd80 \ud83e\ud83e"), True),
    "numbers beyond any type": (CHAT[:-1] + b',"x":%s,"seed":1e999999}' % (b"9" * 5000), True),
    "a member twice": (CHAT[:-1] + b',"user":"a","user":"b"}', True),
    "an empty name": (CHAT[:-1] + b',"":{"":""}}', True),
    "nesting at the limit": (CHAT[:-1] + b',"x":' + b"[" * 100 + b"]" * 100 + b"}", True),
}


@pytest.mark.parametrize("group", ["gpt", "claude"])
@pytest.mark.parametrize("case", ODD)
def test_an_odd_body_gets_a_clear_answer_and_the_gateway_goes_on(gateway, stand_in, case, group):
    body = ODD[case][0].replace(b'"model":"gpt"', b'"model":"%s"' % group.encode())
    answer = raw.post(gateway.address, PATH, body)
    assert answer.status in (200, 400)
    if answer.status == 400:
        error_of(answer)
    assert text_of(gateway.chat(group)) == GREETING


@pytest.mark.parametrize("case", ODD)
def test_an_odd_body_arrives_as_sent(gateway, stand_in, case):
    body = ODD[case][0]
    raw.post(gateway.address, PATH, body)
    assert stand_in.last().body == for_provider(body)
