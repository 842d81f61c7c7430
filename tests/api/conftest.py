"""Speaks to the application as a page and as a back end do, and runs it behind a real socket."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import BaseWSGIServer, make_server

from api.at_work import accepted_receipt, let_worker_live
from api.route_requests import things_of
from api.signed_site import SignedSite
from sitebell.services.sites import NewSite
from support.applications import Applications
from support.back_end import BackEnd
from support.interleaving import Meanwhile
from support.seen import FIREFOX, IN_BERLIN, Put, behind_a_proxy, speak_as
from support.shop import Shop
from support.signer import Signer
from support.stopped_clock import StoppedClock
from support.visitors import Browser, noticed_of, profile_ids
from support.web_application import Json


@pytest.fixture
def page(site: NewSite) -> str:
    """The path below which pages of `site` speak."""
    return f"/v1/sites/{site.site.token}"


@pytest.fixture
def back_end(api_key: str) -> dict[str, str]:
    """The headers of the site's back end."""
    return {"Authorization": f"Bearer {api_key}"}


@pytest.fixture
def office(client: FlaskClient, site: NewSite) -> BackEnd:
    """The site's back end with its database."""
    return BackEnd(client, site)


@pytest.fixture
def other_office(client: FlaskClient, new_site: Callable[[str], NewSite]) -> BackEnd:
    """The back end of another site, with a database of its own."""
    return BackEnd(client, new_site("https://other.example"))


@pytest.fixture
def shop(app: Flask, site: NewSite) -> Shop:
    """The site with its visitors."""
    return Shop(app, site)


@pytest.fixture
def meanwhile(app: Flask, office: BackEnd) -> Meanwhile:
    """Calls as the site's back end does while another call of it is made."""
    other = BackEnd(app.test_client(), office.site)
    return lambda method, path, body=None: other.call(method, path, body)


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
def signed(app: Flask, site: NewSite) -> SignedSite:
    """A site that believes tokens alone."""
    signed = SignedSite(app, site)
    signed.set_identity("signed")
    return signed


@pytest.fixture
def signer(signed: SignedSite) -> Signer:
    """The back end of `signed`, with an ES256 key whose kid is first."""
    return signed.add_key(Signer())


@pytest.fixture
def subscribed(client: FlaskClient, page: str, subscription: Json) -> Json:
    """A subscription that the site knows."""
    assert client.put(f"{page}/subscription", json={"subscription": subscription}).status_code == 201
    return subscription


@pytest.fixture
def new_browser(client: FlaskClient, page: str) -> Callable[[], Browser]:
    """Makes browsers that visit the pages of `site`; none of them has called yet."""
    return lambda: Browser(client, page)


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    """A browser that has not called yet."""
    return new_browser()


@pytest.fixture
def receipt(app: Flask, site: NewSite, clock: StoppedClock, subscribed: Json, message_id: str) -> str:
    """The receipt token of the one delivery of `message_id`, which reached the browser of `subscribed`."""
    return accepted_receipt(app, site, subscribed, message_id, clock)


@pytest.fixture
def living_worker(app: Flask) -> None:
    """A worker that was seen just now."""
    let_worker_live(app)


@pytest.fixture
def served(app: Flask) -> Iterator[Callable[[], BaseWSGIServer]]:
    """Starts the application on a free loopback port, for what a test client cannot send."""
    servers: list[tuple[BaseWSGIServer, threading.Thread]] = []

    def start() -> BaseWSGIServer:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))  # seconds until it sees that it shall end
        thread.start()
        servers.append((server, thread))
        return server

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture(scope="session")
def places_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `proxied_app` has its file of places, which each test finds as it should be."""
    return tmp_path_factory.mktemp("places") / "places.mmdb"


@pytest.fixture
def proxied_app(applications: Applications, clock: StoppedClock, places_file: Path) -> Iterator[Flask]:
    """An application behind a proxy, with a file of places; a module's `pooled_app` may return it."""
    with applications.fresh(clock, **behind_a_proxy(places_file)) as app:
        yield app


@pytest.fixture
def put(browser: Browser) -> Put:
    """Lets the browser call with a user agent from an address."""

    def visit(agent: str = FIREFOX, address: str = IN_BERLIN, **body: Any) -> Json:
        speak_as(browser.client, agent, address)
        return browser.put(**body)

    return visit


@pytest.fixture
def told(app: Flask, put: Put) -> Put:
    """Lets the browser call as `put` does, and returns what is stored about its visitor then."""

    def visit(*request: str, **body: Any) -> Json:
        (profile_id,) = profile_ids(put(*request, **body))
        return noticed_of(app, profile_id)

    return visit


@pytest.fixture
def ids(office: BackEnd, subscribed: Json, message_id: str) -> dict[str, str]:
    """What stands for each name in a path: things of the site that exist."""
    return things_of(office, subscribed, message_id)
