"""The browser is closed for the night: push services keep what comes meanwhile."""

import pytest

from browser.shop import Shop
from support.browser import Browser
from support.notifications import NotificationDaemon

RECONNECTED = 40


@pytest.mark.usefixtures("subscriber")
def test_a_message_waits_until_the_browser_is_started_again(
    browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """No page of the site has to be open for it."""
    browser.stop()
    message = shop.send("Good morning")
    shop.wait_for_counts(message, accepted=1)
    assert notifications.shown == []

    browser.start()

    notifications.wait("Good morning", RECONNECTED)
    assert shop.wait_for_counts(message, shown=1) == {"recipients": 1, "accepted": 1, "shown": 1}
    assert shop.origin not in "".join(browser.urls())
