"""What one call of Altcraft's push_subscribe may cost the others: its resource token is public (SEC-16)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from compat.altcraft_site import RESOURCE_TOKEN, Ask, custom, statuses
from sitebell.models import Subscription
from sitebell.services.limits import NETWORK_LIMIT
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.visitors import add_database, add_fields
from support.web_application import Json, parts, rows, stored_rows

VISITOR = {"REMOTE_ADDR": "203.0.113.7"}
MOST_ROWS = 100
ROWS_PER_TRANSACTION = 5


def devices(count: int, *, ends: bool = False) -> list[Json]:
    """Return devices of an app."""
    return [
        {"provider": "ios-apns", "subscription_id": f"device-{number}", "unsubscribe": ends} for number in range(count)
    ]


def link_databases(app: Flask, site: NewSite, count: int) -> list[int]:
    """Link databases to the site until it has so many, all with the site's own field; return their ids."""
    more = [add_database(app, site) for _ in range(count - 1)]
    for database_id in more:
        add_fields(app, database_id, CustomNumber1="integer")
    return [site.database_id, *more]


@contextmanager
def bound_by_transaction(engine: Engine) -> Iterator[list[int]]:
    """Count the enrollments that each transaction of the block stores."""
    counts = [0]

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counts[-1] += statement.startswith("INSERT INTO enrollment")

    def end(_connection: Any) -> None:
        counts.append(0)

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", end)
    try:
        yield counts
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "commit", end)


@pytest.mark.parametrize(("device_count", "database_count"), [(3, 4), (20, 1), (1, 12)])
def test_sec_16_no_transaction_of_a_call_writes_more_than_a_few_rows(
    app: Flask, push_subscribe: Ask, altcraft: NewSite, device_count: int, database_count: int
) -> None:
    link_databases(app, altcraft, database_count)

    with bound_by_transaction(parts(app).store.engine) as counts:
        answer = push_subscribe(subscriptions=devices(device_count))

    assert (answer["error"], len(answer["data"])) == (0, device_count * database_count)
    assert sum(counts) == device_count * database_count
    assert max(counts) <= ROWS_PER_TRANSACTION


def test_sec_16_a_call_of_too_many_rows_is_refused_as_a_whole(
    app: Flask, client: FlaskClient, altcraft: NewSite
) -> None:
    databases = link_databases(app, altcraft, 3)
    body: Json = {"resource_token": RESOURCE_TOKEN, "subscriptions": devices(MOST_ROWS // 2)}
    before = stored_rows(app)

    refused = client.post("/push_subscribe", json=body)

    assert (refused.status_code, refused.get_json()["error"]) == (422, 422)
    assert stored_rows(app) == before
    assert len(client.post("/push_subscribe", json=body | {"db_ids": databases[:2]}).get_json()["data"]) == MOST_ROWS


def test_sec_16_each_row_takes_a_token_of_its_network(app: Flask, client: FlaskClient, altcraft: NewSite) -> None:
    link_databases(app, altcraft, 3)
    body = {"resource_token": RESOURCE_TOKEN, "subscriptions": devices(20)}
    calls = int(NETWORK_LIMIT.burst) // 60

    answers = [client.post("/push_subscribe", json=body, environ_base=VISITOR) for _ in range(calls + 1)]

    assert [answer.status_code for answer in answers] == [200] * calls + [429]
    assert answers[-1].headers["Retry-After"] == "30"
    assert len(rows(app, Subscription)) == 20


def test_a_device_of_many_databases_comes_and_goes_in_all_of_them(
    app: Flask, push_subscribe: Ask, altcraft: NewSite
) -> None:
    """It takes several transactions: which row the device began in, and which one ended it, makes no difference."""
    databases = link_databases(app, altcraft, 12)

    came = push_subscribe(**custom(1), subscriptions=devices(1), db_ids=databases[::-1])
    went = push_subscribe(subscriptions=devices(1, ends=True))
    back = push_subscribe(subscriptions=devices(1))

    assert [answer["error"] for answer in (came, went, back)] == [0, 0, 0]
    assert [row["db_id"] for row in came["data"]] == databases[::-1]
    assert [row["unsubscribe"] for row in went["data"]] == [True] * 12
    assert {status for _, status in statuses(app)} == {"subscribed"}
    assert [row.status for row in rows(app, Subscription)] == ["subscribed"]


def test_a_device_that_is_ended_in_the_last_database_is_ended_as_a_whole(
    app: Flask, push_subscribe: Ask, altcraft: NewSite
) -> None:
    link_databases(app, altcraft, 12)
    push_subscribe(subscriptions=devices(1))

    push_subscribe(subscriptions=devices(1, ends=True))

    assert {status for _, status in statuses(app)} == {"unsubscribed"}
    assert [row.status for row in rows(app, Subscription)] == ["unsubscribed"]


def test_a_device_that_was_ended_as_a_whole_begins_again_in_every_row(
    app: Flask, push_subscribe: Ask, altcraft: NewSite, office: BackEnd
) -> None:
    """It never left its profiles, so nothing but its own beginning is news there, in whichever transaction that was."""
    link_databases(app, altcraft, 12)
    subscriber_hash = push_subscribe(subscriptions=devices(1))["data"][0]["subscription_hash_id"]
    office.ask("POST", f"/v1/subscribers/{subscriber_hash}/unsubscribe")

    answer = push_subscribe(subscriptions=devices(1))

    assert (answer["error"], len(answer["data"])) == (0, 12)
    assert {row["subscription_hash_id"] for row in answer["data"]} == {subscriber_hash}
