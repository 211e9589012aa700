"""Cooldowns: a deployment that fails rests, for all workers and over an update, and is then tried with one request."""

import time

import pytest

from harness.routed import ask_anew, at_once, config, member, pair, served
from harness.updatable import Updatable
from harness.waiting import until

REST_S = 1


@pytest.fixture(scope="module")
def resting(start_here, provider, transport):
    long = {"cooldown_time": 60}
    members = [
        *pair(provider.url, "limited"),
        *pair(provider.url, "probed"),
        *pair(provider.url, "locked", first=long),
        *pair(provider.url, "workers", first=long),
        *pair(provider.url, "lenient", first=long, info={"allowed_fails": 2}),
        *pair(provider.url, "wrong", first=long),
        *pair(provider.url, "dead", first={**long, "api_base": "http://127.0.0.1:9/v1"}, info={"allowed_fails": 0}),
        member(provider.url, "single", "single-1"),
    ]
    return start_here(config(transport, members, {"cooldown_time": REST_S}))


def state(gateway, deployment):
    """0 healthy, 1 half-open, 2 resting."""
    return gateway.metrics().sum("dragoman_deployment_state", deployment=deployment)


def test_a_deployment_that_is_limited_rests_and_is_tried_again(resting, stand_in):
    stand_in.behave("limited-a", status=429, times=1)
    assert served([ask_anew(resting, "limited")]) == {"limited-b": 1}
    began = time.monotonic()
    assert served([ask_anew(resting, "limited") for _ in range(5)]) == {"limited-b": 5}
    assert time.monotonic() - began < REST_S, "too slow to tell"
    assert stand_in.counts()["limited-a"] == 1
    until("another try", lambda: served([ask_anew(resting, "limited")]) == {"limited-a": 1})
    assert time.monotonic() - began > REST_S * 0.8
    assert served([ask_anew(resting, "limited") for _ in range(5)]) == {"limited-a": 5}


def test_a_rest_is_counted_and_shown(resting, stand_in):
    stand_in.behave("locked-a", status=401, times=1)
    assert served([ask_anew(resting, "locked")]) == {"locked-b": 1}
    until("its state", lambda: state(resting, "locked-a") == 2)
    until("the count", lambda: resting.metrics().sum("dragoman_cooldowns_total", deployment="locked-a") == 1)
    assert state(resting, "locked-b") == 0


def test_all_workers_know_who_rests(resting, stand_in):
    stand_in.behave("workers-a", status=429, times=1)
    ask_anew(resting, "workers")
    assert served(at_once(20, lambda: ask_anew(resting, "workers"))) == {"workers-b": 20}
    assert stand_in.counts()["workers-a"] == 1


def test_a_rest_begins_with_more_failures_than_are_allowed(resting, stand_in):
    stand_in.behave("lenient-a", status=500)
    assert served([ask_anew(resting, "lenient") for _ in range(6)]) == {"lenient-b": 6}
    assert stand_in.counts()["lenient-a"] == 3


def test_a_host_that_is_dead_rests_too(resting, stand_in):
    assert served([ask_anew(resting, "dead")]) == {"dead-b": 1}
    answer = ask_anew(resting, "dead")
    assert served([answer]) == {"dead-b": 1}
    assert answer.headers["x-litellm-attempted-retries"] == "0"


def test_a_clients_own_mistake_sends_nobody_to_rest(resting, stand_in):
    stand_in.behave("wrong-a", status=400)
    assert {ask_anew(resting, "wrong").status_code for _ in range(5)} == {400}
    stand_in.reset()
    assert served([ask_anew(resting, "wrong")]) == {"wrong-a": 1}


def test_the_last_one_is_asked_all_the_same(resting, stand_in):
    stand_in.behave("single-1", status=429)
    for _ in range(3):
        assert ask_anew(resting, "single", num_retries=0).status_code == 429
    assert stand_in.counts()["single-1"] == 3


def test_after_its_rest_one_request_tries_it_while_the_others_go_elsewhere(resting, stand_in):
    stand_in.behave("probed-a", status=429, times=1)
    ask_anew(resting, "probed")
    until("the rest", lambda: state(resting, "probed-a") == 2)
    until("its end", lambda: state(resting, "probed-a") != 2)
    stand_in.behave("probed-a", status=500, delay_ms=500)
    assert served(at_once(6, lambda: ask_anew(resting, "probed"))) == {"probed-b": 6}
    assert stand_in.counts()["probed-a"] == 2
    assert served([ask_anew(resting, "probed")]) == {"probed-b": 1}
    assert stand_in.counts()["probed-a"] == 2, "the try failed: it rests again"


def test_cooldowns_can_be_switched_off(start_here, stand_in, transport):
    members = pair(stand_in.url, "restless")
    gateway = start_here(config(transport, members, {"disable_cooldowns": True}))
    stand_in.behave("restless-a", status=429)
    assert served([ask_anew(gateway, "restless") for _ in range(3)]) == {"restless-b": 3}
    assert stand_in.counts()["restless-a"] == 3


def test_a_rest_outlives_an_update_of_the_configuration(stand_in, new_directory):
    members = pair(stand_in.url, "kept", first={"cooldown_time": 60})
    with Updatable(config("dispatch", members), new_directory()) as updatable:
        stand_in.behave("kept-a", status=429, times=1)
        assert served([ask_anew(updatable.gateway, "kept")]) == {"kept-b": 1}
        updatable.replace(config("dispatch", [*members, member(stand_in.url, "new", "new-1")]))
        until("the new group", lambda: ask_anew(updatable.gateway, "new").status_code == 200)
        assert served([ask_anew(updatable.gateway, "kept") for _ in range(5)]) == {"kept-b": 5}
    assert stand_in.counts()["kept-a"] == 1
