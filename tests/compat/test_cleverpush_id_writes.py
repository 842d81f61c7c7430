"""Routes by which an id alone changes a subscription: closed unless the site asked, and never a way around a token."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import CHANNEL, Channel
from sitebell.models import Profile, Quirk
from sitebell.services.sites import NewSite
from support.dialects import ask_for
from support.web_application import Json, refusal, rows, stored_rows

SYNC = f"/subscription/sync/{CHANNEL}"
ROUTES: list[tuple[str, Json]] = [
    ("tag", {"tagId": "TAG_ID"}),
    ("untag", {"tagId": "TAG_ID"}),
    ("topic/add", {"topicId": "TOPIC_ID"}),
    ("topic/remove", {"topicId": "TOPIC_ID"}),
    ("attribute", {"attributeId": "ATTRIBUTE_ID", "value": ["red"]}),
    ("attribute/push-value", {"attributeId": "ATTRIBUTE_ID", "value": "red"}),
    ("attribute/pull-value", {"attributeId": "ATTRIBUTE_ID", "value": "red"}),
    ("attribute/clear", {"attributeId": "ATTRIBUTE_ID"}),
    ("unsubscribe", {}),
]


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """A channel that asked for writes by an id, with a tag, a topic and an attribute."""
    made = Channel(app, client, site)
    made.office.ask("PUT", "/v1/topics", {"topics": [{"name": "news", "title": "News"}]})
    made.define(teams="list")
    made.adopt(tag="TAG_ID=gold", topic="TOPIC_ID=news", attribute="ATTRIBUTE_ID=teams")
    ask_for(app, site, Quirk.CLEVERPUSH_ID_WRITES)
    return made


@pytest.fixture
def subscriber(channel: Channel) -> str:
    """A browser of the channel."""
    return channel.office.add_subscriber()


def shown(channel: Channel) -> Json:
    """Return the one subscription as the back end sees it."""
    [row] = channel.read("subscriptions")["subscriptions"]
    known = channel.sync(subscriptionId=row["id"])
    return {name: known.get(name) for name in ("tags", "topics", "customAttributes", "inactive")}


@pytest.mark.parametrize(("route", "body"), ROUTES)
def test_an_id_alone_changes_nothing_by_default(
    app: Flask, channel: Channel, site: NewSite, subscriber: str, route: str, body: Json
) -> None:
    ask_for(app, site)
    before = stored_rows(app)

    assert channel.write(route, subscriber, **body) == (403, "id_writes_off")
    assert stored_rows(app) == before


def test_tags_and_topics_are_put_on_and_off(channel: Channel, subscriber: str) -> None:
    for route, body in ROUTES[:1] + ROUTES[2:3]:
        assert channel.write(route, subscriber, **body) == (200, "")
    assert (shown(channel)["tags"], shown(channel)["topics"]) == (["TAG_ID"], ["TOPIC_ID"])

    for route, body in ROUTES[1:2] + ROUTES[3:4]:
        assert channel.write(route, subscriber, **body) == (200, "")
    assert (shown(channel)["tags"], shown(channel)["topics"]) == ([], [])


def test_values_are_set_added_taken_away_and_cleared(channel: Channel, subscriber: str) -> None:
    def values() -> object:
        return shown(channel)["customAttributes"].get("ATTRIBUTE_ID")

    named = {"attributeId": "ATTRIBUTE_ID"}
    channel.write("attribute", subscriber, **named, value=["red"])
    channel.write("attribute/push-value", subscriber, **named, value="blue")
    channel.write("attribute/push-value", subscriber, **named, value="blue")
    assert values() == ["red", "blue"]
    channel.write("attribute/pull-value", subscriber, **named, value="red")
    assert values() == ["blue"]
    channel.write("attribute/clear", subscriber, **named)
    assert values() is None


def test_a_subscription_ends_by_its_id(channel: Channel, subscriber: str) -> None:
    assert channel.write("unsubscribe", subscriber) == (200, "")
    assert shown(channel)["inactive"] is True


@pytest.mark.usefixtures("signed")
def test_sec_23_on_a_signed_site_the_quirk_opens_nothing_that_needs_a_token(
    app: Flask, channel: Channel, subscriber: str
) -> None:
    user = {"attributeId": "user_id", "value": "somebody"}
    before = stored_rows(app)

    synced = [("sync/" + CHANNEL, said) for said in ({"tags": ["gold"]}, {"customAttributes": {"user_id": "ann"}})]
    for route, body in [*ROUTES[:2], ("attribute", user), *ROUTES[4:8], *synced]:
        assert channel.write(route, subscriber, **body) == (422, "identity_required")

    assert stored_rows(app) == before


@pytest.mark.usefixtures("signed")
def test_sec_23_on_a_signed_site_topics_and_an_end_by_an_id_are_the_browsers_and_no_word_about_a_person(
    app: Flask, channel: Channel, subscriber: str
) -> None:
    """What says whose the browser is, or writes about them, is passed over there: it comes with no token."""
    ann = channel.office.add_profile(external_id="ann")
    channel.office.attach(ann, subscriber)
    said = {"user_id": "ben", "attributeId": "user_id", "value": "ben", "tagId": "TAG_ID"}
    before = channel.office.read_profile(ann)

    assert channel.write("topic/add", subscriber, topicId="TOPIC_ID", **said) == (200, "")
    assert shown(channel)["topics"] == ["TOPIC_ID"]
    assert channel.write("topic/remove", subscriber, topicId="TOPIC_ID", **said) == (200, "")
    assert shown(channel)["topics"] == []
    assert channel.write("unsubscribe", subscriber, **said) == (200, "")

    assert shown(channel)["inactive"] is True
    assert list(channel.office.standings(subscriber)) == [ann]
    assert channel.office.read_profile(ann) == before
    assert [row.external_id for row in rows(app, Profile) if row.external_id] == ["ann"]


def test_an_unknown_id_and_a_missing_member_are_refused(channel: Channel, subscriber: str) -> None:
    assert channel.write("tag", "0" * 32, tagId="TAG_ID") == (404, "subscriber_not_found")
    assert channel.write("tag", subscriber) == (422, "invalid")
    assert channel.write("topic/add", subscriber, topicId="NO_TOPIC") == (422, "unknown_topic")


def test_an_app_syncs_by_an_id_what_its_visitor_chose(channel: Channel, subscriber: str) -> None:
    said = {"topics": ["TOPIC_ID"], "customAttributes": {"ATTRIBUTE_ID": ["red"]}, "hasNotificationPermission": True}

    answer = channel.ask("POST", SYNC, {"subscriptionId": subscriber, **said}, key=None)

    assert (answer["id"], answer["topics"]) == (subscriber, ["TOPIC_ID"])
    assert "tags" not in answer
    assert "customAttributes" not in answer
    assert shown(channel)["customAttributes"]["ATTRIBUTE_ID"] == ["red"]


def test_a_sync_by_an_id_is_refused_where_it_means_more(
    app: Flask, channel: Channel, site: NewSite, subscriber: str
) -> None:
    def sync(**body: object) -> tuple[int, str]:
        return refusal(channel.call("POST", SYNC, body, key=None))

    before = stored_rows(app)
    assert sync(subscriptionId="0" * 32) == (404, "subscriber_not_found")
    assert sync(emailAddress="ann@example.com") == (401, "invalid_api_key")
    assert sync(topics=["TOPIC_ID"]) == (422, "invalid")
    assert sync(subscriptionId=subscriber, topics=["NO_TOPIC"]) == (422, "unknown_topic")
    ask_for(app, site)
    assert sync(subscriptionId=subscriber, topics=["TOPIC_ID"]) == (403, "id_writes_off")
    ask_for(app, site, Quirk.CLEVERPUSH_ID_WRITES)
    assert stored_rows(app) == before


def test_receipts_without_a_receipt_are_answered_and_count_nothing(
    app: Flask, channel: Channel, subscriber: str
) -> None:
    message = channel.send(subscriptionId=subscriber).get_json()["id"]
    before = stored_rows(app)
    named = {"channelId": CHANNEL, "subscriptionId": subscriber, "notificationId": message}

    for path in ("/notification/delivered", "/notification/clicked", "/channel/confirm-alert"):
        assert channel.ask("POST", path, named, key=None) == {"success": True}
        assert channel.call("POST", path, named | {"channelId": "OTHER"}, key=None).status_code == 404
    assert stored_rows(app) == before


def test_the_facts_of_a_channel_are_anybodys(channel: Channel, site: NewSite) -> None:
    facts = channel.ask("GET", f"/channel/{CHANNEL}/config", key=None)

    assert (facts["id"], facts["vapidPublicKey"]) == (CHANNEL, site.vapid_public_key)
    assert facts["topics"] == [{"_id": "TOPIC_ID", "name": "News"}]
    assert facts["serviceWorkerFile"].startswith("/")
