"""Every client drives every provider through a real Envoy: chat, streams, tools and the rest."""

import pytest

from harness.conversation import CALLS, TOOLS_ANSWER
from harness.stand_in import GREETING

from . import cast, drivers, upstreams


def name(case):
    client, provider, feature = case
    return f"{client.name}-{client.format}-{provider.group}-{feature}"


@pytest.mark.parametrize("case", cast.CASES, ids=name)
def test_the_client_gets_what_it_asks_of_the_provider(drivers, playing, case):
    client, provider, feature = case
    upstream = playing[provider.upstream]
    upstream.sent()
    if feature == "errors":
        upstream.refuse_once()
    CHECKS[feature](lambda: drivers[client].ask(feature, provider.group), (client.format, provider.name, feature))
    # What goes on as it is was worded by the client's own package.
    if provider.name not in NATIVE.get(client.format, ()):
        assert upstreams.problems(upstream.sent()) == []


# Providers that are sent a format's requests untouched, but for the model.
NATIVE = {"Gemini": ("gemini", "vertex_ai"), "Messages": ("anthropic",), "Responses": ("openai", "azure")}


def right(judge):
    """A check that what comes back is right, or, where the provider has nothing for it, that a 400 says so."""

    def check(ask, what):
        if what not in cast.REFUSED:
            return judge(ask())
        with pytest.raises(drivers.Refused) as raised:
            ask()
        assert raised.value.status == 400, raised.value

    return check


def is_greeting(answer):
    assert answer == GREETING


def is_greeting_in_pieces(pieces):
    assert "".join(pieces) == GREETING and len(pieces) > 1


def is_round_trip(answer):
    assert answer == (CALLS, TOOLS_ANSWER)


def are_calls(calls):
    assert calls == CALLS


def is_seen(answer):
    assert answer == "I saw 1 image(s) 🦀"


def is_place(place):
    assert set(place) == {"city"} and place["city"]


def is_thought_and_greeting(answer):
    thought, text = answer
    assert thought == "Let me think: žluť 🤔" and text == GREETING


def are_counts(usages):
    plain, streamed = usages
    assert all(count > 0 for count in (*plain, *streamed)), usages


def refused(ask, _):
    with pytest.raises(drivers.Refused) as raised:
        ask()
    assert raised.value.status == 429, raised.value


CHECKS = {
    "chat": right(is_greeting),
    "stream": right(is_greeting_in_pieces),
    "tools": right(is_round_trip),
    "streamed_tools": right(are_calls),
    "pictures": right(is_seen),
    "schema": right(is_place),
    "reasoning": right(is_thought_and_greeting),
    "usage": right(are_counts),
    "errors": refused,
}
