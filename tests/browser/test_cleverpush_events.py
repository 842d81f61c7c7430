"""What pages that came from CleverPush hear: on, once, and the events that were there before they listened."""

import pytest

from browser.cleverpush_site import FORCE, Channel, Guest
from browser.server import SitebellServer
from browser.shop import Shop
from support.browser import Browser
from support.notifications import NotificationDaemon


@pytest.fixture
def guest(browser: Browser, notifications: NotificationDaemon, shop: Shop, server: SitebellServer) -> Guest:
    """Somebody who has not been at the shop before, which came from CleverPush."""
    Channel(shop, server)
    return Guest(browser, notifications, shop)


def test_who_listens_once_hears_of_the_subscription_once_though_it_moves(guest: Guest) -> None:
    guest.visit()
    guest.browser.evaluate("void (listen('once', 'subscribed'), listen('on', 'subscribed'))")
    first = guest.subscribe()
    guest.drop_subscription()
    guest.browser.evaluate("void (answer = null)")

    again = guest.subscribe()

    guest.browser.wait_for("heard.length >= 3")
    assert again == first
    assert guest.heard("subscribed") == [first] * 3


def test_events_come_also_to_those_who_listen_late(guest: Guest) -> None:
    guest.visit()
    for name in ("initialized", "subscribed", "unsubscribed", "bellReady"):
        guest.browser.evaluate(f"void listen('on', '{name}')")
    guest.wait_for_event("initialized")

    subscription_id = guest.subscribe()
    assert guest.wait_for_event("subscribed") == subscription_id
    guest.does("unsubscribe")

    assert guest.wait_for_event("unsubscribed") == subscription_id
    assert guest.asks("isSubscribed") == [False]
    assert any("bellReady" in sentence for sentence in guest.browser.evaluate("warned"))
    assert (
        guest.browser.evaluate("ask('triggerOptIn', []).then(function (a) { return a[0].message; })") == "unsubscribed"
    )
    assert guest.asks("triggerOptIn", FORCE)[0] is None
