"""Every failure has one shape, whoever raised it, and tells neither page nor log a secret."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from sitebell.errors import Conflict, SitebellError
from sitebell.models import ApiKey
from sitebell.services.sites import NewSite
from support.faults import break_a_rule, take_the_database_away
from support.web_application import Json, new_subscription, parts

JSON = {"Content-Type": "application/json"}


@dataclass
class Way:
    """A request that fails; `{page}` stands for the site's path."""

    status: int
    code: str
    path: str
    method: str = "GET"
    options: dict[str, Any] = field(default_factory=dict)


WAYS = {
    "no_such_route": Way(404, "not_found", "/nothing/here"),
    "no_such_page_route": Way(404, "not_found", "{page}/nothing"),
    "no_such_site": Way(404, "site_not_found", "/v1/sites/0123456789abcdef01234567"),
    "nul_in_the_token": Way(404, "site_not_found", "/v1/sites/%00"),
    "no_token": Way(404, "not_found", "/v1/sites/"),
    "two_slashes": Way(404, "not_found", "/v1//openapi.json"),
    "wrong_method": Way(405, "method_not_allowed", "{page}/subscription", "DELETE"),
    "wrong_origin": Way(403, "origin_not_allowed", "{page}", options={"headers": {"Origin": "https://evil.example"}}),
    "no_key": Way(401, "invalid_api_key", "/v1/messages/0"),
    "no_metrics_token": Way(401, "invalid_metrics_token", "/metrics"),
    "not_json": Way(400, "malformed", "{page}/events", "POST", {"data": "{", "headers": JSON}),
    "not_declared": Way(415, "unsupported_media_type", "{page}/events", "POST", {"data": "{}"}),
    "a_form": Way(415, "unsupported_media_type", "{page}/events", "POST", {"data": {"events": "[]"}}),
    "too_large": Way(413, "too_large", "{page}/events", "POST", {"data": b" " * 65_537, "headers": JSON}),
    "wrong_type": Way(422, "invalid", "{page}/events", "POST", {"json": {"events": "none"}}),
    "not_an_object": Way(422, "invalid", "{page}/events", "POST", {"json": []}),
    "no_worker": Way(503, "not_ready", "/readyz"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_every_way_to_fail_has_the_one_shape(client: FlaskClient, page: str, way: Way) -> None:
    response = client.open(way.path.format(page=page), method=way.method, **way.options)

    check_shape(response, way.status, way.code)


def check_shape(response: TestResponse, status: int, code: str) -> Json:
    """Assert the status and the one shape, and return the error."""
    assert (response.status_code, response.mimetype) == (status, "application/json")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in response.headers
    assert set(response.json or {}) == {"error"}
    error: Json = (response.json or {})["error"]
    assert set(error) in ({"code", "message"}, {"code", "message", "details"})
    assert error["code"] == code
    assert error["message"][0].isupper() or "." in error["message"]
    assert error["message"].endswith((".", "…", ")"))
    return error


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (lambda: abort(409), 409, "conflict"),
        (lambda: abort(400), 400, "malformed"),
        (lambda: abort(501), 501, "not_implemented"),
        (lambda: (_ for _ in ()).throw(Conflict("some_conflict", "Do it otherwise.")), 409, "some_conflict"),
        (lambda: (_ for _ in ()).throw(SitebellError("a_code", "Change this.", 422, ["x"])), 422, "a_code"),
        (lambda: str(1 / 0), 500, "internal_error"),
        (lambda: "[" + 1, 500, "internal_error"),  # type: ignore[operator]
    ],
)
def test_what_a_view_raises_has_the_one_shape(
    own_app: Flask, raised: Callable[[], Any], status: int, code: str
) -> None:
    own_app.add_url_rule("/failing", view_func=raised, endpoint="failing")

    check_shape(own_app.test_client().get("/failing"), status, code)


def test_a_405_names_the_methods_that_work(client: FlaskClient, page: str) -> None:
    response = client.delete(f"{page}/subscription")

    assert set(response.headers["Allow"].split(", ")) == {"PUT", "OPTIONS"}
    assert "use PUT." in check_shape(response, 405, "method_not_allowed")["message"]


