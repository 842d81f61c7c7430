"""What facades remember of what a page wrote: whose it is, and that nothing of it is lost on the way to a name."""

import pytest

from browser.cleverpush_site import Channel
from browser.cleverpush_site import Guest as CleverGuest
from browser.pushengage_shop import PROMISE_PAGE, Account, Guest
from browser.server import SitebellServer
from browser.shop import Shop
from support.browser import Browser
from support.notifications import NotificationDaemon

# What names tags fails on its way; all else comes through.
NO_TAG_COMES_THROUGH = """(window.through = window.fetch, window.fetch = (url, request) =>
  String(request.body).includes('"tags"') ? Promise.reject(Error()) : through(url, request))"""


@pytest.fixture
def channel(shop: Shop, server: SitebellServer) -> Channel:
    """The shop, come from CleverPush."""
    return Channel(shop, server)


@pytest.fixture
def visitor(browser: Browser, notifications: NotificationDaemon, channel: Channel) -> CleverGuest:
    """Somebody who has not been at the channel's pages."""
    return CleverGuest(browser, notifications, channel.shop)


def test_what_was_written_of_nobody_goes_along_to_the_first_who_is_named(
    visitor: CleverGuest, channel: Channel
) -> None:
    visitor.visit()
    subscription_id = visitor.subscribe()
    assert visitor.asks("tagSubscription", "TAG_ID") == []
    assert visitor.asks("pushAttributeValue", "ATTRIBUTE_ID", "blue") == []

    assert visitor.asks("setAttribute", "user_id", "ann") == []

    def standing() -> tuple[list[str], object]:
        stored = channel.ask("POST", f"/subscription/sync/{channel.id}", {"subscriptionId": subscription_id})
        return channel.subscriptions()[0]["tags"], stored["customAttributes"].get("ATTRIBUTE_ID")

    assert standing() == (["TAG_ID"], ["blue"])
    assert visitor.asks("getTags") == [None, ["TAG_ID"]]
    assert visitor.asks("setAttribute", "user_id", "bob") == []
    assert standing() == ([], None)
    assert visitor.asks("getTags") == [None, []], "those were Ann's"


def test_behind_another_script_of_the_sdk_nothing_is_missing(
    visitor: CleverGuest, channel: Channel, notifications: NotificationDaemon
) -> None:
    """Which of the two is alive in the page has the record; the vendor's words need it, too."""
    sdk = f'<script src="{channel.server.url}/sdk/v1/sitebell.js" data-site="{channel.shop.token}"'
    channel.publish(head=f'{sdk} data-worker="/cleverpush-worker.js"></script>' + channel.loader())
    visitor.visit()
    subscription_id = visitor.subscribe()
    visitor.asks("tagSubscription", "TAG_ID")
    channel.send("Fresh bread", subscriptionId=subscription_id)
    notifications.wait("Fresh bread")

    assert [one["title"] for one in visitor.asks("getNotifications")[0]] == ["Fresh bread"]
    visitor.browser.evaluate("Sitebell.logout()")
    assert visitor.asks("getTags") == [None, []]
    visitor.does("unsubscribe")
    visitor.browser.wait_for("Sitebell.status().then((status) => !status.subscribed)")
    told = "ask('triggerOptIn', []).then(function (a) { return a[0].message; })"
    assert visitor.browser.evaluate(told) == "unsubscribed"


def test_segments_of_nobody_go_along_to_the_first_who_is_named(
    browser: Browser, notifications: NotificationDaemon, shop: Shop, server: SitebellServer
) -> None:
    """Also at a later page load, and where the first try did not come through; after logout they are nobody's."""
    account, guest = Account(shop, server, browser), Guest(browser, notifications, shop)
    account.publish(PROMISE_PAGE)
    guest.be_asked()
    guest.visit()
    guest.click("#bell")
    guest.told("subscribe")
    call = guest.browser.evaluate
    call("PushEngage.addSegment('bread')")
    call("PushEngage.addDynamicSegment([{ name: 'trial', duration: 7 }])")
    guest.visit()
    call("Sitebell.status()")
    call(f"void {NO_TAG_COMES_THROUGH}")
    call("PushEngage.addProfileId('ann').catch(() => {})")
    account.wait_for_tags("ann")
    call("void (window.fetch = through)")

    call("PushEngage.addProfileId('ann')")

    account.wait_for_tags("ann", "bread", "trial")
    call("Sitebell.logout()")
    assert call("PushEngage.getSubscriber()")["segments"] == []
