"""Who a request comes from, behind proxies, and that no header of the client changes that (SEC-40)."""

import pytest
from flask import Flask
from sqlalchemy import select

from sitebell.app import create_app
from sitebell.config import Config
from sitebell.models import TokenBucket
from support.web_application import parts

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind


def network_charged(config: Config, page: str, hops: int, headers: dict[str, str]) -> str | None:
    """Return the network that a request from a proxy on loopback is charged to."""
    app = create_app(Config(**{**vars(config), "proxy_hops": hops}))
    app.test_client().post(
        f"{page}/events", json={"events": [{"type": "shown", "receipt": "x", "at": 0}]}, headers=headers
    )
    with parts(app).store.reading() as session:
        names = session.scalars(select(TokenBucket.name).where(TokenBucket.name.contains(":events:"))).all()
    parts(app).store.close()
    return names[0].partition(":events:")[2] if names else None


@pytest.mark.parametrize(
    ("hops", "forwarded", "network"),
    [
        (0, "203.0.113.7", None),
        (1, "203.0.113.7", "203.0.113.0/24"),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.0/24"),
        (1, "127.0.0.1, 203.0.113.7", "203.0.113.0/24"),
        (2, "198.51.100.1, 203.0.113.7, 192.0.2.1", "203.0.113.0/24"),
        (2, "203.0.113.7", None),
        (1, "2001:db8::7", "2001:db8::/64"),
    ],
)
def test_sec_40_the_network_is_what_the_configured_proxies_saw(
    config: Config, page: str, hops: int, forwarded: str, network: str | None
) -> None:
    """What a client writes into X-Forwarded-For stands left of what our proxies add, and is never looked at."""
    assert network_charged(config, page, hops, {"X-Forwarded-For": forwarded}) == network


@pytest.mark.parametrize("header", ["X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP", "X-Forwarded"])
def test_sec_40_no_other_header_changes_the_network(config: Config, page: str, header: str) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7", header: "for=198.51.100.1"}

    assert network_charged(config, page, 1, headers) == "203.0.113.0/24"


@pytest.mark.parametrize("path", ["", "/docs", "/livez", "/v1//openapi.json", "/docs/", "/v1/openapi.json"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:99", "a b", "[::1", "evil.example/../x"])
def test_sec_40_the_host_header_reaches_no_answer(app: Flask, page: str, path: str, host: str) -> None:
    headers = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Prefix": "/evil.example"}

    response = app.test_client().get(path or page, headers=headers)

    assert response.status_code in (200, 400, 404)
    assert "evil" not in response.text
    assert "evil" not in str(response.headers)