def test_a_401_says_how_to_authenticate(client: FlaskClient) -> None:
    assert client.get("/v1/messages/0").headers["WWW-Authenticate"] == "Bearer"


def test_unknown_and_missing_members_are_named_with_their_place(client: FlaskClient, back_end: dict[str, str]) -> None:
    body = {"audience": {"everyone": 1}, "notification": {"tittle": "x", "actions": [{"action": "a"}]}}

    details = client.post("/v1/messages", json=body, headers=back_end).json["error"]["details"]  # type: ignore[index]

    assert set(details) == {
        "audience.everyone",
        "notification.title",
        "notification.tittle",
        "notification.actions.0.title",
    }


def test_an_endless_list_of_complaints_is_cut(client: FlaskClient, back_end: dict[str, str]) -> None:
    body = {"n" * 5000 + str(number): 0 for number in range(90)}

    response = client.post("/v1/messages", json=body, headers=back_end)

    assert response.status_code == 422
    assert len(response.data) < 5000


def test_a_fault_is_logged_under_the_id_that_the_answer_names(own_app: Flask) -> None:
    own_app.add_url_rule("/failing", view_func=lambda: str(1 / 0), endpoint="failing")

    with capture_logs() as logs:
        error = check_shape(own_app.test_client().get("/failing"), 500, "internal_error")

    assert logs[0]["error_id"] == error["details"]["error_id"]
    assert error["details"]["error_id"] in error["message"]
    assert logs[0]["raised"] == ["ZeroDivisionError"]
    assert any("test_error_shape.py" in frame for frame in logs[0]["where"])


def test_a_database_that_fails_answers_503_and_when_to_come_back(
    app: Flask, client: FlaskClient, page: str, subscription: Json
) -> None:
    take_the_database_away(parts(app).store)

    with capture_logs() as logs:
        response = client.put(f"{page}/subscription", json={"subscription": subscription})

    check_shape(response, 503, "database_unavailable")
    assert response.headers["Retry-After"] == "5"
    assert logs[0]["event"] == "database_unavailable"


def test_sec_41_the_text_of_an_exception_is_not_logged(own_app: Flask) -> None:
    """It can quote what a stranger sent: here, what a browser wants kept."""

    def fail() -> str:
        raise ValueError("cannot read https://push.example/canary")

    own_app.add_url_rule("/failing", view_func=fail, endpoint="failing")

    with capture_logs() as logs:
        response = own_app.test_client().get("/failing")

    assert "ValueError" in repr(logs)
    assert "canary" not in repr(logs) + response.text


def test_sec_41_an_exception_of_the_database_quotes_no_values(app: Flask, site: NewSite) -> None:
    incomplete = insert(ApiKey).values(site_id=site.site.id, name="canary", prefix="p", scopes="s", created_at=None)

    with pytest.raises(IntegrityError) as caught, parts(app).store.writing() as session:
        session.execute(incomplete.values(key_hash=b"x"))

    assert "canary" not in str(caught.value)


def test_sec_41_no_secret_reaches_a_log_or_an_error(
    app: Flask, client: FlaskClient, page: str, site: NewSite, subscribed: Json
) -> None:
    """Canaries go through a fault in the middle of the work, where exceptions quote what they were given."""
    moved = new_subscription()
    break_a_rule(parts(app).store)
    secrets = [site.api_key, *(s for sub in (moved, subscribed) for s in (sub["endpoint"], *sub["keys"].values()))]
    headers = {"Authorization": f"Bearer {site.api_key}", "Cookie": "session=canary-cookie"}

    with capture_logs() as logs:
        body = {"subscription": moved, "previous": subscribed}
        put = client.put(f"{page}/subscription", json=body, headers=headers)
        bad = client.put(f"{page}/subscription", json={"subscription": {**moved, "keys": secrets}})
        sent = client.post("/v1/messages", json={"audience": {}, "notification": {}}, headers=headers)

    assert [put.status_code, bad.status_code, sent.status_code] == [500, 422, 422]
    assert logs[0]["raised"][0] == "IntegrityError"
    told = repr(logs) + put.text + bad.text + sent.text
    assert [secret for secret in [*secrets, "canary-cookie"] if secret in told] == []
