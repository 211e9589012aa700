"""Ollama's types: `ollama` on PyPI."""

from ollama import _types as types

from .shape import model_members, of_list, of_members, problems


def request(body):
    """A request for `/api/chat`. The SDK reads files where the wire has base64, so images are looked at here."""
    hints, required = model_members(types.ChatRequest)
    messages = body.get("messages") or []
    shown = [{name: one for name, one in message.items() if name != "images"} for message in messages]
    tools = [{**tool, "function": without_schema(tool["function"])} for tool in body.get("tools") or []]
    found = of_members({**body, "messages": shown, "tools": tools}, hints, required, "body")
    for index, message in enumerate(messages):
        if "images" in message:
            found += of_list(message["images"], bytes, f"body.messages[{index}].images")
    return found


def without_schema(function):
    """Any schema is taken, though the SDK names only the members of the plainest."""
    return {name: one for name, one in function.items() if name != "parameters"}


def embed_request(body):
    """A request for `/api/embed`."""
    return problems(body, types.EmbedRequest)
