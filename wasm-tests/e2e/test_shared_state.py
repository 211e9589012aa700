"""State that all workers share: after a storm of clients that leave, nothing counts as busy."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import raw
from harness.gateway import error_of
from harness.routed import ask_anew, at_once, config, member, pair, served
from harness.waiting import until

SEATS = 6


@pytest.fixture(scope="module")
def stormy(start_here, provider, transport):
    members = [
        *pair(provider.url, "storm"),
        member(provider.url, "storm-seats", "storm-seats-1", max_parallel_requests=SEATS),
    ]
    return start_here(config(transport, members, {"disable_cooldowns": True}))


def leave(gateway, group, after, stream):
    """Asks, waits for the answer's first bytes if `after` says so, and hangs up."""
    body = json.dumps({"model": group, "messages": [{"role": "user", "content": "hi"}], "stream": stream}).encode()
    with raw.Connection(gateway.address) as connection:
        connection.send(raw.head("/v1/chat/completions", f"content-length: {len(body)}") + body)
        if after == "first bytes":
            connection.socket.recv(100)


def storm(gateway, seed):
    """Clients that stay and clients that leave early, late, and while a retry is under way."""
    chance = random.Random(seed)

    def client(number):
        group = "storm-seats" if number % 3 == 0 else "storm"
        stream = chance.random() < 0.5
        if number % 2:
            leave(gateway, group, chance.choice(["sending", "first bytes"]), stream)
        else:
            ask_anew(gateway, group, stream=stream)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(client, range(80)))


def in_flight(gateway):
    return gateway.metrics().sum("dragoman_in_flight")


def test_after_a_storm_nothing_is_in_flight_and_every_seat_is_free(stormy, stand_in):
    stand_in.behave("storm-a", status=500, delay_ms=50)
    stand_in.behave("storm-b", chunks=10, chunk_delay_ms=30)
    stand_in.behave("storm-seats-1", chunks=5, chunk_delay_ms=20)
    with ThreadPoolExecutor(1) as pool:
        storming = pool.submit(storm, stormy, 5)
        until("requests under way", lambda: in_flight(stormy) > 0)
        storming.result()
    until("their end", lambda: in_flight(stormy) == 0)
    stand_in.reset()
    stand_in.behave(delay_ms=400)
    assert served(at_once(SEATS, lambda: ask_anew(stormy, "storm-seats"))) == {"storm-seats-1": SEATS}


def test_seats_are_exact_over_all_workers(stormy, stand_in):
    stand_in.behave(delay_ms=500)
    answers = at_once(4 * SEATS, lambda: ask_anew(stormy, "storm-seats", num_retries=0))
    assert stand_in.counts()["storm-seats-1"] == SEATS
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == 3 * SEATS
    for answer in refused:
        error_of(answer)
        assert answer.status_code == 429
