"""A website that came from CleverPush, with pages as that vendor teaches: three addresses changed, all else kept."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from browser.cleverpush_site import FORCE, Channel, Guest
from browser.server import SitebellServer
from browser.shop import Shop
from browser.website import HTML
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.signer import Signer
from support.waiting import wait_until

FRAME = """<!doctype html><title>Frame</title><script>
  parent.postMessage({ type: 'cleverpush', method: 'tagSubscription', arguments: [%s] }, '*');
  parent.postMessage({ type: 'else', method: 'unsubscribe' }, '*');
</script>"""
WALLET = "void CleverPush.generateWalletPass('x', {}, function (e) { window.answer = e.message; })"


@pytest.fixture
def channel(shop: Shop, server: SitebellServer) -> Channel:
    """The shop, come from CleverPush."""
    return Channel(shop, server)


@pytest.fixture
def guest(browser: Browser, notifications: NotificationDaemon, shop: Shop, channel: Channel) -> Guest:
    """Somebody who has not been here."""
    assert channel
    return Guest(browser, notifications, shop)


QUEUED = """
  CleverPush.push(['setAttribute', 'user_id', '123456789']);
  CleverPush.push(['tagSubscription', 'TAG_ID']);
  CleverPush.push(['getSubscriptionId', function (id) { heard.push({ name: 'id', detail: id }); }]);
  CleverPush.push(['getTopics', function (error, list) { heard.push({ name: 'topics', detail: [error, list] }); }]);
