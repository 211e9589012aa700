"""The fault matrix: whatever a provider does, the client sees what `faults/matrix.py` says, by either transport."""

import pytest

from faults import setting
from faults.matrix import CASES
from faults.play import play_all, problems
from harness.stand_in import StandIn


@pytest.fixture(scope="module")
def outcomes(start_here, new_directory, transport):
    """What came of every fault; each has a group of its own, so several are played at a time."""
    provider = StandIn(new_directory())
    try:
        gateway = start_here(setting.config(provider.url, transport), setting.edit)
        return play_all(gateway, provider, workers=8)
    finally:
        provider.end()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.group)
def test_the_client_sees_what_the_matrix_says(outcomes, transport, case):
    assert problems(case, transport, outcomes[case]) == []
