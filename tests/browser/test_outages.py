"""The Sitebell server is down: pages work, nothing that happened is lost, and all is made up for later."""

from browser.server import SitebellServer
from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

KEPT = "caches.open('sitebell-outbox').then(drawer => drawer.keys()).then(kept => kept.length)"
DROP = "navigator.serviceWorker.getRegistration('/bell/').then(r => r.pushManager.getSubscription()).then(s => s.unsubscribe())"


def deliver_while_down(shop: Shop, server: SitebellServer, push_service: PushService, title: str) -> str:
    """Let a push service take a message, which reaches the browser after the server has stopped."""
    push_service.set_offline(True, drop=False)
    message = shop.send(title, url="/quiet")
    shop.wait_for_counts(message, accepted=1)
    server.stop()
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
    shop.publish_page("/quiet", head="")
    message = deliver_while_down(shop, server, push_service, "Fresh bread")
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
    server: SitebellServer,
    notifications: NotificationDaemon,
    push_service: PushService,
) -> None:
    """No page of the site is open any more."""
    first = deliver_while_down(shop, server, push_service, "Fresh bread")
    notifications.dismiss(notifications.wait("Fresh bread"))
    wait_until(lambda: browser.evaluate(KEPT) == 2, "both receipts to be kept")
    browser.goto("about:blank")
    server.start()

    second = shop.send("More bread")

    shop.wait_for_counts(second, shown=1)
    assert shop.wait_for_counts(first, shown=1, closed=1) == {"recipients": 1, "accepted": 1, "shown": 1, "closed": 1}


def test_a_page_without_the_sdk_works(visitor: Visitor, browser: Browser, shop: Shop, server: SitebellServer) -> None:
    """The script does not arrive: what the page asks for waits in its queue, and nothing throws."""
    server.stop()
    browser.goto(f"{shop.origin}/")

    browser.click("#bell")

    assert browser.evaluate("Array.isArray(window.Sitebell) && Sitebell.length") == 10
    assert browser.evaluate("[heard, answer]") == [[], None]


def test_subscribing_fails_with_a_sentence_and_works_when_the_server_is_back(
    visitor: Visitor, browser: Browser, shop: Shop, server: SitebellServer, notifications: NotificationDaemon
) -> None:
    visitor.visit()
    server.stop()
    visitor.visit("/?again")  # the script comes from the browser's cache
    visitor.press_bell()

    error = visitor.answer()["error"]

    assert (error["code"], error["status"]) == ("server_unreachable", 0)
    assert error["message"].startswith(f"No answer from {server.url}: check that it runs")
    assert visitor.wait_for_event("error") == error
    server.start()
    visitor.subscribe()
    shop.send("Here you are")
    notifications.wait("Here you are")


def test_a_subscriber_is_one_while_the_server_is_down(
    subscriber: Visitor, shop: Shop, server: SitebellServer
) -> None:
    """What is known is told, and that it is not confirmed; a visit finds nothing to complain about."""
    server.stop()

    subscriber.visit("/?again")

    ready, status = subscriber.wait_for_event("ready"), subscriber.call("status")
    assert (ready["subscribed"], status["subscribed"], status["confirmed"]) == (True, True, False)
    assert subscriber.heard("error") == []


def test_leaving_is_possible_and_the_server_learns_of_it_later(
    subscriber: Visitor, shop: Shop, server: SitebellServer
) -> None:
    server.stop()

    farewell = subscriber.call("unsubscribe")

    assert (farewell["status"], farewell["acknowledged"]) == ("unsubscribed", False)
    assert subscriber.subscription() is None
    server.start()
    assert [row.status for row in shop.subscriptions()] == ["subscribed"]
    subscriber.visit()
    wait_until(lambda: shop.subscriptions()[0].status == "unsubscribed", "the server to know")


def test_a_drop_that_was_found_while_the_server_was_down_is_mended_later(
    subscriber: Visitor, browser: Browser, shop: Shop, server: SitebellServer, notifications: NotificationDaemon
) -> None:
    (before,) = shop.subscriptions()
    assert browser.evaluate(DROP) is True
    server.stop()
    subscriber.visit("/?again")
    assert subscriber.wait_for_event("error")["code"] == "server_unreachable"

    server.start()
    subscriber.visit()

    subscriber.wait_for_event("update_subscription")
    (after,) = shop.subscriptions()
    assert (after.subscriber_hash, after.status) == (before.subscriber_hash, "subscribed")
    shop.send("Still here")
    notifications.wait("Still here")
