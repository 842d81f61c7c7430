"""A visitor as another vendor left them: its worker at its place, and a subscription under a key of its own."""

from browser.shop import Json, Shop
from browser.website import JAVASCRIPT
from support.browser import Browser

FALLBACK = "Something new"  # what a worker shows that fetches its text from a vendor who has no more to say
THEIR_WORKER = f"""self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('push', event => event.waitUntil(self.registration.showNotification('{FALLBACK}')));"""
THEIR_SUBSCRIPTION = """navigator.serviceWorker.register('%s', { scope: '/' })
  .then(() => navigator.serviceWorker.ready)
  .then(one => one.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: '%s' }))
  .then(one => one.toJSON())"""


def subscribe_at_the_vendor(browser: Browser, shop: Shop, public_key: str, worker: str) -> Json:
    """Subscribe to the vendor from the shop's page, which has no script of ours yet, and return the subscription.

    The worker file, which the vendor may load with a query, is the vendor's until `change_worker`.
    """
    browser.set_permission(shop.origin, "granted")
    shop.publish(file_of(worker), THEIR_WORKER, JAVASCRIPT)
    browser.goto(shop.origin)
    browser.evaluate("void (sessionStorage.asked = 'yes')")
    subscription: Json = browser.evaluate(THEIR_SUBSCRIPTION % (worker, public_key))
    return subscription


def change_worker(shop: Shop, worker: str) -> None:
    """Put our line into the worker file in the place of the vendor's."""
    shop.publish(file_of(worker), shop.worker_line(), JAVASCRIPT)


def file_of(worker: str) -> str:
    """Return the path of a worker's file."""
    return worker.partition("?")[0]
