"""Reads server-sent events the way a client does, without help from any SDK."""

import json


def events(body):
    """The `data` of each event of `body`, which is text or bytes."""
    text = body.decode() if isinstance(body, bytes) else body
    blocks = text.replace("\r\n", "\n").split("\n\n")
    data = []
    for block in blocks:
        lines = [line.removeprefix("data:").removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        if lines:
            data.append("\n".join(lines))
    return data


def chunks(body):
    """The events that are JSON."""
    return [json.loads(data) for data in events(body) if data != "[DONE]"]


def text(body):
    """The content of all chunks' first choice, together."""
    deltas = [choice["delta"] for chunk in chunks(body) for choice in chunk.get("choices", [])]
    return "".join(delta.get("content") or "" for delta in deltas)


def usages(body):
    """The usage objects of all chunks that have one."""
    return [chunk["usage"] for chunk in chunks(body) if chunk.get("usage")]


def errors(body):
    """The errors among the events."""
    return [chunk["error"] for chunk in chunks(body) if "error" in chunk]
