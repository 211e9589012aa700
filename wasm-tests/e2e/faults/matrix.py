"""The faults, as data. Each is played against a group of its own, so that none of them disturbs another.

A group has two deployments, of which `order` prefers the primary, and a fallback for each kind of failure that has one:

    primary ─ second ─┬─ fallback     (general)
                      ├─ context      (the prompt was too long)
                      └─ policy       (the content was refused)

or, `alone`, a primary and nothing else. All behave but those a fault is ordered from.
"""

import email.utils
import json
import math
import time
from dataclasses import dataclass, field

from .expected import CUT, ENVOYS_OWN_502, Expected, answer, by_fallback, by_itself, by_second, error, error_event

TRANSPORTS = ["dispatch", "envoy"]
MODES = ["plain", "stream"]
# Of a deployment whose slowness is the fault; a good answer takes a few milliseconds.
PATIENCE_S = 0.3
IDLE_S = 0.5
# The discard port, where nobody listens, and the one below it, whose cluster is removed.
REFUSED = {"api_base": "http://127.0.0.1:9/v1"}
LOST_PORT = 8
LOST = {"api_base": f"http://127.0.0.1:{LOST_PORT}/v1"}


@dataclass(frozen=True, eq=False)
class Fault:
    """A way to fail."""

    name: str
    expected: Expected
    # What the stand-in is ordered, by role; a function is asked when the fault is played.
    orders: dict = field(default_factory=dict)
    # How often; None is always.
    times: int | None = None
    modes: tuple = tuple(MODES)
    alone: bool = False
    # Members of `litellm_params`, by role.
    params: dict = field(default_factory=dict)
    # Where a transport cannot do what the other can.
    unless: dict = field(default_factory=dict)

    def of(self, transport):
        return self.unless.get(transport, self.expected)


def primary(**behaviour):
    return {"primary": behaviour}


def said(status, message, kind="invalid_request_error", code=None):
    """The primary answers with an error in OpenAI's words."""
    body = json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
    return primary(status=status, body=body, content_type="application/json")


def limited(**headers):
    """The primary says that it was asked too often."""
    return primary(status=429, headers={name.replace("_", "-"): value for name, value in headers.items()})


def soon():
    """429 with a date between one and two seconds from now: dates have whole seconds."""
    return {"status": 429, "headers": {"retry-after": email.utils.formatdate(math.ceil(time.time()) + 1, usegmt=True)}}


PLAIN, STREAM = ("plain",), ("stream",)
IMPATIENT = {"primary": {"timeout": PATIENCE_S, "stream_timeout": PATIENCE_S}}
AFTER_PATIENCE = by_second(at_least_ms=int(PATIENCE_S * 1000))
HELD = {"dispatch": ENVOYS_OWN_502}
NO_JSON = primary(status=200, body='{"id":"x","choices":[{"index":0,"mess', content_type="application/json")
FAILED = {"status": 500}
AGAIN = {"primary+second": 3}

CONNECTION = [
    Fault("refused", by_second(0), params={"primary": REFUSED}),
    Fault("no such cluster", by_second(0), params={"primary": LOST}),
    Fault("reset before the head", by_second(), primary(reset_before_headers=True)),
    Fault("reset after the head", by_second(), primary(cut_after_headers=True), unless=HELD),
    Fault("reset within a plain answer", by_second(), primary(reset_mid_body=True), modes=PLAIN, unless=HELD),
    Fault("reset after the role", by_second(), primary(cut_after_chunks=0), modes=STREAM, unless=HELD),
    Fault("reset after content", CUT, primary(cut_after_chunks=1), modes=STREAM),
]

SLOW = [
    Fault("slow head", AFTER_PATIENCE, primary(delay_ms=4000), params=IMPATIENT),
    Fault("silence after the head", AFTER_PATIENCE, primary(stall_after_headers=True), params=IMPATIENT),
    Fault("silence within a plain answer", AFTER_PATIENCE, primary(stall_after_chunks=1), modes=PLAIN, params=IMPATIENT),
    Fault("silence after the role", AFTER_PATIENCE, primary(stall_after_chunks=0), modes=STREAM, params=IMPATIENT),
    Fault("silence after content", error_event(at_least_ms=int(IDLE_S * 1000)), primary(stall_after_chunks=1), modes=STREAM),
]

