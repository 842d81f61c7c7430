"""CleverPush's attributes that mean what stands beside the fields: address, phones, the site's id of a person."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import CHANNEL, Channel
from sitebell.models import Quirk
from sitebell.services.sites import NewSite
from support.dialects import ask_for
from support.web_application import Json, refusal, stored_rows

ANN, PHONE = "ann@example.com", "+4930901820"
SYNC = f"/subscription/sync/{CHANNEL}"
BESIDE: Json = {"EM": ANN, "PH": [PHONE], "CUSTOMER": "ann"}


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """A channel whose attributes EM, PH and CUSTOMER were adopted, and that asked for writes by an id."""
    made = Channel(app, client, site)
    for pair in ("EM=email", "PH=phones", "CUSTOMER=external_id"):
        made.adopt(attribute=pair)
    ask_for(app, site, Quirk.CLEVERPUSH_ID_WRITES)
    return made


def found(channel: Channel, attribute: str, value: str) -> object:
    """Return which subscription the vendor's question finds."""
    query = {"channelId": CHANNEL, "attributeId": attribute, "attribute_value": value}
    return channel.ask("GET", "/subscription", query_string=query)["id"]


def test_they_are_synced_and_shown_by_the_vendors_ids(channel: Channel) -> None:
    subscriber = channel.office.add_subscriber()

    synced = channel.sync(subscriptionId=subscriber, customAttributes={**BESIDE, "EM": "Ann@Example.com"})

    assert {name: synced["customAttributes"].get(name) for name in BESIDE} == BESIDE
    assert "user_id" not in synced["customAttributes"]
    [ann] = channel.office.search(external_id="ann")
    assert (ann["email"], ann["phones"]) == (ANN, [PHONE])


def test_a_person_without_a_browser_is_synced_by_them(channel: Channel) -> None:
    channel.sync(customAttributes={**BESIDE, "PH": PHONE})

    [ann] = channel.office.search(email=ANN)
    assert (ann["external_id"], ann["phones"]) == ("ann", [PHONE])


def test_they_are_cleared_with_null(channel: Channel) -> None:
    channel.sync(customAttributes=BESIDE)

    channel.sync(customAttributes={"CUSTOMER": "ann", "EM": None, "PH": None})

    [ann] = channel.office.search(external_id="ann")
    assert (ann["email"], ann["phones"]) == (None, [])


@pytest.mark.parametrize(("attribute", "value"), [("EM", "ANN@example.com"), ("PH", PHONE), ("CUSTOMER", "ann")])
def test_the_question_by_attribute_finds_by_them(channel: Channel, attribute: str, value: str) -> None:
    channel.office.add_subscriber()
    subscriber = channel.office.add_subscriber()
    channel.sync(subscriptionId=subscriber, customAttributes=BESIDE)

    assert found(channel, attribute, value) == subscriber


@pytest.mark.parametrize("named", [{"EM": ANN}, {"PH": PHONE}, {"PH": [PHONE]}, {"CUSTOMER": "ann"}, BESIDE])
def test_a_notification_goes_to_whom_they_name(channel: Channel, named: Json) -> None:
    channel.sync(subscriptionId=channel.office.add_subscriber(), customAttributes={"CUSTOMER": "ben"})
    subscriber = channel.office.add_subscriber()
    channel.sync(subscriptionId=subscriber, customAttributes=BESIDE)

    audience = channel.reached(channel.send(customAttributes=named))
    sample = channel.office.ask("POST", "/v1/audiences/preview", {"audience": audience})["sample"]

    assert [row["subscriber_hash"] for row in sample] == [subscriber]


def test_they_are_written_by_an_id_alone(channel: Channel) -> None:
    subscriber = channel.office.add_subscriber()

    assert channel.write("attribute", subscriber, attributeId="CUSTOMER", value="ann") == (200, "")
    assert channel.write("attribute", subscriber, attributeId="EM", value=ANN) == (200, "")
    assert channel.write("attribute/push-value", subscriber, attributeId="PH", value=PHONE) == (200, "")
    [ann] = channel.office.search(external_id="ann")
    assert (ann["email"], ann["phones"]) == (ANN, [PHONE])

    assert channel.write("attribute/pull-value", subscriber, attributeId="PH", value=PHONE) == (200, "")
    assert channel.write("attribute/clear", subscriber, attributeId="EM") == (200, "")
    [ann] = channel.office.search(external_id="ann")
    assert (ann["email"], ann["phones"]) == (None, [])


@pytest.mark.parametrize("attribute", ["CUSTOMER", "user_id"])
@pytest.mark.parametrize("route", ["push-value", "pull-value", "clear"])
def test_whose_a_subscription_is_is_set_and_not_changed_by_value(
    app: Flask, channel: Channel, route: str, attribute: str
) -> None:
    subscriber = channel.office.add_subscriber()
    before = stored_rows(app)

    answer = channel.write(f"attribute/{route}", subscriber, attributeId=attribute, value="ann")

    assert answer == (422, "invalid_operation")
    assert stored_rows(app) == before


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize(("attribute", "value"), BESIDE.items())
def test_sec_23_on_a_signed_site_none_of_them_is_written_by_an_id_alone(
    channel: Channel, attribute: str, value: object
) -> None:
    subscriber = channel.office.add_subscriber()

    assert channel.write("attribute", subscriber, attributeId=attribute, value=value) == (422, "identity_required")


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"EM": "no address"}, "invalid_email"),
        ({"EM": {"unset": True}}, "invalid_email"),
        ({"PH": "0309018"}, "invalid_phone"),
        ({"CUSTOMER": ""}, "invalid_value"),
        ({"CUSTOMER": None}, "invalid_value"),
        ({"user_id": "somebody else"}, "invalid_value"),
    ],
)
def test_what_is_none_of_them_is_refused(app: Flask, channel: Channel, attributes: Json, code: str) -> None:
    before = stored_rows(app)

    given = {"customAttributes": {"CUSTOMER": "ann", **attributes}}

    assert refusal(channel.call("POST", SYNC, given)) == (422, code)
    assert stored_rows(app) == before


@pytest.mark.parametrize("kind", ["text", "integer", "decimal", "boolean", "date", "datetime", "list"])
def test_a_field_of_any_type_is_cleared_with_null(channel: Channel, kind: str) -> None:
    channel.define(thing=kind)
    values = {"integer": 1, "decimal": 1.5, "boolean": True, "date": "1990-05-31", "datetime": "2026-01-01T00:00:00Z"}
    given = {"CUSTOMER": "ann", "thing": values.get(kind, "red")}
    channel.sync(customAttributes=given)
    assert "thing" in channel.office.search(external_id="ann")[0]["fields"]

    channel.sync(customAttributes={**given, "thing": None})

    assert "thing" not in channel.office.search(external_id="ann")[0]["fields"]


def test_null_names_nobody_in_a_notification(channel: Channel) -> None:
    channel.define(teams="list")

    assert refusal(channel.send(customAttributes={"teams": None})) == (422, "invalid_value")
    assert refusal(channel.send(customAttributes={"EM": None})) == (422, "invalid_value")


def test_a_field_that_a_site_calls_user_id_is_one_and_the_adopted_attribute_the_person(channel: Channel) -> None:
    channel.define(number="integer")
    channel.adopt(attribute="user_id=number")

    synced = channel.sync(customAttributes={"CUSTOMER": "ann", "user_id": "42"}, emailAddress=ANN)["customAttributes"]

    assert (synced["CUSTOMER"], synced["user_id"]) == ("ann", 42)
