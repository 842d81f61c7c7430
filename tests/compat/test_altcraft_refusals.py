"""What Altcraft's push_subscribe ends, and what it refuses: the resource token is public."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.signed_site import SignedSite
from compat.altcraft_site import DEVICE, RESOURCE_TOKEN, SET, Ask, Call, custom, statuses
from sitebell.models import Dialect, Profile, Subscription
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.dialects import adopt, speak
from support.visitors import add_database, unlink
from support.web_application import Json, rows, stored_rows


def test_an_unsubscribed_device_stays_so_until_it_subscribes_again(app: Flask, push_subscribe: Ask) -> None:
    [row] = push_subscribe(**custom(1))["data"]
    gone = {**DEVICE, "unsubscribe": True}

    [ended], again = push_subscribe(subscriptions=[gone])["data"], push_subscribe(subscriptions=[gone])

    assert (ended["unsubscribe"], ended["subscription_id"]) == (True, "device-1")
    assert again["error"] == 200
    assert set(again["data"][0]) == {"db_id", "profile_id", "resource_id", "description", "status"}
    assert statuses(app) == [(row["profile_id"], "unsubscribed")]
    assert [device.status for device in rows(app, Subscription)] == ["unsubscribed"]
    assert push_subscribe(**custom(1))["error"] == 0
    assert statuses(app) == [(row["profile_id"], "subscribed")]
    assert [device.status for device in rows(app, Subscription)] == ["subscribed"]


def test_a_device_unsubscribes_in_one_database_alone(app: Flask, push_subscribe: Ask, altcraft: NewSite) -> None:
    more = add_database(app, altcraft)
    push_subscribe()

    push_subscribe(subscriptions=[{**DEVICE, "unsubscribe": True}], db_ids=[more])

    assert [status for _, status in statuses(app)] == ["subscribed", "unsubscribed"]
    assert [device.status for device in rows(app, Subscription)] == ["subscribed"]


def test_a_device_that_is_not_known_is_not_stored_to_be_unsubscribed(app: Flask, push_subscribe: Ask) -> None:
    answer = push_subscribe(subscriptions=[{**DEVICE, "unsubscribe": True}])

    assert [row["status"] for row in answer["data"]] == ["error"]
    assert rows(app, Subscription) == rows(app, Profile) == []


@pytest.mark.parametrize("is_known", [False, True])
def test_sec_15_who_unsubscribes_a_device_is_not_told_who_has_a_profile(
    app: Flask, push_subscribe: Ask, *, is_known: bool
) -> None:
    """Neither of a device that is invented, nor of one's own that is bound to somebody else."""
    person = push_subscribe(subscriptions=[{**DEVICE, "subscription_id": "of the person"}], **custom(1))["data"][0]
    if is_known:
        push_subscribe(**custom(2))
    before = statuses(app)

    there, nowhere = (
        push_subscribe(subscriptions=[{**DEVICE, "unsubscribe": True}], **custom(value)) for value in (1, 3)
    )

    assert there == nowhere
    assert person["profile_id"] not in str(there)
    assert [row["description"] for row in there["data"]] == ["matching error: profile not found"]
    assert statuses(app) == before


def test_a_suspended_device_is_not_resumed_by_its_app(app: Flask, push_subscribe: Ask, office: BackEnd) -> None:
    [row] = push_subscribe(**custom(1))["data"]
    office.ask("POST", f"/v1/subscribers/{row['subscription_hash_id']}/suspend")

    answer = push_subscribe()

    assert answer["error"] == 200
    assert statuses(app) == [(row["profile_id"], "suspended")]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"resource_token": "nobody"}, 404),
        ({"matching": "email"}, 422),
        ({"matching": "custom"}, 422),
        ({"matching": "profile_id"}, 422),
        ({"subscriptions": []}, 422),
        ({"subscriptions": [{"provider": "ios-apns"}]}, 422),
        ({"db_ids": ["1"]}, 422),
    ],
)
def test_a_call_that_cannot_be_read_fails_in_the_vendors_shape(
    app: Flask, client: FlaskClient, altcraft: NewSite, change: Json, status: int
) -> None:
    assert altcraft
    before = stored_rows(app)

    answer = client.post(
        "/push_subscribe", json={"resource_token": RESOURCE_TOKEN, "subscriptions": [DEVICE], **change}
    )

    assert answer.status_code == answer.get_json()["error"] == status
    assert set(answer.get_json()) == {"error", "error_text"}
    assert stored_rows(app) == before


