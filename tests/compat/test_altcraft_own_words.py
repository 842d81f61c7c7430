"""What Altcraft's REST calls ended they take back, and never what the visitor's own device said."""

import pytest
from flask import Flask

from compat.altcraft_site import DEVICE, SET, Ask, Call, statuses
from support.back_end import BackEnd
from support.web_application import Json

PHONE: Json = {"channel": "push", "resource_id": 22, **DEVICE}
LEAVES = {"subscriptions": [{**DEVICE, "unsubscribe": True}]}
ENDS = ["unsubscribed", "complained"]
OTHERS = ["subscribed", "unsubscribed", "hardbounced", "unconfirmed", "invalid"]


@pytest.fixture
def ann(push_subscribe: Ask) -> str:
    """The id of the profile that the device is at."""
    [row] = push_subscribe()["data"]
    return str(row["profile_id"])


@pytest.mark.parametrize("next_word", OTHERS)
@pytest.mark.parametrize("word", ENDS)
def test_a_back_end_overwrites_the_status_that_it_has_set(
    app: Flask, rest: Call, ann: str, word: str, next_word: str
) -> None:
    rest(SET, profile_id=ann, status=word, **PHONE)

    assert rest(SET, profile_id=ann, status=next_word, **PHONE)[0] == 200
    assert statuses(app) == [(ann, next_word)]


@pytest.mark.parametrize("word", ENDS)
def test_what_the_device_itself_ended_no_back_end_begins_again(
    app: Flask, push_subscribe: Ask, rest: Call, ann: str, word: str
) -> None:
    """Not by a stronger word of its own first, either."""
    push_subscribe(**LEAVES)
    assert rest(SET, profile_id=ann, status=word, **PHONE)[0] == 200

    status, answer = rest(SET, profile_id=ann, status="subscribed", **PHONE)

    assert (status, answer["error"]) == (409, 409)
    assert answer["error_text"].startswith("opted_out: ")
    assert statuses(app) == [(ann, word)]


def test_a_device_that_leaves_after_the_back_end_ended_it_says_no_as_well(
    app: Flask, push_subscribe: Ask, rest: Call, ann: str
) -> None:
    rest(SET, profile_id=ann, status="unsubscribed", **PHONE)
    push_subscribe(**LEAVES)

    assert rest(SET, profile_id=ann, status="subscribed", **PHONE)[0] == 409
    assert statuses(app) == [(ann, "unsubscribed")]


@pytest.mark.parametrize("word", [None, *ENDS])
def test_what_a_device_ended_as_nobodys_holds_at_whomever_the_back_end_binds_it_to(
    push_subscribe: Ask, rest: Call, ann: str, office: BackEnd, word: str | None
) -> None:
    assert ann
    ben = office.add_profile(external_id="ben")
    push_subscribe(**LEAVES)
    if word is not None:
        assert rest(SET, profile_id=ben, status=word, **PHONE)[0] == 200

    assert rest(SET, profile_id=ben, status="subscribed", **PHONE)[0] == 409


@pytest.mark.parametrize("word", ENDS)
def test_a_device_that_subscribes_again_lifts_either_word_and_the_next_one_counts(
    app: Flask, push_subscribe: Ask, rest: Call, ann: str, word: str
) -> None:
    rest(SET, profile_id=ann, status=word, **PHONE)
    push_subscribe()
    assert statuses(app) == [(ann, "subscribed")]

    push_subscribe(**LEAVES)

    assert rest(SET, profile_id=ann, status="subscribed", **PHONE)[0] == 409


def test_what_the_back_end_suspended_beneath_its_own_end_comes_off_with_it(
    app: Flask, rest: Call, ann: str, office: BackEnd
) -> None:
    for status in ("unsubscribed", "suspended"):
        rest(SET, profile_id=ann, status=status, **PHONE)
    assert statuses(app) == [(ann, "unsubscribed")]

    rest(SET, profile_id=ann, status="subscribed", **PHONE)

    assert statuses(app) == [(ann, "subscribed")]
    [row] = office.ask("GET", f"{office.profiles}/{ann}/subscriptions")["subscriptions"]
    assert row["enrollment"]["suspended_by"] is None
