"""A gateway whose configuration can be replaced while it runs."""

import json
import os
import socket

from . import bootstrap as boot
from .gateway import Gateway, render


class Updatable:
    """A gateway whose listener comes from a file that can be replaced; it ends with the context."""

    def __init__(self, config, directory):
        self.file = directory / "listener.json"
        bootstrap = render(config, directory)
        # An updated listener keeps its socket only if it states its port.
        boot.use_port(bootstrap, _free_port())
        self.listeners = boot.listeners_from_file(bootstrap, self.file)
        self.file.write_text(json.dumps(self.listeners))
        self.gateway = Gateway(bootstrap, directory)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gateway.end()

    def replace(self, config):
        """Gives Envoy another configuration, as a deployment tool would: by renaming a file."""
        boot.configure_as_text(self.listeners, config)
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(self.listeners))
        os.replace(fresh, self.file)

    def stat(self, name):
        """The value of one of the counters of listener updates."""
        return self.gateway.stat(f"listener_manager.lds.{name}")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
