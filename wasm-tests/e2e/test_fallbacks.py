"""Fallbacks: where a request goes on when its group has failed, in the tutorial's order: specific, default, final error."""

import json

import pytest

from harness import standard
from harness.conversation import user
from harness.gateway import error_of, text_of
from harness.routed import KEY, ask_anew, config, fallbacks, member, served
from harness.stand_in import GREETING
from harness.waiting import until

MOST = 5
LONG_CHAIN = [f"long-{number}" for number in range(1, 8)]
TOO_LONG = {"message": "Too long.", "type": "invalid_request_error", "code": "context_length_exceeded", "param": None}
FILTERED = {"message": "Filtered.", "type": "invalid_request_error", "code": "content_filter", "param": None}


@pytest.fixture(scope="module")
def forgiving(start_here, provider, transport):
    """Groups of one deployment each, which is asked once."""
    groups = ["qwen-turbo", "listed", "listed-1", "listed-2", "circle", "back", "window", "window-large", "window-general"]
    groups += ["filtered", "filtered-other", "unfiltered", "lonely", "safety", "long", *LONG_CHAIN]
    members = [member(provider.url, group, f"{group}-id") for group in groups]
    claude = {"api_base": provider.url, "api_key": KEY}
    members.append(standard.deployment("claude-3-opus", "anthropic/claude-3-opus", "claude-3-opus-id", **claude))
    router = {
        "num_retries": 0,
        "fallbacks": [
            # The tutorial writes a text where a list is meant.
            {"qwen-turbo": "claude-3-opus"},
            {"listed": ["listed-1", "listed-2"]},
            {"circle": ["back"]},
            {"back": ["circle"]},
            {"window-general": ["listed-1"]},
            {"long": LONG_CHAIN},
        ],
        "context_window_fallbacks": [{"window": ["window-large"]}],
        "content_policy_fallbacks": [{"filtered": ["filtered-other"]}],
        "default_fallbacks": ["safety"],
        "max_fallbacks": MOST,
    }
    return start_here(config(transport, members, router))


def fail(stand_in, *groups, **behaviour):
    for group in groups:
        stand_in.behave(f"{group}-id", **(behaviour or {"status": 500}))


def asked(stand_in):
    """The groups that were asked, and how often."""
    return {name.removesuffix("-id"): count for name, count in stand_in.counts().items()}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_tutorials_own_fallback_leads_to_the_model_it_names(forgiving, stand_in, stream):
    fail(stand_in, "qwen-turbo")
    # Anthropic has nothing for a seed: what the fallback cannot take is left out.
    answer = ask_anew(forgiving, "qwen-turbo", seed=7, stream=stream)
    assert served([answer]) == {"claude-3-opus-id": 1}
    assert fallbacks(answer) == 1
    assert stand_in.counts() == {"qwen-turbo-id": 1, "claude-3-opus": 1}


def test_fallbacks_are_tried_in_their_order_and_then_the_default(forgiving, stand_in):
    fail(stand_in, "listed")
    assert served([ask_anew(forgiving, "listed")]) == {"listed-1-id": 1}
    fail(stand_in, "listed-1")
    assert served([ask_anew(forgiving, "listed")]) == {"listed-2-id": 1}
    fail(stand_in, "listed-2")
    assert served([ask_anew(forgiving, "listed")]) == {"safety-id": 1}


def test_the_final_error_says_what_was_tried_and_no_secret(forgiving, stand_in):
    fail(stand_in, "listed", "listed-1", "listed-2", "safety", status=503)
    answer = ask_anew(forgiving, "listed")
    assert answer.status_code == 503
    message = error_of(answer)["message"]
    assert all(f"{group}-id" in message for group in ("listed", "listed-1", "listed-2", "safety")), message
    assert KEY not in answer.text


def test_no_group_is_asked_twice_however_the_fallbacks_point_at_each_other(forgiving, stand_in):
    fail(stand_in, "circle", "back", "safety")
    assert ask_anew(forgiving, "circle").status_code == 500
    assert asked(stand_in) == {"circle": 1, "back": 1, "safety": 1}


def test_there_are_no_more_fallbacks_than_max_fallbacks(forgiving, stand_in):
    fail(stand_in, "long", *LONG_CHAIN)
    assert ask_anew(forgiving, "long").status_code == 500
    assert asked(stand_in) == dict.fromkeys(["long", *LONG_CHAIN[:MOST]], 1)


