"""What the operator's machines are told: alive, ready or why not, and the numbers (REL-19)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from sitebell.api.metrics import render_metrics
from sitebell.app import create_app
from sitebell.config import Config
from sitebell.models import Batch, Delivery, Message, MessageStatus, WebhookCall
from sitebell.services.delivery.planner import plan_batch
from sitebell.services.webhooks.calls import form_calls
from support.back_end import WEBHOOK, BackEnd
from support.query_plans import tables_walked, watched
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts

TOKEN = {"Authorization": "Bearer metrics-token-of-tests"}


def test_rel_19_a_process_that_answers_is_alive_whatever_its_database_does(app: Flask, client: FlaskClient) -> None:
    with parts(app).store.writing() as session:
        session.execute(text("DROP TABLE worker"))

    assert (client.get("/livez").status_code, client.get("/livez").json) == (200, {"status": "alive"})


@pytest.mark.usefixtures("living_worker")
def test_rel_19_a_server_is_ready_when_everything_is(client: FlaskClient) -> None:
    assert (client.get("/readyz").status_code, client.get("/readyz").json) == (200, {"status": "ready"})


def lose_worker(_app: Flask, clock: StoppedClock) -> None:
    clock.advance(seconds=31)


def lose_migration(app: Flask, _clock: StoppedClock) -> None:
    with parts(app).store.writing() as session:
        session.execute(text("DELETE FROM alembic_version"))


def lose_database(app: Flask, _clock: StoppedClock) -> None:
    with parts(app).store.writing() as session:
        session.execute(text("DROP TABLE worker"))


def lose_disk(app: Flask, _clock: StoppedClock) -> None:
    app.config["DISK_RESERVE"] = 2**60  # no disk has that much room


@pytest.mark.usefixtures("living_worker")
@pytest.mark.parametrize(
    ("lose", "check"),
    [(lose_worker, "worker"), (lose_migration, "migrations"), (lose_database, "database"), (lose_disk, "disk")],
)
def test_rel_19_a_server_says_why_it_is_not_ready(
    app: Flask,
    client: FlaskClient,
    clock: StoppedClock,
    lose: Callable[[Flask, StoppedClock], None],
    check: str,
) -> None:
    lose(app, clock)

    response = client.get("/readyz")

    assert response.status_code == 503
    error = response.json["error"]  # type: ignore[index]
    assert (error["code"], list(error["details"])) == ("not_ready", [check])
    assert error["message"] == error["details"][check]


@pytest.mark.usefixtures("living_worker")
def test_rel_19_a_worker_is_missed_after_thirty_seconds_and_not_before(
    client: FlaskClient, clock: StoppedClock
) -> None:
    clock.advance(seconds=30)
    assert client.get("/readyz").status_code == 200
    clock.advance(seconds=1)
    assert client.get("/readyz").status_code == 503


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer metrics-token-of-test"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic eDp4"},
    ],
)
def test_metrics_want_their_token(client: FlaskClient, headers: dict[str, str]) -> None:
    response = client.get("/metrics", headers=headers)

    assert (response.status_code, response.json["error"]["code"]) == (401, "invalid_metrics_token")  # type: ignore[index]
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("base_url", "address", "headers", "status"),
    [
        ("http://localhost:8080", "127.0.0.1", {}, 200),
        ("http://shop.localhost", "::1", {}, 200),
        ("http://localhost:8080", "203.0.113.7", {}, 404),
        ("http://localhost:8080", "127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, 404),
        ("https://bell.example.com", "127.0.0.1", {}, 404),
        ("https://localhost.example.com", "127.0.0.1", {}, 404),
    ],
)
def test_without_a_token_metrics_exist_on_ones_own_machine_alone(
    config: Config, base_url: str, address: str, headers: dict[str, str], status: int
) -> None:
    """A public server's proxy may sit on loopback too, so there loopback is no proof."""
    app = create_app(Config(**{**vars(config), "base_url": base_url, "metrics_token": None}))

    response = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})

    assert response.status_code == status
    assert "SITEBELL_METRICS_TOKEN" in response.text or status == 200
    parts(app).store.close()


