"""A link of a newsletter brings its reader's browser to their profile, today or when they subscribe one day."""

from datetime import timedelta

import pytest

from browser.shop import Shop
from browser.visitor import Visitor
from sitebell.clock import utcnow
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.signer import Signer

READER = {"external_ids": ["reader"]}


@pytest.fixture
def address(shop: Shop) -> str:
    """Where the newsletter's link leads, with other parameters around the token."""
    parameter = shop.ask("POST", "/v1/links", {"match": {"external_id": "reader"}})["parameter"]
    return f"/?utm=mail&{parameter}&page=2"


def test_the_reader_is_known_at_once_where_they_have_subscribed(
    subscriber: Visitor, browser: Browser, shop: Shop, address: str
) -> None:
    subscriber.visit(f"{address}#offers")

    assert browser.evaluate("location.href") == f"{shop.origin}/?utm=mail&page=2#offers"
    subscriber.call("status")  # comes after what the page load had to do
    assert shop.wait_for_counts(shop.send("For the reader", READER), shown=1)["recipients"] == 1
    subscriber.visit()
    subscriber.call("status")
    assert subscriber.requests() == ["/subscription/status"]


def test_the_reader_is_known_when_they_subscribe_at_a_later_visit(
    visitor: Visitor, browser: Browser, shop: Shop, address: str
) -> None:
    visitor.visit(address)
    visitor.visit()
    assert visitor.requests() == []

    visitor.subscribe()

    assert shop.wait_for_counts(shop.send("For the reader", READER), shown=1)["recipients"] == 1
    assert "link" not in browser.evaluate(f"JSON.parse(localStorage.getItem('sitebell:{shop.token}'))")


def test_a_link_does_not_move_who_is_logged_in(
    subscriber: Visitor, shop: Shop, address: str, notifications: NotificationDaemon
) -> None:
    subscriber.call("identify", "ann")

    subscriber.visit(address)
    subscriber.call("status")

    assert shop.wait_until_sent(shop.send("For the reader", READER)) == {}
    shop.send("For Ann", {"external_ids": ["ann"]})
    notifications.wait("For Ann")


def test_logout_forgets_a_link(visitor: Visitor, shop: Shop, address: str) -> None:
    visitor.visit(address)
    visitor.call("logout")

    visitor.subscribe()

    assert shop.wait_until_sent(shop.send("For the reader", READER)) == {}


def test_what_has_expired_is_not_kept(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    token = Signer().link(shop.token, utcnow() - timedelta(days=2))

    visitor.visit(f"/?bell={token}")

    assert browser.evaluate("location.search") == ""
    assert "link" not in browser.evaluate(f"JSON.parse(localStorage.getItem('sitebell:{shop.token}'))")


def test_a_parameter_of_the_sites_own_stays(visitor: Visitor, browser: Browser, shop: Shop) -> None:
    visitor.visit("/?bell=loud")

    assert browser.evaluate("location.search") == "?bell=loud"
    assert browser.evaluate(f"localStorage.getItem('sitebell:{shop.token}')") is None
