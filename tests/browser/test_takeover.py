"""A site that comes from another vendor: its browsers are imported, reached by the old worker, and taken over."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import func, select

from browser.server import SitebellServer
from browser.shop import Json, Shop
from browser.visitor import Visitor
from browser.website import HTML, JAVASCRIPT
from sitebell.models import Profile
from sitebell.push.vapid import VapidKey, to_base64url
from support.browser import Browser
from support.notifications import NotificationDaemon

# Understands its own vendor's payload and nothing else, as OneSignal's does.
VENDOR_WORKER = """
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('push', event => {
  const message = event.data.json();
  if (!message.custom || !/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(message.custom.i)) return;
  event.waitUntil(self.registration.showNotification(message.title, { body: 'by the vendor', data: message.custom.u }));
});
"""
VENDOR_PAGE = '<!doctype html><meta charset="utf-8"><title>Before</title><link rel="icon" href="data:,">'
SUBSCRIBE = """navigator.serviceWorker.register('/vendor-worker.js', { scope: '/' })
  .then(() => navigator.serviceWorker.ready)
  .then(one => one.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: '%s' }))
  .then(one => one.toJSON())"""
WORKERS = """navigator.serviceWorker.getRegistrations().then(all => all.map(
  one => [new URL(one.scope).pathname, one.active && one.active.scriptURL.split('/').pop()]))"""
OUR_TAG = 'data-worker="/vendor-worker.js" data-scope="/"'


@pytest.fixture
def vendor_key() -> VapidKey:
    """The pair that the vendor's subscriptions are made with."""
    return VapidKey.generate()


@pytest.fixture
def old(browser: Browser, shop: Shop, vendor_key: VapidKey) -> Json:
    """The subscription of a browser that has known the site only with the vendor's worker and key."""
    shop.publish("/vendor-worker.js", VENDOR_WORKER, JAVASCRIPT)
    shop.publish("/before", VENDOR_PAGE, HTML)
    browser.goto(f"{shop.origin}/before")
    subscription: Json = browser.evaluate(SUBSCRIBE % vendor_key.public_text)
    return subscription


def bring_along(server: SitebellServer, shop: Shop, key: VapidKey, subscription: Json) -> Json:
    """Import the key and the vendor's export of one player, and return the report."""
    folder = server.command.data
    pem = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "vendor.pem").write_bytes(pem)
    head = "id,identifier,device_type,tags,invalid_identifier,web_auth,web_p256,external_user_id"
    keys = subscription["keys"]
    row = f'1,{subscription["endpoint"]},5,"{{}}",false,{keys["auth"]},{keys["p256dh"]},ann'
    (folder / "players.csv").write_text(f"{head}\n{row}\n")
    report: Json = server.command.json("import", shop.token, folder / "players.csv", "--vapid", folder / "vendor.pem")
    return report


def change_files(shop: Shop, attributes: str) -> None:
    """Let the site change over: our tag in its pages, our line at the path of the old worker."""
    shop.publish("/vendor-worker.js", shop.worker_line(), JAVASCRIPT)
    shop.publish_page("/", shop.script_tag(f"{OUR_TAG} {attributes}"))


def count_profiles(server: SitebellServer, shop: Shop) -> int:
    """Return how many people the site knows."""
    with server.store.reading() as session:
        return session.scalar(select(func.count()).where(Profile.database_id == shop.database_id)) or 0


def test_a_browser_of_another_vendor_is_imported_reached_taken_over_and_reached_again(
    visitor: Visitor, server: SitebellServer, notifications: NotificationDaemon, vendor_key: VapidKey, old: Json
) -> None:
    shop = visitor.shop
    report = bring_along(server, shop, vendor_key, old)
    (imported,) = shop.subscriptions()
    shop.post({"title": "Before the move", "url": "/news"})

    assert (report["added"], imported.worker, imported.address) == (1, "onesignal", old["endpoint"])
    assert notifications.wait("Before the move").body.endswith("by the vendor")

    change_files(shop, 'data-takeover="yes"')
    visitor.visit()
    update = visitor.wait_for_event("update_subscription")
    (taken,) = shop.subscriptions()

    assert (taken.subscriber_hash, taken.worker, taken.status) == (imported.subscriber_hash, None, "subscribed")
    assert (update["previousEndpoint"], update["endpoint"]) == (old["endpoint"], taken.address)
    assert taken.address != old["endpoint"]
    assert visitor.heard("permission") == []
    assert visitor.browser.evaluate(WORKERS) == [["/", "vendor-worker.js?own=1"]]
    message = shop.send("After the move")
    assert "by the vendor" not in notifications.wait("After the move").body
    assert shop.wait_for_counts(message, shown=1) == {"recipients": 1, "accepted": 1, "shown": 1}
    assert server.command.json("vapid", "list", shop.token)[0]["subscriptions"] == 1
    assert count_profiles(server, shop) == 1


def test_without_takeover_the_worker_and_an_unknown_subscription_are_left_alone(
    visitor: Visitor, browser: Browser, shop: Shop, old: Json
) -> None:
    shop.publish_page("/", shop.script_tag(OUR_TAG))

    visitor.visit()

    assert visitor.call("status")["subscribed"] is False  # it waits for what the page load does
    assert visitor.subscription() == {**old, "expirationTime": None}
    assert browser.evaluate(WORKERS) == [["/", "vendor-worker.js"]]
    assert shop.subscriptions() == []
    assert visitor.heard("error") == []


def test_with_takeover_a_browser_that_nobody_imported_joins_at_its_next_visit(
    visitor: Visitor, shop: Shop, notifications: NotificationDaemon, old: Json
) -> None:
    """So the file need not be complete: whoever subscribed there after the export comes along, too."""
    change_files(shop, 'data-takeover="yes"')

    visitor.visit()

    visitor.wait_for_event("update_subscription")
    (row,) = shop.subscriptions()
    assert (row.status, row.address == old["endpoint"]) == ("subscribed", False)
    shop.send("Welcome")
    notifications.wait("Welcome")


def test_who_opted_out_at_the_vendor_is_not_brought_back_by_the_takeover(
    visitor: Visitor, shop: Shop, server: SitebellServer, vendor_key: VapidKey, old: Json
) -> None:
    line = json.dumps({**old, "vapid_public_key": vendor_key.public_text, "status": "unsubscribed"})
    file = server.command.data / "opted-out.ndjson"
    file.write_text(line)
    key_file = server.command.data / "vendor.txt"
    key_file.write_text(f"Private Key:\n{to_base64url(vendor_key.private)}\n")
    server.command.json("import", shop.token, file, "--vapid", key_file, "--worker", "onesignal")
    change_files(shop, 'data-takeover="yes"')

    visitor.visit()
    status = visitor.call("status")

    assert (status["status"], status["subscribed"]) == ("unsubscribed", False)
    assert [row.status for row in shop.subscriptions()] == ["unsubscribed"]
