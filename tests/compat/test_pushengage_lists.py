"""PushEngage's GET /notifications, and its triggers, of which there are none."""

from datetime import timedelta
from typing import Any

import pytest

from support.pushengage_office import CONTENT, PushEngageOffice
from support.stopped_clock import StoppedClock


def test_lists_tell_by_status_what_is_sent_scheduled_and_draft(
    pushengage: PushEngageOffice, clock: StoppedClock
) -> None:
    subscriber = pushengage.add_subscriber()
    later = (clock() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")
    made = {
        "sent": pushengage.notify(subscriber_hash=subscriber),
        "draft": pushengage.notify(subscriber_hash=subscriber, notification_type="draft"),
        "scheduled": pushengage.notify(subscriber_hash=subscriber, notification_type="later", valid_from_utc=later),
    }
    pushengage.deliver(made["sent"]["id"], shown=0, clicked=0, at=clock())

    for status, message in made.items():
        code, answer = pushengage.get("/notifications", status=status)
        assert (code, answer["success"], answer["count"]) == (200, True, 1)
        [row] = answer["notifications"]
        assert (row["notification_id"], row["status"]) == (message["id"], status)
        assert row["notification_title"] == CONTENT["notification_title"]
    assert pushengage.get("/notifications", notification_id=made["draft"]["id"])[1]["count"] == 1
    assert pushengage.get("/notifications")[1]["count"] == 3


def test_lists_are_paged_from_the_newest_on(pushengage: PushEngageOffice, clock: StoppedClock) -> None:
    subscriber = pushengage.add_subscriber()
    made = []
    for _ in range(3):
        made.append(pushengage.notify(subscriber_hash=subscriber)["id"])
        clock.advance(minutes=1)

    answer = pushengage.get("/notifications", limit=1, offset=1)[1]

    assert answer["count"] == 3
    assert [row["notification_id"] for row in answer["notifications"]] == [made[1]]


def test_both_dates_of_a_list_are_included_by_the_sites_clock(
    pushengage: PushEngageOffice, clock: StoppedClock
) -> None:
    pushengage.live_in("Pacific/Auckland")
    message = pushengage.notify(subscriber_hash=pushengage.add_subscriber())
    local = pushengage.get("/notifications")[1]["notifications"][0]["valid_from_utc"][:10]
    days = [(clock() + timedelta(days=number)).date().isoformat() for number in range(-2, 4)]

    found = [day for day in days if pushengage.get("/notifications", start_date=day, end_date=day)[1]["count"]]

    assert found == [local]
    assert pushengage.get("/notifications", start_date=local)[1]["notifications"][0]["notification_id"] == message["id"]


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"status": "lost"}, {"start_date": "today"}, {"page": 2}],
)
def test_a_list_refuses_what_it_does_not_know(pushengage: PushEngageOffice, query: dict[str, Any]) -> None:
    status, answer = pushengage.get("/notifications", **query)

    assert (status, answer["success"], answer["error_code"]) == (422, False, "invalid")


def test_a_trigger_is_unknown(pushengage: PushEngageOffice) -> None:
    status, answer = pushengage.get("/triggers/12", analytics_start_at="2026-01-01")

    assert (status, answer["success"], answer["error_code"]) == (404, False, "trigger_not_found")
