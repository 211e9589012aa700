"""Which requests are the gateway's, and that all others are left alone."""

import json

import pytest

from harness.gateway import error_of, text_of
from harness.standard import CLAUDE, GPT, HIDDEN_ALIAS, ODD_NAME
from harness.stand_in import GREETING


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions", "/v1/chat/completions?api-version=1&key=x"])
def test_chat_is_answered_at_every_path_clients_use(gateway, stand_in, path):
    assert text_of(gateway.chat("gpt", path=path)) == GREETING
    assert stand_in.last().path == "/v1/chat/completions"


def test_the_model_in_azures_path_counts(gateway, stand_in):
    for model in ("gpt", "nobody"):
        assert text_of(gateway.chat(model, path="/openai/deployments/gpt/chat/completions?api-version=1")) == GREETING
        assert stand_in.last().json()["model"] == GPT


def test_azures_path_needs_no_model_in_the_body(gateway, stand_in, model):
    body = {"messages": [{"role": "user", "content": "hello"}]}
    answer = gateway.http.post(f"/openai/deployments/{model}/chat/completions?api-version=1", json=body)
    assert text_of(answer) == GREETING
    assert stand_in.last().json()["model"] == {"gpt": GPT, "claude": CLAUDE}[model]


def test_a_deployment_unknown_in_azures_path_is_not_found(gateway):
    answer = gateway.chat("gpt", path="/openai/deployments/nobody/chat/completions")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "model_not_found"


@pytest.mark.parametrize("path", ["/v1/models", "/models"])
def test_models_are_listed_without_hidden_ones(gateway, stand_in, path):
    document = gateway.http.get(path).json()
    assert document["object"] == "list"
    ids = [model["id"] for model in document["data"]]
    assert {"gpt", "claude", ODD_NAME, "plain-alias"} <= set(ids)
    assert HIDDEN_ALIAS not in ids
    assert len(ids) == len(set(ids))
    assert all(model["object"] == "model" and model["created"] and model["owned_by"] for model in document["data"])


def test_one_model_is_described(gateway):
    assert gateway.http.get("/v1/models/gpt").json()["id"] == "gpt"
    assert gateway.http.get("/v1/models/team%20a%2Fgpt.4%3Amini%20(eu)").json()["id"] == ODD_NAME


def test_a_model_that_is_not_there_is_not_found(gateway):
    answer = gateway.http.get("/v1/models/nobody")
    assert answer.status_code == 404
    assert error_of(answer)["code"] == "model_not_found"


@pytest.mark.parametrize("path", ["/health/liveliness", "/health/readiness"])
def test_probes_are_answered(gateway, stand_in, path):
    answer = gateway.http.get(path)
    assert answer.status_code == 200
    assert answer.json()
    assert stand_in.requests() == []


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("PUT", "/chat/completions", "POST"),
        ("DELETE", "/openai/deployments/gpt/chat/completions", "POST"),
        ("POST", "/v1/models", "GET"),
        ("DELETE", "/v1/models/gpt", "GET"),
    ],
)
def test_another_method_is_not_allowed(gateway, stand_in, method, path, allow):
    answer = gateway.http.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    error_of(answer)
    assert stand_in.requests() == []


@pytest.fixture
def neighbour(gateway, elsewhere):
    """The server the gateway's listener also serves."""
    elsewhere.reset()
    return elsewhere


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_any_other_path_passes_through_untouched(gateway, neighbour, method):
    body = b"" if method == "GET" else b"\x00\xff not JSON, nobody's business"
    fields = {"authorization": "Bearer theirs", "cookie": "a=b", "x-own": "1", "accept-encoding": "br"}
    answer = gateway.http.request(method, "/elsewhere/v1/responses?a=1&b=%2F", content=body, headers=fields)
    assert answer.status_code == 404
    assert not [name for name in answer.headers if name.startswith("x-litellm-")]
    (seen,) = neighbour.requests()
    assert (seen.method, seen.path, seen.body) == (method, "/elsewhere/v1/responses?a=1&b=%2F", body)
    assert {name: seen.header(name) for name in fields} == fields


def test_a_client_cannot_choose_a_cluster_on_other_paths(gateway, neighbour, stand_in):
    header = {gateway.cluster_header: "elsewhere"}
    gateway.http.get("/elsewhere/one", headers=header)
    (seen,) = neighbour.requests()
    assert gateway.cluster_header not in seen.header_names()
    # No route of its own: with the client's header in force this would arrive.
    answer = gateway.http.post("/v1/embeddings", json={}, headers=header)
    assert answer.status_code >= 400
    assert len(neighbour.requests()) == 1


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_a_client_cannot_choose_a_cluster_for_a_chat(gateway, neighbour, stand_in, spelling):
    assert text_of(gateway.chat("gpt", headers={spelling(gateway.cluster_header): "elsewhere"})) == GREETING
    assert neighbour.requests() == []


def test_a_client_cannot_choose_a_cluster_by_naming_it_twice(gateway, neighbour, stand_in):
    headers = [(gateway.cluster_header, "elsewhere"), (gateway.cluster_header, "elsewhere")]
    gateway.http.post("/v1/chat/completions", content=json.dumps({"model": "nobody"}), headers=headers)
    gateway.http.get("/v1/files", headers=headers)
    assert neighbour.requests() == []
