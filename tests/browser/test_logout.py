"""Logout: from then on nothing for the one who was here arrives, whatever is up with the server."""

import pytest

from browser.door import Door
from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

ANN = {"external_ids": ["ann"]}


@pytest.fixture
def ann(subscriber: Visitor) -> Visitor:
    """A subscriber who is logged in."""
    subscriber.call("identify", "ann")
    return subscriber


def test_sec_14_nothing_arrives_after_logout_however_often_the_page_is_loaded(
    ann: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    left = ann.call("logout")
    assert (left["acknowledged"], left["enrollments"][0]["status"]) == (True, "subscribed")

    for _ in range(5):
        ann.visit()
        ann.call("status")  # comes after what the page load had to do
    for_ann = shop.send("For Ann", ANN)

    assert shop.wait_until_sent(for_ann) == {}
    shop.send("For all")
    notifications.wait("For all")
    assert [shown.title for shown in notifications.shown] == ["For all"]


def test_who_logs_out_before_subscribing_is_not_remembered(visitor: Visitor, shop: Shop) -> None:
    visitor.visit()
    visitor.call("identify", "ann")
    visitor.call("logout")
    assert visitor.requests() == []

    visitor.subscribe()

    assert shop.wait_until_sent(shop.send("For Ann", ANN)) == {}


def test_the_next_one_here_starts_with_nothing_of_the_last(ann: Visitor, shop: Shop) -> None:
    ann.call("setFields", {"_fname": "Ann"})
    ann.call("logout")
    membership = ann.call("identify", "bob")

    path = f"/v1/databases/{shop.database_id}/profiles/{membership['enrollments'][0]['profileId']}"
    assert "_fname" not in shop.ask("GET", path)["fields"]
    assert shop.wait_until_sent(shop.send("For Ann", ANN)) == {}


def test_a_page_that_goes_elsewhere_at_once_logs_out_at_the_latest_on_the_next(
    ann: Visitor, browser: Browser, shop: Shop
) -> None:
    """Nobody waited for the promise; the next page with the SDK tells before anything else, once."""
    shop.publish_page("/goodbye")
    browser.evaluate("void (Sitebell.push(['logout']), setTimeout(() => location = '/goodbye'))")
    wait_until(lambda: browser.urls() == [f"{shop.origin}/goodbye"], "the next page")
    browser.wait_for("'heard' in window")

    ann.wait_for_event("ready")
    ann.call("status")  # comes after what the page load had to do

    assert shop.wait_until_sent(shop.send("For Ann", ANN)) == {}
    ann.visit()
    ann.call("status")
    assert ann.requests() == ["/subscription/status"]


def test_rel_logout_while_the_server_is_away_silences_at_once_and_is_told_first(
    ann: Visitor, shop: Shop, door: Door, notifications: NotificationDaemon, push_service: PushService
) -> None:
    """The server goes on sending to Ann, since nobody could tell it; the browser has another address by then."""
    (before,) = shop.subscriptions()
    door.shut()
    left = ann.call("logout")
    assert left["acknowledged"] is False
    assert ann.subscription() is None
    for_ann = shop.send("For Ann", ANN)
    assert shop.wait_until_sent(for_ann) == {"recipients": 1, "gone": 1}
    assert [request.status for request in push_service.requests] == [410]

    door.open()
    ann.visit()

    ann.wait_for_event("update_subscription")
    assert ann.requests()[0] == "/subscription/logout"
    (after,) = shop.subscriptions()
    assert (after.subscriber_hash, after.status) == (before.subscriber_hash, "subscribed")
    assert after.address != before.address
    assert shop.wait_until_sent(shop.send("For Ann", ANN)) == {}
    shop.send("For all")
    notifications.wait("For all")
    assert [shown.title for shown in notifications.shown] == ["For all"]


def test_an_owed_logout_comes_before_the_next_login(ann: Visitor, shop: Shop, door: Door) -> None:
    door.shut()
    ann.call("logout")
    assert ann.fail("identify", "bob")["code"] == "server_unreachable"
    door.open()

    ann.visit()
    ann.call("identify", "bob")
    ann.call("status")

    assert shop.wait_until_sent(shop.send("For Ann", ANN)) == {}
    bob = shop.send("For Bob", {"external_ids": ["bob"]})
    assert shop.wait_for_counts(bob, shown=1)["recipients"] == 1


def test_an_owed_logout_comes_before_a_subscribe(ann: Visitor, shop: Shop, door: Door) -> None:
    """Or the click of the next one here would be one of Ann's."""
    ann.call("unsubscribe")
    door.shut()
    ann.call("logout")
    door.open()

    ann.subscribe()

    assert shop.wait_until_sent(shop.send("For Ann", ANN)) == {}
    assert shop.wait_for_counts(shop.send("For all"), shown=1)["recipients"] == 1
