"""What tests of every part share: an application on a real database, a site with its key, a browser's subscription."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sitebell.app import create_app
from sitebell.config import Config
from sitebell.services.sites import NewSite, create_site
from support.databases import KINDS, Databases, PostgresqlDatabases, SqliteDatabases
from support.postgresql import PostgreSQL
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts, settings_in

pytest_plugins = ["support.fixtures"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a database on each kind, or on those that the mark `databases` names."""
    if "databases" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("databases")
        metafunc.parametrize("databases", mark.args if mark else KINDS, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, and all that drive a browser: two at once would take each other's focus."""
    for item in items:
        folder, name = item.path.parent.name, item.path.stem
        drives_browsers = folder in ("browser", "demo") or name.startswith("test_support")
        item.add_marker(pytest.mark.xdist_group("browsers" if drives_browsers else f"{folder}-{name}"))


class ClosingClient(FlaskClient):
    """Reads every answer to its end, as a server's caller does: what a stream holds open is closed."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        """Send a request; `buffered=False` leaves a stream to the test."""
        return super().open(*args, **{"buffered": True, **options})


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Makes files."""
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes databases of a server that runs until the tests end."""
    with PostgreSQL() as server:
        yield PostgresqlDatabases(tmp_path_factory.mktemp("postgresql"), server)


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """Makes databases of each kind in turn."""
    made: Databases = request.getfixturevalue(f"{request.param}_databases")
    return made


@pytest.fixture
def config(tmp_path: Path, databases: Databases) -> Iterator[Config]:
    """The settings of an installation of this test alone."""
    folder = tmp_path / "data"
    with databases.fresh(folder) as url:
        yield settings_in(folder, database_url=url, metrics_token="metrics-token-of-tests")


@pytest.fixture
def clock() -> StoppedClock:
    """The time by which `app` goes: it stands still until a test moves it."""
    return StoppedClock()


@pytest.fixture
def app(config: Config, clock: StoppedClock) -> Iterator[Flask]:
    """The web application as `sitebell serve` runs it."""
    app = create_app(config, clock=clock)
    app.test_client_class = ClosingClient
    yield app
    parts(app).store.close()


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Flask]:
    """One application for a whole module. Where that does no harm, let the module's `app` return it: it saves time."""
    folder = tmp_path_factory.mktemp("shared") / "data"
    with databases.fresh(folder) as url:
        config = settings_in(folder, database_url=url, metrics_token="metrics-token-of-tests")
        app = create_app(config, clock=StoppedClock())
        app.test_client_class = ClosingClient
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
