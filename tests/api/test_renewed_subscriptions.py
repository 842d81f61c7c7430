"""A browser whose push service gave it a new endpoint: the row moves, when the old one is proved (SEC-13)."""

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, insert

from sitebell.models import Subscription
from sitebell.services.subscriptions.lifecycle import parse_address
from support.web_application import Json, new_subscription, parts, rows


def test_sec_13_a_moved_subscription_keeps_its_hash_when_it_proves_the_old_one(
    app: Flask, client: FlaskClient, page: str, subscribed: Json
) -> None:
    before = client.post(f"{page}/subscription/status", json={"subscription": subscribed}).json
    moved = new_subscription()

    after = client.put(f"{page}/subscription", json={"subscription": moved, "previous": subscribed})

    assert after.status_code == 200
    assert after.json == before
    assert [row.address for row in rows(app, Subscription)] == [moved["endpoint"]]


def test_sec_13_a_previous_that_is_not_proved_is_left_alone(
    app: Flask, client: FlaskClient, page: str, subscribed: Json
) -> None:
    forged = {**new_subscription(), "endpoint": subscribed["endpoint"]}

    response = client.put(f"{page}/subscription", json={"subscription": new_subscription(), "previous": forged})

    assert response.status_code == 201
    assert [row.status for row in rows(app, Subscription)] == ["subscribed", "subscribed"]


def test_naming_an_ended_subscription_as_previous_does_not_let_a_refresh_revive_it(
    client: FlaskClient, page: str, subscribed: Json
) -> None:
    """Gone may come back by a refresh, what the visitor ended may not: so the one must not become the other."""
    other = new_subscription()
    client.put(f"{page}/subscription", json={"subscription": other})
    client.post(f"{page}/subscription/unsubscribe", json={"subscription": subscribed})
    client.put(f"{page}/subscription", json={"subscription": other, "previous": subscribed, "intent": "refresh"})

    answer = client.put(f"{page}/subscription", json={"subscription": subscribed, "intent": "refresh"})

    assert answer.json["status"] == "unsubscribed"  # type: ignore[index]


def test_a_subscribed_previous_is_gone_once_another_row_has_its_place(
    app: Flask, client: FlaskClient, page: str, subscribed: Json
) -> None:
    other = new_subscription()
    client.put(f"{page}/subscription", json={"subscription": other})

    client.put(f"{page}/subscription", json={"subscription": other, "previous": subscribed, "intent": "refresh"})

    assert [row.status for row in rows(app, Subscription)] == ["gone", "subscribed"]


def test_a_move_that_loses_the_race_for_its_endpoint_ends_as_one_subscription(
    app: Flask, client: FlaskClient, page: str, subscribed: Json
) -> None:
    """Page and worker may report a renewed subscription at once; the other request is stored just before ours."""
    moved = new_subscription()
    taken = parse_address(parts(app).rules, moved["endpoint"], **moved["keys"])
    [old] = rows(app, Subscription)
    keys = [column.key for column in Subscription.__table__.columns if column.key != "id"]
    columns = {key: getattr(old, key) for key in keys}
    columns |= {"subscriber_hash": "f" * 32, "address": moved["endpoint"], "address_hash": taken.hash}
    columns |= {"p256dh": taken.keys.p256dh, "auth": taken.keys.auth}

    @event.listens_for(parts(app).store.engine, "savepoint", once=True)
    def overtake(connection: Connection, _name: str) -> None:
        connection.execute(insert(Subscription).values(**columns))

    answer = client.put(f"{page}/subscription", json={"subscription": moved, "previous": subscribed})

    assert (answer.status_code, answer.json["subscriber_hash"]) == (200, "f" * 32)  # type: ignore[index]
    assert [row.status for row in rows(app, Subscription)] == ["gone", "subscribed"]
