"""`/v1/webhooks`: made, changed, rotated, removed; the delivery log and its pages; nobody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.models import Webhook
from sitebell.services.sites import NewSite
from support.stopped_clock import StoppedClock
from support.web_application import Json, parts, refusal, stored_rows

URL = "https://hooks.example.com/sitebell"
ALL = ["subscribe", "update_subscription", "unsubscribe", "show", "click", "close"]


@pytest.fixture
def call(client: FlaskClient, back_end: dict[str, str]) -> Callable[..., Any]:
    """Calls a route below /v1/webhooks as the site's back end."""

    def request(method: str, path: str = "", body: Json | None = None) -> Any:
        return client.open(f"/v1/webhooks{path}", method=method, json=body, headers=back_end)

    return request


@pytest.fixture
def webhook(call: Callable[..., Any]) -> Json:
    """A webhook for everything, with its secret."""
    made: Json = call("POST", body={"url": URL}).json
    return made


def test_a_new_webhook_is_shown_with_its_secret_and_later_without(call: Callable[..., Any], webhook: Json) -> None:
    assert webhook["secret"].startswith("whsec_")
    listed = call("GET").json["webhooks"]
    shown = call("GET", f"/{webhook['id']}").json

    assert (webhook["url"], webhook["events"], webhook["is_enabled"]) == (URL, ALL, True)
    assert listed == [shown]
    assert shown == {name: value for name, value in webhook.items() if name != "secret"}


def test_a_change_leaves_alone_what_it_does_not_name(call: Callable[..., Any], webhook: Json) -> None:
    call("PATCH", f"/{webhook['id']}", {"events": ["click", "show", "click"]})
    changed = call("PATCH", f"/{webhook['id']}", {"is_enabled": False}).json

    assert (changed["url"], changed["events"]) == (URL, ["show", "click"])
    assert (changed["is_enabled"], changed["disabled_reason"]) == (False, "switched off")


def test_a_rotation_gives_a_new_secret_and_says_how_long_the_old_one_signs(
    call: Callable[..., Any], webhook: Json, clock: StoppedClock
) -> None:
    rotated = call("POST", f"/{webhook['id']}/rotate").json
    clock.advance(hours=24)

    assert rotated["secret"] != webhook["secret"]
    assert clock.moment.fromisoformat(rotated["previous_secret_until"]) == clock.moment


def test_what_is_removed_is_gone_with_its_log(call: Callable[..., Any], webhook: Json, app: Flask) -> None:
    call("POST", f"/{webhook['id']}/test")
    removed = call("DELETE", f"/{webhook['id']}")

    assert removed.status_code == 200
    assert refusal(call("DELETE", f"/{webhook['id']}")) == (404, "webhook_not_found")
    rows = stored_rows(app)
    assert not any(rows[table] for table in ("webhook", "webhook_event", "webhook_call", "webhook_call_subscription"))


def test_removing_a_webhook_leaves_the_other_one_and_its_events(
    client: FlaskClient, call: Callable[..., Any], webhook: Json, app: Flask, page: str, subscription: Json
) -> None:
    other = call("POST", body={"url": URL}).json
    client.put(f"{page}/subscription", json={"subscription": subscription})
    call("DELETE", f"/{webhook['id']}")

    assert [row["id"] for row in call("GET").json["webhooks"]] == [other["id"]]
    assert len(stored_rows(app)["webhook_event"]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "https://hooks.example.com",
        "https://hooks.example.com:8443/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://localhost/x",
        "https://user:word@hooks.example.com/x",
        "https://127.0.0.1\\@hooks.example.com/x",
        "https://hooks.example.com/x#y",
        "file:///etc/passwd",
    ],
)
def test_sec_07_a_url_that_calls_may_not_go_to_is_refused(call: Callable[..., Any], webhook: Json, url: str) -> None:
    made = call("POST", body={"url": url})
    changed = call("PATCH", f"/{webhook['id']}", {"url": url})

    assert refusal(made) == refusal(changed) == (422, "invalid_webhook_url")
    assert [row["url"] for row in call("GET").json["webhooks"]] == [URL]


@pytest.mark.parametrize("events", [["subscribed"], ["click", "custom"], ["test"]])
def test_an_unknown_event_is_refused(call: Callable[..., Any], events: list[str]) -> None:
    assert refusal(call("POST", body={"url": URL, "events": events})) == (422, "invalid_webhook_event")


