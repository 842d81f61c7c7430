"""A subscription that the browser drops or replaces is followed: same subscriber, one row, the next message arrives."""

import pytest
from sqlalchemy import select

from browser.server import SitebellServer
from browser.shop import Json, Shop
from browser.visitor import A_DAY_LATER, Visitor
from sitebell.models import Subscription
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

FIREFOX_ALONE = pytest.mark.parametrize("one_browser", ["firefox"], indirect=True)
CHROMIUM_ALONE = pytest.mark.parametrize("one_browser", ["chromium"], indirect=True)


def known_endpoint(visitor: Visitor) -> str:
    subscription = visitor.subscription()
    assert subscription is not None
    endpoint: str = subscription["endpoint"]
    return endpoint


def test_a_dropped_subscription_is_found_at_the_next_visit(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    (before,) = shop.subscriptions()
    subscriber.drop_subscription()

    subscriber.visit()

    update = subscriber.wait_for_event("update_subscription")
    (row,) = shop.subscriptions()
    assert_moved(before, row, update)
    assert row.address == known_endpoint(subscriber)
    shop.send("Still here")
    notifications.wait("Still here")


def assert_moved(before: Subscription, after: Subscription, update: Json) -> None:
    """Another endpoint, the same subscriber, and the page was told so."""
    assert (after.subscriber_hash, after.status) == (before.subscriber_hash, "subscribed")
    assert after.address != before.address
    told = (update["subscriberHash"], update["previousEndpoint"], update["endpoint"])
    assert told == (before.subscriber_hash, before.address, after.address)


def test_one_that_was_closed_as_gone_is_revived_at_the_next_visit(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    (before,) = shop.subscriptions()
    subscriber.drop_subscription()
    shop.wait_until_sent(shop.send("Anybody there?"))
    assert [row.status for row in shop.subscriptions()] == ["gone"]

    subscriber.visit()

    update = subscriber.wait_for_event("update_subscription")
    (row,) = shop.subscriptions()
    assert_moved(before, row, update)
    shop.send("Welcome back")
    notifications.wait("Welcome back")


def test_a_subscription_that_the_server_has_lost_is_made_anew_once(
    subscriber: Visitor, shop: Shop, server: SitebellServer, notifications: NotificationDaemon
) -> None:
    """As after the restore of an older backup. Here its row stays, but is found no more."""
    with server.store.writing() as session:
        (lost,) = session.scalars(select(Subscription).where(Subscription.id == shop.subscriptions()[0].id))
        lost.address_hash = bytes(32)
    subscriber.visit()

    statuses = [subscriber.call("status") for _ in range(3)]

    (_, row) = shop.subscriptions()
    assert [status["subscriberHash"] for status in statuses] == [row.subscriber_hash] * 3
    assert subscriber.requests().count("/subscription") == 1
    shop.send("Welcome back", {"subscriber_hashes": [row.subscriber_hash]})
    notifications.wait("Welcome back")


def test_a_permission_that_is_given_back_brings_the_same_subscriber_back(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """Browsers drop the subscription of a page that lost its permission."""
    (before,) = shop.subscriptions()
    browser.set_permission(shop.origin, "denied")
    subscriber.visit()
    assert subscriber.wait_for_event("permission") == {"permission": "denied", "previous": "granted"}

    browser.set_permission(shop.origin, "granted")
    subscriber.visit()

    assert subscriber.wait_for_event("permission") == {"permission": "granted", "previous": "denied"}
    subscriber.call("status")
    (row,) = shop.subscriptions()
    assert (row.subscriber_hash, row.status) == (before.subscriber_hash, "subscribed")
    assert row.address == known_endpoint(subscriber)
    shop.send("Still here")
    notifications.wait("Still here")


@FIREFOX_ALONE
def test_pushsubscriptionchange_moves_the_subscription_without_a_visit(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon, push_service: PushService
) -> None:
    """The push service forgot the browser, which tells the worker alone: no page of the site is open."""
    (before,) = shop.subscriptions()
    browser.goto("about:blank")

    push_service.forget_clients()

    wait_until(lambda: shop.subscriptions()[0].address != before.address, "the new endpoint")
    (after,) = shop.subscriptions()
    assert (after.subscriber_hash, after.status) == (before.subscriber_hash, "subscribed")
    shop.send("Still here")
    notifications.wait("Still here")
    subscriber.visit()
    assert subscriber.call("status")["subscribed"] is True
    assert known_endpoint(subscriber) == after.address


@FIREFOX_ALONE
def test_an_open_page_hears_of_pushsubscriptionchange(
    subscriber: Visitor, shop: Shop, push_service: PushService
) -> None:
    (before,) = shop.subscriptions()

    push_service.forget_clients()

    update = subscriber.wait_for_event("update_subscription")
    (after,) = shop.subscriptions()
    assert_moved(before, after, update)


@CHROMIUM_ALONE
@pytest.mark.usefixtures("subscriber")
def test_a_push_that_finds_no_permission_ends_the_subscription(
    browser: Browser, shop: Shop, push_service: PushService
) -> None:
    """Chromium accepts it, shows nothing and unsubscribes; the message after that is answered 410."""
    browser.set_permission(shop.origin, "denied")
    status, _ = shop.post({"title": "One too many"})
    assert status == 202
    push_service.wait_for(lambda: push_service.history and push_service.history[0].subscription.gone)

    message = shop.send("Anybody there?")

    assert shop.wait_until_sent(message) == {"recipients": 1, "gone": 1}


def test_a_new_vapid_key_reaches_the_subscription_within_a_day(
    subscriber: Visitor, browser: Browser, shop: Shop, server: SitebellServer, notifications: NotificationDaemon
) -> None:
    """A browser has to subscribe anew for another key (SEC-52). Until then its old key signs."""
    (before,) = shop.subscriptions()
    old_key = server.vapid_key(shop.token).public_text
    server.command.json("vapid", "add", shop.token)
    new_key = server.vapid_key(shop.token).public_text
    shop.send("By the old key")
    notifications.wait("By the old key")

    browser.evaluate(A_DAY_LATER)
    subscriber.visit()

    update = subscriber.wait_for_event("update_subscription")
    (after,) = shop.subscriptions()
    assert_moved(before, after, update)
    assert old_key != new_key
    assert server.command.json("vapid", "list", shop.token)[0]["subscriptions"] == 1
    shop.send("By the new key")
    notifications.wait("By the new key")
