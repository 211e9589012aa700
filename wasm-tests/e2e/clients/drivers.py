"""The clients: what each does for a feature, in the words of its own SDK, and what comes back in words common to all."""

import base64
import json
import subprocess
from dataclasses import dataclass

import anthropic
import openai
from google import genai
from google.genai import errors as google_errors
from google.genai import types as google
from pydantic import BaseModel

from harness import places
from harness.conversation import CITY, PIXEL, RESULTS, TOOLS, picture, user

KEY = "sk-client"
TIMEOUT_S = 20
CHAT, STREAM = "hello", "hello"
ASKING_TOOLS, ASKING_PLACE, THINKING, TOO_OFTEN = "weather and time?", "where?", "think", "too often"
LIMIT, BUDGET = 4096, 1024


@dataclass
class Refused(Exception):
    """An error the SDK raised because of the answer's status."""

    status: int
    message: str


class Place(BaseModel):
    """Where the user is."""

    city: str


class OpenAiChat:
    """`openai`, chat completions."""

    def __init__(self, url):
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=TIMEOUT_S)
        self.create = self.client.chat.completions.create

    def chat(self, model):
        return self.create(model=model, messages=[user(CHAT)]).choices[0].message.content

    def stream(self, model):
        chunks = self.create(model=model, messages=[user(STREAM)], stream=True)
        return [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]

    def tools(self, model):
        messages = [user(ASKING_TOOLS)]
        message = self.create(model=model, messages=messages, tools=TOOLS).choices[0].message
        messages.append(message)
        messages += [
            {"role": "tool", "tool_call_id": call.id, "content": text} for call, text in zip(message.tool_calls, RESULTS)
        ]
        answer = self.create(model=model, messages=messages, tools=TOOLS)
        return called(message.tool_calls), answer.choices[0].message.content

    def streamed_tools(self, model):
        with self.client.chat.completions.stream(model=model, messages=[user(ASKING_TOOLS)], tools=TOOLS) as stream:
            return called(stream.get_final_completion().choices[0].message.tool_calls)

    def pictures(self, model):
        return self.create(model=model, messages=[picture(PIXEL)]).choices[0].message.content

    def schema(self, model):
        answer = self.client.chat.completions.parse(model=model, messages=[user(ASKING_PLACE)], response_format=Place)
        return answer.choices[0].message.parsed.model_dump()

    def reasoning(self, model):
        message = self.create(model=model, messages=[user(THINKING)], reasoning_effort="low").choices[0].message
        return message.reasoning_content, message.content

    def usage(self, model):
        plain = self.create(model=model, messages=[user(CHAT)]).usage
        options = {"include_usage": True}
        *_, last = self.create(model=model, messages=[user(CHAT)], stream=True, stream_options=options)
        return [(one.prompt_tokens, one.completion_tokens) for one in (plain, last.usage)]

    def errors(self, model):
        return self.create(model=model, messages=[user(TOO_OFTEN)])

    def ask(self, feature, model):
        try:
            return getattr(self, feature)(model)
        except openai.APIStatusError as error:
            raise Refused(error.status_code, error.message) from error

    def end(self):
        self.client.close()


def called(calls):
    return [(call.function.name, json.loads(call.function.arguments)) for call in calls]


