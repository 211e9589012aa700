"""Google's types: `google-genai` on PyPI."""

from google.genai import types

from .shape import model_members, of_members, problems

# The SDK knows the parts of a request; what holds them together is not among its types.
REQUEST = {
    "cachedContent": str,
    "contents": list[types.Content],
    "generationConfig": dict,
    "serviceTier": types.ServiceTier,
    "safetySettings": list[types.SafetySetting],
    "systemInstruction": types.Content,
    "toolConfig": types.ToolConfig,
    "tools": list[types.Tool],
}
# The SDK has it beside the others, and puts it among them.
MORE_IN_CONFIG = {"imageConfig": types.ImageConfig}
ONLY_ON_VERTEX = {"labels": dict[str, str], "modelArmorConfig": types.ModelArmorConfig}
EMBED_ONE = {
    "content": types.Content,
    "model": str,
    "outputDimensionality": int,
    "taskType": str,
    "title": str,
}
# Vertex's `predict` says it in another way.
INSTANCE = {"content": str, "mimeType": str, "task_type": str, "title": str}
PARAMETERS = {"autoTruncate": bool, "outputDimensionality": int}


def request(body, vertex=False):
    """A request for `generateContent` or `streamGenerateContent`."""
    found = of_members(body, {**REQUEST, **(ONLY_ON_VERTEX if vertex else {})}, {"contents"}, "body")
    for index, content in enumerate(body.get("contents") or []):
        at = f"body.contents[{index}]"
        if content.get("role") not in ("user", "model"):
            found.append(f"{at}.role: {content.get('role')} is neither user nor model")
        if not content.get("parts"):
            found.append(f"{at}.parts: empty")
    if isinstance(config := body.get("generationConfig"), dict):
        hints, required = model_members(types.GenerationConfig)
        found += of_members(config, {**hints, **MORE_IN_CONFIG}, required, "body.generationConfig")
    return found + one_way_to_think(body)


def one_way_to_think(body):
    thinking = (body.get("generationConfig") or {}).get("thinkingConfig") or {}
    both = "thinkingBudget" in thinking and "thinkingLevel" in thinking
    return ["body.generationConfig.thinkingConfig: a budget and a level exclude each other"] if both else []


def embed_request(body):
    """A request for `embedContent`, `batchEmbedContents`, or Vertex's `predict`."""
    if "requests" in body:
        shapes = [(one, EMBED_ONE, {"model", "content"}, f"body.requests[{at}]") for at, one in enumerate(body["requests"])]
        whole = of_members({**body, "requests": []}, {"requests": list}, set(), "body")
    elif "instances" in body:
        shapes = [(one, INSTANCE, {"content"}, f"body.instances[{at}]") for at, one in enumerate(body["instances"])]
        shapes.append((body.get("parameters") or {}, PARAMETERS, set(), "body.parameters"))
        whole = of_members({**body, "instances": []}, {"instances": list, "parameters": dict}, set(), "body")
    else:
        shapes, whole = [(body, EMBED_ONE, {"content"}, "body")], []
    return whole + [problem for shape in shapes for problem in of_members(*shape)]


def answer(body):
    """An answer, or an event of a stream, which looks the same."""
    return of_members(body, answer_members(), set(), "body")


def answer_members():
    hints, _ = model_members(types.GenerateContentResponse)
    # What the SDK puts together for its user does not come from the wire.
    return {name: hint for name, hint in hints.items() if name not in ("automaticFunctionCallingHistory", "parsed", "sdkHttpResponse")}


def error(body):
    """A refusal."""
    members = {"code": int, "details": list, "message": str, "status": str}
    return of_members(body, {"error": dict}, {"error"}, "body") or of_members(
        body["error"], members, {"code", "message", "status"}, "body.error"
    )


def count_answer(body):
    """An answer of `countTokens`."""
    return problems(body, types.CountTokensResponse)
