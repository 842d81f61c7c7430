"""Failures in each vendor's own shape: also where there is no route, and when the key is missing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.models import Dialect
from sitebell.services.sites import NewSite
from support.dialects import speak

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind
ALTCRAFT, PUSHENGAGE, OURS = {"error", "error_text"}, {"success", "message", "error_code"}, {"error"}


@pytest.fixture
def speaking(app: Flask, client: FlaskClient, site: NewSite) -> FlaskClient:
    """A client of a site that speaks everything."""
    speak(app, site, *Dialect)
    return client


@pytest.mark.parametrize(
    ("request_line", "status", "members"),
    [
        ("GET /push_subscribe", 405, ALTCRAFT),
        ("POST /api/v1.1/nosuch", 404, ALTCRAFT),
        ("GET /api/v1.1/profiles/import", 405, ALTCRAFT),
        ("POST /push_subscribe/x", 404, ALTCRAFT),
        ("GET /apiv1/subscribers/check", 405, PUSHENGAGE),
        ("GET /apiv1/nosuch", 404, PUSHENGAGE),
        ("GET /apiv12", 404, OURS),
        ("GET /subscription/nosuch", 404, OURS),
        ("GET /notification/send", 405, OURS),
    ],
)
def test_what_has_no_route_is_answered_as_its_neighbours_are(
    speaking: FlaskClient, request_line: str, status: int, members: set[str]
) -> None:
    method, path = request_line.split()

    answer = speaking.open(path, method=method)

    assert (answer.status_code, set(answer.get_json())) == (status, members)
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("request_line", "place"),
    [
        ("POST /api/v1.1/subscriptions/set", "member token"),
        ("POST /api/v1.1/pushes/post_events", "member token"),
        ("POST /apiv1/notifications", "api_key: KEY"),
        ("GET /channels", "Authorization: KEY"),
        ("POST /notification/send", "Authorization: KEY"),
        ("GET /v1/topics", "Authorization: Bearer sb_"),
    ],
)
def test_a_call_without_a_key_is_told_where_it_goes(speaking: FlaskClient, request_line: str, place: str) -> None:
    method, path = request_line.split()

    answer = speaking.open(path, method=method, json={})

    assert answer.status_code == 401
    assert place in answer.text


@pytest.mark.parametrize("file", ["cleverpush.js", "altcraft.src.js"])
def test_a_facade_is_kept_for_an_hour_once_the_site_speaks(
    app: Flask, client: FlaskClient, site: NewSite, file: str
) -> None:
    def caching() -> str:
        return client.get(f"/sdk/v1/{file}?site={site.site.token}").headers["Cache-Control"]

    assert caching() == "no-cache"
    speak(app, site, *Dialect)
    assert caching() == "public, max-age=3600"
