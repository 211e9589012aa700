"""Our stand-in is a vendor to believe: what it says is what the vendors' own definitions allow."""

import httpx2
import pytest

from harness.conversation import CITY

from vendors import anthropic_says, aws_says, frames, google_says, openai_says

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1%3A0"
CONTENT = [{"text": "weather and time?"}]
TOOL = {"name": "weather", "description": "The weather of a city"}
CONVERSE = {
    "messages": [{"role": "user", "content": CONTENT}],
    "toolConfig": {"tools": [{"toolSpec": {**TOOL, "inputSchema": {"json": CITY}}}]},
}
CONTENTS = {
    "contents": [{"role": "user", "parts": CONTENT}],
    "tools": [{"functionDeclarations": [{**TOOL, "parameters": CITY}]}],
}


@pytest.fixture
def said(playing):
    """The stand-in's answer to a request for `path`."""

    def said(path, body, headers=None):
        headers = {"authorization": "Bearer sk-provider", "x-goog-api-key": "sk-provider", **(headers or {})}
        with httpx2.Client(base_url=playing["stand-in"].url, trust_env=False) as http:
            answer = http.post(path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    return said


def without_tools(body):
    return {name: one for name, one in body.items() if name not in ("toolConfig", "tools")}


@pytest.mark.parametrize("change", [dict, without_tools], ids=["calls", "text"])
def test_botocore_reads_the_frames_and_their_checksums(said, change):
    answer = said(f"/model/{MODEL}/converse-stream", change(CONVERSE))
    assert aws_says.stream(answer.content) == []
    broken = bytearray(answer.content)
    broken[-1] ^= 1
    with pytest.raises(aws_says.ChecksumMismatch):
        aws_says.stream(bytes(broken))


@pytest.mark.parametrize("change", [dict, without_tools], ids=["calls", "text"])
def test_googles_types_fit_its_answers(said, change):
    body = change(CONTENTS)
    assert google_says.answer(said("/v1beta/models/gemini-3-flash:generateContent", body).json()) == []
    stream = said("/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse", body)
    assert [problem for _, event in frames.read(stream.text) for problem in google_says.answer(event)] == []


def test_anthropics_types_fit_its_answers(said):
    body = {"model": "claude-sonnet-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}
    version = {"anthropic-version": "2023-06-01"}
    assert anthropic_says.answer(said("/v1/messages", body, version).json()) == []
    stream = said("/v1/messages", {**body, "stream": True}, version)
    assert anthropic_says.stream(frames.read(stream.text)) == []


def test_openais_types_fit_its_answers(said):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
    assert openai_says.answer(said("/v1/chat/completions", body).json()) == []
    stream = said("/v1/chat/completions", {**body, "stream": True})
    assert openai_says.chunks([event for _, event in frames.read(stream.text)]) == []
