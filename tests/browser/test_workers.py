"""Where our worker lives: in a file and scope of its own, or as a guest in the worker of an existing web app."""

import json

import pytest

from browser.server import SitebellServer
from browser.shop import Shop
from browser.visitor import Visitor
from browser.website import JAVASCRIPT
from sitebell.push.vapid import VapidKey
from support.application_server import ApplicationServer
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

# An app that keeps a page for bad days, has a chat that pushes, and was there before Sitebell.
APP_WORKER = """%s
self.addEventListener('install', event => {
  event.waitUntil(caches.open('app').then(cache => cache.add('/offline.txt')));
});
self.addEventListener('activate', event => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', event => {
  if (event.request.url.endsWith('/offline.txt')) event.respondWith(caches.match('/offline.txt'));
});
self.addEventListener('push', event => {
  const message = event.data ? event.data.json() : {};
  event.waitUntil(self.registration.showNotification('Chat: ' + message.chat, { data: message }));
});
self.addEventListener('notificationclick', event => {
  event.waitUntil(self.clients.openWindow('/chat?with=' + event.notification.data.chat));
});
"""
REGISTER_APP = """<script>
addEventListener('load', () => navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready));
</script>"""
WORKERS = """navigator.serviceWorker.getRegistrations().then(all => all.map(
  one => [new URL(one.scope).pathname, one.active && one.active.scriptURL.split('/').pop()]))"""
CONTROLLER = "navigator.serviceWorker.controller && navigator.serviceWorker.controller.scriptURL"
VENDOR = """navigator.serviceWorker.register('/vendor.js', { scope: '/vendor/' })
  .then(one => new Promise(resolve => {
    const wait = () => one.active ? resolve(one) : setTimeout(wait, 10);
    wait();
  }))
  .then(one => one.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: '%s' }))
  .then(one => one.endpoint)"""
VENDOR_IN_APP = """navigator.serviceWorker.ready
  .then(one => one.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: '%s' }))
  .then(one => one.endpoint)"""
ENDPOINT_OF_VENDOR = """navigator.serviceWorker.getRegistration('/vendor/')
  .then(one => one.pushManager.getSubscription()).then(one => one.endpoint)"""


def chat(visitor: Visitor, shop: Shop, name: str) -> None:
    """Send a push of the app's own, as its back end does with the key that the subscription was made with."""
    subscription = visitor.subscription()
    assert subscription is not None
    assert shop.push_directly(subscription, json.dumps({"chat": name}).encode()).status == 201


@pytest.fixture
def app_user(visitor: Visitor, shop: Shop) -> Visitor:
    """A visitor whose pages have long been under the app's worker, which now has our line at its top."""
    shop.publish("/sw.js", APP_WORKER % shop.worker_line(), JAVASCRIPT)
    shop.publish("/offline.txt", "kept for bad days", "text/plain")
    shop.publish_page("/", shop.script_tag('data-worker="/sw.js" data-scope="/"') + REGISTER_APP)
    shop.publish_page("/chat")
    visitor.visit()
    visitor.browser.wait_for(CONTROLLER)
    return visitor


@pytest.mark.usefixtures("subscriber")
def test_a_worker_of_its_own_stays_below_its_scope(browser: Browser) -> None:
    """It controls no page of the site."""
    assert browser.evaluate(WORKERS) == [["/bell/", "bell-worker.js?own=1"]]
    assert browser.evaluate(CONTROLLER) is None


