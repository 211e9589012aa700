"""Who may be asked at all: names, tags, order, what a deployment can do and how much it takes."""

import pytest

from harness.conversation import CITY, PIXEL, TOOLS, picture, user
from harness.gateway import error_of
from harness.routed import ask_anew, at_once, config, member, pair, served
from harness.waiting import until

LONG = "word " * 1000
ABILITIES = {
    "vision": {"messages": [picture(PIXEL)]},
    "function_calling": {"messages": [user("weather?")], "tools": TOOLS},
    "response_schema": {
        "messages": [user("where?")],
        "response_format": {"type": "json_schema", "json_schema": {"name": "place", "schema": CITY}},
    },
}


@pytest.fixture(scope="module")
def chooser(start_here, provider, transport):
    def window(tokens):
        return {"max_input_tokens": tokens}

    def of(group, name, **more):
        return member(provider.url, group, name, **more)

    members = [
        *pair(provider.url, "ordered"),
        of("tagged", "tagged-paid", tags=["paid"]),
        of("tagged", "tagged-free", tags=["free"]),
        of("tagged", "tagged-default", tags=["default"]),
        of("paid-only", "paid-only-1", tags=["paid"]),
        of("windows", "windows-small", info=window(100)),
        of("windows", "windows-large", info=window(100_000)),
        of("narrow", "narrow-1", info=window(100)),
        of("wide", "wide-1", info=window(100_000)),
        of("narrow-alone", "narrow-alone-1", info=window(100)),
        *(of(able, f"{able}-{can}", info={f"supports_{able}": can}) for able in ABILITIES for can in (True, False)),
        of("named", "named-1"),
        of("named", "named-2"),
        of("aliased", "aliased-1"),
        member(provider.url, "wild/*", "*", info={"id": "wild-1"}),
        member(provider.url, "wild/*-mini", "small-*", info={"id": "wild-mini-1"}),
        of("seats", "seats-a", max_parallel_requests=2),
        of("seats", "seats-b", max_parallel_requests=2),
    ]
    router = {
        "enable_tag_filtering": True,
        "enable_pre_call_checks": True,
        "model_group_alias": {"my-favourite": "aliased"},
        "context_window_fallbacks": [{"narrow": ["wide"]}],
        "cooldown_time": 0.3,
    }
    return start_here(config(transport, members, router))


def test_the_lowest_order_is_asked_as_long_as_it_answers(chooser, stand_in):
    assert served([ask_anew(chooser, "ordered") for _ in range(6)]) == {"ordered-a": 6}
    stand_in.behave("ordered-a", times=1, status=500)
    assert served([ask_anew(chooser, "ordered")]) == {"ordered-b": 1}


TAGGED = {
    "metadata": ({"metadata": {"tags": ["paid"]}}, "tagged-paid"),
    "a member": ({"tags": ["free"]}, "tagged-free"),
    "a header": ({"headers": {"x-litellm-tags": "free"}}, "tagged-free"),
    "no tag": ({}, "tagged-default"),
    "a tag nobody has": ({"metadata": {"tags": ["other"]}}, "tagged-default"),
}


@pytest.mark.parametrize("by", TAGGED)
def test_a_tag_leads_to_the_deployments_that_have_it(chooser, stand_in, by):
    request, deployment = TAGGED[by]
    assert served([ask_anew(chooser, "tagged", **request) for _ in range(4)]) == {deployment: 4}
    assert not {"tags", "metadata"} & set(stand_in.last().json())


def test_a_tag_nobody_has_is_refused_where_there_is_no_default(chooser, stand_in):
    answer = ask_anew(chooser, "paid-only", metadata={"tags": ["other"]})
    assert answer.status_code in (401, 403)
    error_of(answer)
    assert stand_in.counts().total() == 0


def test_a_prompt_too_long_for_one_goes_to_the_one_it_fits(chooser, stand_in):
    assert served([ask_anew(chooser, "windows", LONG) for _ in range(5)]) == {"windows-large": 5}


def test_a_prompt_too_long_for_all_goes_to_the_context_window_fallback_unsent(chooser, stand_in):
    assert served([ask_anew(chooser, "narrow", LONG)]) == {"wide-1": 1}
    assert stand_in.counts() == {"wide-1": 1}


def test_a_prompt_too_long_for_all_is_a_bad_request(chooser, stand_in):
    answer = ask_anew(chooser, "narrow-alone", LONG)
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "context_length_exceeded"
    assert stand_in.counts().total() == 0


@pytest.mark.parametrize("ability", ABILITIES)
def test_a_deployment_that_cannot_is_not_asked(chooser, stand_in, ability):
    url = "/v1/chat/completions"
    answers = [chooser.http.post(url, json={"model": ability, **ABILITIES[ability]}) for _ in range(5)]
    assert served(answers) == {f"{ability}-True": 5}


def test_a_request_may_name_a_deployment_by_its_id(chooser, stand_in):
    assert served([ask_anew(chooser, "named-2") for _ in range(5)]) == {"named-2": 5}


def test_an_alias_is_its_group(chooser, stand_in):
    assert served([ask_anew(chooser, "my-favourite")]) == {"aliased-1": 1}


def test_a_wildcard_takes_what_matches_and_fills_in_the_rest(chooser, stand_in):
    assert served([ask_anew(chooser, "wild/any.thing")]) == {"wild-1": 1}
    assert stand_in.last().json()["model"] == "any.thing"


def test_the_more_specific_wildcard_wins_and_both_ends_count(chooser, stand_in):
    assert served([ask_anew(chooser, "wild/one-mini")]) == {"wild-mini-1": 1}
    assert stand_in.last().json()["model"] == "small-one"
    assert served([ask_anew(chooser, "wild/one-mini-2024")]) == {"wild-1": 1}
    assert ask_anew(chooser, "not-wild/one").status_code == 404


def test_a_full_group_refuses_at_once_and_takes_again_when_a_seat_is_free(chooser, stand_in):
    stand_in.behave(delay_ms=600)
    answers = at_once(10, lambda: ask_anew(chooser, "seats"))
    assert stand_in.counts() == {"seats-a": 2, "seats-b": 2}
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 6
    for answer in refused:
        error_of(answer)
        assert int(answer.headers["retry-after"]) > 0
        assert answer.elapsed.total_seconds() < 0.5
    stand_in.reset()
    until("a seat", lambda: ask_anew(chooser, "seats").status_code == 200)