class OpenAiResponses(OpenAiChat):
    """`openai`, responses."""

    TOOLS = [{"type": "function", "strict": False, **tool["function"]} for tool in TOOLS]

    def __init__(self, url):
        super().__init__(url)
        self.create = self.client.responses.create

    def chat(self, model):
        return self.create(model=model, input=CHAT).output_text

    def stream(self, model):
        events = self.create(model=model, input=STREAM, stream=True)
        return [event.delta for event in events if event.type == "response.output_text.delta"]

    def tools(self, model):
        said = [user(ASKING_TOOLS)]
        asked = self.create(model=model, input=said, tools=self.TOOLS)
        calls = [item for item in asked.output if item.type == "function_call"]
        said += [item.model_dump(exclude_none=True) for item in asked.output]
        said += [
            {"type": "function_call_output", "call_id": call.call_id, "output": text} for call, text in zip(calls, RESULTS)
        ]
        return self.called(calls), self.create(model=model, input=said, tools=self.TOOLS).output_text

    def streamed_tools(self, model):
        with self.client.responses.stream(model=model, input=ASKING_TOOLS, tools=self.TOOLS) as stream:
            answer = stream.get_final_response()
        return self.called(item for item in answer.output if item.type == "function_call")

    @staticmethod
    def called(calls):
        return [(call.name, json.loads(call.arguments)) for call in calls]

    def pictures(self, model):
        content = [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": PIXEL, "detail": "auto"},
        ]
        return self.create(model=model, input=[user(content)]).output_text

    def schema(self, model):
        return self.client.responses.parse(model=model, input=ASKING_PLACE, text_format=Place).output_parsed.model_dump()

    def reasoning(self, model):
        answer = self.create(model=model, input=THINKING, reasoning={"effort": "low", "summary": "auto"})
        thoughts = [part.text for item in answer.output if item.type == "reasoning" for part in item.summary]
        return "".join(thoughts), answer.output_text

    def usage(self, model):
        plain = self.create(model=model, input=CHAT).usage
        *_, last = self.create(model=model, input=CHAT, stream=True)
        return [(one.input_tokens, one.output_tokens) for one in (plain, last.response.usage)]

    def errors(self, model):
        return self.create(model=model, input=TOO_OFTEN)


class OpenAiCompletions(OpenAiChat):
    """`openai`, legacy completions."""

    FEATURES = ("chat", "stream", "usage", "errors")

    def __init__(self, url):
        super().__init__(url)
        self.create = self.client.completions.create

    def chat(self, model):
        return self.create(model=model, prompt=CHAT).choices[0].text

    def stream(self, model):
        chunks = self.create(model=model, prompt=STREAM, stream=True)
        return [choice.text for chunk in chunks for choice in chunk.choices if choice.text]

    def usage(self, model):
        plain = self.create(model=model, prompt=CHAT).usage
        *_, last = self.create(model=model, prompt=CHAT, stream=True, stream_options={"include_usage": True})
        return [(one.prompt_tokens, one.completion_tokens) for one in (plain, last.usage)]

    def errors(self, model):
        return self.create(model=model, prompt=TOO_OFTEN)


class Anthropic:
    """`anthropic`, messages."""

    TOOLS = [
        {"name": one["name"], "description": one["description"], "input_schema": one["parameters"]}
        for one in (tool["function"] for tool in TOOLS)
    ]

    def __init__(self, url):
        self.client = anthropic.Anthropic(base_url=url, api_key=KEY, max_retries=0, timeout=TIMEOUT_S)

    def create(self, model, content, **more):
        messages = content if isinstance(content, list) else [user(content)]
        return self.client.messages.create(model=model, max_tokens=LIMIT, messages=messages, **more)

    def chat(self, model):
        return texts(self.create(model, CHAT))

    def stream(self, model):
        with self.client.messages.stream(model=model, max_tokens=LIMIT, messages=[user(STREAM)]) as stream:
            return list(stream.text_stream)

    def tools(self, model):
        said = [user(ASKING_TOOLS)]
        asked = self.create(model, said, tools=self.TOOLS)
        calls = [block for block in asked.content if block.type == "tool_use"]
        said.append({"role": "assistant", "content": asked.content})
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in zip(calls, RESULTS)]
        said.append(user(results))
        return [(call.name, call.input) for call in calls], texts(self.create(model, said, tools=self.TOOLS))

    def streamed_tools(self, model):
        asked = {"model": model, "max_tokens": LIMIT, "messages": [user(ASKING_TOOLS)], "tools": self.TOOLS}
        with self.client.messages.stream(**asked) as stream:
            message = stream.get_final_message()
        return [(block.name, block.input) for block in message.content if block.type == "tool_use"]

    def pictures(self, model):
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL.partition(",")[2]}
        content = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
        return texts(self.create(model, [user(content)]))

    def schema(self, model):
        schema = {**CITY, "additionalProperties": False}
        answer = self.create(model, ASKING_PLACE, output_config={"format": {"type": "json_schema", "schema": schema}})
        return json.loads(texts(answer))

    def reasoning(self, model):
        answer = self.create(model, THINKING, thinking={"type": "enabled", "budget_tokens": BUDGET})
        return "".join(block.thinking for block in answer.content if block.type == "thinking"), texts(answer)

    def usage(self, model):
        plain = self.create(model, CHAT).usage
        with self.client.messages.stream(model=model, max_tokens=LIMIT, messages=[user(CHAT)]) as stream:
            told = stream.get_final_message().usage
        return [(one.input_tokens, one.output_tokens) for one in (plain, told)]

    def errors(self, model):
        return self.create(model, TOO_OFTEN)

    def ask(self, feature, model):
        try:
            return getattr(self, feature)(model)
        except anthropic.APIStatusError as error:
            raise Refused(error.status_code, error.message) from error

    def end(self):
        self.client.close()


