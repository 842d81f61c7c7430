"""PushEngage's statuses in which the server has a say, on each kind of database: the others it is not asked for."""

from collections.abc import Iterator

import pytest

from browser.pushengage_shop import LOADER, Account, Guest, documented
from browser.server import SitebellServer
from browser.shop import Shop
from browser.website import Website
from support.browser import Browser
from support.databases import KINDS, Databases
from support.notifications import NotificationDaemon
from support.push_service import PushService


@pytest.fixture(scope="module", params=KINDS)  # not by `databases`: as the outer order it would change browsers, too
def server_on(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, module_push_service: PushService
) -> Iterator[SitebellServer]:
    """A server of its own on each kind of database."""
    databases: Databases = request.getfixturevalue(f"{request.param}_databases")
    folder = tmp_path_factory.mktemp("statuses") / "data"
    with (
        databases.fresh(folder) as url,
        SitebellServer(folder, {**module_push_service.settings(), "SITEBELL_DATABASE_URL": url}) as server,
    ):
        yield server


def test_each_standing_of_a_visitor_has_its_documented_status(
    browser: Browser,
    notifications: NotificationDaemon,
    website: Website,
    push_service: PushService,
    server_on: SitebellServer,
) -> None:
    shop = Shop(f"statuses-{server_on.store.engine.dialect.name}", website, server_on, push_service)
    account = Account(shop, server_on, browser)
    guest = Guest(browser, notifications, shop)
    guest.be_asked()
    guest.visit()

    assert guest.told("status") == documented(22)
    subscriber_hash = guest.subscribe()
    assert guest.status() == documented(1, subscriber_hash)
    message = account.notify("To your hash", subscriber_hash=subscriber_hash)
    notifications.wait("To your hash")
    assert shop.wait_for_counts(message, shown=1)["recipients"] == 1
    guest.browser.evaluate("PushEngage.unsubscribe()")
    assert guest.status() == documented(22)
    account.publish(head=LOADER % (server_on.url, "nobody"))
    guest.visit()
    assert guest.told("status") == documented(20)
