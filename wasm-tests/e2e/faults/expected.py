"""What must come of a fault: the words in which the matrix states it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Expected:
    """What the client sees, and what it takes."""

    # "answer", "error" (with a status of its own), "error event" (the last of a stream) or "cut" (the connection breaks).
    sees: str
    # How many calls reach each role; roles that share a number are joined by "+". Roles not named get none.
    calls: dict = field(default_factory=dict)
    status: int = 200
    # Who answers; None is anybody.
    by: str | None = None
    retries: int | None = None
    fallbacks: int | None = None
    # Waits that are promised, and a bound generous enough for a busy machine.
    at_least_ms: int = 0
    within_ms: int = 5000


def answer(by, calls, **more):
    """A good answer of `by`."""
    return Expected("answer", calls, by=by, **more)


def by_second(primary=1, **more):
    """Tried again at once, at the group's other deployment: the client notices nothing."""
    return answer("second", {"primary": primary, "second": 1}, **{"retries": 1, "fallbacks": 0, **more})


def by_fallback(primary=1, role="fallback", **more):
    """Not tried again in the group, but asked of another model."""
    return answer(role, {"primary": primary, role: 1}, **{"fallbacks": 1, **more})


def by_itself(calls=2, **more):
    """Tried again at the only deployment there is."""
    return answer("primary", {"primary": calls}, **{"retries": calls - 1, "fallbacks": 0, **more})


def error(status, calls, **more):
    """A clean JSON error, whatever was asked for."""
    return Expected("error", calls, status, **more)


def error_event(**more):
    """Content went out already: the stream ends with an error, not as if all were well."""
    return Expected("error event", {"primary": 1}, by="primary", **more)


# The provider's reset becomes the client's: neither transport is asked.
CUT = Expected("cut", {"primary": 1}, by="primary")
# The connection breaks while the module holds the head: with one filter Envoy answers by itself and asks nobody.
ENVOYS_OWN_502 = error(502, {"primary": 1})
