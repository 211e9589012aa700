"""Cohere's types: `cohere` on PyPI."""

import functools
import inspect

import typing_extensions
from cohere import V2RerankResponse
from cohere.v2.client import V2Client

from .shape import of_members, problems

# Arguments of the methods that are not sent.
NOT_SENT = ("request_options", "return")


def request(body):
    """A request for `/v2/chat`."""
    return checked(V2Client.chat_stream if body.get("stream") else V2Client.chat, body, {"stream": bool})


def embed_request(body):
    """A request for `/v2/embed`."""
    return checked(V2Client.embed, body, {})


def rerank_request(body):
    """A request for `/v2/rerank`."""
    return checked(V2Client.rerank, body, {})


def rerank_answer(body):
    """An answer of `/v2/rerank`; with documents, as the first version had them and clients of gateways want them."""
    results = [{name: one for name, one in result.items() if name != "document"} for result in body.get("results", [])]
    billed = (body.get("meta") or {}).get("billed_units")
    if billed:
        # Vendors who bill tokens rather than searches.
        billed = {name: one for name, one in billed.items() if name != "total_tokens"}
        body = {**body, "meta": {**body["meta"], "billed_units": billed}}
    return problems({**body, "results": results}, V2RerankResponse)


def checked(method, body, more):
    """The SDK has no type for requests: the arguments of its methods are their members."""
    hints, required = arguments(method)
    return of_members(body, {**hints, **more}, required, "body")


@functools.cache
def arguments(method):
    hints = typing_extensions.get_type_hints(method, include_extras=True)
    hints = {name: hint for name, hint in hints.items() if name not in NOT_SENT}
    parameters = inspect.signature(method).parameters
    required = {name for name in hints if parameters[name].default is inspect.Parameter.empty}
    return hints, frozenset(required)
