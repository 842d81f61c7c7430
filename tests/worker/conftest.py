"""An installation with the push service behind it, for tests of delivery."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sitebell.app import create_app
from sitebell.config import load_config
from support.databases import Databases
from support.installation import Installation
from support.push_service import PushService
from support.web_application import parts
from support.webhook_receiver import WebhookReceiver
from support.webhook_site import WebhookSite
from worker.installing import installed


@pytest.fixture
def installation(tmp_path: Path, push_service: PushService, databases: Databases) -> Iterator[Installation]:
    """A fresh site whose pushes go to the double."""
    with installed(tmp_path, push_service, databases) as installation:
        yield installation


@pytest.fixture
def installations(
    tmp_path: Path, push_service: PushService, sqlite_databases: Databases, postgresql_databases: Databases
) -> Iterator[list[Installation]]:
    """A fresh site on each kind of database, for tests of a long wait: they wait for all at once."""
    with ExitStack() as stack:
        kinds = (sqlite_databases, postgresql_databases)
        yield [stack.enter_context(installed(tmp_path / kind.kind, push_service, kind)) for kind in kinds]


@pytest.fixture
def client(installation: Installation) -> Iterator[FlaskClient]:
    """Pages and back end of the installation's site, over HTTP."""
    app = create_app(load_config(installation.settings), clock=installation.clock)
    yield app.test_client()
    parts(app).store.close()


@pytest.fixture
def receiver(push_service: PushService) -> Iterator[WebhookReceiver]:
    """The back end of a site, which takes calls at https://hooks.example.com/sitebell."""
    with WebhookReceiver(push_service) as receiver:
        yield receiver


@pytest.fixture
def told(installation: Installation) -> Iterator[WebhookSite]:
    """The site of `installation`, over HTTP; it has no webhook yet."""
    site = WebhookSite(installation)
    yield site
    site.close()
