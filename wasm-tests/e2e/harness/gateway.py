"""A gateway under test: Envoy with the module and a configuration, on ports the kernel chooses."""

import json
import os
import subprocess

import httpx2
import yaml

from . import bootstrap as boot
from . import places
from .metrics import Metrics
from .process import Process
from .sse import chunks
from .waiting import until

FLUSH_INTERVAL = "0.1s"
# To compile the module on a machine that is busy with others.
START_PATIENCE_S = 120


def render(config, directory, environment=None):
    """The bootstrap that `dragoman render` makes of `config`, as a mapping."""
    file = directory / "config.yaml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False))
    command = [places.DRAGOMAN, "render", file, "--wasm", places.MODULE]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})}, timeout=60)
    assert done.returncode == 0, done.stderr
    bootstrap = yaml.safe_load(done.stdout)
    boot.use_free_ports(bootstrap)
    bootstrap["stats_flush_interval"] = FLUSH_INTERVAL
    return bootstrap


class Gateway:
    """A running gateway. Its parent must stay alive: Envoy from PyPI ends with it."""

    def __init__(self, bootstrap, directory, environment=None):
        self.cluster_header = boot.cluster_header(bootstrap)
        file = directory / "envoy.yaml"
        file.write_text(yaml.safe_dump(bootstrap, allow_unicode=True, sort_keys=False))
        admin_file = directory / "admin-address"
        command = [places.ENVOY, "-c", file, "--concurrency", "2", "--disable-hot-restart"]
        command += ["--admin-address-path", admin_file, "--log-level", "warning"]
        # Else a line of the access log may come ten seconds late.
        command += ["--file-flush-interval-msec", "20"]
        self.process = Process(command, directory / "envoy.stderr", {**os.environ, **(environment or {})})
        try:
            self._wait_until_ready(admin_file)
        except BaseException:
            self.process.end()
            raise

    def _wait_until_ready(self, admin_file):
        address = self.process.wait_for("an admin address", lambda: admin_file.exists() and admin_file.read_text())
        self.admin_url = f"http://{address}"
        self.admin = httpx2.Client(base_url=self.admin_url, trust_env=False, verify=False, timeout=START_PATIENCE_S)
        ready = lambda: self.admin.get("/ready").status_code == 200  # noqa: E731
        self.process.wait_for("being ready", ready, START_PATIENCE_S)
        self.address = self.process.wait_for("a listener", self._listener)
        self.url = f"http://{self.address}"
        self.http = httpx2.Client(base_url=self.url, trust_env=False, verify=False, timeout=30)

    def _listener(self):
        listeners = self.admin.get("/listeners?format=json").json().get("listener_statuses", [])
        for listener in listeners:
            socket_address = listener["local_address"].get("socket_address")
            if socket_address and socket_address["port_value"]:
                return f"127.0.0.1:{socket_address['port_value']}"
        return None

    def chat(self, model, text="hello", path="/v1/chat/completions", headers=None, **more):
        """Asks `model` and returns the answer as it is; a stream is read to its end."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.http.post(path, json=body, headers=headers)

    def stream(self, model, text="hello", **more):
        """The same, streamed."""
        return self.chat(model, text, stream=True, **more)

    def metrics(self):
        """The metrics of this moment."""
        return Metrics(self.admin.get("/stats/prometheus").text)

    def stat(self, name):
        """The value of one of Envoy's own counters."""
        line = self.admin.get("/stats", params={"filter": f"^{name}$"}).text
        return int(line.rpartition(": ")[2]) if line.strip() else 0

    def log(self):
        """The access log so far."""
        return [_facts(json.loads(line)) for line in list(self.process.lines) if line.startswith("{")]

    def log_of(self, answer):
        """The access log's entry for `answer`."""
        call = answer.headers["x-litellm-call-id"]
        return until("the log entry", lambda: next((entry for entry in self.log() if call in entry.values()), None))

    def end(self):
        self.http.close()
        self.admin.close()
        return self.process.end()


def _facts(entry):
    """The entry with what the module says on the same level as what Envoy says."""
    return {**entry, **entry.pop("dragoman", {})}


def error_of(answer):
    """The error of a refused request, which must have the shape OpenAI's has and come as JSON."""
    assert answer.headers["content-type"].startswith("application/json"), answer.headers
    document = json.loads(answer.body if hasattr(answer, "body") else answer.content)
    assert set(document) == {"error"}, document
    error = document["error"]
    assert {"message", "type", "param", "code"} <= set(error), error
    assert isinstance(error["message"], str) and error["message"], error
    return error


def text_of(answer):
    """The content of a plain answer."""
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


def reassembled(answer):
    """The chunks of a stream that came in OpenAI's framing, `[DONE]` once and last."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.replace("\r\n", "\n").endswith("data: [DONE]\n\n"), answer.text[-200:]
    assert answer.text.count("[DONE]") == 1
    return chunks(answer.text)
