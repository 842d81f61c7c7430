"""The routes of pages and workers: what each does when all is well, and whom it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, event, insert, select

from sitebell.models import Subscription
from sitebell.services.sites import NewSite
from sitebell.services.subscriptions import parse_address
from support.web_application import Json, new_subscription, parts, stored_rows

PROVING = ("subscription/status", "subscription/unsubscribe")


def rows(app: Flask, table: Any) -> list[Any]:
    """Return the rows of a table in the order of creation."""
    with parts(app).store.reading() as session:
        return list(session.scalars(select(table)))


def test_the_config_holds_what_a_page_needs_and_nothing_else(client: FlaskClient, page: str, site: NewSite) -> None:
    """SEC-10: the public token reads the public config."""
    assert client.get(page).json == {
        "site": site.site.token,
        "name": "Example",
        "vapid_public_key": site.vapid_public_key,
        "worker": "/bell-worker.js",
        "scope": "/bell/",
        "prompt": {},
    }


def test_a_new_subscription_is_created_once(app: Flask, client: FlaskClient, page: str, subscription: Json) -> None:
    first = client.put(f"{page}/subscription", json={"subscription": subscription, "time_zone": "Europe/Berlin"})
    again = client.put(f"{page}/subscription", json={"subscription": subscription, "intent": "refresh"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json is not None
    assert len(first.json["subscriber_hash"]) == 32
    assert (first.json["status"], first.json["enrollments"]) == ("subscribed", [])
    [row] = rows(app, Subscription)
    assert (row.address, row.time_zone) == (subscription["endpoint"], "Europe/Berlin")


def test_a_body_as_the_push_api_writes_it_is_taken(client: FlaskClient, page: str, subscription: Json) -> None:
    """`JSON.stringify(subscription)` has an expirationTime."""
    body = {"subscription": {**subscription, "expirationTime": 1_800_000_000_000.0}, "previous": None, "locale": None}

    assert client.put(f"{page}/subscription", json=body).status_code == 201


@pytest.mark.parametrize("locale", ["de", "pt-BR", "zh-Hans-CN", "sr-Latn-RS", "ca-valencia"])
@pytest.mark.parametrize("time_zone", ["UTC", "Etc/GMT+12", "America/Argentina/Buenos_Aires", "EST5EDT"])
def test_locale_and_time_zone_are_kept(
    app: Flask, client: FlaskClient, page: str, subscription: Json, locale: str, time_zone: str
) -> None:
    body = {"subscription": subscription, "locale": locale, "time_zone": time_zone}

    assert client.put(f"{page}/subscription", json=body).status_code == 201
    assert [(row.locale, row.time_zone) for row in rows(app, Subscription)] == [(locale, time_zone)]


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


def test_sec_14_a_known_endpoint_with_other_keys_is_a_conflict(
    app: Flask, client: FlaskClient, page: str, subscribed: Json
) -> None:
    before = stored_rows(app)
    body = {"subscription": {**new_subscription(), "endpoint": subscribed["endpoint"]}}

    response = client.put(f"{page}/subscription", json=body)

    assert (response.status_code, response.json["error"]["code"]) == (409, "subscription_conflict")  # type: ignore[index]
    assert stored_rows(app) == before


@pytest.mark.parametrize("member", ["match", "database_ids", "fields", "topics", "tags", "identity", "exclusive"])
def test_what_belongs_to_identity_is_refused_by_name(
    app: Flask, client: FlaskClient, page: str, subscription: Json, member: str
) -> None:
    before = stored_rows(app)

    response = client.put(f"{page}/subscription", json={"subscription": subscription, member: {}})

    assert (response.status_code, response.json["error"]["code"]) == (422, "not_available")  # type: ignore[index]
    assert response.json["error"]["message"].startswith(member)  # type: ignore[index]
    assert stored_rows(app) == before


def test_the_vapid_key_of_a_subscription_is_one_of_the_sites(
    client: FlaskClient, page: str, site: NewSite, subscription: Json
) -> None:
    body = {"subscription": subscription, "vapid_public_key": "BLcWc" + "A" * 82}

    refused = client.put(f"{page}/subscription", json=body)
    taken = client.put(f"{page}/subscription", json={**body, "vapid_public_key": site.vapid_public_key})

    assert (refused.status_code, refused.json["error"]["code"]) == (422, "unknown_vapid_key")  # type: ignore[index]
    assert taken.status_code == 201


def test_unsubscribing_ends_the_subscription_and_may_be_repeated(
    client: FlaskClient, page: str, subscribed: Json
) -> None:
    answers = [client.post(f"{page}/subscription/unsubscribe", json={"subscription": subscribed}) for _ in range(2)]

    assert [(answer.status_code, answer.json) for answer in answers] == [(200, {"status": "unsubscribed"})] * 2
    status = client.post(f"{page}/subscription/status", json={"subscription": subscribed})
    assert status.json is not None
    assert (status.json["status"], status.json["enrollments"]) == ("unsubscribed", [])


def test_a_refresh_does_not_revive_what_the_visitor_ended(client: FlaskClient, page: str, subscribed: Json) -> None:
    client.post(f"{page}/subscription/unsubscribe", json={"subscription": subscribed})

    def put(intent: str) -> str:
        answer = client.put(f"{page}/subscription", json={"subscription": subscribed, "intent": intent})
        status: str = answer.json["status"]  # type: ignore[index]
        return status

    assert (put("refresh"), put("subscribe")) == ("unsubscribed", "subscribed")


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
    columns = {column.key: getattr(old, column.key) for column in Subscription.__table__.columns}
    columns |= {"id": None, "subscriber_hash": "f" * 32, "address": moved["endpoint"], "address_hash": taken.hash}
    columns |= {"p256dh": taken.keys.p256dh, "auth": taken.keys.auth}

    @event.listens_for(parts(app).store.engine, "savepoint", once=True)
    def overtake(connection: Connection, _name: str) -> None:
        connection.execute(insert(Subscription).values(**columns))

    answer = client.put(f"{page}/subscription", json={"subscription": moved, "previous": subscribed})

    assert (answer.status_code, answer.json["subscriber_hash"]) == (200, "f" * 32)  # type: ignore[index]
    assert [row.status for row in rows(app, Subscription)] == ["gone", "subscribed"]


@pytest.mark.parametrize("route", PROVING)
def test_sec_12_15_unknown_and_not_matching_answer_the_same_bytes(
    app: Flask, client: FlaskClient, page: str, subscribed: Json, route: str
) -> None:
    """Otherwise the endpoint alone would tell whether its browser is subscribed."""
    before = stored_rows(app)
    other = new_subscription()
    forged_p256dh = {**subscribed, "keys": {**subscribed["keys"], "p256dh": other["keys"]["p256dh"]}}
    forged_auth = {**subscribed, "keys": {**subscribed["keys"], "auth": other["keys"]["auth"]}}

    answers = [
        client.post(f"{page}/{route}", json={"subscription": body}) for body in (other, forged_p256dh, forged_auth)
    ]

    assert {(answer.status_code, answer.data) for answer in answers} == {(404, answers[0].data)}
    assert answers[0].json["error"]["code"] == "subscription_not_found"  # type: ignore[index]
    assert stored_rows(app) == before


@pytest.mark.parametrize("route", PROVING)
def test_sec_38_a_subscription_of_another_site_does_not_exist_here(
    client: FlaskClient, subscribed: Json, new_site: Callable[[str], NewSite], route: str
) -> None:
    other = new_site("https://other.example").site.token

    assert client.post(f"/v1/sites/{other}/{route}", json={"subscription": subscribed}).status_code == 404


@pytest.mark.parametrize("route", PROVING)
def test_sec_15_unknown_and_not_matching_ask_the_database_the_same(
    app: Flask, client: FlaskClient, page: str, subscribed: Json, route: str
) -> None:
    """Else the time of the answer would tell them apart."""
    statements: list[str] = []
    event.listen(parts(app).store.engine, "before_cursor_execute", lambda _c, _u, sql, *_: statements.append(sql))

    def ask(subscription: Json) -> list[str]:
        statements.clear()
        client.post(f"{page}/{route}", json={"subscription": subscription})
        return list(statements)

    other = new_subscription()
    ask(other)  # the first request makes the site's bucket

    unknown, not_matching = ask(other), ask({**other, "endpoint": subscribed["endpoint"]})

    assert unknown == not_matching
    assert any("FROM subscription" in sql for sql in unknown)
