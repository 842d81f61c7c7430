"""A back end that came from CleverPush syncs subscriptions: e-mail addresses, users, attributes, topics."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import CHANNEL, KEY, Channel, sample_channel
from sitebell.models import Dialect
from sitebell.services.sites import NewSite
from support.dialects import adopt, read_fixture, speak
from support.web_application import refusal

SAMPLES = read_fixture("cleverpush")
ANN = "user@example.com"


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """A channel with the ids of the samples."""
    return sample_channel(app, client, site)


def expected(sample: str) -> dict[str, bool]:
    """Return the documented members of an answer."""
    members: dict[str, bool] = SAMPLES["sync_email"][sample]
    return members


def test_the_documented_sync_of_an_address_is_answered_as_documented(channel: Channel) -> None:
    channel.listen()

    answer = channel.sync(**SAMPLES["sync_email"]["request"])

    assert {name: answer[name] for name in expected("response_double_opt_in")} == expected("response_double_opt_in")
    assert sorted(answer["topics"]) == ["TOPIC_ID_1", "TOPIC_ID_2"]
    assert channel.statuses(answer["id"]) == ["unconfirmed"]
    shown = channel.office.ask("GET", f"/v1/subscribers/{answer['id']}")
    assert (shown["channel"], shown["topics"]) == ("email", ["news", "offers"])


def test_an_address_of_a_form_that_asks_once_is_subscribed(channel: Channel) -> None:
    answer = channel.sync(**SAMPLES["sync_email"]["request"] | {"emailOptInFormId": "SINGLE_FORM"})

    assert {name: answer[name] for name in expected("response_without")} == expected("response_without")
    assert channel.statuses(answer["id"]) == ["subscribed"]
    assert channel.told() == []


def test_without_a_form_nobody_is_asked(channel: Channel) -> None:
    answer = channel.sync(emailAddress=ANN)

    assert answer["emailConfirmationNeeded"] is False
    assert channel.statuses(answer["id"]) == ["subscribed"]


def test_a_form_that_was_never_adopted_is_refused(channel: Channel) -> None:
    answer = channel.call("POST", f"/subscription/sync/{CHANNEL}", {"emailAddress": ANN, "emailOptInFormId": "OTHER"})

    assert refusal(answer) == (422, "unknown_opt_in_form")


def test_the_documented_sync_of_a_user_makes_a_person(channel: Channel) -> None:
    answer = channel.sync(**SAMPLES["sync_user_id"]["request"])

    assert (answer["id"], answer["emailConfirmationNeeded"]) == (None, False)
    assert [profile["external_id"] for profile in channel.office.search()] == ["123456789"]


def test_the_documented_question_by_attribute_finds_the_browser(channel: Channel) -> None:
    subscriber = channel.office.add_subscriber(match={"external_id": "123456789"}, topics=["news"])
    sample = SAMPLES["get_by_attribute"]

    found = channel.ask(sample["method"], sample["path"], query_string=sample["query"])

    assert (found["_id"], found["id"]) == (subscriber, subscriber)
    assert (found["channel"], found["type"], found["topics"]) == (CHANNEL, "web", ["TOPIC_ID_1"])
    assert found["customAttributes"]["user_id"] == "123456789"


def test_of_several_browsers_of_a_user_the_newest_that_is_subscribed_is_shown(channel: Channel) -> None:
    first, second, third = (channel.office.add_subscriber(match={"external_id": "ann"}) for _ in range(3))
    query = {"channelId": CHANNEL, "attributeId": "user_id", "attribute_value": "ann"}
    assert channel.ask("GET", "/subscription", query_string=query)["id"] == third

    channel.office.ask("POST", f"/v1/subscribers/{third}/unsubscribe")

    assert channel.ask("GET", "/subscription", query_string=query)["id"] == second
    assert first != second


def test_a_browser_of_a_user_comes_before_an_address_that_was_signed_up_later(channel: Channel) -> None:
    user = {"customAttributes": {"user_id": "ann"}}
    browser = channel.office.add_subscriber(match={"external_id": "ann"})
    address = channel.sync(emailAddress=ANN, **user)["id"]
    query = {"channelId": CHANNEL, "attributeId": "user_id", "attribute_value": "ann"}

    assert browser != address
    assert channel.ask("GET", "/subscription", query_string=query)["id"] == browser
    assert channel.sync(**user)["id"] == browser


def test_a_question_by_another_attribute_goes_by_its_type(channel: Channel) -> None:
    channel.define(age="integer")
    channel.adopt(attribute="ATTRIBUTE_ID=age")
    subscriber = channel.office.add_subscriber(fields={"age": 42})
    query = {"channelId": CHANNEL, "attributeId": "ATTRIBUTE_ID"}

    assert channel.ask("GET", "/subscription", query_string={**query, "attribute_value": "42"})["id"] == subscriber
    missed = channel.call("GET", "/subscription", query_string={**query, "attribute_value": "43"})
    assert refusal(missed) == (404, "subscriber_not_found")
    unknown = channel.call("GET", "/subscription", query_string=query | {"attributeId": "no", "attribute_value": "1"})
    assert refusal(unknown) == (422, "unknown_field")
    assert refusal(channel.call("GET", "/subscription", query_string=query)) == (422, "invalid")


def test_attributes_are_written_by_the_vendors_ids_and_in_the_types_of_their_fields(channel: Channel) -> None:
    channel.define(plan="text", age="integer", weight="decimal", vip="boolean", teams="list", born_at="date")
    channel.adopt(attribute="A1=plan")
    subscriber = channel.office.add_subscriber()
    given = {"A1": 7, "age": "42", "weight": "1.5", "vip": "true", "teams": "red", "born_at": "1990-05-31"}

    shown = channel.sync(subscriptionId=subscriber, customAttributes=given | {"user_id": 5})["customAttributes"]

    written = {name: shown[name] for name in (*given, "user_id")}
    expected_values = {"A1": "7", "age": 42, "weight": 1.5, "vip": True, "teams": ["red"], "born_at": "1990-05-31"}
    assert written == expected_values | {"user_id": "5"}


def test_a_browser_that_is_synced_with_a_user_is_that_users(channel: Channel) -> None:
    subscriber = channel.office.add_subscriber()

    answer = channel.sync(subscriptionId=subscriber, customAttributes={"user_id": "ann"}, topics=["TOPIC_ID_2"])

    assert (answer["id"], answer["topics"]) == (subscriber, ["TOPIC_ID_2"])
    [standing] = channel.office.ask("GET", f"/v1/subscribers/{subscriber}")["enrollments"]
    assert (standing["external_id"], standing["bound_by"]) == ("ann", "backend")


def test_what_is_synced_by_the_user_id_alone_is_written_too(channel: Channel) -> None:
    channel.adopt(tag="TAG_ID=gold")
    user = {"customAttributes": {"user_id": "ann"}}
    address = channel.sync(emailAddress=ANN, tags=["TAG_ID"], **user)
    assert address["tags"] == ["TAG_ID"]

    answer = channel.sync(topics=["TOPIC_ID_1"], tags=["new"], **user)

    assert (answer["id"], answer["topics"]) == (address["id"], ["TOPIC_ID_1"])
    assert sorted(answer["tags"]) == ["TAG_ID", "new"]
    assert channel.sync(topics=[], **user)["topics"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"topics": ["NO_TOPIC"], "customAttributes": {"user_id": "ann"}}, "unknown_topic"),
        ({"topics": ["TOPIC_ID_1"], "customAttributes": {"user_id": "nobody"}}, "invalid"),
        ({"emailOptInFormId": "SINGLE_FORM", "customAttributes": {"user_id": "ann"}}, "invalid"),
        ({"tags": [""], "emailAddress": ANN}, "invalid"),
        ({"noSuchMember": 1, "emailAddress": ANN}, "invalid"),
        ({"customAttributes": {"no_such": "x"}, "emailAddress": ANN}, "unknown_field"),
        ({"customAttributes": {"age": "old"}, "emailAddress": ANN}, "invalid_value"),
        ({"customAttributes": {"age": {"incr": 1}}, "emailAddress": ANN}, "invalid_value"),
        ({"customAttributes": {"user_id": ["x"]}}, "invalid_value"),
        ({"topics": ["NO_TOPIC"], "emailAddress": ANN}, "unknown_topic"),
        ({"emailAddress": "no address"}, "invalid_email"),
        ({}, "missing_subject"),
        ({"emailAddress": ANN, "subscriptionId": "x"}, "invalid"),
    ],
)
def test_what_cannot_be_synced_is_refused_and_nothing_is_stored(body: object, code: str, channel: Channel) -> None:
    channel.define(age="integer")

    assert refusal(channel.call("POST", f"/subscription/sync/{CHANNEL}", body)) == (422, code)
    assert channel.read("subscription-count") == {"subscriptions": 0, "inactiveSubscriptions": 0}


def test_sec_38_the_key_opens_its_own_channel_alone(
    app: Flask, channel: Channel, new_site: Callable[[str], NewSite], site: NewSite
) -> None:
    other = new_site("https://other.example")
    speak(app, other, Dialect.CLEVERPUSH)
    adopt(app, other, Dialect.CLEVERPUSH, channel="OTHER", api_key="another-private-key-01234567")
    path = f"/channel/{CHANNEL}/subscription-count"

    assert channel.call("GET", path, key="another-private-key-01234567").status_code == 404
    assert channel.call("GET", "/channel/OTHER/subscription-count").status_code == 404
    assert refusal(channel.call("GET", path, key=None)) == (401, "invalid_api_key")
    assert refusal(channel.call("GET", path, key="nobody's")) == (401, "invalid_api_key")
    assert channel.call("GET", f"/channel/{site.site.token}/subscription-count", key=KEY).status_code == 200


def test_a_site_that_does_not_speak_the_dialect_has_no_channel(app: Flask, channel: Channel, site: NewSite) -> None:
    speak(app, site, Dialect.ALTCRAFT)

    assert refusal(channel.call("GET", "/channels")) == (404, "site_not_found")
    assert refusal(channel.call("GET", f"/channel/{CHANNEL}/tags")) == (404, "site_not_found")
