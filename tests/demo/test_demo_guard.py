"""The demo is for this machine and its own page: a message costs nothing there, so nobody else may reach it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from demo.visitor import OWN_PAGE, PORT, Visitor, refusal
from sitebell.demo import NAME

ROUTES = [
    ("GET", "/"),
    ("GET", "/bell-worker.js"),
    ("GET", "/demo/demo.js"),
    ("POST", "/demo/send"),
    ("GET", "/demo/messages/0123456789abcdef01234567"),
]


@pytest.fixture
def body() -> dict[str, str]:
    return {"subscriber_hash": "0" * 32}


def test_every_route_of_the_demo_stands_in_the_list_of_these_tests(demo_app: Flask) -> None:
    rules = [rule for rule in demo_app.url_map.iter_rules() if rule.endpoint.startswith(f"{NAME}.")]

    assert len(rules) == len(ROUTES)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_serve_has_none_of_it(client: FlaskClient, method: str, path: str) -> None:
    answer = Visitor(client).ask(path, method, origin=OWN_PAGE, json={} if method == "POST" else None)

    assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", ""])
def test_other_machines_are_refused(
    visitor: Visitor, body: dict[str, str], method: str, path: str, address: str
) -> None:
    answer = visitor.ask(path, method, origin=OWN_PAGE, address=address, json=body if method == "POST" else None)

    assert refusal(answer) == (403, "only_local")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "localhost", "localhost:8081", f"localhost.evil.example:{PORT}"]
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(
    visitor: Visitor, body: dict[str, str], method: str, path: str, host: str
) -> None:
    """A foreign page can let its own name point to 127.0.0.1; its requests then carry its name in Host and Origin."""
    answer = visitor.ask(path, method, host=host, origin=f"http://{host}", json=body if method == "POST" else None)

    assert refusal(answer) == (403, "only_local")


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", f"https://localhost:{PORT}", "http://localhost:8081", "http://127.0.0.1:8080"],
)
def test_pages_of_other_origins_are_refused(
    visitor: Visitor, body: dict[str, str], method: str, path: str, origin: str
) -> None:
    answer = visitor.ask(path, method, origin=origin, json=body if method == "POST" else None)

    assert refusal(answer) == (403, "origin_not_allowed")


def test_a_post_without_origin_is_refused(visitor: Visitor, body: dict[str, str]) -> None:
    """Browsers always send it with a POST, so it was not the page."""
    answer = visitor.ask("/demo/send", "POST", json=body)

    assert refusal(answer) == (403, "origin_not_allowed")


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_every_name_of_this_machine_is_welcome(visitor: Visitor, name: str) -> None:
    address = "::1" if ":" in name else "127.0.0.1"

    assert visitor.ask("/", host=f"{name}:{PORT}", address=address).status_code == 200


def test_other_pages_may_not_embed_it(visitor: Visitor) -> None:
    headers = visitor.ask("/").headers

    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
