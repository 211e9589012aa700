"""The demo as a user starts it, in a process group of its own, so that Ctrl-C can be sent as a terminal does."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

from . import places
from .process import Process
from .waiting import until

LISTEN = ("127.0.0.1", 10000)


def listens(address):
    """Whether somebody listens at `address`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(address) == 0


class Demo:
    """`make run` without the building."""

    def __init__(self, directory):
        assert not listens(LISTEN), "port 10000 is taken: is the demo running?"
        self.process = Process(
            [sys.executable, "-u", places.DEMO / "run.py"], directory / "demo.stderr", start_new_session=True
        )
        try:
            self.process.wait_for("three curl commands", lambda: len(self.curls()) >= 3, patience_s=20)
            self.process.wait_for("the gateway", lambda: listens(LISTEN))
        except BaseException:
            self.interrupt()
            raise

    def output(self):
        return "\n".join(self.process.lines)

    def curls(self):
        """The commands it printed, continuation lines joined."""
        joined = re.sub(r"\\\n\s*", " ", self.output())
        return [line.strip() for line in joined.splitlines() if line.strip().startswith("curl ")]

    def descendants(self):
        """The ids of all processes it has started."""
        found, waiting = [], [self.process.popen.pid]
        while waiting:
            children = Path(f"/proc/{waiting.pop()}/task").glob("*/children")
            started = [int(pid) for file in children for pid in _read(file).split()]
            found += started
            waiting += started
        return found

    def interrupt(self):
        """Ctrl-C; returns the exit code."""
        if self.process.popen.poll() is None:
            os.killpg(self.process.popen.pid, signal.SIGINT)
            until("the demo's end", lambda: self.process.popen.poll() is not None, patience_s=15)
        return self.process.end()


def _read(file):
    try:
        return file.read_text()
    except OSError:
        return ""
