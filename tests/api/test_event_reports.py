"""What browsers report: each delivery's shown, clicked and closed once, and a site's own events (SEC-17)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sitebell.models import Event
from sitebell.services.sites import NewSite
from support.stopped_clock import StoppedClock
from support.web_application import Json, parts


def test_sec_17_each_kind_of_a_delivery_counts_once(
    client: FlaskClient, page: str, back_end: dict[str, str], message_id: str, receipt: str, clock: StoppedClock
) -> None:
    at = int(clock().timestamp() * 1000)
    events = [{"type": kind, "receipt": receipt, "at": at} for kind in ("shown", "clicked", "closed")]

    first = client.post(f"{page}/events", json={"events": events})
    again = client.post(f"{page}/events", json={"events": events})

    assert (first.status_code, first.json, again.json) == (
        200,
        {"accepted": 3, "ignored": 0},
        {"accepted": 0, "ignored": 3},
    )
    counts = client.get(f"/v1/messages/{message_id}", headers=back_end).json["counts"]  # type: ignore[index]
    assert (counts["shown"], counts["clicked"], counts["closed"]) == (1, 1, 1)


def test_sec_17_a_forged_receipt_costs_the_others_nothing(client: FlaskClient, page: str, receipt: str) -> None:
    forged = receipt[:-4] + ("AAAA" if receipt[-4:] != "AAAA" else "BBBB")
    events = [{"type": "shown", "receipt": token, "at": 1} for token in (forged, "no token", receipt)]

    assert client.post(f"{page}/events", json={"events": events}).json == {"accepted": 1, "ignored": 2}


def test_sec_38_a_receipt_of_another_site_is_ignored(
    client: FlaskClient, receipt: str, new_site: Callable[[str], NewSite]
) -> None:
    other = new_site("https://other.example").site.token
    body = {"events": [{"type": "shown", "receipt": receipt, "at": 1}]}

    assert client.post(f"/v1/sites/{other}/events", json=body).json == {"accepted": 0, "ignored": 1}


def test_a_custom_event_is_kept_with_its_data(app: Flask, client: FlaskClient, page: str, subscribed: Json) -> None:
    event = {"type": "custom", "subscription": subscribed, "at": 1_700_000_000_123, "action": "cart", "data": {"n": 2}}

    assert client.post(f"{page}/events", json={"events": [event]}).json == {"accepted": 1, "ignored": 0}
    with parts(app).store.reading() as session:
        stored = session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert stored is not None
    assert (stored.type, stored.action, stored.data) == ("custom", "cart", {"n": 2})
    assert stored.at.timestamp() == 1_700_000_000.123


def milliseconds(clock: StoppedClock, **ahead: float) -> int:
    """Return the moment by a browser's clock that runs ahead."""
    return int((clock() + timedelta(**ahead)).timestamp() * 1000)


@pytest.mark.parametrize("ahead", [{"minutes": 5}, {"hours": 23}, {"days": 2}], ids=str)
@pytest.mark.parametrize("kind", ["clicked", "custom"])
def test_sec_17_a_repetition_counts_once_although_the_browsers_clock_is_ahead(
    client: FlaskClient,
    page: str,
    receipt: str,
    subscribed: Json,
    clock: StoppedClock,
    kind: str,
    ahead: dict[str, float],
) -> None:
    credential = {"subscription": subscribed, "data": {"n": 1}} if kind == "custom" else {"receipt": receipt}
    body = {"events": [{"type": kind, "at": milliseconds(clock, **ahead), **credential}]}

    accepted = []
    for _ in range(4):
        accepted.append(client.post(f"{page}/events", json=body).json["accepted"])  # type: ignore[index]
        clock.advance(seconds=1)

    assert accepted == [1, 0, 0, 0]


def test_two_clicks_at_two_moments_count_twice(
    client: FlaskClient, page: str, receipt: str, clock: StoppedClock
) -> None:
    moments = [milliseconds(clock, minutes=5), milliseconds(clock, minutes=6)]
    events = [{"type": "clicked", "receipt": receipt, "at": at} for at in moments]

    assert client.post(f"{page}/events", json={"events": events}).json == {"accepted": 2, "ignored": 0}


@pytest.mark.parametrize("ahead", [{"days": -1}, {"days": 2}], ids=str)
def test_different_custom_events_of_one_millisecond_are_all_kept(
    client: FlaskClient, page: str, subscribed: Json, clock: StoppedClock, ahead: dict[str, float]
) -> None:
    contents: list[Json] = [{"action": "cart"}, {"action": "pay"}, {"action": "cart", "data": {"n": 1}}, {}]
    event = {"type": "custom", "subscription": subscribed, "at": milliseconds(clock, **ahead)}
    events = [{**event, **content} for content in contents]

    assert client.post(f"{page}/events", json={"events": events}).json == {"accepted": 4, "ignored": 0}
    assert client.post(f"{page}/events", json={"events": events}).json == {"accepted": 0, "ignored": 4}


@pytest.mark.parametrize("ahead", [{"days": 2}, {"days": 1, "hours": 1}], ids=str)
def test_a_page_whose_clock_is_ahead_loses_no_event_and_a_repetition_counts_once(
    client: FlaskClient, page: str, subscribed: Json, clock: StoppedClock, ahead: dict[str, float]
) -> None:
    """Its own moment tells one from another, also when the repetition comes on another day."""
    first = milliseconds(clock, **ahead)
    events = [{"type": "custom", "subscription": subscribed, "at": first + n, "action": "cart"} for n in range(200)]
    halves = [{"events": events[:100]}, {"events": events[100:]}]

    assert [client.post(f"{page}/events", json=half).json for half in halves] == [{"accepted": 100, "ignored": 0}] * 2
    for hours in (2, 11, 11):
        clock.advance(hours=hours)
        assert client.post(f"{page}/events", json=halves[0]).json == {"accepted": 0, "ignored": 100}


def test_an_event_of_a_clock_that_is_ahead_is_turned_back_by_whole_days(
    app: Flask, client: FlaskClient, page: str, subscribed: Json, clock: StoppedClock
) -> None:
    event = {"type": "custom", "subscription": subscribed, "at": milliseconds(clock, days=365, minutes=-5)}

    client.post(f"{page}/events", json={"events": [event]})

    with parts(app).store.reading() as session:
        stored = session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert stored is not None
    assert stored.at == clock() - timedelta(minutes=5)
