"""Plays a fault and judges what came of it."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2

from harness import sse
from harness.stand_in import GREETING

from .matrix import CASES
from .setting import KEY

# Of the client, and more than any fault may take.
PATIENCE_S = 10


@dataclass(frozen=True)
class Outcome:
    """What a client saw, and what it took."""

    sees: str
    status: int
    headers: dict
    body: str
    calls: Counter
    by: str | None
    ms: int


def play(case, gateway, provider):
    """Orders the fault and asks the group once."""
    for role, order in case.fault.orders.items():
        behaviour = order() if callable(order) else order
        provider.behave(case.model(role), case.fault.times, **behaviour)
    started = time.monotonic()
    status, headers, body, end = ask(case, gateway)
    ms = round((time.monotonic() - started) * 1000)
    counts = provider.counts()
    return Outcome(
        sees=seen(case.mode, status, body, end),
        status=status,
        headers=headers,
        body=body,
        calls=Counter({role: counts[case.model(role)] for role in case.roles()}),
        by=next((role for role in case.roles() if headers.get("x-litellm-model-id") == case.model(role)), None),
        ms=ms,
    )


def play_all(gateway, provider, workers):
    """The outcome of every case, so many at a time."""
    with ThreadPoolExecutor(workers) as pool:
        return dict(zip(CASES, pool.map(lambda case: play(case, gateway, provider), CASES)))


def ask(case, gateway):
    """Status, head and body as far as they come, and how the connection ended: well, by a cut, or not in time."""
    body = {"model": case.group, "messages": [{"role": "user", "content": "hello"}], "stream": case.mode == "stream"}
    status, headers, pieces, end = 0, {}, [], ""
    try:
        with gateway.http.stream("POST", "/v1/chat/completions", json=body, timeout=PATIENCE_S) as answer:
            status, headers = answer.status_code, dict(answer.headers)
            for text in answer.iter_text():
                pieces.append(text)
    except httpx2.TimeoutException:
        end = "silence"
    except httpx2.TransportError:
        end = "cut"
    return status, headers, "".join(pieces), end


def seen(mode, status, body, end):
    """What it was, in the words of `Expected.sees`; everything else is something no client may see."""
    if status != 200:
        return end or "error"
    if end:
        return end if "[DONE]" not in body else f"an end and then {end}"
    if mode == "plain":
        return "answer" if content(body) == GREETING else "a broken answer"
    if "data: [DONE]" not in body:
        return "error event" if len(sse.errors(body)) == 1 else "an end without a word"
    whole = body.endswith("data: [DONE]\n\n") and body.count("[DONE]") == 1 and not sse.errors(body)
    return "answer" if whole and sse.text(body) == GREETING else "a broken stream"


def content(body):
    try:
        return json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError):
        return None


def problems(case, transport, outcome):
    """In what the outcome is not as expected."""
    expected = case.fault.of(transport)
    found = [
        f"{what} is {is_!r} instead of {shall!r}"
        for what, is_, shall in [
            ("what the client sees", outcome.sees, expected.sees),
            ("the status", outcome.status, expected.status),
            ("who answered", outcome.by if expected.by else None, expected.by),
            ("x-litellm-attempted-retries", number(outcome, "retries", expected), expected.retries),
            ("x-litellm-attempted-fallbacks", number(outcome, "fallbacks", expected), expected.fallbacks),
            *calls(outcome, expected),
        ]
        if is_ != shall
    ]
    if not expected.at_least_ms <= outcome.ms <= expected.within_ms:
        found.append(f"it took {outcome.ms} ms instead of {expected.at_least_ms} to {expected.within_ms}")
    return found + leaks(outcome) + shape(outcome)


def number(outcome, name, expected):
    """The number in that header; None where nothing is expected of it."""
    if getattr(expected, name) is None:
        return None
    value = outcome.headers.get(f"x-litellm-attempted-{name}", "none")
    return int(value) if value.isdigit() else value


def calls(outcome, expected):
    """The calls of each role, or of several together, as they are and as they shall be."""
    named = {role for roles in expected.calls for role in roles.split("+")}
    for roles, shall in expected.calls.items():
        yield f"calls of {roles}", sum(outcome.calls[role] for role in roles.split("+")), shall
    yield "calls of others", {role: times for role, times in outcome.calls.items() if times and role not in named}, {}


def leaks(outcome):
    """What no client may see."""
    internal = [name for name in outcome.headers if name.startswith("x-dragoman") or name == "x-envoy-attempt-count"]
    found = [f"the client sees {name}" for name in internal]
    if KEY in outcome.body or KEY in str(outcome.headers):
        found.append("the client sees a provider's key")
    return found


def shape(outcome):
    """Whether an error is OpenAI's."""
    if outcome.sees not in ("error", "error event"):
        return []
    try:
        (error,) = sse.errors(outcome.body) if outcome.status == 200 else [json.loads(outcome.body)["error"]]
    except (ValueError, LookupError, TypeError):
        return [f"the error is {outcome.body[:200]!r}"]
    missing = {"message", "type", "param", "code"} - set(error)
    if missing or not isinstance(error["message"], str) or "<" in error["message"]:
        return [f"the error is {error!r}"]
    return []