def test_a_body_that_is_no_json_fails_in_the_vendors_shape(client: FlaskClient, altcraft: NewSite) -> None:
    assert altcraft
    for body, kind, status in (("{", "application/json", 400), ("a=1", "application/x-www-form-urlencoded", 415)):
        answer = client.post("/push_subscribe", data=body, content_type=kind)

        assert (answer.status_code, answer.get_json()["error"]) == (status, status)


def test_a_resource_that_does_not_speak_the_dialect_is_unknown(
    app: Flask, client: FlaskClient, altcraft: NewSite
) -> None:
    speak(app, altcraft, Dialect.CLEVERPUSH)

    answer = client.post("/push_subscribe", json={"resource_token": RESOURCE_TOKEN, "subscriptions": [DEVICE]})

    assert answer.get_json()["error"] == 404


def test_a_token_means_its_own_site_whatever_another_site_adopted(
    app: Flask, push_subscribe: Ask, altcraft: NewSite, new_site: Callable[[str], NewSite]
) -> None:
    other = new_site("https://other.example")
    speak(app, other, Dialect.ALTCRAFT)
    adopt(app, altcraft, Dialect.ALTCRAFT, resource_token=other.site.token)

    push_subscribe(resource_token=other.site.token)

    assert [row.site_id for row in rows(app, Subscription)] == [other.site.id]


def test_a_resource_without_a_database_fails(app: Flask, client: FlaskClient, altcraft: NewSite) -> None:
    unlink(app, altcraft, altcraft.database_id)

    answer = client.post("/push_subscribe", json={"resource_token": RESOURCE_TOKEN, "subscriptions": [DEVICE]})

    assert answer.get_json()["error"] == 409
    assert rows(app, Subscription) == []


def test_sec_23_a_signed_site_believes_no_identity_of_an_app(
    app: Flask, push_subscribe: Ask, altcraft: NewSite, office: BackEnd
) -> None:
    SignedSite(app, altcraft).set_identity("signed")
    ann = office.add_profile(external_id="ann", fields={"CustomNumber1": 1})

    answers = []
    for match in (custom(1), {"id": ann}, {"matching": "profile_id", "id": ann}):
        answers.append(push_subscribe(**match))
        assert ann not in dict(statuses(app))

    assert {answer["error"] for answer in answers} == {200}
    assert {row["description"] for answer in answers for row in answer["data"]} == {"matching error: identity required"}
    assert [row["status"] for row in push_subscribe()["data"]] == ["ok"]


def test_sec_23_a_signed_site_lets_a_device_leave_whomever_it_names_and_tells_nobodys_id(
    app: Flask, push_subscribe: Ask, rest: Call, altcraft: NewSite, office: BackEnd
) -> None:
    """Who has the device may end it; whose it is, only the back end knows."""
    SignedSite(app, altcraft).set_identity("signed")
    ann = office.add_profile(external_id="ann", fields={"CustomNumber1": 1})
    push_subscribe()
    bound = {"profile_id": ann, "resource_id": 22, "channel": "push", **DEVICE}
    assert rest(SET, **bound) == (200, {"error": 0, "error_text": "Successful operation"})

    again, somebody_elses = push_subscribe(), {**DEVICE, "unsubscribe": True}
    ended = push_subscribe(**custom(2), subscriptions=[somebody_elses])

    assert [row["profile_id"] for answer in (again, ended) for row in answer["data"]] == ["", ""]
    assert ended["data"][0]["unsubscribe"]
    assert statuses(app) == [(ann, "unsubscribed")]
    assert [device.status for device in rows(app, Subscription)] == ["unsubscribed"]
