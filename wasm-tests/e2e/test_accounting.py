"""Tokens, money, metrics and the access log: what they say of a request is what happened."""

import re
import time
from collections import Counter

import httpx2
import pytest

from harness.gateway import reassembled
from harness.standard import ODD_NAME, PRICES
from harness.waiting import until

LABELS = {
    "gpt": {"model_group": "gpt", "deployment": "gpt-1", "provider": "openai"},
    "claude": {"model_group": "claude", "deployment": "claude-1", "provider": "anthropic"},
}
# Six counts that no two kinds of token share, so that a mix-up shows.
OPENAI_USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 300,
    "total_tokens": 1300,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 70},
}
ANTHROPIC_USAGE = {
    "input_tokens": 500,
    "cache_read_input_tokens": 400,
    "cache_creation_input_tokens": 100,
    "output_tokens": 300,
}
USAGE = {"gpt": OPENAI_USAGE, "claude": ANTHROPIC_USAGE}
TOKENS = {
    "gpt": {"input": 1000, "output": 300, "cache_read": 400, "reasoning": 70},
    "claude": {"input": 1000, "output": 300, "cache_read": 400, "cache_write": 100},
}


def at_rest(gateway):
    """The metrics once nothing is left to be handed over: workers do that four times a second."""
    until("the counters to rest", lambda: _counts(gateway) == (time.sleep(0.3), _counts(gateway))[1])
    return gateway.metrics()


def _counts(gateway):
    metrics = gateway.metrics()
    return {name: metrics.sum(name) for name in metrics.names() if name.startswith("dragoman_")}


