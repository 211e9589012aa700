"""The golden fixtures as pytest's parameters: what we send and what we answer, with the definition each must meet."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@dataclass(frozen=True)
class Body:
    """One body of a fixture, and what lists the problems it has."""

    name: str
    value: object
    problems_of: Callable


def bodies(suffix, definitions):
    """Of every fixture with that suffix, the body and the definition that `definitions` picks for its folder."""
    found = []
    for folder in sorted(GOLDEN.iterdir()):
        pick = definitions.get(folder.name)
        for file in sorted(folder.glob(f"*{suffix}")) if pick else []:
            fixture = json.loads(file.read_text())
            value = fixture.get("expected")
            problems_of = pick(value, fixture) if value is not None else None
            if problems_of:
                found.append(Body(f"{folder.name}/{file.name}", value, problems_of))
    return found


def folders(suffix):
    """The folders that have fixtures with that suffix."""
    return {file.parent.name for file in GOLDEN.glob(f"*/*{suffix}")}
