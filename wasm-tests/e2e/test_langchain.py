"""LangChain as the client: applications that know nothing of the gateway."""

import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI

from harness.conversation import CALLS, RESULTS, TOOLS, TOOLS_ANSWER
from harness.stand_in import GREETING


@pytest.fixture
def chat(gateway, model):
    return ChatOpenAI(base_url=f"{gateway.url}/v1", api_key="sk-client", model=model, max_retries=0, timeout=20)


def test_langchain_is_answered(chat):
    answer = chat.invoke("hello")
    assert answer.content == GREETING
    assert answer.usage_metadata["total_tokens"] > 0


def test_langchain_streams(chat):
    assert "".join(chunk.content for chunk in chat.stream("hello")) == GREETING


def test_langchain_binds_tools(chat):
    bound = chat.bind_tools(TOOLS)
    messages = [HumanMessage("weather and time?")]
    asked = bound.invoke(messages)
    assert [(call["name"], call["args"]) for call in asked.tool_calls] == CALLS
    messages.append(asked)
    messages += [ToolMessage(text, tool_call_id=call["id"]) for call, text in zip(asked.tool_calls, RESULTS)]
    assert bound.invoke(messages).content == TOOLS_ANSWER
