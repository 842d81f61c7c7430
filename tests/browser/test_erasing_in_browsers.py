"""What becomes of a browser whose visitor was erased at the server: it forgets, and does not come back by itself."""

import pytest

from browser.shop import Shop
from browser.visitor import A_DAY_LATER, Visitor
from support.browser import Browser
from support.push_service import PushService

WHAT_IS_KEPT = """(async () => [
  Object.keys(localStorage).filter(name => name.startsWith('sitebell:')).map(name => localStorage[name]),
  await caches.has('sitebell'),
])()"""
FORGOTTEN = [["{}"], False]


def erase(shop: Shop) -> None:
    """Erase the one browser of the shop by the word of its back end."""
    (row,) = shop.subscriptions()
    shop.ask("POST", f"/v1/subscribers/{row.subscriber_hash}/erase")


def test_sec_43_a_page_forgets_who_was_erased_at_its_next_word_with_the_server(
    subscriber: Visitor, browser: Browser, shop: Shop
) -> None:
    """For good: later visits say nothing of somebody who was here."""
    erase(shop)
    browser.evaluate(A_DAY_LATER)

    for _ in range(3):
        subscriber.visit()
        subscriber.call("status")  # comes after what the page load had to do

    assert subscriber.subscription() is None
    assert browser.evaluate(WHAT_IS_KEPT) == FORGOTTEN
    assert [row.status for row in shop.subscriptions()] == ["erased"]


@pytest.mark.parametrize("one_browser", ["firefox"], indirect=True)
def test_sec_43_a_worker_forgets_who_was_erased_when_their_address_changes(
    subscriber: Visitor, browser: Browser, shop: Shop, push_service: PushService
) -> None:
    """Without a visit. The push service forgets the browser twice: two addresses on, it was a stranger's once."""
    erase(shop)
    browser.goto("about:blank")

    push_service.forget_clients()
    push_service.wait_for(lambda: [event for event in push_service.events if event.kind == "firefox: unregister"])
    push_service.forget_clients()

    subscriber.visit()
    assert subscriber.call("status")["subscribed"] is False
    assert subscriber.subscription() is None
    assert [row.status for row in shop.subscriptions()] == ["erased"]
