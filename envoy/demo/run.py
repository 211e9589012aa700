"""The demo: a stand-in provider and Envoy with the gateway, until Ctrl-C."""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
GATEWAY, ADMIN, STAND_IN = 10000, 9901, 10001
START_LIMIT_S = 60
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# The variable with the key, the name callers use, LiteLLM's name of the model.
REAL_MODELS = [
    ("OPENAI_API_KEY", "gpt-4o-mini", "openai/gpt-4o-mini"),
    ("ANTHROPIC_API_KEY", "claude-haiku-4-5", "anthropic/claude-haiku-4-5"),
    ("DEEPSEEK_API_KEY", "deepseek-chat", "deepseek/deepseek-chat"),
    ("DASHSCOPE_API_KEY", "qwen-turbo", "dashscope/qwen-turbo"),
]


def main():
    options = arguments()
    for number in ENDINGS:
        signal.signal(number, end)
    try:
        run(options)
    except Failure as failure:
        sys.exit(f"run: {failure}")


def end(*_):
    """Leaves by the way that ends the children; a second Ctrl-C must not interrupt that."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(0)


class Failure(Exception):
    """What keeps the demo from running, in words for the person who started it."""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--envoy", default=os.environ.get("ENVOY") or ROOT / ".venv/bin/envoy")
    parser.add_argument("--dragoman", default=ROOT / "dist/dragoman")
    parser.add_argument("--wasm", default=ROOT / "dist/dragoman.wasm")
    parser.add_argument("--stand-in", default=ROOT / "target/release/stand-in")
    return parser.parse_args()


def run(options):
    for port, use in ((GATEWAY, "the gateway"), (ADMIN, "Envoy's admin interface"), (STAND_IN, "the stand-in provider")):
        refuse_if_taken(port, use)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dragoman-demo-")))
        real = write_config(folder / "config.yaml")
        write_bootstrap(options, folder)
        stand_in = [options.stand_in, "--port", str(STAND_IN), "--until-stdin-closes"]
        running = {"the stand-in provider": stack.enter_context(process(stand_in, stdout=subprocess.DEVNULL))}
        running["Envoy"] = stack.enter_context(process(envoy(options, folder)))
        wait_until_ready(running)
        explain(real)
        while True:
            refuse_if_ended(running)
            time.sleep(0.5)


def refuse_if_taken(port, use):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise Failure(f"port {port} of {HOST} is taken; {use} needs it") from None


def write_config(path):
    """The demo's models and, for each key in the environment, a real one; the names of the real ones."""
    config = yaml.safe_load((ROOT / "envoy/demo/config.yaml").read_text(encoding="utf-8"))
    real = [(key, name, model) for key, name, model in REAL_MODELS if os.environ.get(key)]
    for key, name, model in real:
        parameters = {"model": model, "api_key": f"os.environ/{key}"}
        config["model_list"].append({"model_name": name, "litellm_params": parameters})
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return [name for _, name, _ in real]


def write_bootstrap(options, folder):
    command = [options.dragoman, "render", folder / "config.yaml", "--wasm", Path(options.wasm).resolve()]
    command += ["--listen", f"{HOST}:{GATEWAY}", "--admin", f"{HOST}:{ADMIN}"]
    try:
        rendered = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    except OSError as error:
        raise Failure(f"{options.dragoman}: {error.strerror}") from None
    if rendered.returncode != 0:
        raise Failure("the configuration was refused")
    (folder / "envoy.yaml").write_bytes(rendered.stdout)


def envoy(options, folder):
    command = [options.envoy, "--config-path", folder / "envoy.yaml", "--log-level", "warning", "--concurrency", "2"]
    # Another Envoy may run here; and an access log that comes ten seconds late looks like none.
    return command + ["--disable-hot-restart", "--file-flush-interval-msec", "200"]


@contextlib.contextmanager
def process(command, **options):
    """A child that is gone when the block ends. Its own session, so that Ctrl-C reaches only this program."""
    # Should this program be killed outright, the kernel ends the child.
    if shutil.which("setpriv") and shutil.which(command[0]):
        command = ["setpriv", "--pdeathsig", "TERM", *command]
    try:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, **options)
    except OSError as error:
        raise Failure(f"{command[0]}: {error.strerror}") from None
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_until_ready(running):
    deadline = time.monotonic() + START_LIMIT_S
    while not (answers(f"http://{HOST}:{ADMIN}/ready") and answers(f"http://{HOST}:{STAND_IN}/healthz")):
        refuse_if_ended(running)
        if time.monotonic() > deadline:
            raise Failure(f"not ready after {START_LIMIT_S} s")
        time.sleep(0.1)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def refuse_if_ended(running):
    for name, child in running.items():
        if child.poll() is not None:
            raise Failure(f"{name} ended with status {child.returncode}")


def explain(real):
    url = f"http://{HOST}:{GATEWAY}/v1/chat/completions"
    print("The gateway is ready. To try, in another terminal:\n")
    for what, option, body in (
        ("a plain answer", "", '{"model": "gpt-demo", "messages": [{"role": "user", "content": "Hello"}]}'),
        ("a stream", "-N ", '{"model": "gpt-demo", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'),
        ("Anthropic's format behind OpenAI's", "", '{"model": "claude-demo", "messages": [{"role": "user", "content": "Hello"}]}'),
    ):
        print(f"# {what}\ncurl {option}{url} -H 'content-type: application/json' -d '{body}'\n")
    if real:
        print(f"Models at real providers, by the keys in your environment: {', '.join(real)}")
    print(f"Models:   http://{HOST}:{GATEWAY}/v1/models")
    print(f"Metrics:  http://{HOST}:{ADMIN}/stats/prometheus (those of the gateway begin with dragoman_)")
    print("Access log: below, a line of JSON for each request. Ctrl-C ends everything.\n", flush=True)


if __name__ == "__main__":
    main()
