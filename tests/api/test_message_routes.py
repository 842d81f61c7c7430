"""The routes of a site's back end: what each does when all is well, and whom it refuses."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.clock import Clock
from sitebell.services.sites import NewSite
from support.web_application import Json, refusal, stored_rows

pytestmark = pytest.mark.shared_app

STATES = ("pending", "accepted", "retrying", "failed", "gone", "expired", "skipped", "cancelled")
COUNTS = ("recipients", *STATES, "shown", "clicked", "closed")
STEPS = ("cancel", "pause", "resume")
OPTIONS: Json = {"ttl": 60, "urgency": "very-low", "replace_key": "bread", "verified": True}
WHOLE_NOTIFICATION = {
    "title": "Fresh bread",
    "body": "From 7 to 12.\nAlso rolls.",
    "url": "https://www.example.com/bread?today=1#rolls",
    "icon": "/icon.png",
    "image": "http://images.example.com:8080/bread.jpg",
    "badge": "/badge.png",
    "actions": [
        {"action": "order", "title": "Order", "url": "/order", "icon": "/o.png"},
        {"action": "x", "title": "X"},
    ],
    "tag": "bread",
    "require_interaction": True,
    "renotify": False,
    "silent": False,
    "lang": "en-GB",
    "dir": "ltr",
    "timestamp": 1_790_000_000_000,
    "data": {"shelf": [1, 2.5, None, {"deep": "é"}]},
}


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_message_is_accepted_and_can_be_looked_at(
    client: FlaskClient, back_end: dict[str, str], site: NewSite, clock: Clock
) -> None:
    at = clock() + timedelta(hours=2)
    body = {
        "site": site.site.token,
        "audience": {"subscriber_hashes": ["b" * 32, "a" * 32]},
        "notification": WHOLE_NOTIFICATION,
        **OPTIONS,
        "send_at": at.isoformat(),
    }

    created = client.post("/v1/messages", json=body, headers=back_end)
    message_id = created.json["id"]  # type: ignore[index]
    shown = client.get(f"/v1/messages/{message_id}", headers=back_end)

    assert (created.status_code, shown.status_code) == (202, 200)
    assert shown.json == {
        **body,
        "id": message_id,
        "status": "scheduled",
        "audience": {"subscriber_hashes": ["a" * 32, "b" * 32]},
        "status_reason": "",
        "send_at": iso(at),
        "created_at": iso(clock()),
        "finished_at": None,
        "counts": dict.fromkeys(COUNTS, 0),
    }


def test_what_is_left_out_has_the_documented_default(
    client: FlaskClient, back_end: dict[str, str], message_id: str, clock: Clock
) -> None:
    shown = client.get(f"/v1/messages/{message_id}", headers=back_end).json

    assert shown is not None
    assert (shown["ttl"], shown["urgency"], shown["replace_key"]) == (86_400, "normal", None)
    assert shown["send_at"] == iso(clock())


def test_a_moment_in_another_zone_is_understood(
    client: FlaskClient, back_end: dict[str, str], message: Json, clock: Clock
) -> None:
    local = (clock() + timedelta(days=1)).replace(tzinfo=None).isoformat() + "+05:30"

    created = client.post("/v1/messages", json={**message, "send_at": local}, headers=back_end).json
    shown = client.get(f"/v1/messages/{created['id']}", headers=back_end).json  # type: ignore[index]

    assert shown["send_at"] == iso(clock() + timedelta(days=1) - timedelta(hours=5, minutes=30))  # type: ignore[index]


def test_a_moment_that_has_passed_means_now(
    client: FlaskClient, back_end: dict[str, str], message: Json, clock: Clock
) -> None:
    """Else a message would be born expired."""
    created = client.post("/v1/messages", json={**message, "send_at": "2020-01-01T00:00:00Z"}, headers=back_end).json
    shown = client.get(f"/v1/messages/{created['id']}", headers=back_end).json  # type: ignore[index]

    assert shown["send_at"] == iso(clock())  # type: ignore[index]


def test_a_message_waits_at_most_a_year(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, clock: Clock
) -> None:
    before = stored_rows(app)
    late = {**message, "send_at": iso(clock() + timedelta(days=367))}

    assert refusal(client.post("/v1/messages", json=late, headers=back_end)) == (422, "invalid_send_at")
    assert stored_rows(app) == before


def test_pause_resume_and_cancel_change_the_status(
    client: FlaskClient, back_end: dict[str, str], message_id: str
) -> None:
    def step(name: str) -> tuple[int, Any]:
        answer = client.post(f"/v1/messages/{message_id}/{name}", headers=back_end)
        return answer.status_code, answer.json

    assert step("pause") == (200, {"id": message_id, "status": "paused"})
    assert step("pause") == (200, {"id": message_id, "status": "paused"})
    assert step("resume") == (200, {"id": message_id, "status": "sending"})
    assert step("cancel") == (200, {"id": message_id, "status": "cancelled"})
    shown = client.get(f"/v1/messages/{message_id}", headers=back_end).json
    assert shown is not None
    assert (shown["status"], shown["status_reason"]) == ("cancelled", "cancelled by the sender")
    assert shown["finished_at"] is not None


@pytest.mark.parametrize("name", STEPS)
def test_a_finished_message_stays_as_it_is(
    client: FlaskClient, back_end: dict[str, str], message_id: str, name: str
) -> None:
    client.post(f"/v1/messages/{message_id}/cancel", headers=back_end)

    assert refusal(client.post(f"/v1/messages/{message_id}/{name}", headers=back_end)) == (409, "message_finished")


@pytest.mark.parametrize("unknown", ["0" * 24, "1", "%00", "../sites", "0" * 2000, "%ff"])
@pytest.mark.parametrize("name", ["", *(f"/{step}" for step in STEPS)])
def test_an_unknown_message_is_not_found(
    client: FlaskClient, back_end: dict[str, str], unknown: str, name: str
) -> None:
    method = "POST" if name else "GET"

    response = client.open(f"/v1/messages/{unknown}{name}", method=method, headers=back_end)

    assert response.status_code == 404
    assert response.json["error"]["code"] in ("message_not_found", "not_found")  # type: ignore[index]