def texts(message):
    return "".join(block.text for block in message.content if block.type == "text")


class Google:
    """`google-genai`, generateContent."""

    TOOLS = [
        google.FunctionDeclaration(name=one["name"], description=one["description"], parameters_json_schema=one["parameters"])
        for one in (tool["function"] for tool in TOOLS)
    ]
    ASKING = google.GenerateContentConfig(
        tools=[google.Tool(function_declarations=TOOLS)],
        automatic_function_calling=google.AutomaticFunctionCallingConfig(disable=True),
    )

    def __init__(self, url):
        options = google.HttpOptions(base_url=url, api_version="v1beta", timeout=TIMEOUT_S * 1000)
        self.client = genai.Client(api_key=KEY, http_options=options)
        self.create = self.client.models.generate_content

    def chat(self, model):
        return self.create(model=model, contents=CHAT).text

    def stream(self, model):
        chunks = self.client.models.generate_content_stream(model=model, contents=STREAM)
        return [chunk.text for chunk in chunks if chunk.text]

    def tools(self, model):
        said = [google.Content(role="user", parts=[google.Part(text=ASKING_TOOLS)])]
        asked = self.create(model=model, contents=said, config=self.ASKING)
        said.append(asked.candidates[0].content)
        results = [
            google.Part(function_response=google.FunctionResponse(id=call.id, name=call.name, response={"result": text}))
            for call, text in zip(asked.function_calls, RESULTS)
        ]
        said.append(google.Content(role="user", parts=results))
        answer = self.create(model=model, contents=said, config=self.ASKING)
        return [(call.name, call.args) for call in asked.function_calls], answer.text

    def streamed_tools(self, model):
        chunks = self.client.models.generate_content_stream(model=model, contents=ASKING_TOOLS, config=self.ASKING)
        return [(call.name, call.args) for chunk in chunks for call in chunk.function_calls or []]

    def pictures(self, model):
        pixel = google.Part.from_bytes(data=base64.b64decode(PIXEL.partition(",")[2]), mime_type="image/png")
        return self.create(model=model, contents=[pixel, "What is this?"]).text

    def schema(self, model):
        config = google.GenerateContentConfig(response_mime_type="application/json", response_schema=Place)
        return self.create(model=model, contents=ASKING_PLACE, config=config).parsed.model_dump()

    def reasoning(self, model):
        thinking = google.ThinkingConfig(include_thoughts=True, thinking_budget=BUDGET)
        answer = self.create(model=model, contents=THINKING, config=google.GenerateContentConfig(thinking_config=thinking))
        parts = answer.candidates[0].content.parts
        return "".join(part.text for part in parts if part.thought), answer.text

    def usage(self, model):
        plain = self.create(model=model, contents=CHAT).usage_metadata
        *_, last = self.client.models.generate_content_stream(model=model, contents=CHAT)
        return [(one.prompt_token_count, one.candidates_token_count) for one in (plain, last.usage_metadata)]

    def errors(self, model):
        return self.create(model=model, contents=TOO_OFTEN)

    def ask(self, feature, model):
        try:
            return getattr(self, feature)(model)
        except google_errors.APIError as error:
            raise Refused(error.code, error.message) from error

    def end(self):
        self.client.close()


class AiSdk:
    """`ai` with `@ai-sdk/openai-compatible`, chat completions."""

    def __init__(self, url):
        command = ["node", places.NODE_CLIENTS / "ai.mjs", f"{url}/v1", PIXEL]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, feature, model):
        print(json.dumps({"feature": feature, "model": model}), file=self.process.stdin, flush=True)
        told = json.loads(self.process.stdout.readline())
        if "status" in told:
            raise Refused(told["status"], told["message"])
        result = told["result"]
        if feature == "tools":
            return pairs(result[0]), result[1]
        return pairs(result) if feature in ("streamed_tools", "usage") else result

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def pairs(rows):
    return [tuple(row) for row in rows]
