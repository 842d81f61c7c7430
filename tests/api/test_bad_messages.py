"""A message that cannot be sent as it stands is refused with a code and a sentence, and nothing is stored."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from support.web_application import Json, stored_rows

pytestmark = pytest.mark.shared_app
once = pytest.mark.databases("sqlite")  # what is decided before a database is asked

DANGEROUS_URLS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://www.example.com/1",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:\\\\evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:evil.example",
    "https://",
    "https://www.example.com@evil.example/",
    "https://user:secret@www.example.com/",
    "https://www.example.com:99999999/",
    "https://www.example.com:65536/",
    "https://[2001:db8::1]:99999/",
    "https://www.example.com/a b",
    "https://www.example.com/\n",
    "https://www.example.com/\x7f",
    "https://www.example.com/\u202egnp.exe",
    "https://www.example.com/\u2028",
    "ftp://www.example.com/",
    "news",
    "",
    "https://www.example.com/" + "x" * 2048,
]
SOUND_URLS = [
    "/",
    "/news?today=1#top",
    "https://www.example.com",
    "https://www.example.com?x=1",
    "http://localhost:8080/a",
    "HTTPS://WWW.EXAMPLE.COM/",
    "https://[2001:db8::1]:8443/a",
    "https://www.example.com:65535/",
    "https://www.example.com/straße?q=日本",
    "https://www.example.com/@name/a@b",
]


def code(client: FlaskClient, body: Any, headers: dict[str, str]) -> tuple[int, str]:
    """Send a message and return status and error code of the answer."""
    response = client.post("/v1/messages", json=body, headers=headers)
    error = (response.json or {}).get("error", {"code": "", "message": "none at all"})
    assert len(error["message"]) > 10
    return response.status_code, error["code"]


@once
@pytest.mark.parametrize("url", DANGEROUS_URLS)
def test_sec_35_a_dangerous_url_is_refused_wherever_it_stands(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, url: str
) -> None:
    before = stored_rows(app)
    places: list[Json] = [{name: url} for name in ("url", "icon", "image", "badge")]
    places += [{"actions": [{"action": "a", "title": "A", name: url}]} for name in ("url", "icon")]

    answers = {code(client, {**message, "notification": {"title": "Hello", **place}}, back_end) for place in places}

    assert answers == {(422, "invalid")}
    assert stored_rows(app) == before


@once
@pytest.mark.parametrize("url", SOUND_URLS)
def test_sec_35_a_web_url_or_a_path_of_the_site_is_taken(
    client: FlaskClient, back_end: dict[str, str], message: Json, url: str
) -> None:
    assert code(client, {**message, "notification": {"title": "Hello", "url": url}}, back_end) == (202, "")


AUDIENCES: list[tuple[Any, str]] = [
    ({}, "empty_audience"),
    ({"everyone": False}, "empty_audience"),
    ({"subscriber_hashes": []}, "empty_audience"),
    ({"everyone": True, "subscriber_hashes": ["a"]}, "invalid_audience"),
    ({"everyone": True, "topics": ["a"]}, "invalid_audience"),
    ({"everyone": False, "external_ids": ["a"]}, "invalid_audience"),
    ({"external_ids": []}, "empty_audience"),
    ({"external_ids": ["a"], "tags": []}, "empty_audience"),
    ({"external_ids": ["a"], "where": {}}, "empty_audience"),
    ({"profile_ids": ["a"]}, "invalid_audience"),
    ({"profile_ids": ["0" * 23 + "G"]}, "invalid_audience"),
    ({"topics": ["never defined"]}, "unknown_topic"),
    ({"tags": ["two\nlines"]}, "invalid_tag"),
    ({"where": {"all": []}}, "invalid_where"),
    ({"external_ids": ["x" * 201]}, "invalid"),
    ({"external_ids": ["a"] * 10_001}, "invalid"),
    ({"topics": ["a"] * 101}, "invalid"),
    ({"tags": ["a"] * 101}, "invalid"),
    ({"tags": None}, "invalid"),
    ({"tags": "vip"}, "invalid"),
    ({"subscriber_hashes": ["a1b2"]}, "invalid_audience"),
    ({"subscriber_hashes": ["0" * 32, "A" * 32]}, "invalid_audience"),
    ({"subscriber_hashes": ["0" * 32 + "\n"]}, "invalid_audience"),
    (None, "invalid"),
    ("everyone", "invalid"),
    ({"everyone": "true"}, "invalid"),
    ({"everyone": 1}, "invalid"),
    ({"everyone": None}, "invalid"),
    ({"subscriber_hashes": "a"}, "invalid"),
    ({"subscriber_hashes": [1]}, "invalid"),
    ({"subscriber_hashes": [""]}, "invalid"),
    ({"subscriber_hashes": ["x" * 65]}, "invalid"),
    ({"subscriber_hashes": ["a"] * 10_001}, "invalid"),
    ({"all": True}, "invalid"),
]


@once
@pytest.mark.parametrize(("audience", "expected"), AUDIENCES, ids=range(len(AUDIENCES)))
def test_an_audience_is_explicit(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, audience: Any, expected: str
) -> None:
    before = stored_rows(app)

    assert code(client, {**message, "audience": audience}, back_end) == (422, expected)
    assert stored_rows(app) == before


ACTION = {"action": "a", "title": "A"}
NOTIFICATIONS: list[Any] = [
    None,
    "Hello",
    {},
    {"title": ""},
    {"title": " \n\u00a0"},
    {"title": None},
    {"title": 1},
    {"title": ["Hello"]},
    {"title": "x" * 301},
    {"title": "Hello", "body": "x" * 3001},
    {"title": "Hello", "requireInteraction": True},
    {"title": "Hello", "silent": "yes"},
    {"title": "Hello", "silent": 0},
    {"title": "Hello", "dir": "up"},
    {"title": "Hello", "lang": "deutsch-"},
    {"title": "Hello", "tag": ""},
    {"title": "Hello", "timestamp": "now"},
    {"title": "Hello", "timestamp": -1},
    {"title": "Hello", "timestamp": 8_640_000_000_000_001},
    {"title": "Hello", "actions": [ACTION] * 2},
    {"title": "Hello", "actions": [{"action": str(n), "title": "A"} for n in range(5)]},
    {"title": "Hello", "actions": [{"action": "a"}]},
    {"title": "Hello", "actions": {"a": "A"}},
    {"title": "Hello", "actions": [{**ACTION, "navigate": "/"}]},
]


@once
@pytest.mark.parametrize("notification", NOTIFICATIONS, ids=range(len(NOTIFICATIONS)))
def test_a_notification_of_another_shape_is_refused(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, notification: Any
) -> None:
    before = stored_rows(app)

    assert code(client, {**message, "notification": notification}, back_end) == (422, "invalid")
    assert stored_rows(app) == before


@once
def test_a_notification_that_no_push_can_carry_is_refused_with_its_size(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    before = stored_rows(app)
    body = {**message, "notification": {"title": "Hello", "body": "é" * 2900}}

    response = client.post("/v1/messages", json=body, headers=back_end)

    assert response.status_code == 422
    error = response.json["error"]  # type: ignore[index]
    assert (error["code"], error["details"]["limit"]) == ("notification_too_large", 3993)
    assert error["details"]["size"] > 5800
    assert stored_rows(app) == before


OPTIONS: list[Json] = [
    {"ttl": 0},
    {"ttl": 2_419_201},
    {"ttl": "60"},
    {"ttl": 60.0},
    {"ttl": True},
    {"ttl": None},
    {"urgency": "now"},
    {"urgency": ["high"]},
    {"replace_key": ""},
    {"replace_key": "x" * 201},
    {"send_at": "tomorrow"},
    {"send_at": "2026-12-24T18:00:00"},
    {"send_at": "2026-12-24"},
    {"send_at": 1_790_000_000_000},
    {"send_at": "0001-01-01T00:00:00+14:00"},
    {"send_at": "9999-12-31T23:59:59-14:00"},
    {"site": 7},
    {"site": None},
    {"dry_run": True},
]


@once
@pytest.mark.parametrize("change", OPTIONS, ids=str)
def test_an_option_out_of_bounds_is_refused(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, change: Json
) -> None:
    before = stored_rows(app)

    assert code(client, {**message, **change}, back_end) == (422, "invalid")
    assert stored_rows(app) == before


@pytest.mark.parametrize("change", [{"ttl": 1}, {"ttl": 2_419_200}, {"replace_key": None}, {"send_at": None}], ids=str)
def test_an_option_at_its_bound_is_taken(
    client: FlaskClient, back_end: dict[str, str], message: Json, change: Json
) -> None:
    assert code(client, {**message, **change}, back_end) == (202, "")
