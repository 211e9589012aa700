"""Ollama's types: `ollama` on PyPI."""

from ollama import _types as types

from .shape import of_list, of_members, problems
from .shape import model_members


def request(body):
    """A request for `/api/chat`. The SDK reads files where the wire has base64, so images are looked at here."""
    hints, required = model_members(types.ChatRequest)
    messages = body.get("messages") or []
    shown = [{name: one for name, one in message.items() if name != "images"} for message in messages]
    found = of_members({**body, "messages": shown}, hints, required, "body")
    for index, message in enumerate(messages):
        if "images" in message:
            found += of_list(message["images"], bytes, f"body.messages[{index}].images")
    return found


def embed_request(body):
    """A request for `/api/embed`."""
    return problems(body, types.EmbedRequest)
