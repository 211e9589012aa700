"""Plays a fault and judges what came of it."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness import sse
from harness.reading import Seen, read
from harness.stand_in import GREETING

from .matrix import CASES
from .setting import KEY


@dataclass(frozen=True)
class Outcome:
    """What a client saw, and what it took."""

    # In the words of `Expected.sees`.
    sees: str
    answer: Seen
    calls: Counter
    # The role that answered.
    by: str | None


def play(case, gateway, provider):
    """Orders the fault and asks the group once."""
    for role, order in case.fault.orders.items():
        behaviour = order() if callable(order) else order
        provider.behave(case.model(role), case.fault.times, **behaviour)
    answer = read(gateway, case.group, stream=case.mode == "stream")
    counts = provider.counts()
    return Outcome(
        sees=seen(case.mode, answer),
        answer=answer,
        calls=Counter({role: counts[case.model(role)] for role in case.roles()}),
        by=next((role for role in case.roles() if answer.headers.get("x-litellm-model-id") == case.model(role)), None),
    )


def play_all(gateway, provider, workers):
    """The outcome of every case, so many at a time."""
    with ThreadPoolExecutor(workers) as pool:
        return dict(zip(CASES, pool.map(lambda case: play(case, gateway, provider), CASES)))


def seen(mode, answer):
    """What it was, in the words of `Expected.sees`; anything else is something no client may see."""
    if answer.status != 200:
        return answer.end or "error"
    if mode == "plain":
        return answer.end or ("answer" if content(answer.text) == GREETING else "a broken answer")
    errors, done = sse.errors(answer.text), answer.text.count("data: [DONE]")
    if errors:
        # Envoy has no means to end a stream well that its provider has not ended: the event says all, and a cut may follow.
        fine = len(errors) == 1 and not done and answer.end != "silence"
        return "error event" if fine and sse.events(answer.text)[-1].startswith('{"error":') else "a wrong error"
    if answer.end:
        return f"an end and then {answer.end}" if done else answer.end
    whole = done == 1 and answer.text.endswith("data: [DONE]\n\n") and sse.text(answer.text) == GREETING
    return "answer" if whole else "a broken stream"


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
            ("the status", outcome.answer.status, expected.status),
            ("who answered", outcome.by if expected.by else None, expected.by),
            ("x-litellm-attempted-retries", number(outcome, "retries", expected), expected.retries),
            ("x-litellm-attempted-fallbacks", number(outcome, "fallbacks", expected), expected.fallbacks),
            *calls(outcome, expected),
        ]
        if is_ != shall
    ]
    if not expected.at_least_ms <= outcome.answer.ms <= expected.within_ms:
        found.append(f"it took {outcome.answer.ms} ms instead of {expected.at_least_ms} to {expected.within_ms}")
    return found + leaks(outcome) + shape(outcome)


def number(outcome, name, expected):
    """The number in that header; None where nothing is expected of it."""
    if getattr(expected, name) is None:
        return None
    value = outcome.answer.headers.get(f"x-litellm-attempted-{name}", "none")
    return int(value) if value.isdigit() else value


def calls(outcome, expected):
    """The calls of each role, or of several together, as they are and as they shall be."""
    named = {role for roles in expected.calls for role in roles.split("+")}
    for roles, shall in expected.calls.items():
        yield f"calls of {roles}", sum(outcome.calls[role] for role in roles.split("+")), shall
    yield "calls of others", {role: times for role, times in outcome.calls.items() if times and role not in named}, {}


def leaks(outcome):
    """What no client may see."""
    internal = [name for name in outcome.answer.headers if name.startswith("x-dragoman") or name == "x-envoy-attempt-count"]
    found = [f"the client sees {name}" for name in internal]
    if KEY in outcome.answer.text or KEY in str(outcome.answer.headers):
        found.append("the client sees a provider's key")
    return found


def shape(outcome):
    """Whether an error is OpenAI's."""
    if outcome.sees not in ("error", "error event"):
        return []
    try:
        (error,) = sse.errors(outcome.answer.text) if outcome.answer.status == 200 else [json.loads(outcome.answer.text)["error"]]
    except (ValueError, LookupError, TypeError):
        return [f"the error is {outcome.answer.text[:200]!r}"]
    missing = {"message", "type", "param", "code"} - set(error)
    if missing or not isinstance(error["message"], str) or "<" in error["message"]:
        return [f"the error is {error!r}"]
    return []
