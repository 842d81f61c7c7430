"""Bad input answers 4xx with a code and a sentence, never 500, and changes nothing (SEC-37)."""

import json
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import BaseWSGIServer

from sitebell.services.sites import NewSite
from support.web_application import Json, make_site, new_subscription, refusal, stored_rows

pytestmark = pytest.mark.shared_app  # nothing of it is changed

JSON = {"Content-Type": "application/json"}
ROUTES = (
    ("PUT", "{page}/subscription"),
    ("POST", "{page}/subscription/status"),
    ("POST", "{page}/subscription/unsubscribe"),
    ("POST", "{page}/subscription/logout"),
    ("POST", "{page}/subscription/pause"),
    ("POST", "{page}/subscription/resume"),
    ("POST", "{page}/subscription/notifications"),
    ("POST", "{page}/events"),
    ("POST", "/v1/messages"),
)
MALFORMED = {
    "nested_30000": b"[" * 30_000,
    "nested_inside": b'{"subscription":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "integer_of_5000_digits": b'{"ttl": ' + b"9" * 5000 + b"}",
    "lone_surrogate": b'{"subscription": "\\ud800"}',
    "lone_surrogate_as_name": b'{"\\udc00": 1}',
    "nul": b'{"site": "\\u0000"}',
    "duplicate_keys": b'{"events": [], "events": []}',
    "nan": b'{"ttl": NaN}',
    "infinity": b'{"ttl": 1e400}',
    "not_utf8": b'{"site": "\xff\xfe"}',
    "empty": b"",
    "cut_off": b'{"events": [',
}


@pytest.fixture(scope="module")
def site(shared_app: Flask) -> NewSite:
    """One for all, too."""
    return make_site(shared_app)


@pytest.mark.parametrize(("method", "route"), ROUTES)
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_sec_37_a_malformed_body_is_400_everywhere(
    app: Flask, client: FlaskClient, page: str, back_end: dict[str, str], method: str, route: str, body: bytes
) -> None:
    before = stored_rows(app)

    response = client.open(route.format(page=page), method=method, data=body, headers={**back_end, **JSON})

    assert refusal(response) == (400, "malformed")
    assert stored_rows(app) == before


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_sec_37_a_body_over_the_cap_is_413(
    app: Flask, client: FlaskClient, page: str, back_end: dict[str, str], method: str, route: str
) -> None:
    cap = 1_048_576 if route == "/v1/messages" else 65_536
    before = stored_rows(app)

    def send(size: int) -> tuple[int, str]:
        body = b'{"unknown": "' + b"x" * (size - 15) + b'"}'
        return refusal(client.open(route.format(page=page), method=method, data=body, headers={**back_end, **JSON}))

    assert send(cap) == (422, "invalid")
    assert send(cap + 1) == (413, "too_large")
    assert stored_rows(app) == before


@pytest.mark.parametrize(("size", "status", "code"), [(65_536, 422, "invalid"), (70_000, 413, "too_large")])
def test_sec_37_the_cap_holds_for_a_body_of_unknown_length(
    served: Callable[[], BaseWSGIServer], page: str, size: int, status: int, code: str
) -> None:
    """A chunked body announces no Content-Length."""
    body = b'{"unknown": "' + b"x" * (size - 15) + b'"}'
    connection = HTTPConnection("127.0.0.1", served().port, timeout=20)

    chunks = (body[start : start + 8192] for start in range(0, len(body), 8192))
    connection.request("POST", f"{page}/events", body=chunks, headers=JSON, encode_chunked=True)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()

    assert (response.status, answer["error"]["code"]) == (status, code)


KEYS = {
    "off_the_curve": ("p256dh", "BA" + "A" * 85, "invalid_keys"),
    "compressed_point": ("p256dh", "A" + "A" * 43, "invalid_keys"),
    "not_base64url": ("p256dh", "+" * 87, "invalid_keys"),
    "all_zero": ("p256dh", "A" * 87, "invalid_keys"),
    "hybrid_point": ("p256dh", "Bg" + "A" * 85, "invalid_keys"),
    "empty_point": ("p256dh", "", "invalid"),
    "long_point": ("p256dh", "B" * 101, "invalid"),
    "auth_of_15_bytes": ("auth", "A" * 20, "invalid_keys"),
    "auth_of_17_bytes": ("auth", "A" * 23, "invalid_keys"),
    "auth_with_padding_inside": ("auth", "AAAA=AAAAAAAAAAAAAAAAA", "invalid_keys"),
    "auth_is_a_number": ("auth", 1, "invalid"),
}
ENDPOINTS = {
    "http": "http://fcm.googleapis.com/fcm/send/a",
    "loopback": "https://127.0.0.1/a",
    "two_parsers": "https://127.0.0.1\\@fcm.googleapis.com/",
    "foreign_suffix": "https://fcm.googleapis.com.evil.example/a",
    "foreign_prefix": "https://evilfcm.googleapis.com/a",
    "user": "https://fcm.googleapis.com@evil.example/a",
    "port": "https://fcm.googleapis.com:8443/a",
    "digits": "https://①②⑦.⓪.⓪.①/a",
    "number": "https://2130706433/a",
    "internal": "https://localhost/a",
    "metadata": "https://169.254.169.254/latest",
    "fragment": "https://fcm.googleapis.com/a#b",
    "line_break": "https://fcm.googleapis.com/a\r\nHost: evil",
    "file": "file:///etc/passwd",
    "blank": " ",
}


def bodies(subscription: Any) -> list[tuple[str, str, Json]]:
    """Return a request for each place where a subscription can stand."""
    event = {"type": "custom", "subscription": subscription, "at": 0}
    return [
        ("PUT", "subscription", {"subscription": subscription}),
        ("PUT", "subscription", {"subscription": new_subscription(), "previous": subscription}),
        ("POST", "subscription/status", {"subscription": subscription}),
        ("POST", "subscription/unsubscribe", {"subscription": subscription}),
        ("POST", "events", {"events": [event]}),
    ]


@pytest.mark.parametrize(("name", "value", "code"), KEYS.values(), ids=KEYS.keys())
def test_sec_30_bad_keys_are_refused_wherever_they_stand(
    app: Flask, client: FlaskClient, page: str, subscription: Json, name: str, value: Any, code: str
) -> None:
    bad = {**subscription, "keys": {**subscription["keys"], name: value}}
    before = stored_rows(app)

    answers = [client.open(f"{page}/{path}", method=method, json=body) for method, path, body in bodies(bad)]

    assert {refusal(answer) for answer in answers} == {(422, code)}
    assert stored_rows(app) == before


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS.keys())
def test_sec_02_a_bad_endpoint_is_refused_wherever_it_stands(
    app: Flask, client: FlaskClient, page: str, subscription: Json, endpoint: str
) -> None:
    bad = {**subscription, "endpoint": endpoint}
    before = stored_rows(app)

    answers = [client.open(f"{page}/{path}", method=method, json=body) for method, path, body in bodies(bad)]

    assert {refusal(answer) for answer in answers} == {(422, "invalid_endpoint")}
    assert stored_rows(app) == before


