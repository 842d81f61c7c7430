"""Altcraft's own pairs of request and answer for push_subscribe: the same fields come back, with the same values."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.models import Database, Dialect
from sitebell.services.databases import create_database, get_database, link_database, unlink_database
from sitebell.services.profiles import ProfileChanges, create_profile
from sitebell.services.sites import NewSite
from support.dialects import adopt, read_fixture, speak
from support.visitors import add_fields
from support.web_application import Json, parts

PAIRS = read_fixture("altcraft-push-subscribe")["pairs"]
HASH = "subscription_hash_id"


@pytest.fixture
def resource(app: Flask, site: NewSite) -> NewSite:
    """A site that has nothing of its own yet."""
    with parts(app).store.writing() as session:
        unlink_database(session, site.site, get_database(session, site.database_id))
    speak(app, site, Dialect.ALTCRAFT)
    return site


def lay(app: Flask, client: FlaskClient, site: NewSite, pair: Json) -> None:
    """Bring about what a pair takes for given."""
    token, given = pair["request"]["resource_token"], pair["given"]
    adopt(app, site, Dialect.ALTCRAFT, resource_token=token, resource_id=str(given["resource_id"]))
    names = {name for profile in given["profiles"] for name in profile.get("fields", {})}
    for database_id in given["databases"]:
        with parts(app).store.writing() as session:
            known = session.get(Database, database_id)
            database = known or create_database(session, name="X", now=parts(app).clock(), database_id=database_id)
            link_database(session, site.site, database)
        if database_id == given["profiles"][0]["db_id"]:
            add_fields(app, database_id, **dict.fromkeys(names, "integer"))
    for profile in given["profiles"]:
        with parts(app).store.writing() as session:
            changes = ProfileChanges(fields=profile.get("fields", {}))
            database = get_database(session, profile["db_id"])
            create_profile(session, database, changes, parts(app).clock(), public_id=profile["id"])
        for subscription in profile.get("subscriptions", []):
            bind(client, token, profile, subscription)


def bind(client: FlaskClient, token: str, profile: Json, subscription: Json) -> None:
    """Give a profile the subscription that it is to have before the call."""
    steps = [False, True] if subscription.get("status") == "unsubscribed" else [False]
    for ends in steps:
        item = {name: subscription[name] for name in ("provider", "subscription_id")} | {"unsubscribe": ends}
        body = {"resource_token": token, "id": profile["id"], "db_ids": [profile["db_id"]], "subscriptions": [item]}
        assert client.post("/push_subscribe", json=body).get_json()["error"] == 0


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: str(pair["name"]))
def test_a_documented_request_is_answered_as_documented(
    app: Flask, client: FlaskClient, resource: NewSite, pair: Any
) -> None:
    lay(app, client, resource, pair)

    answer = client.post("/push_subscribe", json=pair["request"])

    assert answer.status_code == 200
    said, documented = answer.get_json(), pair["response"]
    assert {name: said[name] for name in said if name != "data"} == {
        name: documented[name] for name in documented if name != "data"
    }
    for row, sample in zip(said["data"], documented["data"], strict=True):
        assert {name: type(value) for name, value in row.items()} == {n: type(value) for n, value in sample.items()}
        assert row | {HASH: ""} == sample | {HASH: ""}
