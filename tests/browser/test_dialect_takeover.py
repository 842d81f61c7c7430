"""Visitors of PushEngage and CleverPush at their next visit, when page and worker file have our lines in them."""

from browser.cleverpush_site import Channel
from browser.cleverpush_site import Guest as ChannelGuest
from browser.predecessor import subscribe_at_the_vendor
from browser.pushengage_shop import Account
from browser.pushengage_shop import Guest as AccountGuest
from browser.server import SitebellServer
from browser.shop import Shop
from browser.visitor import Visitor
from sitebell.models import Subscription
from support.application_server import ApplicationServer
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.waiting import wait_until


def taken_over(visitor: Visitor, before: str) -> Subscription:
    """Return the one subscription of the shop, which has to be the browser's, and another than the vendor's."""
    (row,) = wait_until(visitor.shop.subscriptions, "the visitor to be taken over")
    subscription = visitor.subscription()
    assert subscription is not None
    assert row.address == subscription["endpoint"] != before
    return row


def test_a_visitor_of_pushengage_is_taken_over_at_the_next_visit(
    browser: Browser, server: SitebellServer, shop: Shop, sender: ApplicationServer, notifications: NotificationDaemon
) -> None:
    account = Account(shop, server, browser)
    account.publish(head="")
    before = subscribe_at_the_vendor(browser, shop, sender, "/service-worker.js")
    account.publish()
    guest = AccountGuest(browser, notifications, shop)

    guest.visit()

    row = taken_over(guest, before)
    assert guest.told("init")["subscriber_hash"] == row.subscriber_hash
    message = account.notify("From here on", subscriber_hash=row.subscriber_hash)
    notifications.wait("From here on")
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1


def test_a_visitor_of_cleverpush_is_taken_over_at_the_next_visit(
    browser: Browser, server: SitebellServer, shop: Shop, sender: ApplicationServer, notifications: NotificationDaemon
) -> None:
    channel = Channel(shop, server)
    channel.publish(head="")
    before = subscribe_at_the_vendor(browser, shop, sender, "/cleverpush-worker.js")
    channel.publish()
    guest = ChannelGuest(browser, notifications, shop)

    guest.visit()

    row = taken_over(guest, before)
    assert guest.asks("getSubscriptionId") == [row.subscriber_hash]
    message = channel.send("From here on", subscriptionId=row.subscriber_hash)
    notifications.wait("From here on")
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1
