"""Mistral's types: `mistralai` on PyPI."""

import mistralai.client.models as models

from .shape import problems


def request(body):
    """A request for `/v1/chat/completions`."""
    kind = models.ChatCompletionStreamRequest if body.get("stream") else models.ChatCompletionRequest
    return problems(body, kind)


def embeddings_request(body):
    """A request for `/v1/embeddings`."""
    return problems(body, models.EmbeddingRequest)
