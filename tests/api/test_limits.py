"""Token buckets: what a stranger can make us write is bounded, by network and by site (SEC-16, SEC-40)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from sitebell.models import TokenBucket
from sitebell.services.limits import (
    NETWORK_LIMIT,
    SITE_LIMIT,
    RateLimited,
    network_of,
    prune_buckets,
    spend,
)
from sitebell.services.sites import NewSite
from support.buckets import drain, tokens_in
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts, stored_rows

VISITOR = {"REMOTE_ADDR": "203.0.113.7"}
NETWORK_BURST = int(NETWORK_LIMIT.burst)
SITE_BURST = int(SITE_LIMIT.burst)


@pytest.fixture
def take(app: Flask, site: NewSite, clock: StoppedClock) -> Callable[..., int]:
    """Spends tokens as an address and returns how many requests were let through."""

    def take(address: str, count: int = 1, of: NewSite = site) -> int:
        passed = 0
        for _ in range(count):
            try:
                with parts(app).store.writing() as session:
                    spend(session, of.site, address, clock())
                passed += 1
            except RateLimited as error:
                take.retry_after = error.retry_after  # type: ignore[attr-defined]
        return passed

    return take


def test_a_network_has_a_burst_and_then_a_rate(take: Any, clock: StoppedClock) -> None:
    assert take("203.0.113.7", NETWORK_BURST + 5) == NETWORK_BURST
    assert take.retry_after == 1
    clock.advance(seconds=1)
    assert take("203.0.113.7", 5) == NETWORK_LIMIT.per_second
    clock.advance(hours=1)
    assert take("203.0.113.7", NETWORK_BURST + 5) == NETWORK_BURST


def test_a_clock_set_back_gives_no_tokens(take: Any, clock: StoppedClock) -> None:
    take("203.0.113.7", NETWORK_BURST)
    clock.advance(hours=-1)

    assert take("203.0.113.7") == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("127.8.8.8", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("", "unknown"),
        ("unknown", "unknown"),
        ("203.0.113.7:443", "unknown"),
        ("'; DROP TABLE", "unknown"),
    ],
)
def test_sec_16_neighbours_share_a_bucket(address: str, network: str | None) -> None:
    assert network_of(address) == network


def test_one_network_does_not_use_up_another(take: Any) -> None:
    take("203.0.113.7", NETWORK_BURST)

    assert (take("203.0.113.250"), take("203.0.114.7"), take("2001:db8::1")) == (0, 1, 1)


def test_one_site_does_not_use_up_another(take: Any, new_site: Callable[[str], NewSite]) -> None:
    take("203.0.113.7", NETWORK_BURST)

    assert take("203.0.113.7", of=new_site("https://other.example")) == 1


def test_sec_16_the_site_has_a_bucket_above_all_networks(app: Flask, take: Any, site: NewSite) -> None:
    """A botnet comes from everywhere; and who is refused by the site's bucket leaves no row behind."""
    take("203.0.113.7")
    drain(app, str(site.site.id))

    assert [take(f"198.51.{number}.1") for number in range(5)] == [0] * 5
    with parts(app).store.reading() as session:
        assert session.scalar(select(func.count()).select_from(TokenBucket)) == 2


def test_a_loopback_client_has_the_sites_bucket_alone(app: Flask, take: Any, site: NewSite) -> None:
    """Behind a proxy whose hops are not configured every visitor comes from there."""
    assert take("127.0.0.1", NETWORK_BURST + 5) == NETWORK_BURST + 5
    with parts(app).store.reading() as session:
        [bucket] = session.scalars(select(TokenBucket)).all()
    assert (bucket.name, bucket.tokens) == (str(site.site.id), SITE_BURST - NETWORK_BURST - 5)


def test_full_buckets_are_forgotten(app: Flask, take: Any, clock: StoppedClock) -> None:
    take("203.0.113.7")
    clock.advance(seconds=90)
    take("198.51.100.7")
    clock.advance(seconds=11)

    with parts(app).store.writing() as session:
        assert prune_buckets(session, clock()) == 1  # the first network's; the site's was touched since
        assert len(session.scalars(select(TokenBucket)).all()) == 2


LIMITED = ("PUT subscription", "POST subscription/status", "POST subscription/unsubscribe", "POST events")


@pytest.mark.parametrize("route", LIMITED)
def test_sec_16_every_route_that_writes_is_limited(
    app: Flask, client: FlaskClient, site: NewSite, page: str, subscribed: Json, route: str
) -> None:
    method, path = route.split()
    event = {"type": "custom", "subscription": subscribed, "at": 0}
    body = {"events": [event]} if path == "events" else {"subscription": subscribed}
    client.post(f"{page}/subscription/status", json={"subscription": subscribed}, environ_base=VISITOR)
    client.post(f"{page}/events", json={"events": [event]}, environ_base=VISITOR)
    drain(app, f"{site.site.id}:events:203.0.113.0/24" if path == "events" else f"{site.site.id}:203.0.113.0/24")
    before = stored_rows(app)

    response = client.open(f"{page}/{path}", method=method, json=body, environ_base=VISITOR)

    assert (response.status_code, response.json["error"]["code"]) == (429, "rate_limited")  # type: ignore[index]
    assert response.headers["Retry-After"] == "1"
    assert response.json["error"]["details"] == {"retry_after": 1}  # type: ignore[index]
    assert stored_rows(app) == before


def test_unsubscribing_works_when_the_sites_bucket_is_empty(
    app: Flask, client: FlaskClient, site: NewSite, page: str, subscribed: Json
) -> None:
    """Else whoever floods the site would also keep its visitors from leaving."""
    drain(app, str(site.site.id))
    body = {"subscription": subscribed}

    assert client.post(f"{page}/subscription/status", json=body, environ_base=VISITOR).status_code == 429
    assert client.post(f"{page}/subscription/unsubscribe", json=body, environ_base=VISITOR).status_code == 200


def test_a_refused_request_still_costs_its_token(app: Flask, client: FlaskClient, site: NewSite, page: str) -> None:
    """Else endpoints could be tried without end."""
    body = {"subscription": new_subscription()}

    assert client.post(f"{page}/subscription/status", json=body, environ_base=VISITOR).status_code == 404
    assert tokens_in(app, f"{site.site.id}:203.0.113.0/24") == NETWORK_BURST - 1
