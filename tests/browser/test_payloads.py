"""What the worker makes of a push: one that it cannot read, one that comes twice, one with a bad address."""

import json

import pytest

from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

UNREADABLE = {
    "empty": None,
    "text": b"hello",
    "bytes": bytes(range(256)),
    "broken": b'{"web_push": 8030, "notification": {"title": "Fre',
    "foreign": b'{"title": "Of another system"}',
    "untitled": b'{"web_push": 8030, "notification": {"title": ""}}',
}


def push(subscriber: Visitor, shop: Shop, plaintext: bytes | None) -> None:
    subscription = subscriber.subscription()
    assert subscription is not None
    assert shop.push_directly(subscription, plaintext).status == 201


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_shown_as_a_readable_notice(
    kind: str, subscriber: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    """Browsers hold a push without a notification against the site, so there is one, with the site's name."""
    push(subscriber, shop, UNREADABLE[kind])

    shown = notifications.wait(shop.host)

    assert shown.body.endswith("There is something new for you.")


def test_the_notice_leads_to_the_front_page(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    browser.goto(f"{shop.origin}/page.js")
    push(subscriber, shop, None)

    notifications.click(notifications.wait(shop.host))

    wait_until(lambda: f"{shop.origin}/" in browser.urls(), "the front page")


def test_a_message_that_comes_twice_is_one_notification(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon, push_service: PushService
) -> None:
    """It takes the place of the first without a sound, and is reported once."""
    message = shop.send("Fresh bread")
    first = notifications.wait("Fresh bread")
    shop.wait_for_counts(message, shown=1)

    assert shop.push_again().status == 201

    again = push_service.history[-1]
    push_service.wait_for(lambda: again.acked_at)
    repeated = notifications.wait_for(lambda n: bool(n.hints.get("suppress-sound")), "the same without a sound")
    assert not first.hints.get("suppress-sound")
    assert [shown.title for shown in notifications.shown] == [repeated.title] == ["Fresh bread"]
    later = shop.send("Later")  # its receipt comes after what the second push had to report
    shop.wait_for_counts(later, shown=1)
    assert [event["title"] for event in subscriber.heard("show")] == ["Fresh bread", "Later"]
    assert shop.counts(message) == {"recipients": 1, "accepted": 1, "shown": 1}


@pytest.mark.parametrize("address", ["javascript:alert(1)", "//elsewhere.localhost/", "\\\\elsewhere.localhost/"])
def test_sec_35_an_address_that_no_sender_may_give_is_not_opened(
    address: str, subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """The server refuses it; a payload that carries it nevertheless leads to the front page."""
    browser.goto(f"{shop.origin}/page.js")
    declared = {"title": "Look here", "navigate": address}
    push(subscriber, shop, json.dumps({"web_push": 8030, "notification": declared}).encode())

    notifications.click(notifications.wait("Look here"))

    wait_until(lambda: f"{shop.origin}/" in browser.urls(), "the front page")
    assert sorted(browser.urls()) == [f"{shop.origin}/", f"{shop.origin}/page.js"]
    status, _ = shop.post({"title": "Look here", "url": address})
    assert status == 422
