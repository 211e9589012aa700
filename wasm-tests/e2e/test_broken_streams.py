"""Streams whose provider fails: unnoticed before content, told after it, gone on with or hedged where asked for."""

import pytest

from harness import sse
from harness.gateway import reassembled, text_of
from harness.reading import read
from harness.routed import ask_anew, config, fallbacks, member, pair, retries, served
from harness.stand_in import GREETING
from harness.waiting import until

SAID = "你好 from "
HEDGE_S = 0.3


@pytest.fixture(scope="module")
def streaming(start_here, provider, transport):
    groups = ["clean", "event", "end", "malformed", "stall"]
    members = [entry for group in groups for entry in pair(provider.url, group)]
    return start_here(config(transport, members, {"disable_cooldowns": True}, {"stream_idle_timeout": 0.4}))


def test_a_role_and_then_an_error_becomes_one_clean_stream(streaming, stand_in):
    stand_in.behave("clean-a", error_event_after=0)
    answer = ask_anew(streaming, "clean", stream=True, stream_options={"include_usage": True})
    chunks = reassembled(answer)
    assert sse.text(answer.text) == GREETING
    assert len({chunk["id"] for chunk in chunks}) == 1
    roles = [choice["delta"].get("role") for chunk in chunks for choice in chunk["choices"]]
    assert roles.count("assistant") == 1
    assert len(sse.usages(answer.text)) == 1
    assert (retries(answer), fallbacks(answer)) == (1, 0)
    assert served([answer]) == {"clean-b": 1}


# What happens after two of four chunks of content.
BREAKS = {
    "event": {"error_event_after": 2},
    "end": {"end_after_chunks": 2},
    "malformed": {"malformed_frame_after": 2},
    "stall": {"stall_after_chunks": 2},
}


@pytest.mark.parametrize("group", BREAKS)
def test_after_content_a_stream_ends_with_an_error_and_what_it_used_is_counted(streaming, stand_in, group):
    stand_in.behave(f"{group}-a", **BREAKS[group])
    answer = read(streaming, group, stream=True)
    assert answer.status == 200
    assert sse.text(answer.text) == SAID
    assert "[DONE]" not in answer.text
    (error,) = sse.errors(answer.text)
    assert sse.events(answer.text)[-1].startswith('{"error":'), "the error is the last event"
    assert {"message", "type", "param", "code"} <= set(error)
    assert stand_in.counts() == {f"{group}-a": 1}

    def tokens(kind):
        return streaming.metrics().sum("dragoman_tokens_total", deployment=f"{group}-a", type=kind)

    until("its tokens", lambda: tokens("input") > 0 and tokens("output") > 0)


# Content and failure that come together have not reached the client yet: the whole is tried again.
SOON_MS = 50


@pytest.fixture(scope="module")
def daring(start_here, provider, transport):
    """Goes on in the middle of a stream, and asks a second deployment when the first is silent."""
    dragoman = {"midstream": "continue", "hedge_after": HEDGE_S}
    goes_on = {"prefill": True}
    members = [
        member(provider.url, "half", "half-1"),
        {**member(provider.url, "rest", "rest-1"), "dragoman": goes_on},
        member(provider.url, "half-lost", "half-lost-1"),
        member(provider.url, "unable", "unable-1"),
        *pair(provider.url, "hedged"),
    ]
    router = {"num_retries": 0, "fallbacks": [{"half": ["rest"]}, {"half-lost": ["unable"]}]}
    return start_here(config(transport, members, router, dragoman))


@pytest.mark.parametrize("fault", ["error_event_after", "end_after_chunks", "malformed_frame_after"])
def test_a_fallback_that_can_goes_on_from_the_text_so_far(daring, stand_in, fault):
    stand_in.behave("half-1", chunk_delay_ms=SOON_MS, **{fault: 2})
    answer = ask_anew(daring, "half", stream=True)
    chunks = reassembled(answer)
    assert sse.text(answer.text) == SAID + GREETING
    assert sse.errors(answer.text) == []
    assert len({chunk["id"] for chunk in chunks}) == 1
    last = stand_in.last().json()["messages"][-1]
    assert (last["role"], last["content"]) == ("assistant", SAID)
    assert stand_in.counts() == {"half-1": 1, "rest-1": 1}


def test_one_that_cannot_is_not_asked_to(daring, stand_in):
    stand_in.behave("half-lost-1", chunk_delay_ms=SOON_MS, error_event_after=2)
    answer = read(daring, "half-lost", stream=True)
    assert sse.text(answer.text) == SAID
    assert len(sse.errors(answer.text)) == 1
    assert stand_in.counts() == {"half-lost-1": 1}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_second_is_asked_when_the_first_is_silent_and_the_first_content_wins(daring, stand_in, stream):
    stand_in.behave("hedged-a", delay_ms=2000)
    answer = ask_anew(daring, "hedged", stream=stream)
    assert served([answer]) == {"hedged-b": 1}
    assert HEDGE_S <= answer.elapsed.total_seconds() < 1.5
    assert stand_in.counts() == {"hedged-a": 1, "hedged-b": 1}


def test_the_one_that_lost_is_let_go(daring, stand_in):
    stand_in.behave("hedged-a", stall_after_chunks=0)
    assert served([ask_anew(daring, "hedged", stream=True)]) == {"hedged-b": 1}
    until("its end", lambda: stand_in.unfinished() == 1)


def test_a_first_that_speaks_in_time_is_the_only_one_asked(daring, stand_in):
    assert text_of(ask_anew(daring, "hedged")) == GREETING
    assert stand_in.counts() == {"hedged-a": 1}


def test_the_first_wins_where_it_is_still_faster(daring, stand_in):
    stand_in.behave("hedged-a", delay_ms=600)
    stand_in.behave("hedged-b", delay_ms=2000)
    answer = ask_anew(daring, "hedged", stream=True)
    assert served([answer]) == {"hedged-a": 1}
    assert stand_in.counts() == {"hedged-a": 1, "hedged-b": 1}
