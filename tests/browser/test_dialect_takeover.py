"""Visitors of the three vendors at their next visit, when page and worker file have our lines in them."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select

from browser.altcraft_shop import Guest as ResourceGuest
from browser.altcraft_shop import Resource
from browser.cleverpush_site import Channel
from browser.cleverpush_site import Guest as ChannelGuest
from browser.predecessor import FALLBACK, change_worker, subscribe_at_the_vendor
from browser.pushengage_shop import Account
from browser.pushengage_shop import Guest as AccountGuest
from browser.server import SitebellServer
from browser.shop import Shop
from browser.visitor import Visitor
from sitebell.models import Profile, SiteDatabase, Subscription
from sitebell.push.vapid import VapidKey
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.waiting import wait_until

THEIR_KEY = VapidKey.generate()


@dataclass(frozen=True)
class Vendor:
    """Where sites come from; `worker` is its worker file as its script registers it."""

    name: str
    worker: str
    site: Callable[[Shop, SitebellServer, Browser], Resource | Account | Channel]
    guest: type[Visitor]


ALTCRAFT = Vendor("altcraft", "/service-worker.js?browser=Chrome&expiration=1", Resource, ResourceGuest)
PUSHENGAGE = Vendor("pushengage", "/service-worker.js", Account, AccountGuest)
CLEVERPUSH = Vendor(
    "cleverpush", "/cleverpush-worker.js", lambda shop, server, _browser: Channel(shop, server), ChannelGuest
)
VENDORS = (ALTCRAFT, PUSHENGAGE, CLEVERPUSH)


class Move:
    """A shop that moves from a vendor, and one visitor who had subscribed there."""

    def __init__(self, vendor: Vendor, shop: Shop, server: SitebellServer, guest: Visitor) -> None:
        self.vendor, self.shop, self.guest, self._server = vendor, shop, guest, server
        self.site = vendor.site(shop, server, guest.browser)
        self.site.publish(head="")
        self.before = subscribe_at_the_vendor(guest.browser, shop, THEIR_KEY.public_text, vendor.worker)

    def bring_along(self, **person: object) -> Subscription:
        """Import the visitor's subscription with its key, as somebody's, and return its row."""
        folder = self._server.command.data
        options = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "their.pem").write_bytes(THEIR_KEY.private_key.private_bytes(*options))
        (folder / "theirs.ndjson").write_text(json.dumps({**self.before, "profiles": [person]}) + "\n")
        words = ("--vapid", folder / "their.pem", "--worker", self.vendor.name)
        report = self._server.command.json("import", self.shop.token, folder / "theirs.ndjson", *words)
        assert (report["added"], report["named"]) == (1, 1)
        (row,) = self.shop.subscriptions()
        return row

    def visit(self) -> Subscription:
        """Change page and worker file, let the visitor come, and return what the one subscription has become."""
        change_worker(self.shop, self.vendor.worker)
        self.site.publish()
        self.guest.visit()
        wait_until(lambda: self.before["endpoint"] not in [one.address for one in self._rows()], "the takeover")
        (row,) = self.shop.subscriptions()
        subscription = self.guest.subscription()
        assert subscription is not None
        assert row.address == subscription["endpoint"]
        return row

    def people(self) -> list[tuple[str, str | None]]:
        """Return id and own id of everybody whom the databases of the shop know."""
        (row,) = self.shop.subscriptions()
        own = select(SiteDatabase.database_id).where(SiteDatabase.site_id == row.site_id)
        with self._server.store.reading() as session:
            rows = session.scalars(select(Profile).where(Profile.database_id.in_(own)))
            return [(row.public_id, row.external_id) for row in rows]

    def _rows(self) -> list[Subscription]:
        return wait_until(self.shop.subscriptions, "the visitor to be known")


@pytest.fixture
def new_move(
    browser: Browser, server: SitebellServer, shop: Shop, notifications: NotificationDaemon
) -> Callable[[Vendor], Move]:
    """Lets the shop begin its move from a vendor."""
    return lambda vendor: Move(vendor, shop, server, vendor.guest(browser, notifications, shop))


def test_a_visitor_of_altcraft_is_taken_over_at_the_next_visit(
    new_move: Callable[[Vendor], Move], shop: Shop, notifications: NotificationDaemon
) -> None:
    move = new_move(ALTCRAFT)

    row = move.visit()

    event = move.guest.wait_for_event("update_subscription")
    assert (event["tokenCached"], event["token"]) == (move.before["endpoint"], row.address)
    message = shop.send("From here on")
    notifications.wait("From here on")
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1


def test_a_visitor_of_pushengage_is_taken_over_at_the_next_visit(
    new_move: Callable[[Vendor], Move], shop: Shop, notifications: NotificationDaemon
) -> None:
    move = new_move(PUSHENGAGE)

    row = move.visit()

    assert isinstance(move.guest, AccountGuest)
    assert move.guest.told("init")["subscriber_hash"] == row.subscriber_hash
    assert isinstance(move.site, Account)
    message = move.site.notify("From here on", subscriber_hash=row.subscriber_hash)
    notifications.wait("From here on")
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1


def test_a_visitor_of_cleverpush_is_taken_over_at_the_next_visit(
    new_move: Callable[[Vendor], Move], shop: Shop, notifications: NotificationDaemon
) -> None:
    move = new_move(CLEVERPUSH)

    row = move.visit()

    assert isinstance(move.guest, ChannelGuest)
    move.guest.browser.evaluate("void listen('on', 'subscribed')")
    assert move.guest.wait_for_event("subscribed") == row.subscriber_hash, "the new id, for the site to keep"
    assert move.guest.asks("getSubscriptionId") == [row.subscriber_hash]
    assert isinstance(move.site, Channel)
    message = move.site.send("From here on", subscriptionId=row.subscriber_hash)
    notifications.wait("From here on")
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: str(vendor.name))
def test_an_imported_visitor_is_reached_by_the_old_worker_taken_over_and_reached_again(
    new_move: Callable[[Vendor], Move], shop: Shop, notifications: NotificationDaemon, vendor: Vendor
) -> None:
    """Under the vendor's key before the visit, under the shop's own after it; as one subscription of one person."""
    move = new_move(vendor)
    imported = move.bring_along(external_id="ann", database_id=shop.database_id)
    [ann] = move.people()
    status, answer = shop.post({"title": "Before the move"}, audience={"profile_ids": [ann[0]]})
    assert status == 202, answer
    notifications.wait(FALLBACK)
    assert shop.wait_until_sent(answer["id"]) == {"recipients": 1, "accepted": 1}

    taken = move.visit()

    assert (taken.id, taken.subscriber_hash, taken.status) == (imported.id, imported.subscriber_hash, "subscribed")
    assert taken.vapid_key_id != imported.vapid_key_id
    message = shop.send("After the move", {"profile_ids": [ann[0]]})
    notifications.wait("After the move")
    assert shop.wait_for_counts(message, shown=1) == {"recipients": 1, "accepted": 1, "shown": 1}
    assert (len(shop.subscriptions()), move.people()) == (1, [ann])
