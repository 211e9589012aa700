"""Retries: how often, after which wait, and within which time; what a request says about it counts before the file."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.gateway import error_of, text_of
from harness.routed import ask_anew, at_once, config, member, pair, retries, served
from harness.stand_in import GREETING
from harness.waiting import until

FLOOR_S = 1


@pytest.fixture(scope="module")
def patient(start_here, provider, transport):
    """Fails over within a group at once, and otherwise waits for `retry_after` at the least."""
    groups = ["often", "strict", "late", "told", "quick"]
    members = [entry for group in groups for entry in pair(provider.url, group)]
    members += [member(provider.url, "alone", "alone-1"), member(provider.url, "other", "other-1")]
    router = {
        "disable_cooldowns": True,
        "retry_after": FLOOR_S,
        "model_group_retry_policy": {"strict": {"InternalServerErrorRetries": 0}},
    }
    return start_here(config(transport, members, router))


HOW_OFTEN = {
    "by default": ({}, 3),
    "never": ({"num_retries": 0}, 1),
    "once by the body": ({"num_retries": 1}, 2),
    "once by a header": ({"headers": {"x-litellm-num-retries": "1"}}, 2),
}


@pytest.mark.parametrize("said", HOW_OFTEN)
def test_a_group_is_tried_again_as_often_as_was_said(patient, stand_in, said):
    request, calls = HOW_OFTEN[said]
    stand_in.behave(status=500)
    answer = ask_anew(patient, "often", **request)
    assert answer.status_code == 500
    error_of(answer)
    assert stand_in.counts().total() == calls


def test_what_a_request_says_about_retries_is_not_told_to_the_provider(patient, stand_in):
    headers = {"x-litellm-num-retries": "1", "x-litellm-timeout": "9"}
    text_of(ask_anew(patient, "often", num_retries=2, headers=headers))
    assert set(stand_in.last().json()) == {"model", "messages"}
    assert not [name for name in stand_in.last().header_names() if name.startswith("x-litellm")]


def test_a_policy_for_one_kind_of_failure_counts_before_the_number(patient, stand_in):
    stand_in.behave("strict-a", status=500)
    assert ask_anew(patient, "strict").status_code == 500
    stand_in.behave("strict-a", status=408)
    assert served([ask_anew(patient, "strict")]) == {"strict-b": 1}


def test_another_deployment_is_tried_at_once_whatever_the_floor(patient, stand_in):
    stand_in.behave("quick-a", status=500, times=1)
    answer = ask_anew(patient, "quick")
    assert (text_of(answer), retries(answer)) == (GREETING, 1)
    assert answer.elapsed.total_seconds() < FLOOR_S


def test_the_floor_is_the_least_wait_for_the_same_deployment(patient, stand_in):
    stand_in.behave("alone-1", status=503, times=1)
    answer = ask_anew(patient, "alone")
    assert (text_of(answer), retries(answer)) == (GREETING, 1)
    assert answer.elapsed.total_seconds() >= FLOOR_S


def test_a_wait_holds_no_worker(patient, stand_in):
    stand_in.behave("alone-1", status=503, times=6)
    started = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(ask_anew, patient, "alone") for _ in range(6)]
        until("their failures", lambda: stand_in.counts()["alone-1"] == 6)
        others = ask_anew(patient, "other")
        assert served(call.result() for call in waiting) == {"alone-1": 6}
    assert served([others]) == {"other-1": 1}
    assert others.elapsed.total_seconds() < FLOOR_S
    assert time.monotonic() - started < 3 * FLOOR_S, "they waited one after the other"


def test_a_provider_that_says_not_to_is_not_asked_again(patient, stand_in):
    stand_in.behave(status=500, headers={"x-should-retry": "false"})
    assert ask_anew(patient, "told").status_code == 500
    assert stand_in.counts().total() == 1


TIME = {"by a header": {"headers": {"x-litellm-timeout": "0.5"}}, "by the body": {"timeout": 0.5}}


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("said", TIME)
def test_a_requests_time_bounds_all_its_attempts_together(patient, stand_in, said, stream):
    stand_in.behave("late-a", status=500, delay_ms=300)
    stand_in.behave("late-b", delay_ms=3000)
    answer = ask_anew(patient, "late", stream=stream, **TIME[said])
    assert answer.status_code == 504
    error_of(answer)
    assert 0.5 <= answer.elapsed.total_seconds() < 1.5
    assert stand_in.counts() == {"late-a": 1, "late-b": 1}


def test_the_floor_does_not_outlast_a_requests_time(patient, stand_in):
    stand_in.behave(status=503)
    answer = ask_anew(patient, "alone", headers={"x-litellm-timeout": "0.4"})
    assert answer.status_code in (503, 504)
    assert answer.elapsed.total_seconds() < FLOOR_S


def test_an_outage_is_not_multiplied(start_here, stand_in, transport):
    requests = 40
    members = pair(stand_in.url, "down")
    budget = {"retry_budget": {"percent": 20, "floor": 2}}
    gateway = start_here(config(transport, members, {"disable_cooldowns": True}, budget))
    stand_in.behave(status=500, delay_ms=300)
    answers = at_once(requests, lambda: ask_anew(gateway, "down"))
    assert {answer.status_code for answer in answers} == {500}
    # Without a budget three calls would be made for each.
    assert requests < stand_in.counts().total() < 1.75 * requests
