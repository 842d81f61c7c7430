"""What tests of every part share: an application on a real database, a site with its key, a browser's subscription."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.app import create_app
from sitebell.config import Config
from sitebell.services.sites import NewSite, create_site
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts, settings_in

pytest_plugins = ["support.fixtures"]


@pytest.fixture(scope="session")
def empty_installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a migrated installation without a site; tests work on copies of it."""
    folder = tmp_path_factory.mktemp("installation") / "data"
    parts(create_app(settings_in(folder))).store.close()
    return folder


@pytest.fixture
def config(tmp_path: Path, empty_installation: Path) -> Config:
    """The settings of an installation of this test alone."""
    folder = shutil.copytree(empty_installation, tmp_path / "data")
    return settings_in(folder, metrics_token="metrics-token-of-tests")


@pytest.fixture
def clock() -> StoppedClock:
    """The time by which `app` goes: it stands still until a test moves it."""
    return StoppedClock()


@pytest.fixture
def app(config: Config, clock: StoppedClock) -> Iterator[Flask]:
    """The web application as `sitebell serve` runs it."""
    app = create_app(config, clock=clock)
    yield app
    parts(app).store.close()


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory, empty_installation: Path) -> Iterator[Flask]:
    """One application for a whole module. Where that does no harm, let the module's `app` return it: it saves time."""
    folder = shutil.copytree(empty_installation, tmp_path_factory.mktemp("shared") / "data")
    app = create_app(settings_in(folder, metrics_token="metrics-token-of-tests"), clock=StoppedClock())
    yield app
    parts(app).store.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client on the loopback address, which has no bucket of its own in the rate limits."""
    return app.test_client()


@pytest.fixture
def new_site(app: Flask, clock: StoppedClock) -> Callable[[str], NewSite]:
    """Makes a site whose pages are on the given origin."""

    def make(origin: str) -> NewSite:
        with parts(app).store.writing() as session:
            return create_site(
                session, parts(app).vault, name="Example", origins=[origin], database_id=None, now=clock()
            )

    return make


@pytest.fixture
def site(new_site: Callable[[str], NewSite]) -> NewSite:
    """A site whose pages are on https://www.example.com."""
    return new_site("https://www.example.com")


@pytest.fixture
def api_key(site: NewSite) -> str:
    """The API key of `site`, with every scope."""
    return site.api_key


@pytest.fixture
def subscription() -> Json:
    """A browser's push subscription, with keys of its own."""
    return new_subscription()