def test_a_prompt_too_long_goes_to_the_context_window_fallback(forgiving, stand_in):
    fail(stand_in, "window", status=400, body=json.dumps({"error": TOO_LONG}), content_type="application/json")
    assert served([ask_anew(forgiving, "window")]) == {"window-large-id": 1}


def test_without_one_it_goes_to_the_general_fallback(forgiving, stand_in):
    fail(stand_in, "window-general", status=400, body=json.dumps({"error": TOO_LONG}), content_type="application/json")
    assert served([ask_anew(forgiving, "window-general")]) == {"listed-1-id": 1}


def test_refused_content_goes_to_the_content_policy_fallback(forgiving, stand_in):
    fail(stand_in, "filtered", status=400, body=json.dumps({"error": FILTERED}), content_type="application/json")
    assert served([ask_anew(forgiving, "filtered")]) == {"filtered-other-id": 1}


EMPTY = '{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"content_filter"}],"usage":{"prompt_tokens":1,"completion_tokens":0,"total_tokens":1}}'


def test_an_answer_that_was_filtered_counts_as_refused_where_there_is_a_fallback_for_it(forgiving, stand_in):
    stand_in.behave(times=1, status=200, body=EMPTY, content_type="application/json")
    assert served([ask_anew(forgiving, "filtered")]) == {"filtered-other-id": 1}


def test_elsewhere_it_is_an_answer(forgiving, stand_in):
    stand_in.behave(times=1, status=200, body=EMPTY, content_type="application/json")
    answer = ask_anew(forgiving, "unfiltered")
    assert answer.json()["choices"][0]["finish_reason"] == "content_filter"
    assert served([answer]) == {"unfiltered-id": 1}


MOCKED = {
    "mock_testing_fallbacks": ("listed", "listed-1"),
    "mock_testing_context_fallbacks": ("window", "window-large"),
    "mock_testing_content_policy_fallbacks": ("filtered", "filtered-other"),
}


@pytest.mark.parametrize("member_name", MOCKED)
def test_a_failure_can_be_pretended(forgiving, stand_in, member_name):
    group, fallback = MOCKED[member_name]
    assert served([ask_anew(forgiving, group, **{member_name: True})]) == {f"{fallback}-id": 1}
    assert asked(stand_in) == {fallback: 1}
    assert set(stand_in.last().json()) == {"model", "messages"}


@pytest.mark.parametrize("own", ["listed-2", ["listed-2"], [{"model": "listed-2"}]], ids=["text", "list", "objects"])
def test_a_request_may_bring_its_own_fallbacks(forgiving, stand_in, own):
    fail(stand_in, "lonely")
    assert served([ask_anew(forgiving, "lonely", fallbacks=own)]) == {"listed-2-id": 1}
    assert set(stand_in.last().json()) == {"model", "messages"}


def test_a_request_may_do_without_fallbacks(forgiving, stand_in):
    fail(stand_in, "listed")
    answer = ask_anew(forgiving, "listed", disable_fallbacks=True)
    assert answer.status_code == 500
    assert asked(stand_in) == {"listed": 1}


def test_a_model_nobody_knows_goes_to_the_default_fallback(forgiving, stand_in):
    assert text_of(ask_anew(forgiving, "nobody")) == GREETING
    assert asked(stand_in) == {"safety": 1}


def test_the_fallback_is_asked_in_the_same_words(forgiving, stand_in):
    fail(stand_in, "listed")
    messages = [user("first"), {"role": "assistant", "content": "žluť"}, user("second 🦀")]
    body = {"model": "listed", "messages": messages, "temperature": 0.5, "user": "u-1"}
    text_of(forgiving.http.post("/v1/chat/completions", json=body))
    assert stand_in.last().json() == {**body, "model": "listed-1-id"}


def test_fallbacks_are_counted(forgiving, stand_in):
    def count():
        return forgiving.metrics().sum("dragoman_fallbacks_total", **{"from": "lonely", "to": "safety"})

    before = count()
    fail(stand_in, "lonely")
    ask_anew(forgiving, "lonely")
    until("the count", lambda: count() == before + 1)
    assert forgiving.metrics().values("dragoman_fallbacks_total", "reason")
