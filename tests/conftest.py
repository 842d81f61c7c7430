"""What tests of every part share: an application on a real database, a site with its key, a browser's subscription."""

import gc
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.config import Config
from sitebell.services.sites import NewSite, create_site
from support.applications import Applications, application
from support.databases import KINDS, Databases, PostgresqlDatabases, SqliteDatabases
from support.postgresql import PostgreSQL
from support.sharing import FilesTogether, sort_longest_first
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts

pytest_plugins = ["support.fixtures"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a database on each kind, or on those that the mark `databases` names."""
    if "databases" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("databases")
        metafunc.parametrize("databases", mark.args if mark else KINDS, indirect=True, scope="session")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether:
    """Share tests out by files, in their order, with one process for all browsers."""
    config.option.loadscopereorder = False
    return FilesTogether(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    sort_longest_first(items)


def pytest_collection_finish() -> None:
    """Leave all that is loaded by now out of the search for garbage, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


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


@pytest.fixture(scope="session")
def sqlite_applications(
    sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Applications]:
    """Makes applications on files."""
    with Applications(tmp_path_factory.mktemp("applications"), sqlite_databases) as made:
        yield made


@pytest.fixture(scope="session")
def postgresql_applications(
    postgresql_databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Applications]:
    """Makes applications on databases of the server."""
    with Applications(tmp_path_factory.mktemp("applications"), postgresql_databases) as made:
        yield made


@pytest.fixture(scope="session")
def applications(databases: Databases, request: pytest.FixtureRequest) -> Applications:
    """Makes applications on databases of each kind in turn."""
    made: Applications = request.getfixturevalue(f"{databases.kind}_applications")
    return made


@pytest.fixture(scope="module")
def shared_app(applications: Applications) -> Iterator[Flask]:
    """One application for a whole module; its tests get it as `app` where they have the mark `shared_app`."""
    with applications.fresh(StoppedClock()) as app:
        yield app


def app_of_module(request: pytest.FixtureRequest) -> Flask | None:
    """Return the application that the asking test shares with its module; None where it has one of its own."""
    return request.getfixturevalue("shared_app") if request.node.get_closest_marker("shared_app") else None


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> StoppedClock:
    """The time by which `app` goes: it stands still until a test moves it."""
    shared = app_of_module(request)
    return StoppedClock() if shared is None else cast("StoppedClock", parts(shared).clock)


@pytest.fixture
def pooled_app(applications: Applications, clock: StoppedClock, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application on an installation of this test alone, or of its module where that has the mark `shared_app`."""
    shared = app_of_module(request)
    if shared is not None:
        yield shared
        return
    with applications.fresh(clock) as app:
        yield app


@pytest.fixture
def config(pooled_app: Flask) -> Config:
    """The settings of the installation of `app`."""
    return cast("Config", parts(pooled_app).config)


@pytest.fixture
def own_app(config: Config, clock: StoppedClock) -> Iterator[Flask]:
    """The web application, just started: for tests that change more of it than its rows."""
    own = application(config, clock)
    yield own
    parts(own).store.close()


@pytest.fixture
def app(config: Config, pooled_app: Flask, request: pytest.FixtureRequest) -> Flask:
    """The web application as `sitebell serve` runs it; one of its own where a test has changed the settings."""
    if config is parts(pooled_app).config:
        return pooled_app
    own: Flask = request.getfixturevalue("own_app")
    return own


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