UNTRUE = [
    Fault("200 with an error", by_second(), said(200, "overloaded", "server_error"), modes=PLAIN),
    Fault("200, error event first", by_second(), primary(error_event_first=True), modes=STREAM),
    Fault("200, comment, error event", by_second(), primary(error_event_first=True, comment_first=True), modes=STREAM),
    Fault("200, role, error event", by_second(), primary(error_event_after=0), modes=STREAM),
    Fault("error event after content", error_event(), primary(error_event_after=1), modes=STREAM),
    Fault("200 with nothing", by_second(), primary(empty_200=True)),
    Fault("200 with a web page", by_second(), primary(html_200=True)),
    Fault("200 with half an answer", by_second(), primary(end_after_chunks=1), modes=PLAIN),
    Fault("200 that is no JSON", by_second(), NO_JSON, modes=PLAIN),
    Fault("malformed frame first", by_second(), primary(malformed_frame_first=True), modes=STREAM),
    Fault("malformed frame after the role", by_second(), primary(malformed_frame_after=0), modes=STREAM),
    Fault("malformed frame after content", error_event(), primary(malformed_frame_after=1), modes=STREAM),
    Fault("end after the role", by_second(), primary(end_after_chunks=0), modes=STREAM),
    Fault("end after content", error_event(), primary(end_after_chunks=1), modes=STREAM),
]

TOO_LONG = said(400, "Your input exceeds the context window of this model.", code="context_length_exceeded")
REFUSED_CONTENT = said(400, "The response was filtered due to the prompt triggering a policy.", code="content_filter")
REFUSALS = [
    Fault("400", by_fallback(), said(400, "No such role.")),
    Fault("400, context window", by_fallback(role="context"), TOO_LONG),
    Fault("400, content policy", by_fallback(role="policy"), REFUSED_CONTENT),
    Fault("401", by_second(), primary(status=401)),
    Fault("402", by_second(), primary(status=402)),
    Fault("403", by_second(), primary(status=403)),
    Fault("404", by_second(), primary(status=404)),
    Fault("408", by_second(), primary(status=408)),
    Fault("409", by_second(), primary(status=409)),
    # Too large is too long, measured in bytes.
    Fault("413", by_fallback(role="context"), primary(status=413)),
    Fault("422", by_fallback(), primary(status=422)),
    Fault("500", by_second(), primary(status=500)),
    Fault("502", by_second(), primary(status=502)),
    Fault("503", by_second(), primary(status=503)),
    Fault("529", by_second(), primary(status=529)),
]

QUOTA = said(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota")
LIMITS = [
    Fault("429", by_second(), limited()),
    Fault("429, back in 30 s", by_second(), limited(retry_after="30")),
    Fault("429, quota", by_second(), QUOTA),
    Fault("429, alone", by_itself(), limited(), times=1, alone=True),
    Fault("429, alone, back in 1 s", by_itself(at_least_ms=1000), limited(retry_after="1"), times=1, alone=True),
    Fault("429, alone, back at a date", by_itself(at_least_ms=900), {"primary": soon}, times=1, alone=True),
    Fault("429, alone, back in 300 ms", by_itself(at_least_ms=300), limited(retry_after_ms="300"), times=1, alone=True),
    Fault("429, alone, back in an hour", error(429, {"primary": 1}), limited(retry_after="3600"), alone=True),
]

IN_A_ROW = [
    Fault("two in a row", answer(None, AGAIN, retries=2, fallbacks=0), {"primary": FAILED, "second": FAILED}, times=1),
    Fault(
        "three in a row",
        answer("fallback", {**AGAIN, "fallback": 1}, fallbacks=1),
        {"primary": FAILED, "second": FAILED},
    ),
    Fault(
        "then refused",
        answer("fallback", {"primary": 2, "fallback": 1}, fallbacks=1),
        {"primary": FAILED},
        params={"second": REFUSED},
    ),
    Fault(
        "then no such cluster",
        answer("fallback", {"primary": 2, "fallback": 1}, fallbacks=1),
        {"primary": FAILED},
        params={"second": LOST},
    ),
    Fault(
        "all failing",
        error(503, {**AGAIN, "fallback": 3}),
        {"primary": FAILED, "second": FAILED, "fallback": {"status": 503}},
    ),
]

FAULTS = CONNECTION + SLOW + UNTRUE + REFUSALS + LIMITS + IN_A_ROW
ROLES = ["primary", "second", "fallback", "context", "policy"]


@dataclass(frozen=True)
class Case:
    """A fault, played in one mode."""

    fault: Fault
    mode: str

    @property
    def group(self):
        """The name of its model group; with a role behind it, that of a deployment and of the model asked for."""
        return f"{self.fault.name.replace(', ', '-').replace(' ', '-')}-{self.mode}"

    def model(self, role):
        return f"{self.group}-{role}"

    def roles(self):
        return ROLES[:1] if self.fault.alone else ROLES


CASES = [Case(fault, mode) for fault in FAULTS for mode in fault.modes]
