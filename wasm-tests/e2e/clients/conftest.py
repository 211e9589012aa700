"""Fixtures: one gateway before all upstreams, every client once; and what became of each case."""

import contextlib

import pytest

from . import cast, upstreams

OUTCOMES = pytest.StashKey()


@pytest.fixture(scope="session")
def playing(new_directory):
    """The upstreams by name."""
    with contextlib.ExitStack() as running:
        playing = {"aimock": upstreams.AiMock(new_directory()), "stand-in": upstreams.OurStandIn(new_directory())}
        for upstream in playing.values():
            running.callback(upstream.end)
        yield playing


@pytest.fixture(scope="session")
def gateway_url(playing, start):
    """The gateway with a deployment of every provider."""
    urls = {name: upstream.url for name, upstream in playing.items()}
    deployments = [provider.deployment(urls) for provider in cast.PROVIDERS]
    settings = {"num_retries": 0, "disable_cooldowns": True}
    return start({"model_list": deployments, "router_settings": settings}).url


@pytest.fixture(scope="session")
def drivers(gateway_url):
    """The clients, ready to be asked."""
    with contextlib.ExitStack() as running:
        drivers = {}
        for client in cast.CLIENTS:
            drivers[client] = client.driver(gateway_url)
            running.callback(drivers[client].end)
        yield drivers


def pytest_configure(config):
    config.stash[OUTCOMES] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")
    if case and report.when == "call":
        item.config.stash[OUTCOMES][case] = report.passed
    return report


@pytest.fixture
def outcomes(request):
    """Whether each case that was played so far came out right."""
    return request.config.stash[OUTCOMES]
