"""The pytest face of this package; tests/conftest.py names it in `pytest_plugins`."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.application_server import ApplicationServer
from support.browser import Browser
from support.chromium import Chromium
from support.firefox import Firefox
from support.notifications import NotificationDaemon
from support.push_service import PushService, Subscriber

BROWSERS: dict[str, type[Firefox] | type[Chromium]] = {"firefox": Firefox, "chromium": Chromium}
VERSIONS = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="module")
def module_push_service() -> Iterator[PushService]:
    """The push service that a module's browsers are led to; tests ask for `push_service`."""
    with PushService() as service:
        yield service


@pytest.fixture
def push_service(module_push_service: PushService) -> PushService:
    """The push service, well-behaved and with an empty history at the start of each test.

    One per module. Subscriptions of browsers outlive a test, and so does `refused`.
    """
    module_push_service.reset()
    return module_push_service


@pytest.fixture
def sender(push_service: PushService) -> ApplicationServer:
    """A sender with a key of its own that is not Sitebell."""
    return ApplicationServer(push_service.settings())


@pytest.fixture
def device(push_service: PushService, sender: ApplicationServer) -> Subscriber:
    """A subscriber of `sender` without a browser."""
    return push_service.add_subscriber(sender.public_key)


@pytest.fixture(scope="module")
def module_notifications() -> Iterator[NotificationDaemon]:
    """The desktop on which a module's browsers show notifications; tests ask for `notifications`."""
    with NotificationDaemon() as daemon:
        yield daemon


@pytest.fixture
def notifications(module_notifications: NotificationDaemon) -> NotificationDaemon:
    """The desktop, with nothing on its screen at the start of each test."""
    module_notifications.dismiss_all()
    return module_notifications


@pytest.fixture(scope="module", params=BROWSERS)
def browser(
    request: pytest.FixtureRequest,
    module_push_service: PushService,
    module_notifications: NotificationDaemon,
) -> Iterator[Browser]:
    """Each browser in turn, with a fresh profile per module; every origin may show notifications."""
    with running_browser(request.param, module_push_service, module_notifications, request.config) as driver:
        yield driver


@contextmanager
def running_browser(
    name: str, push_service: PushService, desktop: NotificationDaemon, config: pytest.Config
) -> Iterator[Browser]:
    """Run a browser with a fresh profile, and name it in the summary."""
    push_service.refused.clear()
    driver = BROWSERS[name](push_service, desktop)
    config.stash.setdefault(VERSIONS, {})[driver.name] = driver.version
    try:
        yield driver
    finally:
        driver.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the browsers that ran."""
    versions = config.stash.get(VERSIONS, {})
    if versions:
        named = ", ".join(f"{name} {version}" for name, version in versions.items())
        terminalreporter.write_line(f"browsers: {named}")