def measure(client: FlaskClient) -> dict[str, float]:
    """Return the metrics by name and label."""
    response = client.get("/metrics", headers=TOKEN)
    assert (response.status_code, response.mimetype) == (200, "text/plain")
    lines = (line.rpartition(" ") for line in response.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def test_metrics_of_an_idle_server_are_zero(client: FlaskClient) -> None:
    measured = measure(client)

    assert set(measured.values()) == {0.0}
    assert {'sitebell_messages{status="paused"}', 'sitebell_recent_deliveries{state="pending"}'} < set(measured)


@pytest.mark.usefixtures("living_worker")
def test_metrics_count_messages_deliveries_and_workers(
    app: Flask, client: FlaskClient, page: str, back_end: dict[str, str], message: Json, clock: StoppedClock
) -> None:
    for _ in range(3):
        client.put(f"{page}/subscription", json={"subscription": new_subscription()})
    for _ in range(2):
        client.post("/v1/messages", json=message, headers=back_end)
    with parts(app).store.writing() as session:
        plan_batch(session, clock())

    measured = measure(client)

    assert measured['sitebell_messages{status="scheduled"}'] == 1
    assert measured['sitebell_messages{status="sending"}'] == 1
    assert measured['sitebell_recent_deliveries{state="pending"}'] == 3
    assert measured["sitebell_workers"] == 1


@pytest.mark.usefixtures("subscribed", "message_id")
def test_deliveries_of_an_older_message_are_not_counted(app: Flask, client: FlaskClient, clock: StoppedClock) -> None:
    """A counter that walks through everything ever sent would slow down from day to day."""
    with parts(app).store.writing() as session:
        plan_batch(session, clock())
        assert session.scalars(select(Delivery)).one().state == "pending"
    assert measure(client)['sitebell_recent_deliveries{state="pending"}'] == 1
    clock.advance(minutes=61)

    assert measure(client)['sitebell_recent_deliveries{state="pending"}'] == 0


def leave(_app: Flask, _clock: StoppedClock) -> None:
    """Nobody has looked at the message yet."""


def plan(app: Flask, clock: StoppedClock) -> None:
    with parts(app).store.writing() as session:
        plan_batch(session, clock())


def lease(app: Flask, clock: StoppedClock) -> None:
    plan(app, clock)
    with parts(app).store.writing() as session:
        session.scalars(select(Batch)).one().lease_until = clock() + timedelta(minutes=10)


def lose_lease(app: Flask, clock: StoppedClock) -> None:
    plan(app, clock)
    with parts(app).store.writing() as session:
        session.scalars(select(Batch)).one().lease_until = clock() + timedelta(seconds=30)


def pause(app: Flask, clock: StoppedClock) -> None:
    plan(app, clock)
    with parts(app).store.writing() as session:
        session.scalars(select(Message)).one().status = MessageStatus.PAUSED


@pytest.mark.usefixtures("subscribed", "message_id")
@pytest.mark.parametrize(("state", "age"), [(leave, 300), (plan, 300), (lease, 0), (lose_lease, 300), (pause, 0)])
def test_rel_19_the_oldest_due_age_tells_of_work_that_nobody_does(
    app: Flask, client: FlaskClient, clock: StoppedClock, state: Any, age: int
) -> None:
    state(app, clock)
    clock.advance(minutes=5)

    assert measure(client)["sitebell_oldest_due_age_seconds"] == age


def test_the_metrics_queries_walk_through_no_table(app: Flask, clock: StoppedClock) -> None:
    """A scrape must cost the same after a year of messages."""
    with parts(app).store.reading() as session:
        with watched(parts(app).store.engine) as statements:
            render_metrics(session, clock())
        walked = tables_walked(session, list(statements))

    assert len(statements) >= 5
    assert walked <= {"worker", "webhook"}  # a handful of rows


def test_metrics_tell_what_webhooks_were_not_told_and_since_when(
    app: Flask, office: BackEnd, clock: StoppedClock
) -> None:
    """The age goes on while a call waits for its next attempt; a webhook that is off keeps nothing waiting."""

    def backlog() -> list[float]:
        measured = measure(office.client)
        return [measured[f"sitebell_webhook_{name}"] for name in ("due_calls", "waiting_events", "oldest_age_seconds")]

    webhook = office.ask("POST", "/v1/webhooks", {**WEBHOOK, "events": ["subscribe"]})
    office.add_subscriber()
    clock.advance(seconds=60)
    assert backlog() == [0, 1, 60]
    with parts(app).store.writing() as session:
        form_calls(session, clock())
    clock.advance(seconds=60)
    assert backlog() == [1, 0, 60]
    with parts(app).store.writing() as session:
        session.scalars(select(WebhookCall)).one().due_at = clock() + timedelta(minutes=5)
    assert backlog() == [0, 0, 60]
    office.ask("PATCH", f"/v1/webhooks/{webhook['id']}", {"is_enabled": False})
    assert backlog() == [0, 0, 0]
