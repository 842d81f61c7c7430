"""A back end that came from CleverPush sends: its content and its targets by its own ids, and never by omission."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import CHANNEL, Channel
from sitebell.models import Quirk
from sitebell.services.personalisation.filling import fill_in
from sitebell.services.sites import NewSite
from support.dialects import ask_for
from support.stopped_clock import StoppedClock
from support.web_application import refusal


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """A channel with two topics, a tag and a segment."""
    made = Channel(app, client, site)
    topics = [{"name": name, "title": name.title()} for name in ("news", "offers")]
    made.office.ask("PUT", "/v1/topics", {"topics": topics})
    made.adopt(topic="TOPIC_ID_1=news", tag="TAG_ID=gold", segment="SEGMENT_ID=vip")
    made.adopt(topic="TOPIC_ID_2=offers")
    return made


def found(channel: Channel, **body: object) -> set[str]:
    """Return which browsers a notification would go to."""
    audience = channel.reached(channel.send(**body))
    sample = channel.office.ask("POST", "/v1/audiences/preview", {"audience": audience})["sample"]
    return {row["subscriber_hash"] for row in sample}


def test_the_content_is_the_vendors(channel: Channel) -> None:
    body = {"url": "https://www.example.com/bread", "mediaUrl": "https://www.example.com/b.png", "tags": ["TAG_ID"]}
    sent = channel.send(**body)

    message = channel.office.ask("GET", f"/v1/messages/{sent.get_json()['id']}")
    assert message["notification"] == {
        "title": "Hello",
        "body": "There",
        "url": "https://www.example.com/bread",
        "image": "https://www.example.com/b.png",
    }
    assert sent.get_json()["_id"] == message["id"]


def test_braces_are_no_template_there_and_go_out_as_written(channel: Channel) -> None:
    said = {"title": "Now {{{ 50 % off }}", "text": "{{ profile.nothing }}", "url": "https://shop.example.com/{{x}}"}
    message = channel.send(**said, topics=["TOPIC_ID_1"]).get_json()["id"]

    stored = channel.office.ask("GET", f"/v1/messages/{message}")["notification"]
    sent = fill_in(stored, {"nothing": "A secret"})
    assert (sent["title"], sent["body"]) == (said["title"], said["text"])
    assert sent["url"] == "https://shop.example.com/%7B%7Bx}}"
    [shown] = channel.read("notifications")["notifications"]
    assert {name: shown[name] for name in said} == said


def test_one_of_a_list_is_enough_and_lists_narrow_each_other(channel: Channel) -> None:
    news = channel.office.add_subscriber(topics=["news"])
    offers = channel.office.add_subscriber(topics=["offers"], tags={"add": ["gold"]})
    channel.office.add_subscriber(tags={"add": ["vip"]})

    assert found(channel, topics=["TOPIC_ID_1", "TOPIC_ID_2"]) == {news, offers}
    assert found(channel, topics=["TOPIC_ID_1", "TOPIC_ID_2"], tags=["TAG_ID"]) == {offers}
    assert found(channel, topics=["TOPIC_ID_1"], segments=["SEGMENT_ID"]) == set()


def test_a_segment_is_the_tag_that_it_was_adopted_as(channel: Channel) -> None:
    vip = channel.office.add_subscriber(tags={"add": ["vip"]})
    channel.office.add_subscriber(tags={"add": ["gold"]})

    assert found(channel, segments=["SEGMENT_ID"]) == {vip}


def test_attributes_say_who_is_meant(channel: Channel) -> None:
    channel.define(plan="text", teams="list", age="integer")
    match = {"external_id": "123456789"}
    ann = channel.office.add_subscriber(match=match, fields={"plan": "pro", "teams": ["red", "blue"], "age": 42})
    channel.office.add_subscriber(match={"external_id": "ben"}, fields={"plan": "pro", "teams": ["red"]})

    assert found(channel, customAttributes={"user_id": "123456789"}) == {ann}
    assert found(channel, customAttributes={"teams": ["red", "blue"], "plan": "pro"}) == {ann}
    assert found(channel, customAttributes={"age": "42"}) == {ann}
    assert found(channel, customAttributes={"user_id": "ben", "age": 42}) == set()


def test_one_id_or_fifty_thousand_are_taken(channel: Channel) -> None:
    hashes = [f"{number:032x}" for number in range(50_000)]

    assert channel.reached(channel.send(subscriptionId=hashes[7])) == {"subscriber_hashes": [hashes[7]]}
    assert len(channel.reached(channel.send(subscriptionId=hashes))["subscriber_hashes"]) == 50_000
    assert refusal(channel.send(subscriptionId=[*hashes, "f" * 32])) == (422, "invalid")


def test_ids_that_the_vendor_gave_are_left_out_of_a_list(channel: Channel) -> None:
    ours = channel.office.add_subscriber()

    assert found(channel, subscriptionId=["aYqdnGmzQkM2jZc6P", ours, "x" * 200]) == {ours}
    assert refusal(channel.send(subscriptionId=["aYqdnGmzQkM2jZc6P"])) == (422, "empty_audience")


@pytest.mark.parametrize(
    "targets",
    [{}, {"topics": []}, {"tags": [], "topics": ["TOPIC_ID_1"]}, {"customAttributes": {}}, {"subscriptionId": []}],
)
def test_a_call_that_names_nobody_is_refused(targets: dict[str, object], channel: Channel) -> None:
    assert refusal(channel.send(**targets)) == (422, "empty_audience")


def test_a_call_without_targets_means_everybody_where_the_site_asked_for_that(
    app: Flask, channel: Channel, site: NewSite
) -> None:
    ask_for(app, site, Quirk.CLEVERPUSH_SEND_UNTARGETED)

    assert channel.reached(channel.send()) == {"everyone": True}
    assert refusal(channel.send(topics=[])) == (422, "empty_audience")
    assert refusal(channel.send(subscriptionId=[])) == (422, "empty_audience")


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ({"subscriptionId": "0" * 32, "topics": ["TOPIC_ID_1"]}, "invalid_audience"),
        ({"subscriptionId": "not an id"}, "empty_audience"),
        ({"topics": ["TOPIC_ID_1"], "url": "{{ profile._fname }}://x"}, "invalid_template"),
        ({"topics": ["NO_TOPIC"]}, "unknown_topic"),
        ({"customAttributes": {"no_such": 1}}, "unknown_field"),
        ({"customAttributes": {"plan": None}}, "invalid_value"),
        ({"topics": ["TOPIC_ID_1"], "countries": ["DE"]}, "invalid"),
        ({"topics": ["TOPIC_ID_1"], "url": "javascript:alert(1)"}, "invalid"),
        ({"topics": ["TOPIC_ID_1"], "scheduledAt": "tomorrow"}, "invalid"),
    ],
)
def test_what_might_reach_others_than_were_meant_is_refused(
    targets: dict[str, object], code: str, channel: Channel
) -> None:
    channel.define(plan="text")

    assert refusal(channel.send(**targets)) == (422, code)
    assert channel.read("notifications") == {"notifications": []}


def test_a_scheduled_notification_waits(channel: Channel, clock: StoppedClock) -> None:
    clock.advance(hours=1)
    answer = channel.send(topics=["TOPIC_ID_1"], scheduledAt="2099-12-24T18:00:00Z")
    assert refusal(answer) == (422, "invalid_send_at")
    soon = channel.send(topics=["TOPIC_ID_1"], scheduledAt=f"{clock().year + 1}-01-02T18:00:00+01:00")

    [shown] = channel.read("notifications")["notifications"]
    assert (shown["id"], shown["status"]) == (soon.get_json()["id"], "scheduled")
    assert shown["queuedAt"].endswith("-01-02T17:00:00.000Z")


def test_a_moment_that_has_passed_means_at_once(channel: Channel, clock: StoppedClock) -> None:
    channel.send(topics=["TOPIC_ID_1"], scheduledAt="2001-12-24T18:00:00Z")

    [shown] = channel.read("notifications")["notifications"]
    assert shown["queuedAt"] == clock().strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_send_needs_the_channel_of_its_key(channel: Channel) -> None:
    assert refusal(channel.call("POST", "/notification/send", {"title": "x", "tags": ["a"]})) == (422, "invalid")
    other = channel.call("POST", "/notification/send", {"channel": "OTHER", "title": "x", "tags": ["a"]})
    assert refusal(other) == (404, "site_not_found")
    assert channel.reached(channel.send(channel=CHANNEL, tags=["a"])) == {
        "where": {"all": [{"any": [{"field": "tags", "op": "contains", "value": "a"}]}]}
    }
