"""README's support matrix says what the clients' tests found. It runs after them: files go by their names."""

import os

from harness import places

from . import matrix


def test_readme_tells_what_came_of_every_client_and_provider(outcomes):
    table = matrix.table(outcomes)
    if os.environ.get("WRITE_MATRIX"):
        matrix.put_into(places.README, table)
    assert matrix.told(places.README) == table, "README is behind: make matrix"
