"""What stands in for the vendors here, and whether what it was sent is what the vendor's definition allows."""

import json
import re
import sys

import httpx2

from harness import places
from harness.process import Process
from harness.stand_in import StandIn

sys.path.insert(0, str(places.DEFINITIONS))

from vendors import anthropic_says, aws_says, cohere_says, google_says, ollama_says, openai_says  # noqa: E402

# What OpenAI's package itself sends back with a message it was given: vendors that speak OpenAI are sent it as it is.
# `thinking` is DeepSeek's own way to be asked for it.
MORE = ("annotations", "extra_content", "images", "provider_specific_fields", "reasoning_content", "thinking", "thinking_blocks")


def chat_request(body):
    echoes = tuple(f".{name}: unknown member" for name in MORE)
    return [one for one in openai_says.request(body) if not one.endswith(echoes)]


# By path, whoever's they are.
DEFINITIONS = [
    (r"/chat/completions$", chat_request),
    (r"/v1/responses$", openai_says.responses_request),
    (r"/v1/completions$", openai_says.completions_request),
    (r"/v1/messages$", anthropic_says.request),
    (r"/v1beta/models/[^/]+:(g|streamG)enerateContent$", google_says.request),
    (r"/publishers/google/models/[^/]+:(g|streamG)enerateContent$", lambda body: google_says.request(body, vertex=True)),
    (r"/model/[^/]+/converse(-stream)?$", aws_says.request),
    (r"/v2/chat$", cohere_says.request),
    (r"/api/chat$", ollama_says.request),
]


class AiMock:
    """aimock with a door in front that keeps what arrives."""

    def __init__(self, directory):
        self.process = Process(["node", places.NODE_CLIENTS / "aimock.mjs"], directory / "aimock.stderr")
        line = self.process.wait_for_line(lambda line: line.startswith("listening on "))
        self.url = f"http://{line.removeprefix('listening on ')}"
        self._http = httpx2.Client(base_url=self.url, trust_env=False)

    def sent(self):
        """Path and body of what came since the last time."""
        return [(one["path"], one["body"]) for one in self._http.get("/_kept").json()]

    def refuse_once(self):
        """Nothing to do: in its tale, those who say so ask too often."""

    def end(self):
        self._http.close()
        self.process.end()


class OurStandIn:
    """Our own stand-in; strict by itself, and judged all the same."""

    def __init__(self, directory):
        self.stand_in = StandIn(directory)
        self.url = self.stand_in.url

    def sent(self):
        kept = [(one.path, one.body) for one in self.stand_in.requests()]
        self.stand_in.reset()
        return kept

    def refuse_once(self):
        self.stand_in.behave(status=429)

    def end(self):
        self.stand_in.end()


def problems(sent):
    """What the vendors' definitions say against what was sent."""
    found = []
    for path, body in sent:
        path = path.partition("?")[0]
        check = next((check for pattern, check in DEFINITIONS if re.search(pattern, path)), None)
        assert check, f"no definition for {path}"
        found += [f"{path}: {problem}" for problem in check(named(path, json.loads(body)))]
    return found


def named(path, body):
    """Azure's deployments are named in the path."""
    return {"model": "deployment", **body} if "/deployments/" in path else body
