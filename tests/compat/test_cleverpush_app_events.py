"""What CleverPush's apps report by an id alone: events of the site's own, visits, and who is a tester."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.cleverpush_channel import Channel
from sitebell.models import Event, Quirk, Subscription
from sitebell.services.sites import NewSite
from support.dialects import ask_for
from support.stopped_clock import StoppedClock
from support.web_application import Json, rows, stored_rows

ROUTES: list[tuple[str, Json]] = [
    ("event", {"name": "bought"}),
    ("conversion", {"eventId": "EVENT_ID"}),
    ("session/start", {}),
    ("session/end", {}),
    ("mark-as-test", {}),
    ("stop-campaigns", {}),
]


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """A channel that asked for writes by an id."""
    made = Channel(app, client, site)
    ask_for(app, site, Quirk.CLEVERPUSH_ID_WRITES)
    return made


@pytest.fixture
def subscriber(channel: Channel) -> str:
    """A browser of the channel."""
    return channel.office.add_subscriber()


@pytest.mark.parametrize(("route", "body"), ROUTES)
def test_an_id_alone_reports_nothing_by_default(
    app: Flask, channel: Channel, site: NewSite, subscriber: str, route: str, body: Json
) -> None:
    ask_for(app, site)
    before = stored_rows(app)

    assert channel.write(route, subscriber, **body) == (403, "id_writes_off")
    assert stored_rows(app) == before


def test_events_and_conversions_are_kept_with_their_data(app: Flask, channel: Channel, subscriber: str) -> None:
    assert channel.write("event", subscriber, name="bought", parameters={"n": 2}) == (200, "")
    assert channel.write("conversion", subscriber, eventId="EVENT_ID", properties={"amount": 5}) == (200, "")

    kept = [(row.action, row.data) for row in rows(app, Event) if row.type == "custom"]
    assert kept == [("bought", {"n": 2}), ("EVENT_ID", {"amount": 5})]


def test_an_event_selects_an_audience(channel: Channel, subscriber: str) -> None:
    channel.office.add_subscriber()
    channel.write("event", subscriber, name="bought")

    bought = {"where": {"field": "event.custom.bought", "op": "exists"}}
    assert channel.office.ask("POST", "/v1/audiences/preview", {"audience": bought})["count"] == 1


def test_what_happens_again_is_kept_again(app: Flask, channel: Channel, subscriber: str, clock: StoppedClock) -> None:
    for _ in range(3):
        assert channel.write("event", subscriber, name="bought") == (200, "")
        assert channel.write("conversion", subscriber, eventId="EVENT_ID") == (200, "")
        clock.advance(days=1)

    kept = [row.action for row in rows(app, Event) if row.type == "custom"]
    assert (kept.count("bought"), kept.count("EVENT_ID")) == (3, 3)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("event", {"name": "x" * 101}),
        ("conversion", {"eventId": "x" * 101}),
    ],
)
def test_an_event_is_as_small_as_that_of_a_page(channel: Channel, subscriber: str, route: str, body: Json) -> None:
    assert channel.write(route, subscriber, **body) == (422, "invalid")


def test_sec_16_a_stranger_sends_no_more_than_a_page_may(channel: Channel, subscriber: str) -> None:
    assert channel.write("event", subscriber, name="bought", parameters={"x": "x" * 70_000})[0] == 413


def test_an_event_has_a_name(channel: Channel, subscriber: str) -> None:
    assert channel.write("event", subscriber) == (422, "invalid")
    assert channel.write("conversion", subscriber) == (422, "invalid")


def test_a_visit_is_noted(app: Flask, channel: Channel, subscriber: str, clock: StoppedClock) -> None:
    clock.advance(days=2)

    assert channel.write("session/start", subscriber) == (200, "")

    [row] = rows(app, Subscription)
    assert row.seen_at == clock()


def test_a_tester_wears_a_tag(channel: Channel, subscriber: str) -> None:
    assert channel.write("mark-as-test", subscriber) == (200, "")

    [row] = channel.read("subscriptions")["subscriptions"]
    assert row["tags"] == ["test"]


@pytest.mark.parametrize("route", ["session/end", "stop-campaigns"])
def test_what_has_no_meaning_here_is_answered_and_changes_nothing(
    app: Flask, channel: Channel, subscriber: str, route: str
) -> None:
    before = stored_rows(app)

    assert channel.write(route, subscriber) == (200, "")
    assert stored_rows(app) == before


@pytest.mark.usefixtures("signed")
def test_sec_23_on_a_signed_site_nobody_becomes_a_tester_by_an_id(
    app: Flask, channel: Channel, subscriber: str
) -> None:
    before = stored_rows(app)

    assert channel.write("mark-as-test", subscriber) == (422, "identity_required")
    assert stored_rows(app) == before
