"""Bounded polling: the only way a test may wait."""

import time

PATIENCE_S = 10


def until(what, attempt, patience_s=PATIENCE_S):
    """The first result of `attempt` that is neither false nor None; fails, naming `what`, when patience ends."""
    deadline = time.monotonic() + patience_s
    while True:
        if result := attempt():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience_s} s for {what}")
        time.sleep(0.01)
