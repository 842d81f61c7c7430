"""A back end that came from CleverPush reads its channel: counts, subscriptions, notifications, hours, tags."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import CHANNEL, Channel
from sitebell.models import Event, EventType, Subscription
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.stopped_clock import StoppedClock
from support.web_application import parts, refusal, rows


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """A channel with nobody in it."""
    return Channel(app, client, site)


def test_the_key_shows_its_one_channel(channel: Channel) -> None:
    channel.office.add_subscriber()

    [shown] = channel.ask("GET", "/channels")["channels"]

    assert (shown["_id"], shown["id"], shown["name"]) == (CHANNEL, CHANNEL, "Example")
    assert (shown["domain"], shown["subscriptions"]) == ("https://www.example.com", 1)


def test_subscriptions_are_counted_those_that_ended_apart(channel: Channel) -> None:
    gone = channel.office.add_subscriber()
    channel.office.add_subscriber()
    channel.office.ask("POST", f"/v1/subscribers/{gone}/unsubscribe")

    assert channel.read("subscription-count") == {"subscriptions": 1, "inactiveSubscriptions": 1}


def test_subscriptions_are_walked_from_id_to_id(channel: Channel) -> None:
    hashes = [channel.office.add_subscriber() for _ in range(5)]
    seen: list[str] = []
    start: dict[str, str] = {}

    for _ in range(4):
        seen += [row["_id"] for row in channel.read("subscriptions", limit=2, **start)["subscriptions"]]
        start = {"startId": seen[-1]}

    assert seen == hashes, "the last page is empty"
    assert refusal(channel.call("GET", f"/channel/{CHANNEL}/subscriptions?startId=unknown")) == (422, "invalid_cursor")


def test_the_fields_that_are_asked_for_are_shown_with_the_id(channel: Channel) -> None:
    channel.office.ask("PUT", "/v1/topics", {"topics": [{"name": "news", "title": "News"}]})
    channel.adopt(topic="T1=news", tag="G=gold")
    subscriber = channel.office.add_subscriber(topics=["news"], tags={"add": ["gold", "vip"]})
    ids = {"_id": subscriber, "id": subscriber}

    asked = channel.read("subscriptions", **{"fields[]": ["topics", "browserType", "nothing"]})["subscriptions"]
    assert asked == [ids | {"topics": ["T1"], "browserType": None}]
    [other] = channel.read("subscriptions", fields=["tags"])["subscriptions"]
    assert (set(other), set(other["tags"])) == ({"_id", "id", "tags"}, {"G", "vip"})
    [whole] = channel.read("subscriptions")["subscriptions"]
    assert (whole["channel"], whole["type"], whole["inactive"]) == (CHANNEL, "web", False)
    assert "endpoint" not in str(whole)


def test_a_moment_leaves_out_those_that_were_silent_since(channel: Channel, clock: StoppedClock) -> None:
    channel.office.add_subscriber()
    clock.advance(hours=2)
    late = channel.office.add_subscriber()
    moment = int((clock().timestamp() - 3600) * 1000)

    assert [row["id"] for row in channel.read("subscriptions", updatedSince=moment)["subscriptions"]] == [late]
    assert refusal(channel.call("GET", f"/channel/{CHANNEL}/subscriptions?updatedSince=x")) == (422, "invalid")


def test_notifications_come_newest_first_with_their_counts(channel: Channel) -> None:
    first, second = (channel.send(tags=["a"], title=title).get_json()["id"] for title in ("One", "Two"))

    shown = channel.read("notifications", limit=500, offset=0, startDate=1)["notifications"]

    assert [(row["_id"], row["title"]) for row in shown] == [(second, "Two"), (first, "One")]
    counts = ("delivered", "clicked", "errorCount", "subscriptionCount", "inactiveSubscriptionCount")
    assert [shown[0][name] for name in counts] == [0, 0, 0, 0, 0]
    assert shown[0]["optOuts"] is None, "what is not known is not a number"
    assert [row["id"] for row in channel.read("notifications", offset=1)["notifications"]] == [first]
    assert refusal(channel.call("GET", f"/channel/{CHANNEL}/notifications?limit=501")) == (422, "invalid")


def test_hours_count_what_was_shown_and_clicked(app: Flask, channel: Channel, clock: StoppedClock) -> None:
    channel.office.add_subscriber()
    message = channel.send(tags=["a"]).get_json()["id"]
    [subscription] = rows(app, Subscription)
    with parts(app).store.writing() as session:
        for minutes, kind in ((0, EventType.SHOWN), (1, EventType.CLICKED), (90, EventType.CLICKED)):
            start = clock().replace(hour=10, minute=0, second=0, microsecond=0)
            at = start.replace(hour=10 + minutes // 60, minute=minutes % 60)
            own = {"site_id": subscription.site_id, "subscription_id": subscription.id, "message_id": 1}
            session.add(Event(type=kind, at=at, received_at=at, **own))

    hours = channel.read(f"notification/{message}/hourly-statistics")["statistics"]

    day = clock().date().isoformat()
    assert hours == [
        {"date": f"{day}T10:00:00.000Z", "delivered": 1, "clicked": 1},
        {"date": f"{day}T11:00:00.000Z", "delivered": 0, "clicked": 1},
    ]
    unknown = channel.call("GET", f"/channel/{CHANNEL}/notification/{'0' * 24}/hourly-statistics")
    assert refusal(unknown) == (404, "message_not_found")


def test_tags_are_listed_by_the_ids_that_were_brought_along(channel: Channel, other_office: BackEnd) -> None:
    channel.adopt(tag="G=gold")
    for _ in range(2):
        channel.office.add_subscriber(tags={"add": ["gold"]})
    channel.office.add_subscriber(tags={"add": ["vip"]})
    other_office.add_subscriber(tags={"add": ["theirs"]})

    tags = channel.read("tags", limit=100, skip=0)["tags"]

    assert [(row["_id"], row["name"], row["subscriptions"]) for row in tags] == [("G", "gold", 2), ("vip", "vip", 1)]
    assert [row["name"] for row in channel.read("tags", skip=1)["tags"]] == ["vip"]