@pytest.mark.parametrize("body", [{}, {"url": URL, "events": []}, {"url": 5}, {"url": URL, "secret": "x"}])
def test_a_body_of_another_shape_is_refused(call: Callable[..., Any], body: Json) -> None:
    assert refusal(call("POST", body=body)) == (422, "invalid")


def test_a_site_has_at_most_ten_webhooks(call: Callable[..., Any]) -> None:
    answers = [call("POST", body={"url": URL}) for _ in range(11)]

    assert [answer.status_code for answer in answers[:10]] == [201] * 10
    assert refusal(answers[10]) == (409, "too_many_webhooks")


def test_the_log_is_walked_by_cursor_and_new_calls_do_not_move_it(call: Callable[..., Any], webhook: Json) -> None:
    path = f"/{webhook['id']}"
    made = [call("POST", f"{path}/test").json["id"] for _ in range(5)]
    first = call("GET", f"{path}/calls?limit=2").json
    call("POST", f"{path}/test")
    second = call("GET", f"{path}/calls?limit=2&cursor={first['next_cursor']}").json
    third = call("GET", f"{path}/calls?limit=2&cursor={second['next_cursor']}").json

    walked = [row["id"] for answer in (first, second, third) for row in answer["calls"]]
    assert walked == made[::-1]
    assert third["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [("limit=0", "invalid"), ("limit=201", "invalid"), ("before=1", "invalid"), ("cursor=x", "invalid_cursor")],
)
def test_a_page_that_cannot_be_is_refused(call: Callable[..., Any], webhook: Json, query: str, code: str) -> None:
    assert refusal(call("GET", f"/{webhook['id']}/calls?{query}")) == (422, code)


def test_a_webhook_that_is_off_takes_no_tests_and_no_retries(call: Callable[..., Any], webhook: Json) -> None:
    made = call("POST", f"/{webhook['id']}/test").json
    call("PATCH", f"/{webhook['id']}", {"is_enabled": False})

    assert refusal(call("POST", f"/{webhook['id']}/test")) == (409, "webhook_disabled")
    assert refusal(call("POST", f"/{webhook['id']}/calls/{made['id']}/retry")) == (409, "webhook_disabled")


@pytest.mark.parametrize("call_id", ["msg_" + "0" * 24, "x", "%00"])
def test_an_unknown_call_is_not_found(call: Callable[..., Any], webhook: Json, call_id: str) -> None:
    assert refusal(call("POST", f"/{webhook['id']}/calls/{call_id}/retry")) == (404, "webhook_call_not_found")


@pytest.mark.parametrize("webhook_id", ["99", "0", "x", "%00", "9" * 30])
def test_an_unknown_webhook_is_not_found(call: Callable[..., Any], webhook_id: str) -> None:
    assert refusal(call("GET", f"/{webhook_id}")) == (404, "webhook_not_found")


def test_sec_38_another_sites_webhook_is_not_found_by_any_route_and_not_changed(
    client: FlaskClient, call: Callable[..., Any], webhook: Json, app: Flask, new_site: Callable[[str], NewSite]
) -> None:
    made = call("POST", f"/{webhook['id']}/test").json
    headers = {"Authorization": f"Bearer {new_site('https://other.example').api_key}"}
    before = stored_rows(app)
    path = f"/v1/webhooks/{webhook['id']}"
    answers = [
        client.open(f"{path}{rest}", method=method, json=body, headers=headers)
        for method, rest, body in (
            ("GET", "", None),
            ("PATCH", "", {"is_enabled": False}),
            ("DELETE", "", None),
            ("POST", "/rotate", None),
            ("POST", "/test", None),
            ("GET", "/calls", None),
            ("POST", f"/calls/{made['id']}/retry", None),
        )
    ]

    assert {refusal(answer) for answer in answers} == {(404, "webhook_not_found")}
    assert client.get("/v1/webhooks", headers=headers).json == {"webhooks": []}
    assert stored_rows(app) == before


def test_sec_07_the_secret_is_stored_sealed(app: Flask, webhook: Json) -> None:
    with parts(app).store.reading() as session:
        row = session.get_one(Webhook, webhook["id"])
    assert webhook["secret"].removeprefix("whsec_").encode() not in row.secret
    assert len(row.secret) == 12 + 32 + 16
