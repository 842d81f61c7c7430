"""What the visitor chooses beside yes and no: a pause, and topics."""

from datetime import timedelta

import pytest

from browser.shop import Shop
from browser.visitor import Visitor
from sitebell.clock import utcnow
from support.browser import Browser
from support.notifications import NotificationDaemon

TOPICS = {"topics": [{"name": "news", "title": "What is new"}, {"name": "offers", "title": "What is cheap"}]}


def test_a_pause_holds_until_it_is_ended(subscriber: Visitor, shop: Shop, notifications: NotificationDaemon) -> None:
    paused = subscriber.call("pause")
    assert [enrollment["status"] for enrollment in paused["enrollments"]] == ["suspended"]
    assert shop.wait_until_sent(shop.send("In between")) == {}

    resumed = subscriber.call("resume")

    assert [enrollment["status"] for enrollment in resumed["enrollments"]] == ["subscribed"]
    shop.send("Welcome back")
    notifications.wait("Welcome back")


@pytest.mark.parametrize("until", ["new Date(%d)", "%d", "new Date(%d).toISOString()"])
def test_an_end_is_a_date_or_milliseconds_or_a_text(
    until: str, subscriber: Visitor, browser: Browser, shop: Shop
) -> None:
    end = utcnow() + timedelta(days=2)

    outcome = browser.evaluate(f"call('pause', [{until % (end.timestamp() * 1000)}])")

    assert outcome["result"]["enrollments"][0]["status"] == "suspended"
    assert shop.wait_until_sent(shop.send("In between")) == {}
    assert subscriber.heard("error") == []


def test_an_end_that_is_none_is_an_error(subscriber: Visitor) -> None:
    assert subscriber.fail("pause", "some day")["code"] == "unexpected"
    assert subscriber.call("status")["enrollments"][0]["status"] == "subscribed"


def test_a_login_does_not_end_a_pause(subscriber: Visitor, shop: Shop) -> None:
    subscriber.call("identify", "ann")
    subscriber.call("pause")
    subscriber.visit()

    subscriber.call("identify", "ann", {"fields": {"_city": "Ulm"}})

    assert shop.wait_until_sent(shop.send("For Ann", {"external_ids": ["ann"]})) == {}


def test_topics_are_offered_and_chosen(subscriber: Visitor, shop: Shop, notifications: NotificationDaemon) -> None:
    shop.ask("PUT", "/v1/topics", TOPICS)

    membership = subscriber.call("setTopics", ["news"])

    assert membership["topics"] == ["news"]
    assert subscriber.call("topics") == [
        {"name": "news", "title": "What is new", "chosen": True},
        {"name": "offers", "title": "What is cheap", "chosen": False},
    ]
    assert subscriber.call("status")["topics"] == ["news"]
    assert shop.wait_until_sent(shop.send("Offer", {"topics": ["offers"]})) == {}
    shop.send("News", {"topics": ["news"]})
    notifications.wait("News")


def test_topics_are_offered_before_there_is_a_subscription_and_come_with_it(visitor: Visitor, shop: Shop) -> None:
    shop.ask("PUT", "/v1/topics", TOPICS)
    visitor.visit()
    assert [topic["chosen"] for topic in visitor.call("topics")] == [False, False]

    membership = visitor.call("subscribe", {"topics": ["offers"]})

    assert membership["topics"] == ["offers"]


def test_a_topic_that_the_site_does_not_offer_is_an_error(subscriber: Visitor) -> None:
    assert subscriber.fail("setTopics", ["nonsense"])["code"] == "unknown_topic"
