"""One browser at a time, one server, one website for all tests of this folder; a shop of its own for each test."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from browser.door import Door
from browser.pushengage_shop import Account
from browser.server import SitebellServer
from browser.shop import Shop
from browser.visitor import Visitor
from browser.website import Website
from support.browser import Browser
from support.fixtures import BROWSERS, running_browser
from support.notifications import NotificationDaemon
from support.push_service import PushService

NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def module_push_service() -> Iterator[PushService]:
    """The push service, here one for all modules; tests ask for `push_service`."""
    with PushService() as service:
        yield service


@pytest.fixture(scope="package")
def module_notifications() -> Iterator[NotificationDaemon]:
    """The desktop, here one for all modules; tests ask for `notifications`."""
    with NotificationDaemon() as daemon:
        yield daemon


@pytest.fixture(scope="package", params=BROWSERS)
def one_browser(
    request: pytest.FixtureRequest, module_push_service: PushService, module_notifications: NotificationDaemon
) -> Iterator[Browser]:
    """Each browser in turn, with one profile for all modules; tests ask for `browser`."""
    with running_browser(request.param, module_push_service, module_notifications, request.config) as driver:
        yield driver


@pytest.fixture
def browser(one_browser: Browser) -> Browser:
    """The browser, with a single tab."""
    one_browser.close_other_tabs()
    return one_browser


@pytest.fixture(scope="package")
def website() -> Iterator[Website]:
    """The web server of all shops."""
    with Website() as server:
        yield server


@pytest.fixture(scope="package")
def running_server(
    tmp_path_factory: pytest.TempPathFactory, module_push_service: PushService
) -> Iterator[SitebellServer]:
    """`sitebell serve`, led to the push service double; tests ask for `server`."""
    folder = tmp_path_factory.mktemp("sitebell") / "data"
    with SitebellServer(folder, module_push_service.settings()) as server:
        yield server


@pytest.fixture
def server(running_server: SitebellServer) -> SitebellServer:
    """The server, started again if a test left it stopped, and its door opened."""
    running_server.start()
    return running_server


@pytest.fixture
def door(server: SitebellServer) -> Door:
    """The way by which browsers reach the server, open."""
    return server.door


@pytest.fixture
def new_shop(website: Website, server: SitebellServer, push_service: PushService) -> Iterator[Callable[[], Shop]]:
    """Makes shops: a new origin has no permission, no worker and no subscription in any browser.

    At the end it waits until what was sent has been shown and reported, or the next test would meet it.
    """
    shops: list[Shop] = []

    def make() -> Shop:
        shops.append(Shop(f"shop{next(NUMBERS)}", website, server, push_service))
        return shops[-1]

    yield make
    server.start()
    for shop in shops:
        shop.wait_until_quiet()


@pytest.fixture
def shop(new_shop: Callable[[], Shop]) -> Shop:
    """A website that uses Sitebell."""
    return new_shop()


@pytest.fixture
def visitor(browser: Browser, notifications: NotificationDaemon, shop: Shop) -> Visitor:
    """Somebody who has not been at the shop before."""
    return Visitor(browser, notifications, shop)


@pytest.fixture
def subscriber(visitor: Visitor) -> Visitor:
    """A visitor of the shop's first page who has subscribed."""
    visitor.visit()
    visitor.subscribe()
    return visitor


@pytest.fixture
def account(shop: Shop, server: SitebellServer, browser: Browser) -> Account:
    """The shop, come from PushEngage, where it has an account."""
    return Account(shop, server, browser)