WRONG_SUBSCRIPTIONS: list[Any] = [None, 1, "text", [], {}, {"endpoint": "https://fcm.googleapis.com/a"}, {"keys": {}}]


@pytest.mark.parametrize("wrong", WRONG_SUBSCRIPTIONS, ids=str)
def test_what_is_no_subscription_is_refused(app: Flask, client: FlaskClient, page: str, wrong: Any) -> None:
    before = stored_rows(app)

    for method, path, body in bodies(wrong):
        if wrong is None and ("previous" in body or path == "events"):
            continue  # null is as good as absent there
        assert refusal(client.open(f"{page}/{path}", method=method, json=body)) == (422, "invalid")

    assert stored_rows(app) == before


REGISTRATIONS: list[Json] = [
    {"unknown": 1},
    {"intent": "steal"},
    {"intent": None},
    {"locale": 1},
    {"locale": "d"},
    {"locale": "de\n"},
    {"locale": "de_DE"},
    {"locale": "x" * 41},
    {"time_zone": "Europe/Berlin'; --"},
    {"time_zone": "../../etc/passwd"},
    {"time_zone": "A" * 61},
    {"time_zone": True},
    {"vapid_public_key": 7},
    {"vapid_public_key": "x" * 101},
    {"previous": "none"},
]


@pytest.mark.parametrize("change", REGISTRATIONS, ids=str)
def test_a_registration_with_a_wrong_member_is_refused(
    app: Flask, client: FlaskClient, page: str, subscription: Json, change: Json
) -> None:
    before = stored_rows(app)

    response = client.put(f"{page}/subscription", json={"subscription": subscription, **change})

    assert refusal(response) == (422, "invalid")
    assert next(iter(change)) in response.json["error"]["details"]  # type: ignore[index]
    assert stored_rows(app) == before


SHOWN = {"type": "shown", "receipt": "x", "at": 0}
EVENTS: list[Any] = [
    [],
    [SHOWN] * 101,
    [{**SHOWN, "type": "subscribed"}],
    [{**SHOWN, "type": "opened"}],
    [{**SHOWN, "receipt": None}],
    [{**SHOWN, "receipt": "x" * 201}],
    [{**SHOWN, "at": "0"}],
    [{**SHOWN, "at": 0.5}],
    [{**SHOWN, "at": 1.0}],
    [{**SHOWN, "at": True}],
    [{**SHOWN, "at": -1}],
    [{**SHOWN, "at": 253_402_300_800_000}],
    [{"type": "shown", "receipt": "x"}],
    [{**SHOWN, "action": "x" * 101}],
    [{**SHOWN, "data": []}],
    [{**SHOWN, "unknown": 1}],
    [{**SHOWN, "subscription": new_subscription()}],
    [{**SHOWN, "type": "custom"}],
    [{**SHOWN, "type": "custom", "subscription": new_subscription()}],
    ["shown"],
    {"0": SHOWN},
]


@pytest.mark.parametrize("events", EVENTS, ids=range(len(EVENTS)))
def test_events_of_another_shape_are_refused(app: Flask, client: FlaskClient, page: str, events: Any) -> None:
    before = stored_rows(app)

    assert refusal(client.post(f"{page}/events", json={"events": events})) == (422, "invalid")
    assert stored_rows(app) == before
