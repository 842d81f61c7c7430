"""The routes of pages and workers: what each does when all is well, and whom it refuses."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from sitebell.models import Subscription
from sitebell.services.sites import NewSite
from support.web_application import Json, new_subscription, parts, refusal, rows, stored_rows

PROVING = (
    "subscription/status",
    "subscription/unsubscribe",
    "subscription/logout",
    "subscription/pause",
    "subscription/resume",
    "subscription/notifications",
)


def test_the_config_holds_what_a_page_needs_and_nothing_else(client: FlaskClient, page: str, site: NewSite) -> None:
    """SEC-10: the public token reads the public config."""
    assert client.get(page).json == {
        "site": site.site.token,
        "name": "Example",
        "vapid_public_key": site.vapid_public_key,
        "vapid_public_keys": [site.vapid_public_key],
        "worker": "/bell-worker.js",
        "scope": "/bell/",
        "topics": [],
        "prompt": {},
    }


def test_a_new_subscription_is_created_once(app: Flask, client: FlaskClient, page: str, subscription: Json) -> None:
    first = client.put(f"{page}/subscription", json={"subscription": subscription, "time_zone": "Europe/Berlin"})
    again = client.put(f"{page}/subscription", json={"subscription": subscription, "intent": "refresh"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json is not None
    assert len(first.json["subscriber_hash"]) == 32
    [enrollment] = first.json["enrollments"]
    assert (first.json["status"], enrollment["status"]) == ("subscribed", "subscribed")
    assert len(enrollment["profile_id"]) == 24
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


def test_sec_14_a_known_endpoint_with_other_keys_is_a_conflict(
    app: Flask, client: FlaskClient, page: str, subscribed: Json
) -> None:
    before = stored_rows(app)
    body = {"subscription": {**new_subscription(), "endpoint": subscribed["endpoint"]}}

    response = client.put(f"{page}/subscription", json=body)

    assert (response.status_code, response.json["error"]["code"]) == (409, "subscription_conflict")  # type: ignore[index]
    assert stored_rows(app) == before


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("match", {"name": "Ann"}),
        ("match", {"external_id": 42}),
        ("match", {"external_id": ""}),
        ("match", {"custom": {"field": "plan"}}),
        ("database_ids", []),
        ("database_ids", ["1"]),
        ("database_ids", [0]),
        ("fields", ["_fname"]),
        ("fields", {"x" * 65: 1}),
        ("exclusive", "false"),
        ("identity", {}),
    ],
)
def test_what_says_who_the_visitor_is_has_a_shape(
    app: Flask, client: FlaskClient, page: str, subscription: Json, member: str, value: object
) -> None:
    before = stored_rows(app)

    response = client.put(f"{page}/subscription", json={"subscription": subscription, member: value})

    assert refusal(response) == (422, "invalid")
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
    [enrollment] = status.json["enrollments"]
    assert (status.json["status"], enrollment["status"]) == ("unsubscribed", "unsubscribed")


def test_a_refresh_does_not_revive_what_the_visitor_ended(client: FlaskClient, page: str, subscribed: Json) -> None:
    client.post(f"{page}/subscription/unsubscribe", json={"subscription": subscribed})

    def put(intent: str) -> str:
        answer = client.put(f"{page}/subscription", json={"subscription": subscribed, "intent": intent})
        status: str = answer.json["status"]  # type: ignore[index]
        return status

    assert (put("refresh"), put("subscribe")) == ("unsubscribed", "subscribed")


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
