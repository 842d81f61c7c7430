"""What facades remember of what a page wrote: whose it is, and that nothing of it is lost on the way to a name."""

import pytest

from browser.cleverpush_site import Channel
from browser.cleverpush_site import Guest as CleverGuest
from browser.prompting import NOBODY_ASKED
from browser.pushengage_shop import PROMISE_PAGE, Account, Guest
from browser.server import SitebellServer
from browser.shop import Shop
from support.browser import Browser
from support.chromium import Chromium
from support.notifications import NotificationDaemon
from support.waiting import wait_until

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


def test_what_waits_for_a_subscription_is_not_the_next_visitors(visitor: CleverGuest, channel: Channel) -> None:
    visitor.visit()
    for command in (["setAttribute", "user_id", "ann"], ["tagSubscription", "TAG_ID"], ["setAttribute", "VISITS", 7]):
        visitor.does(*command)
    visitor.does("setAttribute", "user_id", "ben")
    visitor.does("pushAttributeValue", "ATTRIBUTE_ID", "blue")

    subscription_id = visitor.subscribe()

    def standing() -> tuple[object, ...]:
        stored = channel.ask("POST", f"/subscription/sync/{channel.id}", {"subscriptionId": subscription_id})
        own = stored["customAttributes"]
        return own.get("user_id"), own.get("ATTRIBUTE_ID"), own.get("VISITS"), channel.subscriptions()[0]["tags"]

    wait_until(lambda: standing() == ("ben", ["blue"], None, []), "what was written of Ben alone")
    assert visitor.asks("getTags") == [None, []]


def test_the_first_click_asks_where_the_tag_says_so(visitor: CleverGuest, channel: Channel) -> None:
    """As the prompt of the vendor's dashboard did, without a word in the templates."""
    visitor.be_asked()
    prompt = NOBODY_ASKED if isinstance(visitor.browser, Chromium) else ""
    channel.publish(head=prompt + channel.loader(' data-ask="click"') + "<p id=anywhere>Bread</p>")
    visitor.visit()

    visitor.browser.click("#anywhere")
    visitor.answer_prompt("allow")

    wait_until(lambda: len(channel.subscriptions()) == 1, "the subscription")


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
