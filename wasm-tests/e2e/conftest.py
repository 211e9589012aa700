"""Fixtures: the stand-in provider and the gateways, started as seldom as possible."""

import contextlib
import itertools
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from faults.matrix import TRANSPORTS  # noqa: E402
from harness import bootstrap as boot  # noqa: E402
from harness import standard  # noqa: E402
from harness.gateway import Gateway, render  # noqa: E402
from harness.stand_in import StandIn  # noqa: E402


@pytest.fixture(scope="session")
def new_directory(tmp_path_factory):
    """Makes a fresh directory whenever it is called."""
    numbers = itertools.count()
    return lambda: tmp_path_factory.mktemp(f"run-{next(numbers)}")


@pytest.fixture(scope="session")
def provider(new_directory):
    """The stand-in provider of the whole session; `stand_in` is what tests ask for."""
    provider = StandIn(new_directory())
    yield provider
    provider.end()


@pytest.fixture
def stand_in(provider):
    """The stand-in provider, without orders or records of earlier tests."""
    provider.reset()
    yield provider
    provider.reset()


@pytest.fixture(scope="session")
def elsewhere(new_directory):
    """A server behind the gateway that is no provider: it answers 404 to everything and remembers it."""
    server = StandIn(new_directory())
    yield server
    server.end()


@pytest.fixture(scope="session")
def start(new_directory):
    """Starts a gateway from LiteLLM's `config`; `edit` may change the bootstrap before Envoy reads it."""
    with starting(new_directory) as start:
        yield start


@pytest.fixture(scope="module")
def start_here(new_directory):
    """The same for gateways that end with the module, so that idle ones do not take time from others."""
    with starting(new_directory) as start:
        yield start


@contextlib.contextmanager
def starting(new_directory):
    """A function that starts gateways; all of them end with the context."""
    with contextlib.ExitStack() as running:

        def start(config, edit=None, environment=None):
            directory = new_directory()
            bootstrap = render(config, directory, environment)
            if edit:
                edit(bootstrap)
            gateway = Gateway(bootstrap, directory, environment)
            running.callback(gateway.end)
            return gateway

        yield start


@pytest.fixture(scope="module", params=TRANSPORTS)
def transport(request):
    """Each way to try again: what is promised is promised of both."""
    return request.param


@pytest.fixture(scope="session")
def standard_gateway(start, provider, elsewhere):
    """The gateway most tests share; `gateway` is what they ask for."""

    def edit(bootstrap):
        boot.add_cluster(bootstrap, "elsewhere", elsewhere.address)
        boot.add_route(bootstrap, "/elsewhere", "elsewhere")
        boot.remove_cluster(bootstrap, f"_{standard.LOST_PORT}")

    return start(standard.config(provider.url), edit, standard.ENVIRONMENT)


@pytest.fixture
def gateway(standard_gateway, stand_in):
    """The shared gateway in front of a stand-in that behaves."""
    return standard_gateway


@pytest.fixture(params=["gpt", "claude"])
def model(request):
    """A group behind each family of providers."""
    return request.param
