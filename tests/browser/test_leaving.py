"""How a subscription ends: by the visitor's wish, or without a word."""

from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService


def test_unsubscribe_ends_it_in_browser_and_server(subscriber: Visitor, shop: Shop) -> None:
    farewell = subscriber.call("unsubscribe")

    (row,) = shop.subscriptions()
    assert farewell == {"subscriberHash": row.subscriber_hash, "status": "unsubscribed", "acknowledged": True}
    assert row.status == "unsubscribed"
    assert subscriber.subscription() is None
    assert subscriber.wait_for_event("unsubscribe") == farewell
    status = subscriber.call("status")
    assert (status["subscribed"], status["status"]) == (False, "unsubscribed")


def test_a_message_to_everyone_skips_who_has_left(subscriber: Visitor, shop: Shop, push_service: PushService) -> None:
    subscriber.call("unsubscribe")

    message = shop.send("Fresh bread")

    assert shop.wait_until_sent(message) == {}
    assert push_service.history == []


def test_a_later_visit_does_not_bring_back_who_has_left(subscriber: Visitor, browser: Browser, shop: Shop) -> None:
    """Neither the page load nor a look at the status does."""
    subscriber.call("unsubscribe")

    subscriber.visit()
    subscriber.call("status")  # comes after what the page load had to do

    (row,) = shop.subscriptions()
    assert row.status == "unsubscribed"
    assert subscriber.subscription() is None
    assert browser.evaluate("Notification.permission") == "granted"


def test_who_comes_back_by_a_click_is_the_same_subscriber(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    subscriber.call("unsubscribe")

    subscriber_hash = subscriber.subscribe()

    (row,) = shop.subscriptions()
    assert (row.subscriber_hash, row.status) == (subscriber_hash, "subscribed")
    shop.send("Welcome back")
    notifications.wait("Welcome back")


def test_the_push_service_tells_of_a_subscription_that_is_gone(
    subscriber: Visitor, shop: Shop, push_service: PushService
) -> None:
    """The browser dropped it without a word to us: the next message is answered 410, and closes it."""
    subscriber.drop_subscription()

    first = shop.send("Anybody there?")

    assert shop.wait_until_sent(first) == {"recipients": 1, "gone": 1}
    assert [request.status for request in push_service.requests] == [410]
    (row,) = shop.subscriptions()
    assert row.status == "gone"
    second = shop.send("Nobody there?")
    assert shop.wait_until_sent(second) == {}
    assert len(push_service.requests) == 1
