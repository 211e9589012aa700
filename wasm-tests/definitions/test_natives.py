"""Operations other than chat: what vendors are sent for them, and what clients are answered."""

import json

import pytest

import fixtures
from test_sent import DEFINITIONS
from vendors import cohere_says, openai_says

ANSWERS = {"embeddings": openai_says.embeddings_answer, "rerank": cohere_says.rerank_answer}


def natives(member):
    """Name, fixture and that member of each fixture that has it."""
    files = sorted(fixtures.GOLDEN.glob("*/*.native.json"))
    read = [(f"{file.parent.name}/{file.name}", json.loads(file.read_text())) for file in files]
    return [pytest.param(name, fixture, id=name) for name, fixture in read if fixture.get(member) is not None]


@pytest.mark.parametrize(("name", "fixture"), natives("expected"))
def test_the_vendor_knows_every_member_it_is_sent(name, fixture):
    vendor = fixture.get("provider") or name.split("/")[0]
    pick = DEFINITIONS.get(vendor, lambda *_: None)
    problems_of = pick(fixture["expected"], fixture) or (lambda _: [])
    assert problems_of(fixture["expected"]) == []


@pytest.mark.parametrize(("name", "fixture"), natives("answer"))
def test_an_answer_is_one_of_the_clients_format(name, fixture):
    problems_of = ANSWERS.get(fixture["format"], lambda _: [])
    assert problems_of(fixture["answer"]) == []