class Difference:
    """What was added to a gateway's counters since this was made."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.before = at_rest(gateway)

    def of(self, name, **labels):
        return self.gateway.metrics().sum(name, **labels) - self.before.sum(name, **labels)


@pytest.fixture
def added(gateway):
    return Difference(gateway)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_request_is_counted_once_under_all_its_labels(gateway, added, model, stream):
    gateway.chat(model, stream=stream)
    labels = LABELS[model] | {"operation": "chat", "status": "200"}
    until("the count", lambda: added.of("dragoman_requests_total", **labels) == 1)
    assert added.of("dragoman_requests_total") == 1


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_failed_request_is_counted_with_its_status(gateway, stand_in, added, model, status):
    stand_in.behave(status=status)
    gateway.chat(model)
    labels = LABELS[model] | {"status": str(status)}
    until("the count", lambda: added.of("dragoman_requests_total", **labels) == 1)
    assert added.of("dragoman_tokens_total") == 0


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_tokens_are_counted_by_type(gateway, stand_in, added, model, stream):
    stand_in.behave(usage=USAGE[model])
    gateway.chat(model, stream=stream)
    for kind, count in TOKENS[model].items():
        until(kind, lambda: added.of("dragoman_tokens_total", type=kind, **LABELS[model]) == count)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_money_is_counted_in_nano_dollars(gateway, stand_in, added, stream):
    stand_in.behave(usage=OPENAI_USAGE)
    answer = gateway.chat("priced", stream=stream)
    nanos = round(
        1e9
        * (
            600 * PRICES["input_cost_per_token"]
            + 400 * PRICES["cache_read_input_token_cost"]
            + 300 * PRICES["output_cost_per_token"]
        )
    )
    until("the cost", lambda: added.of("dragoman_cost_nanousd_total", model_group="priced") == nanos)
    assert gateway.log_of(answer)["cost_nanousd"] == nanos
    if not stream:
        assert float(answer.headers["x-litellm-response-cost"]) == pytest.approx(nanos / 1e9)


def test_a_price_nobody_knows_is_visible_and_not_zero(gateway, added):
    answer = gateway.chat("unpriced")
    until("the count", lambda: added.of("dragoman_unpriced_requests_total", model_group="unpriced") == 1)
    assert added.of("dragoman_cost_nanousd_total", model_group="unpriced") == 0
    assert "x-litellm-response-cost" not in answer.headers


def test_a_known_price_is_not_called_unknown(gateway, added, model):
    gateway.chat(model)
    until("the count", lambda: added.of("dragoman_requests_total") == 1)
    assert added.of("dragoman_unpriced_requests_total") == 0
    assert added.of("dragoman_cost_nanousd_total", **LABELS[model]) > 0


def test_names_survive_as_label_values(gateway, added):
    gateway.chat(ODD_NAME)
    labels = {"model_group": ODD_NAME, "deployment": "odd one: a/b.c", "provider": "openai"}
    until("the count", lambda: added.of("dragoman_requests_total", **labels) == 1)
    assert added.of("dragoman_tokens_total", type="output", **labels) > 0


def test_no_client_can_invent_a_label(gateway, added):
    for name in ("invented-1", "invented;model_group=gpt", "invented\n2"):
        gateway.chat(name)
    until("the counts", lambda: added.of("dragoman_requests_total", model_group="other", status="404") == 3)
    text = gateway.admin.get("/stats/prometheus").text
    assert "invented" not in text


@pytest.mark.parametrize("name", ["dragoman_request_duration_ms", "dragoman_overhead_us"])
def test_durations_are_measured(gateway, added, model, name):
    gateway.chat(model)
    until("the histogram", lambda: added.of(f"{name}_count", **LABELS[model]) == 1)


def test_the_time_to_the_first_token_is_measured(gateway, stand_in, added, model):
    stand_in.behave(chunk_delay_ms=50)
    gateway.stream(model)
    until("the histogram", lambda: added.of("dragoman_time_to_first_token_ms_count", **LABELS[model]) == 1)
    assert added.of("dragoman_time_to_first_token_ms_sum", **LABELS[model]) >= 45


def test_the_gateways_metrics_have_no_other_prefix(gateway):
    gateway.chat("gpt")
    counted = {name for name in gateway.metrics().names() if re.search("dragoman_.*_(total|bucket|sum|count)$", name)}
    # Envoy's own statistics of the listener have its name in theirs.
    ours = {name for name in counted if not name.startswith("envoy_")}
    assert {"dragoman_requests_total", "dragoman_overhead_us_count"} <= ours
    assert all(re.fullmatch("dragoman_[a-z_]+", name) for name in ours)
    assert not [name for name in counted - ours if "requests_total" in name or "tokens" in name]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_log_tells_the_facts(gateway, stand_in, model, stream):
    stand_in.behave(usage=USAGE[model])
    entry = gateway.log_of(gateway.chat(model, stream=stream))
    expected = LABELS[model] | {"operation": "chat", "status": 200, "input_tokens": 1000, "output_tokens": 300}
    assert {name: entry.get(name) for name in expected} == expected
    assert entry["cost_nanousd"] > 0
    assert not entry.get("estimated")


def test_the_log_has_one_line_for_each_request(gateway):
    answers = [gateway.chat("gpt"), gateway.stream("claude"), gateway.chat("nobody"), gateway.http.get("/v1/models")]
    assert [gateway.log_of(answer)["status"] for answer in answers] == [200, 200, 404, 200]
    calls = Counter(entry.get("call_id") for entry in gateway.log())
    assert [calls[answer.headers["x-litellm-call-id"]] for answer in answers] == [1, 1, 1, 1]


def test_nothing_but_the_log_is_written_to_standard_output(gateway):
    gateway.log_of(gateway.chat("gpt"))
    assert all(line.startswith("{") for line in gateway.process.lines)


def test_a_stream_without_usage_is_estimated(gateway, stand_in, added, model):
    stand_in.behave(no_usage=True)
    answer = gateway.stream(model)
    reassembled(answer)
    entry = gateway.log_of(answer)
    assert entry["estimated"] is True
    assert entry["output_tokens"] > 0
    count = entry["output_tokens"]
    until("the count", lambda: added.of("dragoman_tokens_total", type="output", **LABELS[model]) == count)


def test_a_client_that_leaves_early_is_counted_by_an_estimate(gateway, stand_in, added, model):
    stand_in.behave(chunks=1000, chunk_delay_ms=20)
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": True}
    with httpx2.stream("POST", f"{gateway.url}/v1/chat/completions", json=body, trust_env=False) as answer:
        for text in answer.iter_text():
            if "stand-in" in text:
                break
    entry = gateway.log_of(answer)
    assert entry["estimated"] is True
    assert entry["output_tokens"] > 0
    until("the tokens", lambda: added.of("dragoman_tokens_total", type="output", **LABELS[model]) > 0)
    assert added.of("dragoman_requests_total", **LABELS[model]) == 1
