"""The definitions themselves: what a vendor would refuse, they must not let pass."""

import copy

import pytest

from vendors import anthropic_says, aws_says, cohere_says, google_says, mistral_says, ollama_says, openai_says

HI = {"role": "user", "content": "hi"}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"type": "function", "function": {"name": "weather", "parameters": CITY}}

RIGHT = {
    "anthropic": (anthropic_says.request, {"model": "m", "max_tokens": 1, "messages": [HI], "tools": [{"name": "weather", "input_schema": CITY}]}),
    "bedrock": (
        aws_says.request,
        {
            "messages": [{"role": "user", "content": [{"text": "hi"}]}],
            "toolConfig": {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": CITY}}}]},
        },
    ),
    "cohere": (cohere_says.request, {"model": "m", "messages": [HI], "tools": [FUNCTION], "tool_choice": "REQUIRED"}),
    "gemini": (
        google_says.request,
        {
            "contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}]}],
            "tools": [{"functionDeclarations": [{"name": "weather", "parameters": CITY}]}],
        },
    ),
    "mistral": (mistral_says.request, {"model": "m", "messages": [HI], "tools": [FUNCTION], "tool_choice": "any"}),
    "ollama": (ollama_says.request, {"model": "m", "messages": [{**HI, "images": ["iVBORw=="]}], "options": {"seed": 1}}),
    "openai": (openai_says.request, {"model": "m", "messages": [HI], "tools": [FUNCTION], "tool_choice": "required"}),
    "responses": (openai_says.responses_request, {"model": "m", "input": [HI], "tools": [{"type": "function", **FUNCTION["function"], "strict": True}]}),
}

# A vendor, where to change the right body, and to what.
WRONG = [
    ("anthropic", "max_tokens", "1"),
    ("anthropic", "messages.0.role", "tool"),
    ("anthropic", "messages.0.content", [{"type": "text", "text": " "}]),
    ("anthropic", "messages.0.content", [{"type": "tool_result", "tool_use_id": "nobody", "content": "x"}]),
    ("anthropic", "tools.0.parameters", CITY),
    ("bedrock", "messages.0.content.0", {"text": "hi", "image": {"format": "png", "source": {"bytes": "iVBORw=="}}}),
    ("bedrock", "messages.0.content.0", {"image": {"format": "jpg", "source": {"bytes": "iVBORw=="}}}),
    ("bedrock", "messages.0.content.0", {"image": {"format": "png", "source": {"bytes": "not base64"}}}),
    ("bedrock", "modelId", "m"),
    ("bedrock", "toolConfig.tools.0.toolSpec.strictly", True),
    ("cohere", "tool_choice", "any"),
    ("cohere", "top_p", 0.5),
    ("gemini", "contents.0.parts.0.inlineData.data", "not base64"),
    ("gemini", "contents.0.parts.0.inline_data", {}),
    ("gemini", "contents.0.role", "assistant"),
    ("gemini", "tools.0.functionDeclarations.0.parameters.oneOf", [CITY]),
    ("gemini", "tools.0.functionDeclarations.0.strict", True),
    ("mistral", "max_completion_tokens", 1),
    ("mistral", "tool_choice", "maybe"),
    ("ollama", "messages.0.images", ["data:image/png;base64,iVBORw=="]),
    ("ollama", "max_tokens", 1),
    ("openai", "messages.0.content", [{"type": "image", "source": {}}]),
    ("openai", "tool_choice", "any"),
    ("responses", "messages", [HI]),
    ("responses", "tools.0.function", {}),
]


@pytest.mark.parametrize("vendor", RIGHT)
def test_what_the_vendor_takes_has_no_problems(vendor):
    problems_of, body = RIGHT[vendor]
    assert problems_of(body) == []


@pytest.mark.parametrize(("vendor", "place", "value"), WRONG)
def test_what_the_vendor_refuses_is_found(vendor, place, value):
    problems_of, body = RIGHT[vendor]
    body = copy.deepcopy(body)
    *way, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    inner = body
    for step in way:
        inner = inner[step]
    inner[last] = value
    assert problems_of(body) != []
