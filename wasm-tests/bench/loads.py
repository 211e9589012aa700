"""What is sent: chat requests like real ones, in four sizes and as streams, and what a right answer is."""

import json
import re
from dataclasses import dataclass

CHUNKS = 200
CHUNK_BYTES = 20
SIZES = {"115 B": 115, "10 KB": 10_000, "100 KB": 100_000, "1 MB": 1_000_000}
# What every other pair of formats is measured with.
USUAL = 1_000

# What clients call a model, the vendor, and what the vendor calls it.
MODELS = {
    "bench-chat": ("openai", "gpt-4o-mini"),
    "bench-stream": ("openai", "gpt-4o"),
    "bench-claude": ("anthropic", "claude-haiku-4-5"),
    "bench-claude-stream": ("anthropic", "claude-sonnet-4-5"),
    "bench-gemini": ("gemini", "gemini-2.5-flash"),
    "bench-gemini-stream": ("gemini", "gemini-2.5-pro"),
    "bench-bedrock": ("bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0"),
    "bench-bedrock-stream": ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
}
# Those that answer with a stream of `CHUNKS`.
STREAMED = [name for alias, (_, name) in MODELS.items() if alias.endswith("-stream")]

TEXT = (
    'Summarise what follows in three sentences, and answer with "none" if there is nothing to say.\n\n'
    "\tErrors first: café, žluťoučký kůň, 你好, 🦀.\n"
    "The quick brown fox jumps over the lazy dog while the gateway counts its tokens and its money; "
    "nobody has asked the dog. "
)

# What each vendor speaks.
FORMATS = {"anthropic": "messages", "bedrock": "converse", "gemini": "gemini", "openai": "chat"}
BEARER = {"authorization": "Bearer sk-bench"}
HEADERS = {
    "chat": BEARER,
    "converse": BEARER,
    "gemini": {"x-goog-api-key": "sk-bench"},
    "messages": {"x-api-key": "sk-bench", "anthropic-version": "2023-06-01"},
}


@dataclass(frozen=True)
class Load:
    """One row of the table."""

    name: str
    alias: str
    size: int
    stream: bool = False
    # What the client speaks.
    client: str = "chat"

    def format(self, translated: bool) -> str:
        """`translated`: the client's own for Dragoman. Otherwise the vendor's, for an Envoy that changes nothing."""
        return self.client if translated else FORMATS[MODELS[self.alias][0]]

    def model(self, translated: bool) -> str:
        return self.alias if translated else MODELS[self.alias][1]

    def body(self, translated: bool) -> bytes:
        return encode(self.request(self.format(translated), self.model(translated)))

    def request(self, form: str, model: str) -> dict:
        request = {"model": model} if form in ("chat", "messages") else {}
        if form == "messages":
            request["max_tokens"] = 4096
        if request and self.stream:
            request["stream"] = True
        empty = {**request, "messages": [{"role": "user", "content": ""}]}
        content = messages(max(self.size - len(encode(empty)), 1))
        if form == "gemini":
            roles = {"user": "user", "assistant": "model"}
            return {"contents": [{"role": roles[one["role"]], "parts": [{"text": one["content"]}]} for one in content]}
        if form == "converse":
            return {"messages": [{**one, "content": [{"text": one["content"]}]} for one in content]}
        return {**request, "messages": content}

    def headers(self, translated: bool) -> dict:
        return HEADERS[self.format(translated)]

    def path(self, translated: bool) -> str:
        model = self.model(translated).replace(":", "%3A")
        return {
            "chat": "/v1/chat/completions",
            "converse": f"/model/{model}/converse{'-stream' if self.stream else ''}",
            "gemini": f"/v1beta/models/{model}:{'streamGenerateContent?alt=sse' if self.stream else 'generateContent'}",
            "messages": "/v1/messages",
        }[self.format(translated)]

    def check(self, answer: bytes, translated: bool) -> None:
        """Ends the program if `answer` is not what the stand-in said."""
        form = self.format(translated)
        if self.stream:
            said = streamed(answer, form)
            right = len(said) == CHUNKS and all(len(text.encode()) == CHUNK_BYTES for text in said)
        else:
            right = whole(json.loads(answer), form) == "你好 from the stand-in 🦀"
        if not right:
            raise SystemExit(f"{self.name}: not the right answer: {answer[:2000]!r}")


def messages(size: int) -> list:
    """A conversation whose encoding takes about `size` bytes more than that of an empty message."""
    if size < len(TEXT):
        return [{"role": "user", "content": ("How are you today? " * size)[:size]}]
    turn = [{"role": "user", "content": TEXT * 4}, {"role": "assistant", "content": TEXT}]
    turns = size // (len(encode(turn)) + 1)
    content, left = [*turn] * turns, size - turns * (len(encode(turn)) - 1)
    return [*content, {"role": "user", "content": "a" * max(left, 1)}]


def encode(value) -> bytes:
    # As the official clients write it: no spaces, characters as they are.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def whole(answer: dict, form: str) -> str:
    """The text of an answer."""
    if form == "chat":
        return answer["choices"][0]["message"]["content"]
    if form == "messages":
        return answer["content"][0]["text"]
    if form == "gemini":
        return answer["candidates"][0]["content"]["parts"][0]["text"]
    return answer["output"]["message"]["content"][0]["text"]


def streamed(answer: bytes, form: str) -> list:
    """The texts of a stream's content chunks."""
    if form == "converse":
        return [json.loads(text) for text in TEXT_DELTA.findall(answer.decode(errors="replace"))]
    datas = [line[6:] for line in answer.decode().splitlines() if line.startswith("data: {")]
    events = [json.loads(line) for line in datas]
    if form == "messages":
        return [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    if form == "gemini":
        texts = [whole(event, form) for event in events]
        return [text for text in texts if text]
    deltas = [event["choices"][0]["delta"] for event in events if event.get("choices")]
    return [delta["content"] for delta in deltas if delta.get("content")]


# Within the frames of an event stream; framing itself is not what is measured.
TEXT_DELTA = re.compile(r'"delta":\{"text":("[^"]*")\}')

LOADS = [
    *(Load(f"OpenAI, {name}", "bench-chat", size) for name, size in SIZES.items()),
    *(Load(f"Anthropic, {name}", "bench-claude", size) for name, size in SIZES.items()),
    Load("Anthropic, 1 KB", "bench-claude", USUAL),
    Load("Gemini, 1 KB", "bench-gemini", USUAL),
    Load("Bedrock, 1 KB", "bench-bedrock", USUAL),
    Load("Messages in, OpenAI, 1 KB", "bench-chat", USUAL, client="messages"),
    Load("Messages in, Anthropic, 1 KB", "bench-claude", USUAL, client="messages"),
    Load(f"OpenAI, stream of {CHUNKS}", "bench-stream", 115, stream=True),
    Load(f"Anthropic, stream of {CHUNKS}", "bench-claude-stream", 115, stream=True),
    Load(f"Gemini, stream of {CHUNKS}", "bench-gemini-stream", 115, stream=True),
    Load(f"Bedrock, stream of {CHUNKS}", "bench-bedrock-stream", 115, stream=True),
    Load(f"Messages in, OpenAI, stream of {CHUNKS}", "bench-stream", 115, stream=True, client="messages"),
    Load(f"Messages in, Anthropic, stream of {CHUNKS}", "bench-claude-stream", 115, stream=True, client="messages"),
]
