"""OpenAI's types: `openai` on PyPI."""

import openai.types as types
from openai.types import chat, completion_create_params, embedding_create_params, responses
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params

from .shape import problems

# What gateways add to OpenAI's answers: clients that do not know of it pass it over.
MORE_IN_MESSAGES = {
    "images": list,
    "provider_specific_fields": dict,
    "reasoning_content": str | None,
    "thinking_blocks": list,
}
# OpenAI itself has them in whole answers only.
MORE_IN_DELTAS = {**MORE_IN_MESSAGES, "annotations": list}
# Where Google's signatures of thoughts travel.
MORE_IN_CALLS = {"extra_content": dict, "provider_specific_fields": dict}
MORE_IN_USAGE = {
    "cache_creation_input_tokens": int,
    "cache_read_input_tokens": int,
    "server_tool_use": dict,
}


# A name is in the API reference, though not yet in the package; the package raises only what is in `error`.
MORE_IN_EVENTS = {"response.function_call_arguments.done": {"name": str}, "error": {"error": dict}}


def request(body):
    """A request for `/v1/chat/completions`."""
    return problems(body, streaming(chat_params, "CompletionCreateParams", body))


def responses_request(body):
    """A request for `/v1/responses`."""
    return problems(body, streaming(response_create_params, "ResponseCreateParams", body))


def completions_request(body):
    """A request for `/v1/completions`."""
    return problems(body, streaming(completion_create_params, "CompletionCreateParams", body))


def embeddings_request(body):
    """A request for `/v1/embeddings`."""
    return problems(body, embedding_create_params.EmbeddingCreateParams)


def streaming(module, name, body):
    return getattr(module, name + ("Streaming" if body.get("stream") else "NonStreaming"))


def answer(body):
    """An answer to a chat request."""
    body, found = without_more(body, "message")
    return found + problems(body, chat.ChatCompletion)


def chunks(bodies):
    """The chunks of a chat stream: each by itself, the role first, one end for each choice."""
    found, finished, roles = each_chunk(bodies), {}, set()
    for index, body in enumerate(bodies):
        at = f"chunk[{index}]"
        for choice in body.get("choices", []):
            number, delta = choice.get("index"), choice.get("delta") or {}
            if "role" in delta:
                roles.add(number)
            elif number not in roles:
                found.append(f"{at}: choice {number} begins without a role")
            if choice.get("finish_reason"):
                finished[number] = finished.get(number, 0) + 1
    if any(times != 1 for times in finished.values()):
        found.append(f"finished more than once: {finished}")
    return found


def each_chunk(bodies):
    """The same for streams that are passed on as vendors order them."""
    found = []
    for index, body in enumerate(bodies):
        body, more = without_more(body, "delta")
        found += more + problems(body, chat.ChatCompletionChunk, f"chunk[{index}]")
    return found


def without_more(body, part):
    """`body` without what gateways add, and the problems of what they added."""
    found, choices = [], []
    for choice in body.get("choices", []):
        message = dict(choice.get(part) or {})
        found += added(message, MORE_IN_DELTAS if part == "delta" else MORE_IN_MESSAGES, f"body.{part}")
        if message.get("tool_calls"):
            message["tool_calls"] = [dict(call) for call in message["tool_calls"]]
            for call in message["tool_calls"]:
                found += added(call, MORE_IN_CALLS, f"body.{part}.tool_calls")
        choices.append({**choice, part: message})
    body = {**body, "choices": choices}
    if body.get("usage"):
        body["usage"] = dict(body["usage"])
        found += added(body["usage"], MORE_IN_USAGE, "body.usage")
    return body, found


def added(members, known, at):
    """Takes the `known` members out and returns their problems."""
    taken = [(name, members.pop(name)) for name in known if name in members]
    return [problem for name, value in taken for problem in problems(value, known[name], f"{at}.{name}")]


def responses_answer(body):
    """An answer of the Responses API."""
    return problems(body, responses.Response)


def responses_stream(events):
    """The events of a stream of the Responses API."""
    found, order, last = [], [], -1
    for index, (name, body) in enumerate(events):
        at, kind = f"event[{index}]", body.get("type")
        if name != kind:
            found.append(f"{at}: named {name} but of type {kind}")
        members = dict(body)
        found += added(members, MORE_IN_EVENTS.get(kind, {}), at)
        found += problems(members, responses.ResponseStreamEvent, at)
        if body.get("sequence_number") != last + 1:
            found.append(f"{at}: {body.get('sequence_number')} does not follow {last}")
        last = body.get("sequence_number", last + 1)
        order.append(kind)
    if order[:1] not in (["response.created"], ["error"]):
        found.append(f"begins with {order[:1]}")
    ends = ("response.completed", "response.failed", "response.incomplete", "error")
    if not order or order[-1] not in ends:
        found.append(f"ends with {order[-1:]}")
    return found


def completions_answer(body):
    """An answer of the legacy API."""
    return problems(body, types.Completion)


def completions_chunk(body):
    """A chunk of its streams: the package has no type for it, in which nothing has ended yet and usage may be to come."""
    choices = [{**one, "finish_reason": one.get("finish_reason") or "stop"} for one in body.get("choices", [])]
    whole = {name: one for name, one in body.items() if name != "usage" or one is not None}
    return problems({**whole, "choices": choices}, types.Completion)


def embeddings_answer(body):
    """Vectors, as numbers or, as clients ask for, in base64."""
    rows = [{**row, "embedding": []} if isinstance(row.get("embedding"), str) else row for row in body.get("data", [])]
    return problems({**body, "data": rows}, types.CreateEmbeddingResponse)


def error(body):
    """A refusal, in the words of the API reference: the package has no type for it."""
    members = body.get("error") if isinstance(body, dict) and set(body) == {"error"} else None
    if not isinstance(members, dict):
        return ["body: is not an error"]
    shape = {"message": str, "type": str, "param": str | None, "code": str | None}
    found = [f"error.{name}: missing" for name in shape if name not in members]
    return found + [problem for name, hint in shape.items() if name in members for problem in problems(members[name], hint, f"error.{name}")]
