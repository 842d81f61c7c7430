"""What a back end says in Altcraft's words of people, their subscriptions, and what became of pushes."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.altcraft_site import IMPORT, SET, Call
from sitebell.models import Subscription
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.web_application import Json, rows, stored_rows

PHONE = {"channel": "push", "provider": "ios-apns", "subscription_id": "device-1", "resource_id": 22}
WORDS = ["subscribed", "unsubscribed", "complained", "hardbounced", "unconfirmed", "suspended", "invalid"]


@pytest.fixture
def ann(altcraft: NewSite, office: BackEnd) -> str:
    """The id of a profile."""
    assert altcraft
    return office.add_profile(external_id="ann")


def standing(office: BackEnd, profile_id: str) -> list[str]:
    """Return how a profile's subscriptions stand there."""
    shown = office.ask("GET", f"{office.profiles}/{profile_id}/subscriptions")["subscriptions"]
    return [row["enrollment"]["status"] for row in shown]


@pytest.mark.parametrize(("number", "word"), list(enumerate(WORDS)))
def test_a_status_is_set_by_its_word_or_its_number(
    rest: Call, ann: str, office: BackEnd, number: int, word: str
) -> None:
    for status in (word, number, str(number)):
        device = {**PHONE, "subscription_id": f"device {status!r}"}

        assert rest(SET, profile_id=ann, status=status, **device) == (
            200,
            {"error": 0, "error_text": "Successful operation"},
        )

    assert standing(office, ann) == [word] * 3


def test_without_a_status_nothing_is_overwritten(rest: Call, ann: str, office: BackEnd) -> None:
    rest(SET, profile_id=ann, status="suspended", **PHONE)

    rest(SET, profile_id=ann, **PHONE)

    assert standing(office, ann) == ["suspended"]


def test_a_subscribed_device_leaves_who_had_it_and_another_status_takes_it_from_nobody(
    rest: Call, ann: str, office: BackEnd
) -> None:
    ben = office.add_profile(external_id="ben")
    rest(SET, profile_id=ann, **PHONE)

    rest(SET, profile_id=ben, status="unsubscribed", **PHONE)
    assert (standing(office, ann), standing(office, ben)) == (["subscribed"], ["unsubscribed"])

    carl = office.add_profile(external_id="carl")
    rest(SET, profile_id=carl, **PHONE)
    assert (standing(office, ann), standing(office, carl)) == (["suspended"], ["subscribed"])


def test_a_browser_is_named_by_its_endpoint(rest: Call, ann: str, office: BackEnd, subscribed: Json) -> None:
    browser = {**PHONE, "provider": "Chrome", "subscription_id": subscribed["endpoint"]}

    assert rest(SET, profile_id=ann, **browser)[0] == 200
    assert standing(office, ann) == ["subscribed"]
    unknown = {**browser, "subscription_id": subscribed["endpoint"] + "x"}
    assert rest(SET, profile_id=ann, **unknown)[0] == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"token": "another-key-of-nobody"}, 401),
        ({"token": None}, 401),
        ({"db_id": 4711}, 404),
        ({"profile_id": "59db33d269d426509e9c4bf9"}, 404),
        ({"resource_id": 23}, 404),
        ({"status": 7}, 422),
        ({"status": True}, 422),
        ({"status": "gone"}, 422),
        ({"channel": "email"}, 422),
    ],
)
def test_a_call_that_cannot_be_done_changes_nothing(
    app: Flask, rest: Call, ann: str, change: Json, status: int
) -> None:
    before = stored_rows(app)

    given = {"profile_id": ann, **PHONE, **change}

    assert (rest(SET, **given)[0], rest(SET, **given)[1]["error"]) == (status, status)
    assert stored_rows(app) == before


def test_sec_38_a_key_reaches_no_other_sites_people(
    app: Flask, client: FlaskClient, other_office: BackEnd, rest: Call
) -> None:
    stranger = other_office.add_profile(external_id="ann")
    body = {"db_id": other_office.site.database_id, "matching": "profile_id", "profile_id": stranger}
    before = stored_rows(app)

    assert rest(IMPORT, **body, data={"_fname": "X"})[0] == 404
    assert rest(SET, **body, **PHONE)[0] == 404
    assert rest(IMPORT, matching="profile_id", profile_id=stranger, data={"_fname": "X"})[0] == 404
    assert stored_rows(app) == before
    assert client.post(IMPORT, json={**body, "token": other_office.site.api_key}).status_code == 404  # no such dialect


def test_an_import_finds_or_makes_a_person_and_writes_fields_and_subscriptions(rest: Call, office: BackEnd) -> None:
    body = {"matching": "email", "email": "Ann@example.com", "data": {"_fname": "Ann", "subscriptions": [PHONE]}}

    status, first = rest(IMPORT, **body)
    _, second = rest(IMPORT, email="ann@example.com", data={"_lname": "Lee"})

    assert (status, first["error"], first["profile_id"]) == (200, 0, second["profile_id"])
    shown = office.read_profile(first["profile_id"])
    assert (shown["email"], shown["fields"]["_fname"], shown["fields"]["_lname"]) == ("ann@example.com", "Ann", "Lee")
    assert standing(office, first["profile_id"]) == ["subscribed"]


def test_an_import_matches_by_phone_profile_id_and_custom_field(rest: Call, ann: str) -> None:
    rest(IMPORT, matching="profile_id", profile_id=ann, data={"phones": ["+4915112345678"], "CustomNumber1": 5})

    found = [
        rest(IMPORT, matching="phone", phone="+49 1511 2345678")[1]["profile_id"],
        rest(IMPORT, matching="custom", field_name="CustomNumber1", field_value=5)[1]["profile_id"],
        rest(IMPORT, matching="custom", field_name="phones", field_value="+49 1511 2345678")[1]["profile_id"],
    ]

    assert found == [ann] * 3


def test_email_is_a_field_of_the_database_to_match_by(rest: Call, office: BackEnd) -> None:
    by_field = {"matching": "custom", "field_name": "email", "field_value": "Ann@example.com"}

    _, first = rest(IMPORT, **by_field, data={"_fname": "Ann"})

    assert office.read_profile(first["profile_id"])["email"] == "ann@example.com"
    assert rest(IMPORT, email="ann@example.com")[1]["profile_id"] == first["profile_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"email": None},
        {"matching": "custom"},
        {"matching": "custom", "field_name": "email", "field_value": "nobody"},
        {"matching": "custom", "field_name": "phones", "field_value": 4915112345678},
        {"matching": "profile_id"},
        {"matching": "push_sub"},
        {"data": {"no_such_field": 1}},
        {"data": {"subscriptions": {}}},
        {"data": {"subscriptions": [{"channel": "push"}]}},
    ],
)
def test_an_import_is_done_as_a_whole_or_not_at_all(app: Flask, rest: Call, change: Json) -> None:
    before = stored_rows(app)
    body = {"email": "ann@example.com", "data": {"subscriptions": [PHONE]}, **change}

    assert rest(IMPORT, **body)[1]["error"] == 422
    assert stored_rows(app) == before


def test_a_devices_row_has_no_keys_and_is_seen_with_its_channel(
    app: Flask, rest: Call, ann: str, office: BackEnd
) -> None:
    rest(SET, profile_id=ann, **PHONE)

    [row] = rows(app, Subscription)
    assert (row.channel, row.provider, row.address, row.p256dh) == ("mobile", "ios-apns", "device-1", None)
    assert office.ask("GET", f"/v1/subscribers/{row.subscriber_hash}")["channel"] == "mobile"
