"""Two real browsers at once, and two customers of one shop: each message reaches its customer where that one is."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from browser.shop import Shop
from browser.visitor import Visitor
from sitebell.clock import utcnow
from support.browser import Browser
from support.fixtures import running_browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.signer import Signer


@pytest.fixture(scope="module")
def other_one(
    request: pytest.FixtureRequest,
    one_browser: Browser,
    module_push_service: PushService,
    module_notifications: NotificationDaemon,
) -> Iterator[Browser]:
    """The browser of the other make, beside the one that each test has."""
    name = "chromium" if one_browser.name == "firefox" else "firefox"
    with running_browser(name, module_push_service, module_notifications, request.config) as driver:
        yield driver


@pytest.fixture
def other(other_one: Browser, notifications: NotificationDaemon, shop: Shop) -> Visitor:
    """Who sits at the other browser, and has subscribed there."""
    other_one.close_other_tabs()
    visitor = Visitor(other_one, notifications, shop)
    visitor.visit()
    visitor.subscribe()
    return visitor


def arrives_only_at(shop: Shop, title: str, customer: str, here: Visitor, elsewhere: Visitor) -> None:
    """Send to a customer, and hold that one browser shows it and the other does not."""
    message = shop.send(title, {"external_ids": [customer]})
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1
    here.browser.wait_for(f"heard.some(event => event.name === 'show' && event.detail.title === '{title}')")
    assert title not in [event["title"] for event in elsewhere.heard("show")]


def test_a_message_follows_its_customer_and_not_the_browser(
    subscriber: Visitor, other: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    """Ann logs in here and out again, Bob logs in here; Ann is also there."""
    subscriber.call("identify", "ann")
    subscriber.call("logout")
    subscriber.call("identify", "bob")
    other.call("identify", "ann")

    arrives_only_at(shop, "For Ann", "ann", other, subscriber)
    arrives_only_at(shop, "For Bob", "bob", subscriber, other)

    assert sorted(shown.title for shown in notifications.shown) == ["For Ann", "For Bob"]


def test_sec_20_only_a_token_of_the_site_moves_a_customer(
    subscriber: Visitor, other: Visitor, shop: Shop, new_shop: Callable[[], Shop]
) -> None:
    """Forged, expired, replayed and other sites' tokens change nothing, nor does a bare word."""
    signer, forger = Signer(), Signer()
    shop.require_tokens(signer)
    now = utcnow()
    anns, once = signer.sign(shop.token, now, sub="ann"), signer.sign(shop.token, now, sub="ann", jti="once")
    subscriber.call("identify", "bob", {"token": signer.sign(shop.token, now, sub="bob")})
    other.call("identify", "ann", {"token": once})
    refused = {
        "bare": None,
        "forged": forger.sign(shop.token, now, sub="ann"),
        "expired": signer.sign(shop.token, now - timedelta(hours=3), sub="ann"),
        "replayed": once,
        "of another site": signer.sign(new_shop().token, now, sub="ann"),
        "for a link": signer.link(shop.token, now, sub="ann"),
    }

    codes = {
        name: subscriber.fail("identify", "ann", {"token": token} if token else {})["code"]
        for name, token in refused.items()
    }
    mixed = subscriber.fail("identify", "bob", {"token": anns})["code"]

    assert codes == {name: "identity_required" if name == "bare" else "invalid_identity" for name in refused}
    assert mixed == "identity_mismatch"
    arrives_only_at(shop, "For Ann", "ann", other, subscriber)
    arrives_only_at(shop, "For Bob", "bob", subscriber, other)


def test_a_token_that_says_the_same_costs_no_request(subscriber: Visitor, shop: Shop) -> None:
    """A site signs a new one for each page load; a claim that changed is told."""
    signer = Signer()
    shop.require_tokens(signer)
    now = utcnow()
    first = subscriber.call("identify", "ann", {"token": signer.sign(shop.token, now, sub="ann", jti="1")})
    assert first["identity"] == {"status": "verified"}

    subscriber.visit()
    later = signer.sign(shop.token, now + timedelta(seconds=5), sub="ann", jti="2")
    subscriber.call("identify", "ann", {"token": later})
    assert subscriber.requests() == []
    changed = signer.sign(shop.token, now, sub="ann", jti="3", email="ann@example.com")
    subscriber.call("identify", "ann", {"token": changed})

    assert subscriber.requests() == ["/subscription"]


def test_sec_23_a_stranger_subscribes_without_a_name_on_a_signed_site(visitor: Visitor, shop: Shop) -> None:
    """What the page claims is refused and said so; the visitor's wish to subscribe is met all the same."""
    shop.require_tokens(Signer())
    visitor.visit()
    visitor.call("identify", "ann")

    membership = visitor.call("subscribe")

    assert membership["identity"]["code"] == "identity_required"
    assert visitor.wait_for_event("error")["code"] == "identity_required"
    assert shop.wait_until_sent(shop.send("For Ann", {"external_ids": ["ann"]})) == {}
    assert shop.wait_for_counts(shop.send("For all"), shown=1)["recipients"] == 1
