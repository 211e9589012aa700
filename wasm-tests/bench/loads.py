"""What is sent: chat requests like real ones, in four sizes and as streams, and what a right answer is."""

import json
from dataclasses import dataclass

CHUNKS = 200
CHUNK_BYTES = 20
SIZES = {"115 B": 115, "10 KB": 10_000, "100 KB": 100_000, "1 MB": 1_000_000}

# What clients call a model, the vendor, and what the vendor calls it.
MODELS = {
    "bench-chat": ("openai", "gpt-4o-mini"),
    "bench-stream": ("openai", "gpt-4o"),
    "bench-claude": ("anthropic", "claude-haiku-4-5"),
    "bench-claude-stream": ("anthropic", "claude-sonnet-4-5"),
}

TEXT = (
    'Summarise what follows in three sentences, and answer with "none" if there is nothing to say.\n\n'
    "\tErrors first: café, žluťoučký kůň, 你好, 🦀.\n"
    "The quick brown fox jumps over the lazy dog while the gateway counts its tokens and its money; "
    "nobody has asked the dog. "
)

NATIVE = {"x-api-key": "sk-bench", "anthropic-version": "2023-06-01"}
BEARER = {"authorization": "Bearer sk-bench"}


@dataclass(frozen=True)
class Load:
    """One row of the table."""

    name: str
    alias: str
    size: int
    stream: bool = False

    def body(self, translated: bool) -> bytes:
        """`translated`: in OpenAI's format for Dragoman. Otherwise in the vendor's own, for an Envoy that changes nothing."""
        vendor, model = MODELS[self.alias]
        request = {"model": self.alias if translated else model}
        if vendor == "anthropic" and not translated:
            request["max_tokens"] = 4096
        if self.stream:
            request["stream"] = True
        request["messages"] = [{"role": "user", "content": ""}]
        content = self.size - len(encode(request))
        request["messages"] = messages(max(content, 1))
        return encode(request)

    def headers(self, translated: bool) -> dict:
        return BEARER if translated or not self.anthropic else NATIVE

    def path(self, translated: bool) -> str:
        return "/v1/chat/completions" if translated or not self.anthropic else "/v1/messages"

    @property
    def anthropic(self) -> bool:
        return MODELS[self.alias][0] == "anthropic"

    def check(self, answer: bytes, translated: bool) -> None:
        """Ends the program if `answer` is not what the stand-in said."""
        native = self.anthropic and not translated
        if self.stream:
            said = streamed(answer, native)
            right = len(said) == CHUNKS and all(len(text.encode()) == CHUNK_BYTES for text in said)
        else:
            whole = json.loads(answer)
            said = whole["content"][0]["text"] if native else whole["choices"][0]["message"]["content"]
            right = said == "你好 from the stand-in 🦀"
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


def streamed(answer: bytes, native: bool) -> list:
    """The texts of a stream's content chunks."""
    datas = [line[6:] for line in answer.decode().splitlines() if line.startswith("data: {")]
    events = [json.loads(line) for line in datas]
    if native:
        return [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    deltas = [event["choices"][0]["delta"] for event in events if event.get("choices")]
    return [delta["content"] for delta in deltas if delta.get("content")]


LOADS = [
    *(Load(f"OpenAI, {name}", "bench-chat", size) for name, size in SIZES.items()),
    *(Load(f"Anthropic, {name}", "bench-claude", size) for name, size in SIZES.items()),
    Load(f"OpenAI, stream of {CHUNKS}", "bench-stream", 115, stream=True),
    Load(f"Anthropic, stream of {CHUNKS}", "bench-claude-stream", 115, stream=True),
]
