"""Speaks to the application as a page and as a back end do, and runs it behind a real socket."""

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import BaseWSGIServer, make_server

from sitebell.models import WorkerHeartbeat
from sitebell.services.sites import NewSite
from support.web_application import Json, parts


@pytest.fixture
def page(site: NewSite) -> str:
    """The path below which pages of `site` speak."""
    return f"/v1/sites/{site.site.token}"


@pytest.fixture
def back_end(api_key: str) -> dict[str, str]:
    """The headers of the site's back end."""
    return {"Authorization": f"Bearer {api_key}"}


@pytest.fixture
def message() -> Json:
    """A small message to everyone."""
    return {"audience": {"everyone": True}, "notification": {"title": "Hello"}}


@pytest.fixture
def message_id(client: FlaskClient, back_end: dict[str, str], message: Json) -> str:
    """The id of a message that waits for its worker."""
    created: str = client.post("/v1/messages", json=message, headers=back_end).json["id"]  # type: ignore[index]
    return created


@pytest.fixture
def subscribed(client: FlaskClient, page: str, subscription: Json) -> Json:
    """A subscription that the site knows."""
    assert client.put(f"{page}/subscription", json={"subscription": subscription}).status_code == 201
    return subscription


@pytest.fixture
def living_worker(app: Flask) -> None:
    """A worker that was seen just now."""
    now = parts(app).clock()
    with parts(app).store.writing() as session:
        session.merge(WorkerHeartbeat(name="worker", started_at=now, seen_at=now))


@pytest.fixture
def served(app: Flask) -> Iterator[Callable[[], BaseWSGIServer]]:
    """Starts the application on a free loopback port, for what a test client cannot send."""
    servers: list[tuple[BaseWSGIServer, threading.Thread]] = []

    def start() -> BaseWSGIServer:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join(10)
        server.server_close()
