"""What API keys do is written into the audit log, with who, what and from where, and nothing about people (SEC-42)."""

import threading
from typing import Any

from flask import Flask
from sqlalchemy import select

from sitebell.models import ApiKey, AuditEntry
from sitebell.services.audit import verify
from support.back_end import BackEnd
from support.stopped_clock import StoppedClock
from support.visitors import Browser, profile_ids
from support.web_application import Json, parts

MESSAGE: Json = {"audience": {"everyone": True}, "notification": {"title": "Hello"}}


def entries(app: Flask) -> list[AuditEntry]:
    """Return the audit log, oldest first."""
    with parts(app).store.reading() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def told(app: Flask) -> list[tuple[str, str]]:
    """Return what was done to what."""
    return [(entry.action, entry.subject) for entry in entries(app)]


def test_sec_42_a_message_an_export_and_the_erases_are_written_down(
    app: Flask, office: BackEnd, browser: Browser
) -> None:
    database = f"database {office.site.database_id}"
    [profile_id] = profile_ids(browser.put(match={"external_id": "ann"}))
    message_id = office.ask("POST", "/v1/messages", MESSAGE)["id"]
    office.ask("GET", f"{office.profiles}/{profile_id}/export")
    office.ask("DELETE", f"{office.profiles}/{profile_id}")
    office.ask("POST", f"/v1/subscribers/{office.add_subscriber()}/erase")

    assert told(app) == [
        ("message.create", f"message {message_id}"),
        ("profile.export", database),
        ("profile.erase", database),
        ("subscriber.erase", ""),
    ]


def test_sec_42_an_entry_says_who_when_for_which_site_and_from_which_network(
    app: Flask, office: BackEnd, clock: StoppedClock
) -> None:
    office.ask("POST", "/v1/messages", MESSAGE, environ_base={"REMOTE_ADDR": "203.0.113.77"})

    [entry] = entries(app)
    with parts(app).store.reading() as session:
        key = session.scalars(select(ApiKey)).one()
    assert (entry.actor, entry.site_id, entry.at) == (f"key:{key.id}", office.site.site.id, clock())
    assert entry.address == "203.0.113.0/24"


def test_sec_42_what_was_refused_or_had_been_done_already_is_not_written_down(app: Flask, office: BackEnd) -> None:
    keyed: Any = {**office.headers, "Idempotency-Key": "once"}
    for _ in range(2):
        assert office.client.post("/v1/messages", json=MESSAGE, headers=keyed).status_code == 202
    assert office.call("POST", "/v1/messages", {**MESSAGE, "audience": {}}).status_code == 422
    assert office.call("DELETE", f"{office.profiles}/{'0' * 24}").status_code == 404

    assert [action for action, _ in told(app)] == ["message.create"]


def test_sec_42_the_log_of_a_busy_server_is_one_sound_chain(app: Flask, office: BackEnd) -> None:
    def send() -> None:
        client = app.test_client()
        for _ in range(5):
            assert client.post("/v1/messages", json=MESSAGE, headers=office.headers).status_code == 202

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with parts(app).store.reading() as session:
        assert verify(session, parts(app).vault) == (20, [])
