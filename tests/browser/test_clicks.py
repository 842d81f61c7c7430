"""What the visitor does with a notification: where a click leads, and what the server and the page learn."""

import pytest

from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.firefox import Firefox
from support.notifications import NotificationDaemon
from support.waiting import wait_until

BUTTONS = [
    {"action": "menu", "title": "Menu", "url": "/menu"},
    {"action": "book", "title": "Book a table", "url": "/book?from=bell"},
]
ELSEWHERE = {"locale": "nb-NO", "time_zone": "Europe/Oslo"}


@pytest.fixture(autouse=True)
def pages(shop: Shop) -> None:
    """Where clicks lead in these tests."""
    for path in ("/bread", "/menu", "/book"):
        shop.publish_page(path)


def wait_for_tab(browser: Browser, url: str) -> None:
    wait_until(lambda: url in browser.urls(), f"a tab with {url}")


def test_a_click_opens_the_url_of_the_message(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """A path is one of the site, whichever page the visitor subscribed on."""
    message = shop.send("Fresh bread", url="/bread?from=bell#today")

    shown = notifications.wait("Fresh bread")
    notifications.click(shown)

    wait_for_tab(browser, f"{shop.origin}/bread?from=bell#today")
    notifications.wait_gone(shown)
    assert shop.wait_for_counts(message, shown=1, clicked=1) == {
        "recipients": 1,
        "accepted": 1,
        "shown": 1,
        "clicked": 1,
    }
    event = subscriber.wait_for_event("click")
    assert (event["message"], event["action"]) == (message, "")
    assert event["url"] == f"{shop.origin}/bread?from=bell#today"


def test_a_click_tells_language_and_time_zone(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """As the browser has them now, whatever the page told at the subscription."""
    (row,) = shop.subscriptions()
    shop.ask("PUT", f"/v1/sites/{shop.token}/subscription", {**ELSEWHERE, "subscription": subscriber.subscription()})
    message = shop.send("Fresh bread")

    notifications.click(notifications.wait("Fresh bread"))
    shop.wait_for_counts(message, clicked=1)

    here = browser.evaluate("Intl.DateTimeFormat().resolvedOptions()")
    told = shop.ask("GET", f"/v1/subscribers/{row.subscriber_hash}")
    assert (told["locale"], told["time_zone"]) == (here["locale"], here["timeZone"])


@pytest.mark.usefixtures("subscriber")
def test_a_click_without_a_url_opens_the_front_page(
    browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    browser.goto(f"{shop.origin}/menu")
    shop.send("Hello")

    notifications.click(notifications.wait("Hello"))

    wait_for_tab(browser, f"{shop.origin}/")


def test_a_click_brings_an_open_page_to_the_front(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """The page is there already, behind another tab: it is not opened a second time."""
    subscriber.visit("/bread")
    browser.new_tab(f"{shop.origin}/menu")
    message = shop.send("Fresh bread", url="/bread")

    notifications.click(notifications.wait("Fresh bread"))

    shop.wait_for_counts(message, shown=1, clicked=1)
    if isinstance(browser, Firefox):  # headless Chromium calls every page visible
        browser.use_tab("/bread")
        browser.wait_for("document.visibilityState === 'visible'")
    later = shop.send("Book", url="/book")  # a click is followed by its tab, so the first one's would be there now
    notifications.click(notifications.wait("Book"))
    wait_for_tab(browser, f"{shop.origin}/book")
    shop.wait_for_counts(later, clicked=1)
    assert sorted(browser.urls()) == [f"{shop.origin}{path}" for path in ("/book", "/bread", "/menu")]


@pytest.mark.usefixtures("subscriber")
def test_a_page_with_another_address_is_left_as_it_is(
    browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """The visitor may have written something there."""
    shop.send("Fresh bread", url="/bread")

    notifications.click(notifications.wait("Fresh bread"))

    wait_for_tab(browser, f"{shop.origin}/bread")
    assert sorted(browser.urls()) == [f"{shop.origin}/", f"{shop.origin}/bread"]


def test_a_button_opens_its_own_url_and_the_click_names_it(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    message = shop.send("Fresh bread", url="/bread", actions=BUTTONS)

    notifications.press(notifications.wait("Fresh bread"), "Book a table")

    wait_for_tab(browser, f"{shop.origin}/book?from=bell")
    shop.wait_for_counts(message, shown=1, clicked=1)
    event = subscriber.wait_for_event("click")
    assert (event["action"], event["url"]) == ("book", f"{shop.origin}/book?from=bell")
    assert f"{shop.origin}/bread" not in browser.urls()


def test_a_dismissed_notification_is_closed_and_not_clicked(
    subscriber: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    message = shop.send("Fresh bread", url="/bread")

    notifications.dismiss(notifications.wait("Fresh bread"))

    assert shop.wait_for_counts(message, shown=1, closed=1) == {"recipients": 1, "accepted": 1, "shown": 1, "closed": 1}
    assert subscriber.wait_for_event("close")["message"] == message
    assert browser.urls() == [f"{shop.origin}/"]


def test_a_click_is_not_counted_as_a_dismissal(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    """Firefox reports the close that the worker itself asks for after a click; Chromium does not."""
    clicked = shop.send("Click me")
    shown = notifications.wait("Click me")
    notifications.click(shown)
    notifications.wait_gone(shown)
    shop.wait_for_counts(clicked, shown=1, clicked=1)

    dismissed = shop.send("Dismiss me")  # its close comes after the first one's, if that was reported
    notifications.dismiss(notifications.wait("Dismiss me"))
    shop.wait_for_counts(dismissed, closed=1)

    assert shop.counts(clicked) == {"recipients": 1, "accepted": 1, "shown": 1, "clicked": 1}
    assert [event["message"] for event in subscriber.heard("close")] == [dismissed]
