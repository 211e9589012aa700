"""The operator's command: what it says, and how it exits."""

import os
import subprocess

import pytest
import yaml

from harness import places

GOOD = """\
model_list:
  - model_name: gpt
    litellm_params:
      model: openai/gpt-4o-mini
      api_key: sk-1
  - model_name: claude
    litellm_params:
      model: anthropic/claude-sonnet-4-5
      api_key: sk-2
  - model_name: own
    litellm_params:
      model: hosted_vllm/nobody-knows
      api_base: http://10.0.0.1:8000/v1
"""

PARAMS = "model_list[0].litellm_params"
# content → what must be said after the file's name: line, column, path and words
BAD = {
    "a misspelt key": (GOOD.replace("api_key: sk-1", "api_kee: sk-1"), f":5:7: {PARAMS}.api_kee: unknown key, did you mean `api_key`?"),
    "a wrong type": (GOOD.replace("model: openai/gpt-4o-mini", "model: [1]"), f":4:7: {PARAMS}.model: must be text"),
    "no provider": (GOOD.replace("openai/gpt-4o-mini", "opnai/x"), f":4:7: {PARAMS}.model: no provider is named `opnai`, did you mean `openai`?"),
    "a missing variable": (GOOD.replace("sk-1", "os.environ/E2E_MISSING"), f":5:7: {PARAMS}.api_key: "),
    "no YAML": (GOOD + "  - [\n", "not valid YAML"),
    "nothing": ("", ":1:1: configuration: `model_list` is missing"),
}


def dragoman(*arguments, **variables):
    command = [str(part) for part in (places.DRAGOMAN, *arguments)]
    environment = {**os.environ, **variables}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)


@pytest.fixture
def written(tmp_path):
    """Writes a file and returns its path."""

    def written(content):
        path = tmp_path / "config.yaml"
        path.write_text(content)
        return path

    return written


def test_a_good_file_is_summed_up(written):
    done = dragoman("check", written(GOOD))
    assert done.returncode == 0, done.stderr
    for name in ("gpt", "claude", "own"):
        assert name in done.stdout


def test_an_unknown_price_is_a_warning(written):
    done = dragoman("check", written(GOOD))
    assert "own" in done.stdout + done.stderr
    assert "price" in (done.stdout + done.stderr).lower()


def test_no_key_is_shown(written):
    done = dragoman("check", written(GOOD.replace("sk-1", "sk-very-secret")))
    assert "sk-very-secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_the_place_of_its_fault(written, case):
    content, words = BAD[case]
    path = written(content)
    done = dragoman("check", path)
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert (f"{path}{words}" if words.startswith(":") else words) in said
    assert "panicked" not in said


def test_all_faults_are_said_at_once(written):
    content = GOOD.replace("api_key: sk-1", "api_kee: sk-1").replace("api_base:", "api_bas:")
    said = dragoman("check", written(content))
    said = said.stdout + said.stderr
    assert "api_kee" in said and "api_bas" in said


def test_a_file_that_is_not_there_is_refused(tmp_path):
    done = dragoman("check", tmp_path / "nothing.yaml")
    assert done.returncode != 0
    assert "nothing.yaml" in done.stderr


def test_a_rendered_bootstrap_is_valid_to_envoy(written, tmp_path):
    rendered = dragoman("render", written(GOOD), "--wasm", places.MODULE, "--listen", "127.0.0.1:18000")
    assert rendered.returncode == 0, rendered.stderr
    bootstrap = tmp_path / "envoy.yaml"
    bootstrap.write_text(rendered.stdout)
    command = [str(places.ENVOY), "--mode", "validate", "-c", str(bootstrap), "--disable-hot-restart"]
    validated = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert validated.returncode == 0, validated.stderr[-2000:]


def test_the_addresses_asked_for_are_rendered(written):
    options = ["--listen", "0.0.0.0:18000", "--admin", "127.0.0.1:19000", "--wasm", "/opt/dragoman.wasm"]
    rendered = dragoman("render", written(GOOD), *options)
    bootstrap = yaml.safe_load(rendered.stdout)
    listener = bootstrap["static_resources"]["listeners"][0]["address"]["socket_address"]
    admin = bootstrap["admin"]["address"]["socket_address"]
    assert (listener["address"], listener["port_value"]) == ("0.0.0.0", 18000)
    assert (admin["address"], admin["port_value"]) == ("127.0.0.1", 19000)
    assert "/opt/dragoman.wasm" in rendered.stdout


def test_there_is_one_cluster_for_each_place(written):
    bootstrap = yaml.safe_load(dragoman("render", written(GOOD), "--wasm", places.MODULE).stdout)
    clusters = {cluster["name"]: cluster for cluster in bootstrap["static_resources"]["clusters"]}
    assert set(clusters) == {"api.openai.com_443", "api.anthropic.com_443", "10.0.0.1_8000"}
    assert "transport_socket" in clusters["api.openai.com_443"]
    assert "transport_socket" not in clusters["10.0.0.1_8000"]


def test_a_bad_file_is_not_rendered(written):
    done = dragoman("render", written(BAD["a misspelt key"][0]), "--wasm", places.MODULE)
    assert (done.returncode, done.stdout) == (1, "")
