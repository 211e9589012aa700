"""Strategies: each picks the deployment that the tutorial says it picks, whichever of two workers is asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.gateway import error_of
from harness.routed import ask_anew, at_once, config, member, served
from harness.waiting import until


def prices(of_input, of_output):
    return {"input_cost_per_token": of_input, "output_cost_per_token": of_output}


# By strategy, by group: the deployments and their parameters.
GROUPS = {
    "least-busy": {
        "busy": {"busy-a": {}, "busy-b": {}},
        "burst": {"burst-a": {}, "burst-b": {}},
    },
    "latency-based-routing": {
        "five": {"five-a": {}, "five-b": {}},
        "mixed": {"mixed-a": {}, "mixed-b": {}},
    },
    "cost-based-routing": {
        "cheapest": {"dear": prices(1e-5, 1e-5), "cheap": {**prices(1e-6, 1e-6), "rpm": 3}},
        "unknown": {"no-price": {}, "a-price": {**prices(1e-4, 1e-4), "rpm": 2}},
        "by-request": {"long-prompts": prices(1e-7, 1e-4), "long-answers": prices(2e-6, 1e-7)},
    },
    "usage-based-routing-v2": {
        "share": {"small": {"tpm": 10_000}, "large": {"tpm": 40_000}},
        "limited": {"limited-a": {"rpm": 5}, "limited-b": {"rpm": 5}},
    },
}
OF_ALL = "usage-based-routing-v2"


@pytest.fixture(scope="module")
def routing(start_here, provider, transport):
    """A gateway with a strategy for all groups, and others for some."""
    members = [
        member(provider.url, group, name, **parameters)
        for groups in GROUPS.values()
        for group, deployments in groups.items()
        for name, parameters in deployments.items()
    ]
    some = [
        {"group_name": f"all {strategy}", "models": list(groups), "routing_strategy": strategy}
        for strategy, groups in GROUPS.items()
        if strategy != OF_ALL
    ]
    return start_here(config(transport, members, {"routing_strategy": OF_ALL, "routing_groups": some}))


def test_least_busy_two_concurrent_calls_go_out_and_the_next_goes_to_the_less_busy_one(routing, stand_in):
    stand_in.behave("busy-a", delay_ms=1500)
    stand_in.behave("busy-b", delay_ms=300)
    with ThreadPoolExecutor(2) as pool:
        calls = []
        for number in (1, 2):
            calls.append(pool.submit(ask_anew, routing, "busy"))
            until("its arrival", lambda: stand_in.counts().total() == number)
        assert stand_in.counts() == {"busy-a": 1, "busy-b": 1}
        in_flight = lambda name: routing.metrics().sum("dragoman_in_flight", deployment=name)  # noqa: E731
        until("the shorter one's end", lambda: (in_flight("busy-a"), in_flight("busy-b")) == (1, 0))
        assert served([ask_anew(routing, "busy")]) == {"busy-b": 1}
        assert [call.done() for call in calls].count(False) == 1, "the longer one ended too early to tell"


def test_least_busy_spreads_a_burst(routing, stand_in):
    stand_in.behave(delay_ms=400)
    shares = served(at_once(16, lambda: ask_anew(routing, "burst")))
    # Two workers that look at the same moment may both pick the same one: hence not 8 and 8.
    assert min(shares["burst-a"], shares["burst-b"]) >= 6, shares


def measure(ask, stand_in, names):
    """Asks until each has been asked: five times at once, and then one by one, since the unknown are tried now and then."""
    at_once(5, ask)
    for _ in range(300):
        if all(stand_in.counts()[name] for name in names):
            return
        ask()
    raise AssertionError(f"after 300 calls: {stand_in.counts()}")


def test_latency_after_five_concurrent_calls_the_faster_one_gets_the_next(routing, stand_in):
    stand_in.behave("five-a", delay_ms=200)
    measure(lambda: ask_anew(routing, "five"), stand_in, ["five-a", "five-b"])
    assert served([ask_anew(routing, "five") for _ in range(10)]) == {"five-b": 10}


def test_latency_of_streams_is_their_first_token_and_never_mixed_with_that_of_answers(routing, stand_in):
    names = ["mixed-a", "mixed-b"]
    stand_in.behave("mixed-a", delay_ms=200)
    measure(lambda: ask_anew(routing, "mixed"), stand_in, names)
    stand_in.reset()
    stand_in.behave("mixed-b", delay_ms=200)
    measure(lambda: ask_anew(routing, "mixed", stream=True), stand_in, names)
    assert served([ask_anew(routing, "mixed", stream=True) for _ in range(5)]) == {"mixed-a": 5}
    stand_in.reset()
    assert served([ask_anew(routing, "mixed") for _ in range(5)]) == {"mixed-b": 5}


def test_cost_the_cheapest_within_its_limits_wins(routing, stand_in):
    assert served([ask_anew(routing, "cheapest") for _ in range(5)]) == {"cheap": 3, "dear": 2}


def test_cost_an_unknown_price_counts_as_dear(routing, stand_in):
    assert served([ask_anew(routing, "unknown") for _ in range(3)]) == {"a-price": 2, "no-price": 1}


def test_cost_is_that_of_this_request(routing, stand_in):
    long = served([ask_anew(routing, "by-request", "word " * 2000, max_tokens=1) for _ in range(3)])
    short = served([ask_anew(routing, "by-request") for _ in range(3)])
    assert (long, short) == ({"long-prompts": 3}, {"long-answers": 3})


def test_usage_the_lowest_share_of_its_tokens_per_minute_wins(routing, stand_in):
    shares = served([ask_anew(routing, "share") for _ in range(50)])
    assert 7 <= shares["small"] <= 13, shares


def test_usage_of_thirty_concurrent_requests_exactly_ten_are_within_two_limits_of_five(routing, stand_in):
    stand_in.behave(delay_ms=100)
    answers = at_once(30, lambda: ask_anew(routing, "limited"))
    assert stand_in.counts() == {"limited-a": 5, "limited-b": 5}
    refused = [answer for answer in answers if answer.status_code != 200]
    assert [answer.status_code for answer in refused] == [429] * 20
    for answer in refused:
        error_of(answer)
        assert 0 < int(answer.headers["retry-after"]) <= 60