"""


def test_a_visitor_is_subscribed_identified_messaged_and_clicks(
    guest: Guest, channel: Channel, shop: Shop, browser: Browser, notifications: NotificationDaemon
) -> None:
    channel.publish(QUEUED)
    shop.publish_page("/bread")
    guest.visit()
    assert guest.browser.evaluate("[CleverPush.initialized, inits]") == [True, [None]]
    guest.wait_for_event("id")
    assert guest.heard("id", "topics") == [False], "no id is false, and topics wait for a subscription"

    subscription_id = guest.subscribe()

    assert guest.wait_for_event("topics") == [None, []]
    assert guest.asks("getSubscriptionId") == [subscription_id]
    wait_until(lambda: channel.subscriptions()[0]["tags"] == ["TAG_ID"], "the tag")
    query = f"/subscription?channelId={channel.id}&attributeId=user_id&attribute_value=123456789"
    assert channel.ask("GET", query)["_id"] == subscription_id

    message = channel.send("Fresh bread", customAttributes={"user_id": "123456789"}, url=f"{shop.origin}/bread")
    shown = notifications.wait("Fresh bread")
    notifications.click(shown)
    wait_until(lambda: f"{shop.origin}/bread" in browser.urls(), "the tab of the message")
    shop.wait_for_counts(message, shown=1, clicked=1)
    [row] = channel.ask("GET", f"/channel/{channel.id}/notifications")["notifications"]
    assert (row["delivered"], row["clicked"], row["subscriptionCount"]) == (1, 1, 1)


def test_each_method_calls_back_in_the_shape_of_its_own(guest: Guest, channel: Channel) -> None:
    guest.visit()
    assert [guest.asks(name) for name in ("isSubscribed", "getSubscriptionId")] == [[False], [False]]
    subscription_id = guest.subscribe()

    assert [guest.asks(name) for name in ("isSubscribed", "getSubscriptionId")] == [[True], [subscription_id]]
    assert guest.asks("triggerOptIn", FORCE) == [None, subscription_id]
    assert guest.asks("getNotifications") == [[]]
    for value in ("red", "blue"):
        assert guest.asks("pushAttributeValue", "ATTRIBUTE_ID", value) == []
    assert guest.asks("pullAttributeValue", "ATTRIBUTE_ID", "red") == []
    assert guest.asks("hasAttributeValue", "ATTRIBUTE_ID", "blue") == [True]
    assert guest.asks("hasAttributeValue", "ATTRIBUTE_ID", "red") == [False]
    assert [guest.asks("incAttribute", "VISITS", 3), guest.asks("incAttribute", "VISITS", 4)] == [[], []]
    assert [guest.asks("getAttribute", "VISITS"), guest.asks("hasAttribute", "no")] == [[7], [False]]
    assert [guest.asks("hasAttribute", "constructor"), guest.asks("getAttribute", "constructor")] == [[False], [None]]
    stored = channel.ask("POST", f"/subscription/sync/{channel.id}", {"subscriptionId": subscription_id})
    assert {name: stored["customAttributes"][name] for name in ("ATTRIBUTE_ID", "VISITS")} == {
        "ATTRIBUTE_ID": ["blue"],
        "VISITS": 7,
    }


def test_topics_and_tags_are_the_vendors_ids(guest: Guest, channel: Channel) -> None:
    guest.visit()
    guest.browser.evaluate("void listen('once', 'topicsSet')")
    guest.subscribe()

    guest.does("setTopics", ["TOPIC_ID_2"])
    guest.does("tagSubscription", "TAG_ID")

    assert guest.wait_for_event("topicsSet") == ["TOPIC_ID_2"]
    assert guest.asks("getTopics") == [None, ["TOPIC_ID_2"]]
    wait_until(lambda: guest.asks("getTags") == [None, ["TAG_ID"]], "the tag")
    assert [(row["topics"], row["tags"]) for row in channel.subscriptions()] == [(["TOPIC_ID_2"], ["TAG_ID"])]
    guest.visit()
    assert guest.asks("getTags") == [None, ["TAG_ID"]]
    guest.does("untagSubscription", "TAG_ID")
    wait_until(lambda: channel.subscriptions()[0]["tags"] == [], "the tag to be off")


def test_what_the_visitor_did_waits_for_a_subscription_and_selects_them(guest: Guest, channel: Channel) -> None:
    guest.visit()
    guest.does("trackEvent", "bought", {"value": 1})
    guest.does("triggerFollowUpEvent", "CAMPAIGN_ID", "looked")

    guest.subscribe()

    def count(name: str) -> int:
        where = {"where": {"field": f"event.custom.{name}", "op": "exists"}}
        return int(channel.shop.ask("POST", "/v1/audiences/preview", {"audience": where})["count"])

    wait_until(lambda: [count(name) for name in ("bought", "looked", "other")] == [1, 1, 0], "the events")


def test_a_page_lists_what_its_browser_received(
    guest: Guest, channel: Channel, notifications: NotificationDaemon
) -> None:
    guest.visit()
    guest.subscribe()
    message = channel.send(
        "Fresh bread", url=f"{channel.shop.origin}/bread", subscriptionId=guest.asks("getSubscriptionId")[0]
    )
    notifications.wait("Fresh bread")
    channel.shop.wait_for_counts(message, accepted=1)

    [[listed]] = guest.asks("getNotifications")

    shown = {name: listed[name] for name in ("message", "title", "text", "url")}
    assert shown == {"message": message, "title": "Fresh bread", "text": "There", "url": f"{channel.shop.origin}/bread"}


def test_what_is_not_known_warns_once_and_changes_nothing(guest: Guest, channel: Channel) -> None:
    guest.visit()
    guest.subscribe()
    before = channel.subscriptions()

    for _ in range(2):
        for command in (["showPanel"], ["showWebBannerById", "x"], ["constructor"]):
            guest.does(*command)
        guest.browser.evaluate("void (CleverPush.push(function () {}), CleverPush.push(null))")
        guest.browser.evaluate(
            "void CleverPush.generateWalletPass('x', {}, function (e) { window.answer = e.message; })"
        )

    warned = guest.browser.evaluate("warned")
    for name in (
        "showPanel",
        "showWebBannerById",
        "constructor",
        "generateWalletPass",
        "The function",
        "The object",
    ):
        assert len([sentence for sentence in warned if name in sentence]) == 1
    assert guest.browser.evaluate("answer") == "unknown"
    assert channel.subscriptions() == before


@pytest.mark.parametrize("head", ["", '<script src="http://localhost:1/blocked.js"></script>'])
def test_a_page_works_on_when_the_script_is_blocked(guest: Guest, channel: Channel, head: str) -> None:
    channel.publish(QUEUED, head)
    guest.browser.goto(guest.shop.origin)

    guest.browser.click("#bell")

    assert guest.browser.evaluate("[CleverPush.length, document.title, inits]") == [5, "Shop", []]


def test_a_script_that_comes_twice_is_one(guest: Guest, channel: Channel) -> None:
    channel.publish(QUEUED, channel.loader() + channel.loader())
    guest.visit()
    guest.browser.wait_for("inits.length === 2")

    guest.subscribe()

    guest.wait_for_event("topics")
    assert {*guest.browser.evaluate("inits")} == {None, "already initialised"}
    assert len(guest.heard("id")) == 1
    assert len(channel.subscriptions()) == 1


def test_a_frame_is_heard_from_the_pages_own_origin_and_from_those_that_it_names(
    guest: Guest, channel: Channel, shop: Shop, new_shop: Any
) -> None:
    named, stranger = new_shop(), new_shop()
    for each, tag in ((shop, "OWN"), (named, "NAMED"), (stranger, "STRANGE")):
        each.publish("/frame", FRAME % json.dumps(tag), HTML)
    frames = [f'<iframe src="{each.origin}/frame"></iframe>' for each in (stranger, shop, named)]
    loader = channel.loader(f' data-frames="https://x.example {named.origin}"').replace(" async", "")
    channel.publish(head=loader + "".join(frames))
    guest.visit()

    guest.subscribe()

    wait_until(lambda: channel.subscriptions()[0]["tags"] == ["NAMED", "OWN"], "the tags of two frames")
    assert guest.asks("isSubscribed") == [True]


def test_sec_23_on_a_signed_site_the_authorisers_token_alone_says_who_it_is(
    guest: Guest, channel: Channel, shop: Shop
) -> None:
    signer = Signer()
    shop.require_tokens(signer)
    guest.visit()
    subscription_id = guest.subscribe()
    query = f"/channel/{channel.id}/subscriptions?fields=tags"
    guest.does("setAttribute", "user_id", "somebody")
    wait_until(lambda: any("identit" in one for one in guest.browser.evaluate("warned")), "the refusal")

    token = signer.sign(shop.token, datetime.now(UTC), sub="ann")
    guest.browser.evaluate(f"void CleverPush.setAuthorizerToken({json.dumps(token)})")
    assert guest.asks("setAttribute", "user_id", "ann") == []

    [standing] = shop.ask("GET", f"/v1/subscribers/{subscription_id}")["enrollments"]
    assert (standing["external_id"], standing["bound_by"]) == ("ann", "signed")
    assert channel.ask("GET", query)["subscriptions"][0]["tags"] == []
