"""The stand-in provider as tests see it: orders in, records out."""

import base64
import json
from collections import Counter
from dataclasses import dataclass

import httpx2

from . import places
from .process import Process

GREETING = "你好 from the stand-in 🦀"


@dataclass
class Recorded:
    """A request as it arrived at the provider."""

    method: str
    path: str
    version: str
    headers: list
    body: bytes

    def json(self):
        return json.loads(self.body)

    def header(self, name):
        """The values of the field `name`, joined; None if it is absent."""
        values = [value for key, value in self.headers if key == name]
        return ", ".join(values) if values else None

    def header_names(self):
        return {name for name, _ in self.headers}


class StandIn:
    """A running stand-in provider on a free port."""

    def __init__(self, directory, *options):
        self.process = Process([places.STAND_IN, "--until-stdin-closes", *options], directory / "stand-in.stderr")
        line = self.process.wait_for_line(lambda line: line.startswith("listening on "))
        self.address = line.removeprefix("listening on ")
        self.url = f"http://{self.address}"
        self._admin = httpx2.Client(base_url=f"{self.url}/_stand-in", trust_env=False, verify=False)

    def behave(self, model="*", times=None, **behaviour):
        """Orders `behaviour` for `model`, until `reset` or for so many `times`."""
        order = {"model": model, "behaviour": behaviour, "times": times}
        answer = self._admin.post("/behaviour", json=order)
        assert answer.status_code == 200, answer.text

    def reset(self):
        """Forgets orders and records."""
        self._admin.delete("/behaviour").raise_for_status()
        self._admin.delete("/requests").raise_for_status()

    def requests(self):
        """The last requests, oldest first."""
        return [
            Recorded(
                seen["method"],
                seen["path"],
                seen["version"],
                [tuple(pair) for pair in seen["headers"]],
                base64.b64decode(seen["body_base64"]),
            )
            for seen in self._admin.get("/requests").json()
        ]

    def last(self):
        """The last request."""
        requests = self.requests()
        assert requests, "nothing arrived at the provider"
        return requests[-1]

    def counts(self):
        """How many requests came for each model."""
        counts = Counter()
        for row in self._admin.get("/counts").json():
            counts[row["model"]] += row["count"]
        return counts

    def unfinished(self):
        """How many answers were not read to their end."""
        return self._admin.get("/unfinished").json()["count"]

    def end(self):
        self._admin.close()
        self.process.end()
