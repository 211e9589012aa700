"""OpenAI's own npm package as the client."""

import json
import subprocess

import pytest

from harness import places
from harness.conversation import CALLS, TOOLS_ANSWER
from harness.stand_in import GREETING


def expected(model):
    calls = [list(call) for call in CALLS]
    return {
        "chat": [GREETING, True],
        "stream": GREETING,
        "helper": [GREETING, True],
        "tools": [calls, TOOLS_ANSWER],
        "streamed_tools": calls,
        "unknown_model": [True, "model_not_found", "model"],
        "models": True,
        "headers": [model, f"{model}-1"],
    }


@pytest.fixture(scope="module")
def results(standard_gateway, provider):
    """What the script found for a model; one run per model."""
    known = {}

    def results(model):
        if model not in known:
            provider.reset()
            script = ["node", places.NODE_SCRIPTS / "basics.mjs", f"{standard_gateway.url}/v1", model]
            done = subprocess.run(script, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            known[model] = json.loads(done.stdout)
        return known[model]

    return results


@pytest.mark.parametrize("check", expected("any"))
def test_the_npm_package_does(results, model, check):
    assert results(model)[check] == expected(model)[check]
