"""Starts what is measured, pins it to its cores, and stops it by its own process id."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml


class Cores:
    """One core for Envoy, the others for load and provider; all for all if there is only one."""

    def __init__(self, pin: bool):
        cores = sorted(os.sched_getaffinity(0))
        self.pinned = pin and len(cores) > 1
        self.envoy = {cores[-1]} if self.pinned else set(cores)
        self.others = set(cores[:-1]) if self.pinned else set(cores)


class Server:
    """A process of ours: its CPU time, and its end."""

    def __init__(self, command: list, cores: set, **options):
        self.process = subprocess.Popen([str(part) for part in command], **options)
        os.sched_setaffinity(self.process.pid, cores)

    def cpu_seconds(self) -> float:
        """CPU time of the process and its children, user and system."""
        return sum(self._cpu_seconds(pid) for pid in family(self.process.pid))

    @staticmethod
    def _cpu_seconds(pid: int) -> float:
        # The second field is the command in brackets and may contain anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        else:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def family(pid: int) -> list:
    """`pid` and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [one for child in children for one in family(int(child))]


@contextlib.contextmanager
def stand_in(binary: Path, cores: set):
    """The provider; yields its port."""
    server = Server([binary, "--fast", "--until-stdin-closes"], cores,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield int(server.process.stdout.readline().rpartition(":")[2])
    finally:
        server.stop()


@contextlib.contextmanager
def envoy(binary: str, config: dict, file: Path, admin: int, cores: set):
    """One Envoy with a worker for each of its cores; yields its `Server` once it is ready."""
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    log = file.with_suffix(".log").open("w+")
    # The access log, if any, is written all the same: only its place is void.
    server = Server([binary, "-c", file, "--concurrency", str(len(cores)), "--disable-hot-restart", "-l", "warning"],
                    cores, stdout=subprocess.DEVNULL, stderr=log)
    try:
        wait_ready(server, admin, log)
        yield server
    finally:
        server.stop()


def wait_ready(server: Server, admin: int, log) -> None:
    for _ in range(200):
        if server.process.poll() is None:
            with contextlib.suppress(OSError, urllib.error.URLError):
                with urllib.request.urlopen(f"http://127.0.0.1:{admin}/ready", timeout=1) as answer:
                    if answer.status == 200:
                        return
        time.sleep(0.05)
    log.seek(0)
    raise SystemExit(f"Envoy did not become ready:\n{log.read()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def order(provider: int, model: str, behaviour: dict) -> None:
    """Tells the stand-in how to answer `model`."""
    post(f"http://127.0.0.1:{provider}/_stand-in/behaviour",
         json.dumps({"model": model, "behaviour": behaviour}).encode(), {})


def post(url: str, body: bytes, headers: dict) -> bytes:
    request = urllib.request.Request(url, body, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url} answered {error.code}: {error.read()[:500]!r}") from error
