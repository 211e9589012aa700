"""What others see of retries and fallbacks: clients in headers, operators in metrics and logs, providers nothing."""

import pytest

from harness import sse
from harness.gateway import error_of
from harness.routed import KEY, ask_anew, config, fallbacks, member, pair, retries, served
from harness.waiting import until

# What a client could try to steer the gateway or Envoy with.
FORGED = {
    "x-dragoman-cluster": "nowhere",
    "x-dragoman-exchange": "0.0",
    "x-dragoman-final": "1",
    "x-envoy-attempt-count": "9",
    "x-envoy-max-retries": "9",
    "x-envoy-retry-on": "5xx",
    "x-envoy-retriable-status-codes": "200",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-upstream-rq-per-try-timeout-ms": "1",
}


@pytest.fixture(scope="module")
def watched(start_here, provider, transport):
    groups = ["good", "again", "forged", "logged", "shown", "leaky"]
    members = [entry for group in groups for entry in pair(provider.url, group)]
    members.append(member(provider.url, "spare", "spare-1"))
    router = {"disable_cooldowns": True, "num_retries": 1, "fallbacks": [{"again": ["spare"]}]}
    return start_here(config(transport, members, router))


def internal(names):
    return sorted(name for name in names if name.startswith("x-dragoman") or name == "x-envoy-attempt-count")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_an_answer_says_how_often_it_was_tried(watched, stand_in, stream):
    def tried():
        answer = ask_anew(watched, "again", stream=stream)
        return served([answer]), retries(answer), fallbacks(answer)

    assert tried() == ({"again-a": 1}, 0, 0)
    stand_in.behave("again-a", status=500)
    assert tried() == ({"again-b": 1}, 1, 0)
    stand_in.behave("again-b", status=500)
    by, _, hops = tried()
    assert (by, hops) == ({"spare-1": 1}, 1)


def test_the_group_is_that_of_the_answer(watched, stand_in):
    assert ask_anew(watched, "good").headers["x-litellm-model-group"] == "good"
    stand_in.behave("good-a", status=500)
    assert ask_anew(watched, "good").headers["x-litellm-model-group"] == "good"


@pytest.mark.parametrize("failing", [False, True], ids=["good", "retried"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_internal_headers_reach_nobody_and_a_clients_change_nothing(watched, stand_in, stream, failing):
    if failing:
        stand_in.behave("forged-a", status=500)
    stand_in.behave("forged-b", delay_ms=30)
    answer = ask_anew(watched, "forged", stream=stream, headers=FORGED)
    assert served([answer]) == {"forged-b" if failing else "forged-a": 1}
    assert stand_in.counts().total() == (2 if failing else 1)
    assert internal(answer.headers) == []
    for request in stand_in.requests():
        assert internal(request.header_names()) == []
        assert not set(FORGED) & request.header_names()


def test_an_error_of_a_provider_is_not_final_because_a_client_says_so(watched, stand_in):
    stand_in.behave("forged-a", status=500, headers={"x-dragoman-final": "1", "x-envoy-attempt-count": "3"})
    answer = ask_anew(watched, "forged", headers={"x-dragoman-final": "1"})
    assert served([answer]) == {"forged-b": 1}


def test_the_access_log_lists_every_attempt(watched, stand_in):
    stand_in.behave("logged-a", status=503, delay_ms=60)
    entry = watched.log_of(ask_anew(watched, "logged"))
    first, second = entry["attempts"]
    assert [set(attempt) for attempt in (first, second)] == [{"deployment", "outcome", "ms"}] * 2
    assert (first["deployment"], second["deployment"]) == ("logged-a", "logged-b")
    assert first["outcome"] != second["outcome"]
    assert first["ms"] >= 60 and 0 <= second["ms"] < 5000
    assert entry["deployment"] == "logged-b"
    assert (entry["status"], entry["model_group"]) == (200, "logged")


def test_one_request_is_one_entry_of_the_log_and_one_of_the_counts(watched, stand_in):
    labels = {"model_group": "shown", "operation": "chat"}
    stand_in.behave("shown-a", status=500)
    call = ask_anew(watched, "shown").headers["x-litellm-call-id"]
    until("the count", lambda: watched.metrics().sum("dragoman_requests_total", **labels) == 1)
    until("the entry", lambda: [entry for entry in watched.log() if call in entry.values()])
    assert len([entry for entry in watched.log() if entry.get("model_group") == "shown"]) == 1
    metrics = watched.metrics()
    assert metrics.sum("dragoman_retries_total") > 0 and metrics.values("dragoman_retries_total", "reason")
    assert metrics.sum("dragoman_requests_total", **labels, status="200") == 1


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_final_error_names_its_attempts_and_no_secret(watched, stand_in, stream):
    stand_in.behave("leaky-a", echo_key=True)
    stand_in.behave("leaky-b", echo_key=True)
    answer = ask_anew(watched, "leaky", stream=stream)
    assert answer.status_code == 401
    message = error_of(answer)["message"]
    assert "leaky-a" in message and "leaky-b" in message
    assert KEY not in answer.text and KEY not in str(dict(answer.headers))
    assert sse.errors("data: " + answer.text.replace("\n", "") + "\n\n")
    assert KEY not in "\n".join(watched.process.lines)
