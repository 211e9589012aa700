"""Anthropic's types: `anthropic` on PyPI."""

import anthropic.types as types
from anthropic.types import message_count_tokens_params, message_create_params
from anthropic.types.beta import message_create_params as beta_params

from . import frames
from .shape import problems

# The SDK no longer offers them, as newer models refuse them; the API still takes them for older ones.
SAMPLING = {"temperature": 1, "top_p": 1, "top_k": None}


def request(body, version=None, params=message_create_params):
    """A request for `/v1/messages`; in Vertex and Bedrock, which name the model in the path, with their `version`."""
    body = dict(body)
    found = sampling(body)
    if version is not None:
        if body.pop("anthropic_version", None) != version:
            found.append(f"body.anthropic_version: is not {version}")
        body.pop("anthropic_beta", None)
        if "model" in body:
            found.append("body.model: belongs into the path")
        body["model"] = "model"
    kind = "Streaming" if body.get("stream") else "NonStreaming"
    found += problems(body, getattr(params, f"MessageCreateParams{kind}"))
    return found + conversation(body.get("messages"))


def beta_request(body):
    """A request with members that need an `anthropic-beta`."""
    return request(body, params=beta_params)


def sampling(body):
    found = []
    for name, most in SAMPLING.items():
        value = body.pop(name, None)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0 or (most and value > most):
            found.append(f"body.{name}: {value} is not allowed")
    return found


def conversation(messages):
    """What the API refuses though the types allow it."""
    found = []
    if not isinstance(messages, list):
        return found
    if messages and messages[0].get("role") != "user":
        found.append("body.messages[0].role: the first is not the user")
    offered = set()
    for index, message in enumerate(messages):
        at, content = f"body.messages[{index}].content", message.get("content")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        if not blocks:
            found.append(f"{at}: empty")
        for number, block in enumerate(blocks):
            if block.get("type") == "text" and not str(block.get("text")).strip():
                found.append(f"{at}[{number}]: a blank text")
            if block.get("type") == "tool_result" and block.get("tool_use_id") not in offered:
                found.append(f"{at}[{number}]: a result without its call in the message before")
        offered = {block.get("id") for block in blocks if block.get("type") == "tool_use"}
    return found


def count_request(body):
    """A request for `/v1/messages/count_tokens`."""
    return problems(body, message_count_tokens_params.MessageCountTokensParams)


def answer(body):
    """An answer to a request that was not streamed."""
    return problems(body, types.Message)


def error(body):
    """A refusal."""
    return problems({name: one for name, one in body.items() if name != "request_id"}, types.ErrorResponse)


def stream(events):
    """The events of a stream, each with its name; their order, and that only one block is open at a time."""
    found, order, block = [], [], None
    for index, (name, body) in enumerate(events):
        at, kind = f"event[{index}]", body.get("type")
        if name != kind:
            found.append(f"{at}: named {name} but of type {kind}")
        if kind == "ping":
            continue
        if kind == "error":
            found += error(body)
            return found
        found += problems(body, types.RawMessageStreamEvent, at)
        order.append(kind)
        number = body.get("index")
        if kind == "content_block_start":
            if block is not None:
                found.append(f"{at}: block {block} is still open")
            block = number
        elif kind == "content_block_delta" and number != block:
            found.append(f"{at}: block {number} is not open")
        elif kind == "content_block_stop":
            block = None
    return found + frames.begins_and_ends(order, ["message_start"], ["message_delta", "message_stop"])
