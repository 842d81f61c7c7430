"""What comes in masses: a broadcast's receipts, and floods of one network (SEC-16)."""

import contextlib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from sitebell.models import Subscription
from sitebell.services.limits import (
    EVENT_NETWORK_LIMIT,
    EVENT_SITE_LIMIT,
    NETWORK_LIMIT,
    SITE_LIMIT,
    RateLimited,
    check,
    spend,
)
from sitebell.services.sites import NewSite
from support.buckets import drain, tokens_in
from support.stopped_clock import StoppedClock
from support.web_application import new_subscription, parts

VISITOR = {"REMOTE_ADDR": "203.0.113.7"}
NETWORK_BURST = int(NETWORK_LIMIT.burst)


@pytest.mark.usefixtures("subscribed")  # which makes the bucket
def test_the_receipts_of_a_broadcast_keep_nobody_from_subscribing(
    app: Flask, client: FlaskClient, site: NewSite, page: str
) -> None:
    """They come from everywhere and are more than the site's bucket for subscriptions has left: one."""
    receipts = {"events": [{"type": "shown", "receipt": "lost", "at": 0}]}
    visitors = [{"REMOTE_ADDR": f"198.51.{number}.1"} for number in range(10)]
    drain(app, str(site.site.id), left=1)

    statuses = {client.post(f"{page}/events", json=receipts, environ_base=visitor).status_code for visitor in visitors}

    def subscribe() -> int:
        body = {"subscription": new_subscription()}
        return client.put(f"{page}/subscription", json=body, environ_base=VISITOR).status_code

    assert statuses == {200}
    assert tokens_in(app, f"{site.site.id}:events") == EVENT_SITE_LIMIT.burst - len(visitors)
    assert EVENT_SITE_LIMIT.burst > SITE_LIMIT.burst
    assert [subscribe(), subscribe()] == [201, 429]


def test_a_network_has_a_burst_of_events(app: Flask, client: FlaskClient, site: NewSite, page: str) -> None:
    receipts = {"events": [{"type": "shown", "receipt": "lost", "at": 0}]}
    bucket = f"{site.site.id}:events:203.0.113.0/24"

    def post() -> int:
        return client.post(f"{page}/events", json=receipts, environ_base=VISITOR).status_code

    assert post() == 200
    assert tokens_in(app, bucket) == EVENT_NETWORK_LIMIT.burst - 1
    drain(app, bucket, left=3)
    assert [post() for _ in range(5)] == [200, 200, 200, 429, 429]


def test_sec_16_a_flood_of_posts_from_one_address_creates_no_more_than_the_limit(
    app: Flask, client: FlaskClient, site: NewSite, page: str, clock: StoppedClock
) -> None:
    """The clock moves on by 3 seconds meanwhile, so what is left of the burst and three seconds of the rate pass."""
    keys = new_subscription()["keys"]

    def put(number: int) -> None:
        body = {"subscription": {"endpoint": f"https://fcm.googleapis.com/fcm/send/{number}", "keys": keys}}
        client.put(f"{page}/subscription", json=body, environ_base=VISITOR)

    put(0)
    assert tokens_in(app, f"{site.site.id}:203.0.113.0/24") == NETWORK_BURST - 1
    drain(app, f"{site.site.id}:203.0.113.0/24", left=20)
    for number in range(1, 101):
        put(number)
        if number % 25 == 0:
            clock.advance(seconds=1)

    with parts(app).store.reading() as session:
        created = session.scalar(select(func.count()).select_from(Subscription))
    assert created == 1 + 20 + 3 * NETWORK_LIMIT.per_second


@pytest.mark.databases("sqlite")  # ten thousand requests: the small ones run on both
def test_sec_16_ten_thousand_requests_of_one_network_pass_no_more_than_the_limit(
    app: Flask, site: NewSite, clock: StoppedClock
) -> None:
    """The site's bucket, which is larger, is not what stops them."""
    requests = iter([f"203.0.113.{number % 256}" for number in range(10_000)])

    def next_that_passes() -> str | None:
        with parts(app).store.reading() as session:  # of one moment: nothing is written until one passes
            for address in requests:
                with contextlib.suppress(RateLimited):
                    check(session, site.site, address, clock())
                    return address
        return None

    passed = 0
    while address := next_that_passes():
        with parts(app).store.writing() as session:
            spend(session, site.site, address, clock())
        passed += 1

    assert next(requests, None) is None
    assert passed == NETWORK_BURST


def test_a_refused_request_does_not_wait_for_a_writer(
    app: Flask, client: FlaskClient, site: NewSite, page: str
) -> None:
    """Else a flood would occupy every thread while a worker writes, and stand in the worker's way."""
    body = {"subscription": new_subscription()}
    client.post(f"{page}/subscription/status", json=body, environ_base=VISITOR)
    drain(app, f"{site.site.id}:203.0.113.0/24")

    with parts(app).store.writing() as session:
        session.execute(text("UPDATE site SET name = 'being written'"))
        response = client.post(f"{page}/subscription/status", json=body, environ_base=VISITOR)

    assert response.status_code == 429
