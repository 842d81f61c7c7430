"""A site that came from Altcraft, and its callers: an app by the public resource token, a back end by its old key."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from sitebell.models import Dialect, Enrollment, Profile
from sitebell.services.sites import NewSite
from support.dialects import adopt, speak
from support.visitors import add_fields
from support.web_application import Json, parts

RESOURCE_TOKEN = "3LXP2FRcRxJ-7b14db88ec937f14"
API_KEY = "0123456789abcdef0123456789abcdef"
DEVICE = {"provider": "android-firebase", "subscription_id": "device-1"}
SET, IMPORT, EVENTS = "/api/v1.1/subscriptions/set", "/api/v1.1/profiles/import", "/api/v1.1/pushes/post_events"

Ask = Callable[..., Json]
Call = Callable[..., tuple[int, Json]]


@pytest.fixture
def altcraft(app: Flask, site: NewSite) -> NewSite:
    """The site, which goes on with the ids of its resource and has a number field."""
    speak(app, site, Dialect.ALTCRAFT)
    adopt(app, site, Dialect.ALTCRAFT, resource_token=RESOURCE_TOKEN, resource_id="22", api_key=API_KEY)
    add_fields(app, site.database_id, CustomNumber1="integer")
    return site


@pytest.fixture
def push_subscribe(client: FlaskClient, altcraft: NewSite) -> Ask:
    """Calls push_subscribe as an app does, for one device unless others are given; it must succeed."""
    assert altcraft

    def call(**body: Any) -> Json:
        body = {"resource_token": RESOURCE_TOKEN, "subscriptions": [DEVICE], **body}
        answer = client.post("/push_subscribe", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["error_text"] == "Successful operation"
        return dict(answer.get_json())

    return call


@pytest.fixture
def rest(client: FlaskClient, altcraft: NewSite) -> Call:
    """Makes a back end's call, with key and database in its body; returns HTTP status and answer."""

    def post(path: str, **body: Any) -> tuple[int, Json]:
        answer = client.post(path, json={"token": API_KEY, "db_id": altcraft.database_id, **body})
        return answer.status_code, dict(answer.get_json())

    return post


def custom(value: Any) -> Json:
    """Return the members that match by a custom field."""
    return {"matching": "custom", "field_name": "CustomNumber1", "field_value": value}


def statuses(app: Flask) -> list[tuple[str, str]]:
    """Return profile and status of every enrollment that was not left, in their order."""
    query = select(Profile.public_id, Enrollment.status).join(Enrollment, Enrollment.profile_id == Profile.id)
    with parts(app).store.reading() as session:
        found = session.execute(query.where(Enrollment.left_at.is_(None)).order_by(Enrollment.id))
        return [(row[0], row[1]) for row in found]
