"""Altcraft's calls at the same moment that name the same devices in opposite orders: nobody waits in a circle."""

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.altcraft_site import API_KEY, IMPORT, RESOURCE_TOKEN
from sitebell.models import Subscription
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.interleaving import at_once
from support.visitors import add_database
from support.web_application import Json, new_subscription, rows

DEVICES = 10  # of an import, which is one transaction
DEVICES_OF_AN_APP = 5  # one transaction of its call, too: in longer calls the same devices hardly ever meet
ROUNDS = 3

pytestmark = pytest.mark.databases("postgresql")  # SQLite has one writer at a time


def post(app: Flask, path: str, body: Json) -> int:
    return app.test_client().post(path, json=body).status_code


def both_ways(app: Flask, path: str, bodies: Callable[[int], tuple[Json, Json]]) -> set[int]:
    """Make pairs of calls at the same moment, and return their statuses."""
    found: set[int] = set()
    for number in range(ROUNDS):
        found.update(at_once([partial(post, app, path, body) for body in bodies(number)]))
    return found


def test_apps_subscribe_the_same_new_devices_in_opposite_orders(app: Flask, altcraft: NewSite) -> None:
    assert altcraft

    def bodies(number: int) -> tuple[Json, Json]:
        tokens = [f"{number}-{n}" for n in range(DEVICES_OF_AN_APP)]
        devices = [{"provider": "android-firebase", "subscription_id": token} for token in tokens]
        there, back = ({"resource_token": RESOURCE_TOKEN, "subscriptions": list_} for list_ in (devices, devices[::-1]))
        return there, back

    assert both_ways(app, "/push_subscribe", bodies) == {200}
    assert len(rows(app, Subscription)) == ROUNDS * DEVICES_OF_AN_APP


def test_apps_name_one_person_in_the_same_databases_in_opposite_orders(
    app: Flask, altcraft: NewSite, push_subscribe: Callable[..., Json]
) -> None:
    databases = [altcraft.database_id, *(add_database(app, altcraft) for _ in range(5))]

    def bodies(number: int) -> tuple[Json, Json]:
        there, back = (
            {
                "resource_token": RESOURCE_TOKEN,
                "subscriptions": [{"provider": "ios-apns", "subscription_id": f"{number}-{order[0]}"}],
                "db_ids": order,
                "matching": "custom",
                "field_name": "_lname",
                "field_value": f"Lee {number}",
            }
            for order in (databases, databases[::-1])
        )
        return there, back

    assert both_ways(app, "/push_subscribe", bodies) == {200}
    answer = push_subscribe(db_ids=databases[::-1])
    assert [row["db_id"] for row in answer["data"]] == databases[::-1]


@pytest.mark.parametrize("kind", ["browsers", "devices", "both"])
def test_a_back_end_imports_two_people_with_the_same_subscriptions_in_opposite_orders(
    app: Flask, client: FlaskClient, altcraft: NewSite, kind: str
) -> None:
    office = BackEnd(client, altcraft)
    browsers = [new_subscription() for _ in range(DEVICES)] if kind != "devices" else []
    for browser in browsers:
        office.subscribe(browser)
    known = [{"provider": "Chrome", "subscription_id": browser["endpoint"]} for browser in browsers]

    def bodies(number: int) -> tuple[Json, Json]:
        count = 0 if kind == "browsers" else DEVICES
        devices = [{"provider": "ios-apns", "subscription_id": f"{number}-{n}"} for n in range(count)]
        items = [{"resource_id": 22, "channel": "push", **item} for item in known + devices]
        there, back = (
            {"token": API_KEY, "db_id": altcraft.database_id, "email": email, "data": {"subscriptions": order}}
            for email, order in (("a@example.com", items), ("b@example.com", items[::-1]))
        )
        return there, back

    assert both_ways(app, IMPORT, bodies) == {200}
