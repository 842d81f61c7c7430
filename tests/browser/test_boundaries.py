"""Whom a page with Sitebell asks: its own origin and the Sitebell server, nobody else, under a strict policy."""

from urllib.parse import urlsplit

import pytest

from browser.server import SitebellServer
from browser.shop import PAGE_SCRIPT, Shop
from browser.visitor import Visitor
from browser.website import JAVASCRIPT
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService

VIOLATIONS = "<script src='/violations.js'></script>"
NOTE_VIOLATIONS = """
var violations = [];
addEventListener('securitypolicyviolation', event => violations.push(event.violatedDirective + ' ' + event.blockedURI));
"""
LOADED = """[location.href, ...performance.getEntriesByType('resource').map(entry => entry.name)]
  .filter(url => !url.startsWith('data:'))"""
ASK_OUTSIDE = "fetch('https://example.com/', { mode: 'no-cors' }).then(() => 'answered', () => 'refused')"


def test_a_strict_content_security_policy_is_no_obstacle(
    visitor: Visitor, browser: Browser, shop: Shop, server: SitebellServer, notifications: NotificationDaemon
) -> None:
    """Three sources are all that page and worker need."""
    policy = f"default-src 'none'; script-src 'self' {server.url}; connect-src {server.url}; worker-src 'self'"
    policy += "; img-src data:"  # the page's own icon
    shop.publish("/violations.js", NOTE_VIOLATIONS, JAVASCRIPT)
    shop.publish("/page.js", PAGE_SCRIPT, JAVASCRIPT, Content_Security_Policy=policy)
    shop.publish("/bell-worker.js", shop.worker_line(), JAVASCRIPT, Content_Security_Policy=policy)
    shop.publish_page("/", VIOLATIONS + shop.script_tag(), Content_Security_Policy=policy)
    visitor.visit()
    visitor.subscribe()

    message = shop.send("Fresh bread")

    notifications.wait("Fresh bread")
    assert shop.wait_for_counts(message, shown=1) == {"recipients": 1, "accepted": 1, "shown": 1}
    visitor.wait_for_event("show")
    assert browser.evaluate("violations") == []


def test_page_and_worker_ask_their_site_and_the_server_alone(
    subscriber: Visitor,
    browser: Browser,
    shop: Shop,
    server: SitebellServer,
    notifications: NotificationDaemon,
    push_service: PushService,
) -> None:
    """Every other way out leads to a proxy that refuses and keeps count: of all the tests until now, too."""
    message = shop.send("Fresh bread")
    notifications.click(notifications.wait("Fresh bread"))
    shop.wait_for_counts(message, shown=1, clicked=1)
    subscriber.call("unsubscribe")

    asked = {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in browser.evaluate(LOADED)}

    assert asked == {shop.origin, server.url}
    assert push_service.refused == []


def test_the_way_out_is_closed_and_watched(visitor: Visitor, browser: Browser, push_service: PushService) -> None:
    """The guard that the test before relies on hears a page that does try."""
    visitor.visit()

    assert browser.evaluate(ASK_OUTSIDE) == "refused"

    assert push_service.refused == ["CONNECT example.com:443 HTTP/1.1"]
    push_service.refused.clear()


@pytest.mark.usefixtures("subscriber")
def test_no_cookie_is_set_or_sent(browser: Browser, server: SitebellServer) -> None:
    """Neither at the site nor at the server, whose answers a page may read only without them."""
    assert browser.evaluate("document.cookie") == ""
    browser.goto(f"{server.url}/livez")
    assert browser.evaluate("document.cookie") == ""
