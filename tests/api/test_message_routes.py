"""The routes of a site's back end: what each does when all is well, and whom it refuses."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.clock import Clock
from sitebell.services.keys import create_api_key, list_api_keys, revoke_api_key
from sitebell.services.sites import NewSite
from support.web_application import Json, parts, stored_rows

STATES = ("pending", "accepted", "retrying", "failed", "gone", "expired", "skipped", "cancelled")
COUNTS = ("recipients", *STATES, "shown", "clicked", "closed")
STEPS = ("cancel", "pause", "resume")
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


@pytest.fixture
def app(shared_app: Flask) -> Flask:
    """One for all: each test has a site of its own, and its messages with it."""
    return shared_app


@pytest.fixture
def clock(app: Flask) -> Clock:
    """The stopped clock of the shared application."""
    return parts(app).clock


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def code(response: Any) -> tuple[int, str]:
    """Return status and error code of an answer."""
    return response.status_code, response.json["error"]["code"]


def test_a_message_is_accepted_and_can_be_looked_at(
    client: FlaskClient, back_end: dict[str, str], site: NewSite, clock: Clock
) -> None:
    at = clock() + timedelta(hours=2)
    body = {
        "site": site.site.token,
        "audience": {"subscriber_hashes": ["b", "a"]},
        "notification": WHOLE_NOTIFICATION,
        "ttl": 60,
        "urgency": "very-low",
        "replace_key": "bread",
        "send_at": at.isoformat(),
    }

    created = client.post("/v1/messages", json=body, headers=back_end)
    assert created.status_code == 202
    assert created.json is not None
    assert created.json["status"] == "scheduled"
    shown = client.get(f"/v1/messages/{created.json['id']}", headers=back_end)

    assert shown.status_code == 200
    assert shown.json == {
        **body,
        **created.json,
        "audience": {"subscriber_hashes": ["a", "b"]},
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

    assert code(client.post("/v1/messages", json=late, headers=back_end)) == (422, "invalid_send_at")
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

    assert code(client.post(f"/v1/messages/{message_id}/{name}", headers=back_end)) == (409, "message_finished")


@pytest.mark.parametrize("unknown", ["0" * 24, "1", "%00", "../sites", "0" * 2000, "%ff"])
@pytest.mark.parametrize("name", ["", *(f"/{step}" for step in STEPS)])
def test_an_unknown_message_is_not_found(
    client: FlaskClient, back_end: dict[str, str], unknown: str, name: str
) -> None:
    method = "POST" if name else "GET"

    response = client.open(f"/v1/messages/{unknown}{name}", method=method, headers=back_end)

    assert response.status_code == 404
    assert response.json["error"]["code"] in ("message_not_found", "not_found")  # type: ignore[index]


@pytest.mark.parametrize("name", ["", *(f"/{step}" for step in STEPS)])
def test_sec_38_a_message_of_another_site_is_not_found(
    app: Flask, client: FlaskClient, message_id: str, new_site: Callable[[str], NewSite], name: str
) -> None:
    foreign = {"Authorization": f"Bearer {new_site('https://other.example').api_key}"}
    before = stored_rows(app)
    method = "POST" if name else "GET"

    response = client.open(f"/v1/messages/{message_id}{name}", method=method, headers=foreign)

    assert code(response) == (404, "message_not_found")
    assert stored_rows(app) == before


def test_sec_38_a_body_that_names_another_site_is_refused(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, new_site: Callable[[str], NewSite]
) -> None:
    """An existing site and an invented one answer the same."""
    other = new_site("https://other.example").site.token
    before = stored_rows(app)

    answers = [
        client.post("/v1/messages", json={**message, "site": token}, headers=back_end) for token in (other, "0" * 24)
    ]

    assert [code(answer) for answer in answers] == [(404, "site_not_found")] * 2
    assert answers[0].data == answers[1].data
    assert stored_rows(app) == before


def test_rel_03_the_same_key_and_body_is_the_same_message(
    client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    headers = {**back_end, "Idempotency-Key": "order 17"}
    reordered = dict(reversed(message.items()))

    answers = [client.post("/v1/messages", json=body, headers=headers) for body in (message, message, reordered)]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.data for answer in answers}) == 1


def test_rel_03_the_same_key_with_another_body_is_a_conflict(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    headers = {**back_end, "Idempotency-Key": "order 17"}
    client.post("/v1/messages", json=message, headers=headers)
    before = stored_rows(app)

    response = client.post("/v1/messages", json={**message, "ttl": 61}, headers=headers)

    assert code(response) == (409, "idempotency_conflict")
    assert stored_rows(app) == before


def test_rel_03_keys_of_two_sites_do_not_meet(
    client: FlaskClient, back_end: dict[str, str], message: Json, new_site: Callable[[str], NewSite]
) -> None:
    foreign = {"Authorization": f"Bearer {new_site('https://other.example').api_key}"}

    ids = [
        client.post("/v1/messages", json=message, headers={**who, "Idempotency-Key": "1"}).json["id"]  # type: ignore[index]
        for who in (back_end, foreign)
    ]

    assert len(set(ids)) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "tab\there"])
def test_an_idempotency_key_is_short_and_printable(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, key: str
) -> None:
    before = stored_rows(app)

    response = client.post("/v1/messages", json=message, headers={**back_end, "Idempotency-Key": key})

    assert code(response) == (422, "invalid_idempotency_key")
    assert stored_rows(app) == before


@pytest.mark.parametrize(
    "credential",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer sb_unknown",
        "Bearer caf\xe9",
        "Basic c2JfeDp4",
        "Bearer a=b, c=d",
        "{key}",
        "Bearer {key}x",
        "Bearer {KEY}",
    ],
)
def test_a_bad_key_is_refused(
    app: Flask, client: FlaskClient, api_key: str, message: Json, message_id: str, credential: str | None
) -> None:
    before = stored_rows(app)
    headers = (
        {}
        if credential is None
        else {"Authorization": credential.replace("{key}", api_key).replace("{KEY}", api_key.upper())}
    )

    answers = [
        client.post("/v1/messages", json=message, headers=headers),
        client.get(f"/v1/messages/{message_id}", headers=headers),
        *(client.post(f"/v1/messages/{message_id}/{step}", headers=headers) for step in STEPS),
    ]

    assert {code(answer) for answer in answers} == {(401, "invalid_api_key")}
    assert stored_rows(app) == before


def test_a_revoked_key_is_refused_at_once(
    app: Flask, client: FlaskClient, site: NewSite, back_end: dict[str, str], message: Json, clock: Clock
) -> None:
    with parts(app).store.writing() as session:
        [key] = list_api_keys(session, site.site)
        revoke_api_key(session, site.site, key.id, clock())
    before = stored_rows(app)

    assert code(client.post("/v1/messages", json=message, headers=back_end)) == (401, "invalid_api_key")
    assert stored_rows(app) == before


@pytest.mark.parametrize(("scope", "may_read", "may_send"), [("read", True, False), ("send", False, True)])
def test_a_key_does_what_its_scopes_say(
    app: Flask,
    client: FlaskClient,
    site: NewSite,
    message: Json,
    message_id: str,
    clock: Clock,
    scope: str,
    *,
    may_read: bool,
    may_send: bool,
) -> None:
    with parts(app).store.writing() as session:
        _, key = create_api_key(session, site.site, name="narrow", scopes=[scope], now=clock())
    headers = {"Authorization": f"Bearer {key}"}

    read = client.get(f"/v1/messages/{message_id}", headers=headers)
    sends = [
        client.post("/v1/messages", json=message, headers=headers),
        *(client.post(f"/v1/messages/{message_id}/{step}", headers=headers) for step in ("pause", "resume", "cancel")),
    ]

    assert read.status_code == (200 if may_read else 403)
    assert [answer.status_code for answer in sends] == ([202, 200, 200, 200] if may_send else [403] * 4)
    assert all(code(a) == (403, "scope_missing") for a in [read, *sends] if a.status_code == 403)
