"""Streams: what comes is passed on as it comes, in OpenAI's framing, and an end that is not good does not look good."""

import time

import httpx2
import pytest

from harness import sse
from harness.gateway import error_of, reassembled
from harness.reading import read
from harness.stand_in import GREETING
from harness.waiting import until

SIZES = [1, 2, 3, 5, 7, 13, 64, 1000]


def text_of(answer):
    reassembled(answer)
    return sse.text(answer.text)


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("size", SIZES)
def test_it_does_not_matter_where_the_bytes_are_cut(gateway, stand_in, model, size, crlf):
    stand_in.behave(split_bytes=size, crlf=crlf, comment_first=True)
    answer = gateway.stream(model, stream_options={"include_usage": True})
    assert text_of(answer) == GREETING
    assert len(sse.usages(answer.text)) == 1


def test_chunks_come_as_they_are_produced(gateway, stand_in, model):
    chunks, pause_s = 5, 0.1
    stand_in.behave(chunks=chunks, chunk_delay_ms=int(pause_s * 1000))
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": True}
    times = []
    with httpx2.stream("POST", f"{gateway.url}/v1/chat/completions", json=body, trust_env=False) as answer:
        for line in answer.iter_lines():
            if '"content":"' in line.replace(" ", "") and '"content":""' not in line.replace(" ", ""):
                times.append(time.monotonic())
    assert len(times) == chunks
    # Had the gateway kept them back, all would have come together; a busy machine may delay some.
    assert times[-1] - times[0] > pause_s


def test_the_first_chunk_is_here_before_the_provider_is_done(gateway, stand_in, model):
    stand_in.behave(stall_after_chunks=1)
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": True}
    with httpx2.stream("POST", f"{gateway.url}/v1/chat/completions", json=body, trust_env=False, timeout=10) as answer:
        seen = ""
        for text in answer.iter_text():
            seen += text
            if "你好" in seen:
                break
    assert "[DONE]" not in seen


def test_many_chunks_are_all_passed_on(gateway, stand_in, model):
    stand_in.behave(chunks=2000, chunk_bytes=33)
    assert len(text_of(gateway.stream(model)).encode()) == 2000 * 33


def test_usage_is_asked_for_and_kept_from_a_client_that_did_not_ask(gateway, stand_in):
    answer = gateway.stream("gpt")
    assert stand_in.last().json()["stream_options"] == {"include_usage": True}
    chunks = reassembled(answer)
    assert sse.usages(answer.text) == []
    assert all(chunk["choices"] for chunk in chunks)


@pytest.mark.parametrize("options", [{"include_usage": False}, {}])
def test_usage_is_kept_from_a_client_that_declined(gateway, model, options):
    answer = gateway.stream(model, stream_options=options)
    assert all(chunk["choices"] for chunk in reassembled(answer))
    assert sse.usages(answer.text) == []


def test_usage_comes_once_to_a_client_that_asked(gateway, model):
    answer = gateway.stream(model, stream_options={"include_usage": True})
    last = reassembled(answer)[-1]
    assert last["choices"] == [] and last["usage"]["total_tokens"] > 0
    assert len(sse.usages(answer.text)) == 1


def test_a_stream_without_usage_is_passed_on(gateway, stand_in, model):
    stand_in.behave(no_usage=True)
    assert text_of(gateway.stream(model)) == GREETING


@pytest.mark.parametrize(
    "behaviour",
    [{"error_event_first": True}, {"error_event_first": True, "comment_first": True}],
    ids=["at once", "after a comment"],
)
def test_an_error_before_any_content_is_an_http_error(gateway, stand_in, model, behaviour):
    stand_in.behave(**behaviour)
    answer = gateway.stream(model)
    assert answer.status_code >= 500
    error_of(answer)


# A chunk with content, and then nothing.
HALF = 'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"你好"},"finish_reason":null}]}\n\n'
BROKEN = {
    "an error event": {"gpt": {"error_event_after": 1}, "claude": {"error_event_after": 1}},
    "a cut": {"gpt": {"cut_after_chunks": 1}, "claude": {"cut_after_chunks": 1}},
    "an early end": {
        "gpt": {"status": 200, "body": HALF, "content_type": "text/event-stream"},
        "claude": {"no_terminal": True},
    },
}


@pytest.mark.parametrize("split", [None, 3])
@pytest.mark.parametrize("case", BROKEN)
def test_a_stream_that_breaks_does_not_end_as_if_all_were_well(gateway, stand_in, model, case, split):
    stand_in.behave(split_bytes=split, **BROKEN[case][model])
    seen = read_what_comes(gateway, model)
    assert "你好" in seen
    assert "[DONE]" not in seen


@pytest.mark.parametrize("case", ["an error event", "an early end"])
def test_a_stream_that_breaks_says_so_in_an_error_event(gateway, stand_in, model, case):
    stand_in.behave(**BROKEN[case][model])
    (error,) = sse.errors(read_what_comes(gateway, model))
    assert error["message"] and error["type"]


def test_an_end_that_only_lacks_its_mark_gets_it(gateway, stand_in):
    stand_in.behave(no_terminal=True)
    assert text_of(gateway.stream("gpt")) == GREETING


def read_what_comes(gateway, model):
    """The text of a stream up to its end. Envoy resets the client when the provider resets Envoy: that is no good end either."""
    answer = read(gateway, model, stream=True)
    assert answer.end != "silence"
    return answer.text


NO_STREAM = {
    "a page": {"html_200": True},
    "nothing": {"empty_200": True},
    "nothing but headers": {"cut_after_headers": True},
}


@pytest.mark.parametrize("case", NO_STREAM)
def test_what_is_no_stream_is_an_error(gateway, stand_in, model, case):
    stand_in.behave(**NO_STREAM[case])
    answer = gateway.stream(model)
    assert answer.status_code == 502
    assert "<" not in error_of(answer)["message"]


def test_a_plain_answer_to_a_request_for_a_stream_reaches_the_client(gateway, stand_in):
    document = '{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
    stand_in.behave(status=200, body=document, content_type="application/json")
    answer = gateway.stream("gpt")
    assert answer.status_code == 200
    if answer.headers["content-type"].startswith("text/event-stream"):
        assert text_of(answer) == "whole"
    else:
        assert answer.json()["choices"][0]["message"]["content"] == "whole"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_compressed_answer_is_passed_on_untouched_and_counted(gateway, stand_in, stream):
    before = gateway.metrics()
    stand_in.behave(gzip=True)
    answer = gateway.chat("gpt", stream=stream)
    assert answer.status_code == 200
    assert answer.headers["content-encoding"] == "gzip"
    assert "你好" in answer.text
    name = "dragoman_compressed_answers_total"
    until("the count", lambda: gateway.metrics().sum(name) == before.sum(name) + 1)


def test_a_provider_is_not_asked_for_a_compressed_answer(gateway, stand_in, model):
    gateway.chat(model, headers={"accept-encoding": "gzip, br"})
    assert stand_in.last().header("accept-encoding") in (None, "identity")


def test_a_malformed_event_does_not_break_the_gateway(gateway, stand_in, model):
    stand_in.behave(malformed_frame_after=1)
    read_what_comes(gateway, model)
    stand_in.reset()
    assert text_of(gateway.stream(model)) == GREETING
