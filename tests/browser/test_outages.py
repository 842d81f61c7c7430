"""The Sitebell server is down: pages work, nothing that happened is lost, and all is made up for later."""

from browser.door import Door
from browser.server import SitebellServer
from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

KEPT = "caches.open('sitebell-outbox').then(drawer => drawer.keys()).then(kept => kept.length)"
DROP = "navigator.serviceWorker.getRegistration('/bell/').then(r => r.pushManager.getSubscription()).then(s => s.unsubscribe())"


def deliver_while_down(shop: Shop, door: Door, push_service: PushService, title: str) -> str:
    """Let a push service take a message, which reaches the browser after the server has gone away."""
    push_service.set_offline(True, drop=False)
    message = shop.send(title, url="/quiet")
    shop.wait_for_counts(message, accepted=1)
    door.shut()
    push_service.set_offline(False)
    return message


def test_receipts_are_kept_until_the_next_visit(
    subscriber: Visitor,
    browser: Browser,
    shop: Shop,
    server: SitebellServer,
    notifications: NotificationDaemon,
    push_service: PushService,
) -> None:
    """`sitebell serve` is stopped between the push and its arrival, and started after the click."""
    shop.publish_page("/quiet", head="")
    push_service.set_offline(True, drop=False)
    message = shop.send("Fresh bread", url="/quiet")
    shop.wait_for_counts(message, accepted=1)
    server.stop()
    push_service.set_offline(False)
    notifications.click(notifications.wait("Fresh bread"))
    wait_until(lambda: browser.evaluate(KEPT) == 2, "both receipts to be kept")
    wait_until(lambda: f"{shop.origin}/quiet" in browser.urls(), "the page of the message")

    server.start()
    assert shop.counts(message) == {"recipients": 1, "accepted": 1}
    subscriber.visit()

    assert shop.wait_for_counts(message, shown=1, clicked=1) == {
        "recipients": 1,
        "accepted": 1,
        "shown": 1,
        "clicked": 1,
    }
    wait_until(lambda: browser.evaluate(KEPT) == 0, "the receipts to be forgotten")


def test_receipts_are_kept_until_the_next_push(
    subscriber: Visitor,
    browser: Browser,
    shop: Shop,
    door: Door,
    notifications: NotificationDaemon,
    push_service: PushService,
) -> None:
    """No page of the site is open any more."""
    first = deliver_while_down(shop, door, push_service, "Fresh bread")
    notifications.dismiss(notifications.wait("Fresh bread"))
    wait_until(lambda: browser.evaluate(KEPT) == 2, "both receipts to be kept")
    browser.goto("about:blank")
    door.open()

    second = shop.send("More bread")

    shop.wait_for_counts(second, shown=1)
    assert shop.wait_for_counts(first, shown=1, closed=1) == {"recipients": 1, "accepted": 1, "shown": 1, "closed": 1}


def test_a_page_without_the_sdk_works(visitor: Visitor, browser: Browser, shop: Shop, door: Door) -> None:
    """The script does not arrive: what the page asks for waits in its queue, and nothing throws."""
    door.shut()
    browser.goto(f"{shop.origin}/")

    browser.click("#bell")

    assert browser.evaluate("Array.isArray(window.Sitebell) && Sitebell.length") == 10
    assert browser.evaluate("[heard, answer]") == [[], None]


def test_subscribing_fails_with_a_sentence_and_works_when_the_server_is_back(
    visitor: Visitor, browser: Browser, shop: Shop, door: Door, notifications: NotificationDaemon
) -> None:
    visitor.visit()
    door.shut()
    visitor.visit("/?again")  # the script comes from the browser's cache
    visitor.press_bell()

    error = visitor.answer()["error"]

    assert (error["code"], error["status"]) == ("server_unreachable", 0)
    assert error["message"].startswith(f"No answer from {door.url}: check that it runs")
    assert visitor.wait_for_event("error") == error
    door.open()
    visitor.subscribe()
    shop.send("Here you are")
    notifications.wait("Here you are")


def test_a_subscriber_is_one_while_the_server_is_down(
    subscriber: Visitor, shop: Shop, door: Door
) -> None:
    """What is known is told, and that it is not confirmed; a visit finds nothing to complain about."""
    door.shut()

    subscriber.visit("/?again")

    ready, status = subscriber.wait_for_event("ready"), subscriber.call("status")
    assert (ready["subscribed"], status["subscribed"], status["confirmed"]) == (True, True, False)
    assert subscriber.heard("error") == []


def test_leaving_is_possible_and_the_server_learns_of_it_later(
    subscriber: Visitor, shop: Shop, door: Door
) -> None:
    door.shut()

    farewell = subscriber.call("unsubscribe")

    assert (farewell["status"], farewell["acknowledged"]) == ("unsubscribed", False)
    assert subscriber.subscription() is None
    door.open()
    assert [row.status for row in shop.subscriptions()] == ["subscribed"]
    subscriber.visit()
    wait_until(lambda: shop.subscriptions()[0].status == "unsubscribed", "the server to know")


def test_a_drop_that_was_found_while_the_server_was_down_is_mended_later(
    subscriber: Visitor, browser: Browser, shop: Shop, door: Door, notifications: NotificationDaemon
) -> None:
    (before,) = shop.subscriptions()
    assert browser.evaluate(DROP) is True
    door.shut()
    subscriber.visit("/?again")
    assert subscriber.wait_for_event("error")["code"] == "server_unreachable"

    door.open()
    subscriber.visit()

    subscriber.wait_for_event("update_subscription")
    (after,) = shop.subscriptions()
    assert (after.subscriber_hash, after.status) == (before.subscriber_hash, "subscribed")
    shop.send("Still here")
    notifications.wait("Still here")
