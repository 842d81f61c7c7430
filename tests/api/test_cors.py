"""Which pages may read an answer: those of the site's exact origins, and of failures as well (SEC-11, SEC-18)."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from sitebell.services import limits
from sitebell.services.sites import NewSite, set_origins
from support.faults import break_a_rule, take_the_database_away
from support.web_application import Json, parts, stored_rows

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind

ORIGIN = "https://www.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def test_a_page_of_the_site_may_read(client: FlaskClient, page: str) -> None:
    response = client.get(page, headers={"Origin": ORIGIN})

    assert response.status_code == 200
    assert response.headers[ALLOW_ORIGIN] == ORIGIN
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_caller_without_an_origin_is_answered(client: FlaskClient, page: str) -> None:
    """Same-origin GETs and programs send none. A cache must still keep the answers apart."""
    response = client.get(page)

    assert response.status_code == 200
    assert ALLOW_ORIGIN not in response.headers
    assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://www.example.com",
        "https://example.com",
        "https://www.example.com:8443",
        "https://www.example.com.evil.example",
        "https://evilwww.example.com",
        "https://sub.www.example.com",
        "https://WWW.EXAMPLE.COM",
        "https://www.example.com/",
        "https://www.example.com, https://evil.example",
        "*",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_sec_11_a_page_of_another_origin_is_refused(
    app: Flask, client: FlaskClient, page: str, subscription: Json, origin: str, method: str
) -> None:
    path = page if method == "GET" else f"{page}/subscription"
    body = {"subscription": subscription} if method == "PUT" else None
    before = stored_rows(app)

    response = client.open(path, method=method, json=body, headers={"Origin": origin, **PREFLIGHT})

    assert response.status_code == 403
    error = response.json["error"]  # type: ignore[index]
    assert error["code"] == "origin_not_allowed"
    assert origin in error["message"]
    assert "sitebell sites set" in error["message"]
    assert ALLOW_ORIGIN not in response.headers
    assert stored_rows(app) == before


@pytest.mark.parametrize(
    "path", ["", "/subscription", "/subscription/status", "/subscription/unsubscribe", "/events", "/unknown"]
)
def test_a_preflight_is_answered(client: FlaskClient, page: str, path: str) -> None:
    """For unknown paths too, so that a page can read their 404."""
    response = client.options(f"{page}{path}", headers={"Origin": ORIGIN, **PREFLIGHT})

    assert (response.status_code, response.data) == (204, b"")
    assert response.headers[ALLOW_ORIGIN] == ORIGIN
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "PUT", "POST"}
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert "Origin" in response.headers["Vary"]


def test_a_page_with_a_mistyped_token_can_read_why(client: FlaskClient) -> None:
    path = "/v1/sites/0123456789abcdef01234567/subscription"

    preflight = client.options(path, headers={"Origin": ORIGIN, **PREFLIGHT})
    answer = client.put(path, headers={"Origin": ORIGIN}, json={})

    assert (preflight.status_code, answer.status_code) == (204, 404)
    assert preflight.headers[ALLOW_ORIGIN] == answer.headers[ALLOW_ORIGIN] == "*"


def fail(client: FlaskClient, page: str, subscription: Json, status: int) -> Any:
    """Make a request of a page that ends with this status."""
    requests: dict[int, tuple[str, str, dict[str, Any]]] = {
        400: ("POST", "/events", {"data": "{", "content_type": "application/json"}),
        404: ("GET", "/unknown", {}),
        405: ("DELETE", "/subscription", {}),
        409: ("PUT", "/subscription", {"json": {"subscription": subscription}}),
        413: ("POST", "/events", {"data": b" " * 70_000, "content_type": "application/json"}),
        415: ("POST", "/events", {"data": "{}"}),
        422: ("POST", "/events", {"json": {}}),
        429: ("PUT", "/subscription", {"json": {"subscription": subscription}}),
        500: ("POST", "/subscription/unsubscribe", {"json": {"subscription": subscription}}),
        503: ("POST", "/subscription/unsubscribe", {"json": {"subscription": subscription}}),
    }
    method, path, options = requests[status]
    return client.open(f"{page}{path}", method=method, headers={"Origin": ORIGIN}, **options)


@pytest.mark.parametrize("status", [400, 404, 405, 409, 413, 415, 422, 429, 500, 503])
def test_a_page_can_read_its_failures(
    app: Flask, client: FlaskClient, site: NewSite, page: str, subscribed: Json, status: int
) -> None:
    if status == 409:
        subscribed["keys"]["auth"] = "A" * 22
    with parts(app).store.writing() as session:
        if status == 429:
            limits.spend(session, site.site, "127.0.0.1", parts(app).clock())
            session.execute(text("UPDATE token_bucket SET tokens = 0"))
    if status == 500:
        break_a_rule(parts(app).store)
    if status == 503:
        take_the_database_away(parts(app).store)

    response = fail(client, page, subscribed, status)

    assert response.status_code == status
    assert response.headers[ALLOW_ORIGIN] == ORIGIN
    assert "Origin" in response.headers["Vary"]


def test_sec_11_the_origins_are_read_anew_for_each_request(
    app: Flask, client: FlaskClient, site: NewSite, page: str
) -> None:
    with parts(app).store.writing() as session:
        row = session.merge(site.site)
        set_origins(row, ["https://new.example", "http://localhost:3000"])

    statuses = [
        client.get(page, headers={"Origin": origin}).status_code
        for origin in (ORIGIN, "https://new.example", "http://localhost:3000")
    ]

    assert statuses == [403, 200, 200]


@pytest.mark.parametrize("path", ["/v1/messages", "/livez", "/readyz", "/metrics", "/v1/openapi.json", "/docs"])
def test_nothing_else_is_shared_with_pages(client: FlaskClient, back_end: dict[str, str], path: str) -> None:
    """An API key in a page would be a mistake; the browser shall not help with it."""
    read = client.get(path, headers={"Origin": ORIGIN, **back_end})
    preflight = client.options(path, headers={"Origin": ORIGIN, **PREFLIGHT})

    assert [
        name for name in (*read.headers.keys(), *preflight.headers.keys()) if name.startswith("Access-Control")
    ] == []
