"""The Sitebell server is down: pages work, nothing that happened is lost, and all is made up for later."""

import pytest

from browser.door import Door
from browser.server import SitebellServer
from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

KEPT = "caches.open('sitebell-outbox').then(drawer => drawer.keys()).then(kept => kept.length)"


EVENTS = 12
PICTURE_AND_RECEIPT = 2  # requests
SOON = 8  # seconds; the worker gives up an answer after 10


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


@pytest.mark.usefixtures("subscriber")
def test_receipts_are_kept_until_the_next_push(
    browser: Browser,
    shop: Shop,
    door: Door,
    notifications: NotificationDaemon,
    push_service: PushService,
) -> None:
    """No page of the site is open any more."""
    push_service.set_offline(True, drop=False)
    first = shop.send("Fresh bread")
    shop.wait_for_counts(first, accepted=1)
    door.shut()
    push_service.set_offline(False)
    notifications.dismiss(notifications.wait("Fresh bread"))
    wait_until(lambda: browser.evaluate(KEPT) == 2, "both receipts to be kept")
    browser.goto("about:blank")
    door.open()

    second = shop.send("More bread")

    shop.wait_for_counts(second, shown=1)
    assert shop.wait_for_counts(first, shown=1, closed=1) == {"recipients": 1, "accepted": 1, "shown": 1, "closed": 1}


def test_a_server_that_is_down_is_not_asked_without_end(
    subscriber: Visitor, browser: Browser, shop: Shop, door: Door, notifications: NotificationDaemon
) -> None:
    """Each event is a reason to try, and in Chromium one for a background sync, which tries once more."""
    door.fail()
    for number in range(EVENTS // 2):
        shop.send(f"Number {number}")
        notifications.dismiss(notifications.wait(f"Number {number}"))
    wait_until(lambda: browser.evaluate(KEPT) == EVENTS, "all receipts to be kept")

    assert 0 < door.knocks <= 2 * EVENTS

    door.open()
    subscriber.visit()


def test_a_server_that_hangs_holds_no_notification_up(
    subscriber: Visitor, shop: Shop, door: Door, notifications: NotificationDaemon
) -> None:
    """Nor does the receipt of the first one, for whose answer the worker still waits when the second comes."""
    door.stall()
    first = shop.send("Fresh bread")
    notifications.wait("Fresh bread", SOON)
    second = shop.send("More bread")
    notifications.wait("More bread", SOON)
    assert shop.wait_until_sent(first) == {"recipients": 1, "accepted": 1}

    door.open()
    subscriber.visit()

    shop.wait_for_counts(first, shown=1)
    shop.wait_for_counts(second, shown=1)


def test_a_picture_that_hangs_holds_no_notification_up(
    subscriber: Visitor,
    browser: Browser,
    shop: Shop,
    server: SitebellServer,
    door: Door,
    notifications: NotificationDaemon,
) -> None:
    """It is shown without, and whole when the wait is over; no browser puts up one of its own meanwhile."""
    browser.goto("about:blank")
    door.stall()

    buttons = [{"action": "map", "title": "Map"}]
    message = shop.send("Fresh bread", body="At the market.", icon=f"{server.url}/bread.png", actions=buttons)

    at_first = notifications.wait("Fresh bread", SOON)
    assert at_first.body.endswith("At the market.")
    assert "Map" not in at_first.actions.values()
    wait_until(
        lambda: door.knocks >= PICTURE_AND_RECEIPT, "the receipt, before which the browser knows that it is shown"
    )
    door.open()
    notifications.wait_for(lambda one: "Map" in one.actions.values(), "the whole")
    subscriber.visit()
    shop.wait_for_counts(message, shown=1)
    assert [one.title for one in notifications.shown] == ["Fresh bread"]


def test_a_click_while_the_receipt_is_under_way_leaves_an_empty_screen(
    subscriber: Visitor, browser: Browser, shop: Shop, door: Door, notifications: NotificationDaemon
) -> None:
    """Chromium puts up a notification of its own when a push ends and none is left: ours stays until then."""
    browser.goto("about:blank")
    door.stall()
    message = shop.send("Fresh bread", url="/oven")

    notifications.click(notifications.wait("Fresh bread", SOON))

    wait_until(lambda: not notifications.shown, "an empty screen")
    door.open()
    subscriber.visit()
    shop.wait_for_counts(message, shown=1, clicked=1)
    assert not notifications.shown


def test_a_page_without_the_sdk_works(browser: Browser, shop: Shop, door: Door) -> None:
    """The script does not arrive: what the page asks for waits in its queue, and nothing throws."""
    door.shut()
    browser.goto(f"{shop.origin}/")

    browser.click("#bell")

    assert browser.evaluate("Array.isArray(window.Sitebell) && Sitebell.length") == 10
    assert browser.evaluate("[heard, answer]") == [[], None]


def test_subscribing_fails_with_a_sentence_and_works_when_the_server_is_back(
    visitor: Visitor, shop: Shop, server: SitebellServer, door: Door, notifications: NotificationDaemon
) -> None:
    visitor.visit()
    door.shut()
    visitor.visit("/?again")  # the script comes from the browser's cache
    visitor.press_bell()

    error = visitor.answer()["error"]

    assert (error["code"], error["status"]) == ("server_unreachable", 0)
    assert error["message"].startswith(f"Check that {server.url} runs")
    assert visitor.wait_for_event("error") == error
    door.open()
    visitor.subscribe()
    shop.send("Here you are")
    notifications.wait("Here you are")


def test_a_subscriber_is_one_while_the_server_is_down(subscriber: Visitor, door: Door) -> None:
    """What is known is told, and that it is not confirmed; a visit finds nothing to complain about."""
    door.shut()

    subscriber.visit("/?again")

    ready, status = subscriber.wait_for_event("ready"), subscriber.call("status")
    assert (ready["subscribed"], status["subscribed"], status["confirmed"]) == (True, True, False)
    assert subscriber.heard("error") == []


def test_leaving_is_possible_and_the_server_learns_of_it_later(subscriber: Visitor, shop: Shop, door: Door) -> None:
    door.shut()

    farewell = subscriber.call("unsubscribe")

    assert (farewell["status"], farewell["acknowledged"]) == ("unsubscribed", False)
    assert subscriber.subscription() is None
    door.open()
    assert [row.status for row in shop.subscriptions()] == ["subscribed"]
    subscriber.visit()
    wait_until(lambda: shop.subscriptions()[0].status == "unsubscribed", "the server to know")


def test_a_drop_that_was_found_while_the_server_was_down_is_mended_later(
    subscriber: Visitor, shop: Shop, door: Door, notifications: NotificationDaemon
) -> None:
    (before,) = shop.subscriptions()
    subscriber.drop_subscription()
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
