"""Secrets go through every page route and some of its failures, and none is in what the server writes (SEC-41)."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cli.command_line import CommandLine
from support.waiting import wait_until
from support.web_application import Json, new_subscription

pytestmark = pytest.mark.databases("sqlite")  # the logs are the same
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnktc3ViIn0.Y2FuYXJ5LXNpZ25hdHVyZQ"
EMAIL, EXTERNAL_ID, COOKIE = "canary-address@example.com", "canary-external-id", "canary-cookie"
PAGE_ROUTES = {
    "GET ": None,
    "PUT /subscription": {"match": {"external_id": EXTERNAL_ID, "email": EMAIL}, "identity": JWT, "link": JWT},
    "POST /subscription/status": {},
    "POST /subscription/logout": {},
    "POST /subscription/pause": {},
    "POST /subscription/resume": {},
    "POST /subscription/notifications": {},
    "POST /subscription/unsubscribe": {},
    "POST /events": None,
}


class Server:
    """`sitebell serve` with one site, and everything that it writes."""

    def __init__(self, sitebell: CommandLine, log: Path) -> None:
        self._sitebell, self._log = sitebell, log
        self.site = sitebell.create_site()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._port = listener.getsockname()[1]
        environment = {**os.environ, **sitebell.settings, "SITEBELL_PORT": str(self._port)}
        with log.open("wb") as file:
            command = [sys.executable, "-m", "sitebell", "serve"]
            self._process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        wait_until(lambda: self.call("GET", "/readyz") == 200, "the server to be ready", timeout=40)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """Send a request and return the status of its answer, 0 if there is none."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {"Content-Type": "application/json", "Cookie": f"session={COOKIE}", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data, known, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ask(self, method: str, path: str, body: Any = None) -> int:
        """Send a request with the site's API key."""
        return self.call(method, path, body, Authorization=f"Bearer {self.site['api_key']}")

    def damage(self) -> None:
        """Make every write of a subscription fail in the middle of the work."""
        connection = sqlite3.connect(self._sitebell.database)
        with connection:
            connection.execute("CREATE TRIGGER f BEFORE UPDATE ON subscription BEGIN SELECT RAISE(ABORT, 'no'); END")
        connection.close()

    def stop(self) -> str:
        """End the server and return what it wrote."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        return self._log.read_text()

    def kill(self) -> None:
        """End it at once, if it still runs."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(sitebell: CommandLine, tmp_path: Path) -> Iterator[Server]:
    """A running server."""
    server = Server(sitebell, tmp_path / "log")
    yield server
    server.kill()


def secrets_of(subscription: Json) -> list[str]:
    """Return what nobody else may know of a subscription."""
    return [subscription["endpoint"].rpartition("/")[2], *subscription["keys"].values()]


def body_for(route: str, subscription: Json) -> Any:
    if route == "POST /events":
        custom = {"type": "custom", "subscription": subscription, "at": 1, "data": {"email": EMAIL}}
        return {"events": [custom, {"type": "shown", "receipt": JWT, "at": 1}]}
    return None if PAGE_ROUTES[route] is None else {"subscription": subscription, **(PAGE_ROUTES[route] or {})}


def try_page_route(server: Server, route: str, subscription: Json) -> set[int]:
    """Call a route rightly and wrongly, with secrets in all places; return the statuses."""
    method, _, rest = route.partition(" ")
    path = f"/v1/sites/{server.site['token']}{rest}"
    body = body_for(route, subscription)
    token = {"Authorization": f"Bearer {JWT}"}
    if body is None:
        return {server.call(method, path, **token), server.call(method, f"{path}?bell={JWT}&email={EMAIL}")}
    stranger = body_for(route, new_subscription() | {"endpoint": subscription["endpoint"]})
    return {
        server.call(method, path, body, **token),
        server.call(method, path, stranger),
        server.call(method, path, {**body, EXTERNAL_ID: EMAIL}),
        server.call(method, path, json.dumps(body).encode()[:-2]),
        server.call(method, f"{path}/{EXTERNAL_ID}", body),
    }


def try_back_end(server: Server) -> set[int]:
    """Name a person to the routes of the back end, rightly and wrongly; return the statuses."""
    profiles = f"/v1/databases/{server.site['database_id']}/profiles"
    person = {"external_id": EXTERNAL_ID, "email": EMAIL}
    message = {"audience": {"external_ids": [EXTERNAL_ID]}, "notification": {"title": EXTERNAL_ID}}
    return {
        server.ask("POST", profiles, person),
        server.ask("POST", profiles, person),
        server.ask("POST", profiles, {**person, EMAIL: JWT}),
        server.ask("GET", f"{profiles}?email={EMAIL}"),
        server.ask("POST", "/v1/messages", message),
        server.ask("GET", f"{profiles}/{EXTERNAL_ID}/export"),
        server.ask("DELETE", f"{profiles}/{EXTERNAL_ID}"),
        server.call("GET", profiles, Authorization=f"Bearer sb_{EXTERNAL_ID}"),
    }


def test_sec_41_every_page_route_is_tried(app: Flask) -> None:
    served = {
        f"{method} {rule.rule.removeprefix('/v1/sites/<token>')}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/v1/sites/<token>")
    }

    assert served == set(PAGE_ROUTES)


def test_sec_41_no_secret_and_no_name_of_a_person_reaches_what_the_server_writes(server: Server) -> None:
    subscription = new_subscription()
    statuses: set[int] = set()
    for route in PAGE_ROUTES:
        statuses |= try_page_route(server, route, subscription)
    statuses |= try_back_end(server)
    server.damage()
    statuses |= try_page_route(server, "PUT /subscription", subscription)
    written = server.stop()

    assert statuses >= {200, 201, 202, 400, 401, 404, 409, 422, 500}
    assert "request_failed" in written
    canaries = [JWT, EMAIL, EXTERNAL_ID, COOKIE, server.site["api_key"], *secrets_of(subscription)]
    assert [canary for canary in canaries if canary in written] == []
