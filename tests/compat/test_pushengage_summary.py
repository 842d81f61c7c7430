"""PushEngage's analytics/summary: who came and went, what went out, was seen and clicked, by day, week and month."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from compat.cleverpush_channel import sample_channel
from sitebell.models import Dialect, Event, Message
from support.chores import prune
from support.dialects import speak
from support.pushengage_office import PushEngageOffice
from support.query_plans import watched
from support.stopped_clock import StoppedClock
from support.visitors import Browser
from support.web_application import Json, parts

SUMMARY = "/analytics/summary"
A_MONDAY = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> StoppedClock:
    """Noon of a Monday that begins a month."""
    clock = StoppedClock()
    clock.moment = A_MONDAY
    return clock


def rows(pushengage: PushEngageOffice, first: str, last: str, by: str) -> list[Json]:
    """Return the rows of a summary."""
    status, answer = pushengage.get(SUMMARY, **{"from": first, "to": last, "group_by": by})
    assert (status, answer["success"]) == (200, True), answer
    found: list[Json] = answer["data"]
    return found


def test_a_row_has_everything_and_zeros_where_nothing_happened(pushengage: PushEngageOffice) -> None:
    assert rows(pushengage, "2027-01-01", "2027-01-01", "day") == [
        {
            "date": "2027-01-01",
            "subscriber_count": 0,
            "desktop_subscriber_count": 0,
            "mobile_subscriber_count": 0,
            "unsubscribed_count": 0,
            "desktop_unsubscribed_count": 0,
            "mobile_unsubscribed_count": 0,
            "notification_sent": 0,
            "net_subscriber_sent": 0,
            "view_count": 0,
            "click_count": 0,
            "ctr": 0.0,
        }
    ]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("day", ["2027-02-27", "2027-02-28", "2027-03-01", "2027-03-02"]),
        ("week", ["2027-02-27", "2027-03-01"]),
        ("month", ["2027-02-27", "2027-03-01"]),
    ],
)
def test_spans_begin_on_days_mondays_and_firsts(pushengage: PushEngageOffice, by: str, expected: list[str]) -> None:
    assert [row["date"] for row in rows(pushengage, "2027-02-27", "2027-03-02", by)] == expected


def test_ctr_divides_clicks_by_views_and_not_by_what_was_sent(
    pushengage: PushEngageOffice, clock: StoppedClock
) -> None:
    for _ in range(5):
        pushengage.add_subscriber(tags={"add": ["bread"]})
    pushengage.deliver(pushengage.notify(include_segments=["bread"])["id"], shown=3, clicked=1, at=clock())
    pushengage.deliver(pushengage.notify(include_segments=["bread"])["id"], shown=0, clicked=0, at=clock())

    [row] = rows(pushengage, "2027-03-01", "2027-03-01", "day")

    counts = [row[name] for name in ("notification_sent", "net_subscriber_sent", "view_count", "click_count")]
    assert counts == [2, 10, 3, 1]
    assert row["ctr"] == 33.33


def test_counts_stay_when_the_deliveries_are_pruned(
    app: Flask, pushengage: PushEngageOffice, clock: StoppedClock
) -> None:
    pushengage.add_subscriber(tags={"add": ["bread"]})
    message_id = pushengage.notify(include_segments=["bread"])["id"]
    pushengage.deliver(message_id, shown=1, clicked=1, at=clock())
    before = rows(pushengage, "2027-03-01", "2027-03-01", "day")[0]
    with parts(app).store.writing() as session:
        done = update(Message).where(Message.public_id == message_id)
        session.execute(done.values(status="sent", finished_at=clock()))
    clock.advance(days=91)
    prune(parts(app).store, clock())

    after = rows(pushengage, "2027-03-01", "2027-03-01", "day")[0]

    names = ("notification_sent", "net_subscriber_sent", "view_count", "click_count", "ctr")
    assert [after[name] for name in names] == [before[name] for name in names] == [1, 1, 1, 1, 100.0]


def test_drafts_and_messages_to_come_are_not_sent(pushengage: PushEngageOffice) -> None:
    subscriber = pushengage.add_subscriber()
    pushengage.notify(subscriber_hash=subscriber, notification_type="draft")
    pushengage.notify(subscriber_hash=subscriber, notification_type="later", valid_from_utc="2027-03-01 20:00:00")

    assert rows(pushengage, "2027-03-01", "2027-03-01", "day")[0]["notification_sent"] == 0


def test_who_came_and_went_is_told_by_device_and_by_the_sites_own_days(
    pushengage: PushEngageOffice, new_browser: Any, app: Flask, clock: StoppedClock
) -> None:
    """Noon in London is one in the morning of the next day in Auckland."""
    pushengage.live_in("Pacific/Auckland")
    phone: Browser = new_browser()
    pushengage.describe_browser(phone.put()["subscriber_hash"], platform="Android")
    desk: Browser = new_browser()
    desk.put()
    clock.advance(days=1)
    phone.post("unsubscribe")

    came, went = rows(pushengage, "2027-03-02", "2027-03-03", "day")

    assert (came["subscriber_count"], came["mobile_subscriber_count"], came["desktop_subscriber_count"]) == (2, 1, 1)
    assert (went["subscriber_count"], went["unsubscribed_count"], went["mobile_unsubscribed_count"]) == (0, 1, 1)
    assert came["unsubscribed_count"] == 0
    assert count_events(app) == 3


def count_events(app: Flask) -> int:
    """Return how many events there are, so that the test above counts what it thinks."""
    with parts(app).store.reading() as session:
        return session.query(Event).count()


def test_another_sites_visitors_do_not_count(pushengage: PushEngageOffice, other_office: PushEngageOffice) -> None:
    other_office.add_subscriber()
    pushengage.add_subscriber()

    assert rows(pushengage, "2027-03-01", "2027-03-01", "day")[0]["subscriber_count"] == 1


def test_an_address_of_another_channel_is_no_browser_that_came(
    app: Flask, client: FlaskClient, pushengage: PushEngageOffice
) -> None:
    channel = sample_channel(app, client, pushengage.site)
    speak(app, pushengage.site, *Dialect)
    channel.sync(emailAddress="user@example.com")

    [row] = rows(pushengage, "2027-03-01", "2027-03-01", "day")

    assert (row["subscriber_count"], row["desktop_subscriber_count"]) == (0, 0)
    assert count_events(app) == 1


def test_a_year_by_day_takes_as_many_statements_as_a_day(app: Flask, pushengage: PushEngageOffice) -> None:
    def statements(last: str) -> int:
        with watched(parts(app).store.engine) as seen:
            rows(pushengage, "2026-03-01", last, "day")
        return len(seen)

    assert statements("2027-02-28") == statements("2026-03-01")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2027-03-02", "to": "2027-03-01", "group_by": "day"}, "invalid_period"),
        ({"from": "2026-01-01", "to": "2027-03-01", "group_by": "month"}, "invalid_period"),
        ({"from": "2027-03-01", "to": "2027-03-01"}, "invalid"),
        ({"from": "2027-03-01", "group_by": "day"}, "invalid"),
        ({"from": "yesterday", "to": "2027-03-01", "group_by": "day"}, "invalid"),
        ({"from": "2027-03-01", "to": "2027-03-01", "group_by": "hour"}, "invalid"),
    ],
)
def test_a_period_that_is_none_is_refused(pushengage: PushEngageOffice, query: dict[str, str], code: str) -> None:
    status, answer = pushengage.get(SUMMARY, **query)

    assert (status, answer["success"], answer["error_code"]) == (422, False, code)


def test_a_period_of_366_days_is_the_longest(pushengage: PushEngageOffice) -> None:
    last = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=365)).date().isoformat()

    assert len(rows(pushengage, "2026-03-01", last, "day")) == 366
