"""Sites on one server and in one browser know nothing of one another."""

from collections.abc import Callable

import pytest

from browser.shop import Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import NotificationDaemon

pytestmark = pytest.mark.usefixtures("subscriber")


@pytest.fixture
def neighbour(new_shop: Callable[[], Shop], browser: Browser, notifications: NotificationDaemon) -> Shop:
    """Another website, at which the subscriber of the first subscribes too."""
    shop = new_shop()
    visitor = Visitor(browser, notifications, shop)
    visitor.visit()
    visitor.subscribe()
    return shop


def test_each_site_reaches_its_own_subscribers_alone(
    shop: Shop, neighbour: Shop, notifications: NotificationDaemon
) -> None:
    first = shop.send("Of the shop")
    notifications.wait("Of the shop")
    second = neighbour.send("Of the neighbour")
    notifications.wait("Of the neighbour")

    assert shop.wait_for_counts(first, shown=1)["recipients"] == 1
    assert neighbour.wait_for_counts(second, shown=1)["recipients"] == 1
    assert [shown.title for shown in notifications.shown] == ["Of the shop", "Of the neighbour"]


def test_one_person_is_another_subscriber_at_each_site(shop: Shop, neighbour: Shop) -> None:
    """Endpoint, keys and hash have nothing in common by which sites could compare notes."""
    (one,), (other,) = shop.subscriptions(), neighbour.subscriptions()

    assert one.subscriber_hash != other.subscriber_hash
    assert one.address != other.address
    assert (one.p256dh, one.auth) != (other.p256dh, other.auth)
    status, answer = neighbour.post({"title": "Poached"}, audience={"subscriber_hashes": [one.subscriber_hash]})
    assert status == 202
    assert neighbour.wait_until_sent(answer["id"]) == {}


def test_leaving_one_site_is_not_leaving_the_other(
    visitor: Visitor, shop: Shop, neighbour: Shop, notifications: NotificationDaemon
) -> None:
    visitor.visit()
    visitor.call("unsubscribe")

    neighbour.send("Of the neighbour")

    notifications.wait("Of the neighbour")
    assert [row.status for row in shop.subscriptions()] == ["unsubscribed"]
    assert [row.status for row in neighbour.subscriptions()] == ["subscribed"]
