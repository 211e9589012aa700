"""Reads an answer as far as it comes: a broken one is what some tests are about."""

import time
from dataclasses import dataclass

import httpx2

PATIENCE_S = 10


@dataclass(frozen=True)
class Seen:
    """What a client saw of an answer."""

    # 0 if there was not even a head.
    status: int
    headers: dict
    text: str
    # How it ended: "" is well; else "cut", or "silence" when patience came to an end.
    end: str
    ms: int


def read(gateway, model, text="hello", patience_s=PATIENCE_S, **more):
    """Asks `model` and reads to the end, whatever that is."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    status, headers, pieces, end = 0, {}, [], ""
    started = time.monotonic()
    try:
        with gateway.http.stream("POST", "/v1/chat/completions", json=body, timeout=patience_s) as answer:
            status, headers = answer.status_code, dict(answer.headers)
            for piece in answer.iter_text():
                pieces.append(piece)
    except httpx2.TimeoutException:
        end = "silence"
    except httpx2.TransportError:
        end = "cut"
    return Seen(status, headers, "".join(pieces), end, round((time.monotonic() - started) * 1000))
