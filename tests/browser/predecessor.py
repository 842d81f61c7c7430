"""A visitor as another vendor left them: its worker at its place, and a subscription under a key of its own."""

from browser.shop import Shop
from browser.website import JAVASCRIPT
from support.application_server import ApplicationServer
from support.browser import Browser

THEIR_SUBSCRIPTION = """navigator.serviceWorker.register('%s', { scope: '/' })
  .then(() => navigator.serviceWorker.ready)
  .then(one => one.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: '%s' }))
  .then(one => one.endpoint)"""


def subscribe_at_the_vendor(browser: Browser, shop: Shop, sender: ApplicationServer, worker: str) -> str:
    """Subscribe to the vendor from the shop's page, which has no script of ours yet, and return the endpoint.

    At the end the worker file, which the vendor may load with a query, has our line.
    """
    path = worker.partition("?")[0]
    browser.set_permission(shop.origin, "granted")
    shop.publish(path, "addEventListener('push', function () {});", JAVASCRIPT)
    browser.goto(shop.origin)
    browser.evaluate("void (sessionStorage.asked = 'yes')")
    endpoint: str = browser.evaluate(THEIR_SUBSCRIPTION % (worker, sender.public_key))
    shop.publish(path, shop.worker_line(), JAVASCRIPT)
    return endpoint