def test_the_page_can_name_file_and_scope(
    visitor: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    shop.publish("/push/worker.js", shop.worker_line(), JAVASCRIPT)
    shop.publish_page("/", shop.script_tag('data-worker="/push/worker.js" data-scope="/push/here/"'))
    visitor.visit()
    visitor.subscribe()

    shop.send("From elsewhere")

    notifications.wait("From elsewhere")
    assert browser.evaluate(WORKERS) == [["/push/here/", "worker.js?own=1"]]


def test_the_operator_can_name_file_and_scope(
    visitor: Visitor, browser: Browser, shop: Shop, server: SitebellServer
) -> None:
    server.command.json("sites", "set", shop.token, "--worker", "/push/worker.js", "--scope", "/push/")
    shop.publish("/push/worker.js", shop.worker_line(), JAVASCRIPT)
    visitor.visit()

    visitor.subscribe()

    assert browser.evaluate(WORKERS) == [["/push/", "worker.js?own=1"]]


def test_a_missing_worker_file_is_named_with_the_line_to_put_there(visitor: Visitor, shop: Shop) -> None:
    shop.publish_page("/", shop.script_tag('data-worker="/nowhere.js"'))
    visitor.visit()
    visitor.press_bell()

    error = visitor.answer()["error"]

    assert error["code"] == "worker_failed"
    assert f"{shop.origin}/nowhere.js" in error["message"]
    assert shop.worker_line().strip("';\n").removeprefix("importScripts('").removesuffix("')") in error["message"]
    assert shop.subscriptions() == []


def test_our_line_joins_the_worker_that_is_there(app_user: Visitor, browser: Browser, shop: Shop) -> None:
    """No second registration, no other file, and the pages stay under the worker that they were under."""
    before = browser.evaluate(CONTROLLER)

    app_user.subscribe()

    assert browser.evaluate(WORKERS) == [["/", "sw.js"]]
    assert browser.evaluate(CONTROLLER) == before == f"{shop.origin}/sw.js"


def test_a_subscription_is_taken_over_without_its_worker(app_user: Visitor, browser: Browser, shop: Shop) -> None:
    """Another push system's subscription in the app's own file: that file's registration stays as it is."""
    browser.set_permission(shop.origin, "granted")
    theirs = browser.evaluate(VENDOR_IN_APP % VapidKey.generate().public_text)
    shop.publish_page("/", shop.script_tag('data-worker="/sw.js" data-scope="/" data-takeover="subscription"'))

    app_user.visit()

    (row,) = wait_until(shop.subscriptions, "the takeover")
    subscription = app_user.subscription()
    assert subscription is not None
    assert row.address == subscription["endpoint"] != theirs
    assert browser.evaluate(WORKERS) == [["/", "sw.js"]]


def test_a_guest_shows_our_messages_and_the_host_does_not(
    app_user: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    app_user.subscribe()
    message = shop.send("Fresh bread", url="/chat?from=bell")

    notifications.click(notifications.wait("Fresh bread"))

    wait_until(lambda: f"{shop.origin}/chat?from=bell" in browser.urls(), "the page of the message")
    assert shop.wait_for_counts(message, shown=1, clicked=1)
    assert sorted(browser.urls()) == [f"{shop.origin}/", f"{shop.origin}/chat?from=bell"]
    wait_until(lambda: notifications.shown == [], "an empty screen: no word of the host, and none of the browser")


def test_a_push_of_the_host_is_the_hosts(
    app_user: Visitor, browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    app_user.subscribe()

    chat(app_user, shop, "Ann")
    notifications.click(notifications.wait("Chat: Ann"))

    wait_until(lambda: f"{shop.origin}/chat?with=Ann" in browser.urls(), "the page of the chat")
    message = shop.send("After it")  # what we might have shown or told of Ann's message would be there now
    notifications.wait("After it")
    shop.wait_for_counts(message, shown=1)
    assert [told["title"] for told in app_user.heard("show", "click")] == ["After it"]
    assert {shown.title for shown in notifications.shown} <= {"After it", "Chat: Ann"}


def test_the_host_goes_on_answering_its_pages(app_user: Visitor, browser: Browser, shop: Shop) -> None:
    app_user.subscribe()
    shop.publish("/offline.txt", "not from the worker", "text/plain")

    answer = browser.evaluate("fetch('/offline.txt').then(answer => answer.text())")

    assert answer == "kept for bad days"


def test_leaving_takes_nothing_from_the_host(app_user: Visitor, browser: Browser, shop: Shop) -> None:
    app_user.subscribe()
    shop.publish("/offline.txt", "not from the worker", "text/plain")

    app_user.call("unsubscribe")

    assert browser.evaluate(WORKERS) == [["/", "sw.js"]]
    assert browser.evaluate(CONTROLLER) == f"{shop.origin}/sw.js"
    assert browser.evaluate("fetch('/offline.txt').then(answer => answer.text())") == "kept for bad days"


def test_the_worker_and_the_subscription_of_another_system_are_left_alone(
    visitor: Visitor, browser: Browser, shop: Shop, push_service: PushService
) -> None:
    shop.publish("/vendor.js", "self.addEventListener('push', () => {});", JAVASCRIPT)
    visitor.visit()
    key = ApplicationServer(push_service.settings()).public_key
    endpoint = browser.evaluate(VENDOR % key)

    visitor.subscribe()
    visitor.call("unsubscribe")

    assert browser.evaluate(ENDPOINT_OF_VENDOR) == endpoint
    assert ["/vendor/", "vendor.js"] in browser.evaluate(WORKERS)
