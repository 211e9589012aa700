"""How a configuration arrives, and that a bad one never takes effect."""

import httpx2
import pytest
import yaml

from harness import bootstrap as boot
from harness import places, standard
from harness.gateway import render, text_of
from harness.process import Process
from harness.stand_in import GREETING
from harness.updatable import Updatable
from harness.waiting import until

FORMS = {"text": boot.configure_as_text, "struct": boot.configure_as_struct}


def small(url, group="gpt", **more):
    """A configuration with one group."""
    entry = standard.deployment(group, "openai/gpt-4o-mini", "one", api_base=f"{url}/v1", api_key="sk-one", weight=2)
    return {"model_list": [entry], **more}


def misspelt(url):
    """A configuration with two faults."""
    return small(url, router_settings={"routing_stratgy": "simple-shuffle"}, general_settings={"master_kee": "x"})


@pytest.mark.parametrize("form", FORMS)
def test_the_configuration_may_be_text_or_a_struct(start, stand_in, form):
    config = small(stand_in.url, router_settings={"model_group_alias": {"žluť 🦀": "gpt"}, "timeout": 30})
    gateway = start(config, lambda bootstrap: FORMS[form](bootstrap, config))
    assert text_of(gateway.chat("gpt")) == GREETING
    assert text_of(gateway.chat("žluť 🦀")) == GREETING


def test_a_key_may_come_from_the_environment(start, stand_in):
    config = small(stand_in.url)
    config["model_list"][0]["litellm_params"]["api_key"] = "os.environ/E2E_OWN_KEY"
    gateway = start(config, environment={"E2E_OWN_KEY": "sk-from-the-environment"})
    assert text_of(gateway.chat("gpt")) == GREETING
    assert stand_in.last().header("authorization") == "Bearer sk-from-the-environment"


def test_headers_of_the_operator_reach_the_provider(start, stand_in):
    config = small(stand_in.url)
    config["model_list"][0]["litellm_params"]["extra_headers"] = {"X-Team": "a", "openai-organization": "org-1"}
    gateway = start(config)
    gateway.chat("gpt", headers={"x-team": "the client's"})
    assert stand_in.last().header("x-team") == "a"
    assert stand_in.last().header("openai-organization") == "org-1"


@pytest.fixture
def refusal(new_directory):
    """Starts Envoy with a bootstrap it must refuse, and returns what it said."""
    started = []

    def refusal(bootstrap):
        directory = new_directory()
        file = directory / "envoy.yaml"
        file.write_text(yaml.safe_dump(bootstrap, allow_unicode=True))
        command = [places.ENVOY, "-c", file, "--disable-hot-restart", "--concurrency", "1"]
        started.append(Process(command, directory / "envoy.stderr"))
        assert started[-1].popen.wait(timeout=20) != 0
        return started[-1].error_text()

    yield refusal
    for process in started:
        process.end()


@pytest.mark.parametrize("form", FORMS)
def test_envoy_does_not_start_with_a_bad_configuration(stand_in, new_directory, refusal, form):
    bootstrap = render(small(stand_in.url), new_directory())
    FORMS[form](bootstrap, misspelt(stand_in.url))
    said = refusal(bootstrap)
    # All faults at once, each with its path and the nearest known word.
    for words in ("router_settings.routing_stratgy", "routing_strategy", "general_settings.master_kee", "master_key"):
        assert words in said


def test_envoy_does_not_start_without_a_variable_the_configuration_names(stand_in, new_directory, refusal):
    config = small(stand_in.url)
    config["model_list"][0]["litellm_params"]["api_key"] = "os.environ/E2E_NOT_THERE"
    said = refusal(render(config, new_directory(), {"E2E_NOT_THERE": "x"}))
    assert "E2E_NOT_THERE" in said


@pytest.fixture
def updatable(stand_in, new_directory):
    with Updatable(small(stand_in.url), new_directory()) as updatable:
        yield updatable


def test_a_good_update_takes_effect(updatable, stand_in):
    updatable.replace(small(stand_in.url, group="new"))
    until("the new group", lambda: updatable.gateway.chat("new").status_code == 200)
    assert updatable.gateway.chat("gpt").status_code == 404
    assert updatable.stat("update_rejected") == 0


def test_a_stream_that_outlives_its_configuration_is_counted(updatable, stand_in):
    stand_in.behave(chunks=15, chunk_delay_ms=100)
    body = {"model": "gpt", "messages": [{"role": "user", "content": "hello"}], "stream": True}
    with httpx2.stream("POST", f"{updatable.gateway.url}/v1/chat/completions", json=body, trust_env=False) as answer:
        pieces = answer.iter_text()
        text = next(pieces)
        updatable.replace(small(stand_in.url, group="new"))
        until("the new group", lambda: updatable.gateway.chat("new").status_code == 200)
        assert "[DONE]" not in text, "the stream was to outlive the update"
        text += "".join(pieces)
    assert text.endswith("data: [DONE]\n\n")
    labels = {"model_group": "gpt", "status": "200"}
    until("the count", lambda: updatable.gateway.metrics().sum("dragoman_requests_total", **labels) == 1)


def test_a_bad_update_is_refused_and_the_old_configuration_stays(updatable, stand_in):
    updatable.replace(misspelt(stand_in.url))
    until("the refusal", lambda: updatable.stat("update_rejected") == 1)
    assert text_of(updatable.gateway.chat("gpt")) == GREETING
    assert "routing_stratgy" in updatable.gateway.process.error_text()
    updatable.replace(small(stand_in.url, group="new"))
    until("the new group", lambda: updatable.gateway.chat("new").status_code == 200)
