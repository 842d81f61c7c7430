"""PushEngage's POST and GET /notifications: content, limits, times, drafts, lists, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from sitebell.models import Dialect
from sitebell.services.delivery.planner import plan_batch
from sitebell.services.personalisation.filling import fill_in
from support.dialects import speak
from support.pushengage_office import CONTENT, KEY, PushEngageOffice
from support.stopped_clock import StoppedClock
from support.web_application import parts

ALL_PARTS = {
    "image_url": "https://www.example.com/icon.png",
    "big_image_url": "https://www.example.com/big.png",
    "notification_expiry": "600",
    "require_interaction": "1",
    "utm_source": "push",
    "utm_campaign": "a b",
    "multi_element_title1": "Menu",
    "multi_element_url1": "https://www.example.com/menu?x=1#y",
    "multi_element_title2": "Bread",
    "multi_element_image2": "https://www.example.com/bread.png",
}


def test_a_notification_becomes_a_message_with_all_its_parts(pushengage: PushEngageOffice) -> None:
    message = pushengage.notify(subscriber_hash=pushengage.add_subscriber(), **ALL_PARTS)

    assert message["notification"] == {
        "title": "The shop is open",
        "body": "Fresh bread from 7 to 12.",
        "url": "https://www.example.com/bread?utm_source=push&utm_campaign=a%20b",
        "icon": "https://www.example.com/icon.png",
        "image": "https://www.example.com/big.png",
        "require_interaction": True,
        "actions": [
            {
                "action": "button1",
                "title": "Menu",
                "url": "https://www.example.com/menu?x=1&utm_source=push&utm_campaign=a%20b#y",
            },
            {"action": "button2", "title": "Bread", "icon": "https://www.example.com/bread.png"},
        ],
    }
    assert (message["ttl"], message["status"]) == (600, "scheduled")


def test_braces_are_no_template_there_and_go_out_as_written(pushengage: PushEngageOffice) -> None:
    said = {"notification_title": "Get {{ name }}", "notification_message": "{% raw %} {{{{ or {{", "utm_source": "{{"}
    message = pushengage.notify(subscriber_hash=pushengage.add_subscriber(), **said)

    sent = fill_in(message["notification"], {})
    assert (sent["title"], sent["body"]) == (said["notification_title"], said["notification_message"])
    assert sent["url"].endswith("?utm_source=%7B%7B")
    [shown] = pushengage.get("/notifications")[1]["notifications"]
    assert shown["notification_title"] == said["notification_title"]


@pytest.mark.parametrize("header", ["api_key", "api-key", "Api-Key"])
def test_the_adopted_key_is_taken_in_every_spelling_of_its_header(pushengage: PushEngageOffice, header: str) -> None:
    pushengage.vendor_headers = {header: KEY}

    assert pushengage.get("/notifications") == (200, {"success": True, "count": 0, "notifications": []})


def test_an_unknown_key_is_refused_in_the_envelope(pushengage: PushEngageOffice) -> None:
    pushengage.vendor_headers = {"api_key": "nobody's"}

    status, answer = pushengage.post("/notifications", CONTENT, subscriber_hash="0" * 32)

    assert status == 401
    assert (answer["success"], answer["error_code"], set(answer)) == (
        False,
        "invalid_api_key",
        {"success", "message", "error_code"},
    )


def test_a_site_that_does_not_speak_the_dialect_is_unknown(app: Flask, pushengage: PushEngageOffice) -> None:
    speak(app, pushengage.site, Dialect.CLEVERPUSH)

    assert pushengage.get("/notifications")[0] == 404
    assert pushengage.post("/notifications", CONTENT, subscriber_hash="0" * 32)[1]["error_code"] == "site_not_found"


@pytest.mark.parametrize(
    ("field", "longest"),
    [("notification_title", 85), ("notification_message", 135), ("utm_source", 80), ("utm_content", 120)],
)
def test_texts_have_the_vendors_limits(pushengage: PushEngageOffice, field: str, longest: int) -> None:
    to = {"subscriber_hash": pushengage.add_subscriber()}

    assert pushengage.post("/notifications", CONTENT | to, **{field: "ä" * longest})[0] == 200
    status, answer = pushengage.post("/notifications", CONTENT | to, **{field: "ä" * (longest + 1)})
    assert (status, answer["error_code"], list(answer["details"])) == (422, "invalid", [field])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notification_expiry", "59"),
        ("notification_expiry", "2419201"),
        ("notification_expiry", "soon"),
        ("notification_title", " "),
        ("notification_url", "javascript:alert(1)"),
        ("notification_url", ""),
        ("big_image_url", "//elsewhere.example/x.png"),
        ("notification_type", "sometimes"),
        ("require_interaction", "yes"),
        ("include_countries", "Germany"),
        ("include_device_types", "toaster"),
        ("include_moods", "good"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_name(pushengage: PushEngageOffice, field: str, value: str) -> None:
    to = {"subscriber_hash": pushengage.add_subscriber()}

    status, answer = pushengage.post("/notifications", CONTENT | to, **{field: value})

    assert (status, answer["success"]) == (422, False)
    assert field in answer["details"]
    assert pushengage.get("/notifications")[1]["count"] == 0


@pytest.mark.parametrize("seconds", [60, 2_419_200])
def test_the_ends_of_expiry_are_taken(pushengage: PushEngageOffice, seconds: int) -> None:
    assert pushengage.notify(subscriber_hash=pushengage.add_subscriber(), notification_expiry=seconds)["ttl"] == seconds


def test_fields_that_a_form_sends_empty_say_nothing(pushengage: PushEngageOffice) -> None:
    empty = dict.fromkeys(("image_url", "big_image_url", "utm_source", "multi_element_title1"), "")

    message = pushengage.notify(subscriber_hash=pushengage.add_subscriber(), **empty)

    assert set(message["notification"]) == {"title", "body", "url"}


def test_json_of_the_same_members_is_taken(pushengage: PushEngageOffice) -> None:
    body = CONTENT | {"subscriber_hash": [pushengage.add_subscriber()], "require_interaction": 1}

    answer = pushengage.client.post("/apiv1/notifications", json=body, headers=pushengage.vendor_headers)

    assert (answer.status_code, (answer.json or {})["success"]) == (200, True)


def test_another_kind_of_body_is_refused(pushengage: PushEngageOffice) -> None:
    answer = pushengage.client.post(
        "/apiv1/notifications", data="<x/>", content_type="text/xml", headers=pushengage.vendor_headers
    )

    assert (answer.status_code, (answer.json or {})["error_code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"a", b"a=%ff", b"a=%00", b"notification_title[]=%ED%A0%80"])
def test_a_form_that_is_none_is_refused(pushengage: PushEngageOffice, body: bytes) -> None:
    answer = pushengage.client.post(
        "/apiv1/notifications",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers=pushengage.vendor_headers,
    )

    assert (answer.status_code, (answer.json or {})["error_code"]) == (400, "malformed")


# When


def test_valid_from_utc_is_read_in_the_sites_time_zone(pushengage: PushEngageOffice, clock: StoppedClock) -> None:
    """Berlin is one hour ahead of UTC in winter, two in summer."""
    pushengage.live_in("Europe/Berlin")
    year = clock().year + 1 if clock().month > 1 else clock().year
    later: dict[str, Any] = {"notification_type": "later", "subscriber_hash": pushengage.add_subscriber()}

    winter = pushengage.notify(valid_from_utc=f"{year}-01-02 12:00:00", **later)

    assert winter["send_at"] == f"{year}-01-02T11:00:00.000Z"
    assert winter["status"] == "scheduled"
    assert pushengage.get("/notifications", status="scheduled")[1]["notifications"][0]["valid_from_utc"] == (
        f"{year}-01-02 12:00:00"
    )


@pytest.mark.parametrize("written", [None, "", "tomorrow", "2026-02-30 12:00:00", "2026-12-24T18:00:00Z"])
def test_later_needs_a_moment(pushengage: PushEngageOffice, written: str | None) -> None:
    moment = {} if written is None else {"valid_from_utc": written}

    status, answer = pushengage.post(
        "/notifications", CONTENT, notification_type="later", subscriber_hash="0" * 32, **moment
    )

    assert (status, list(answer["details"])) == (422, ["valid_from_utc"])


def test_more_than_a_year_ahead_is_refused(pushengage: PushEngageOffice, clock: StoppedClock) -> None:
    far = (clock() + timedelta(days=400)).strftime("%Y-%m-%d %H:%M:%S")

    answer = pushengage.post(
        "/notifications", CONTENT, notification_type="later", subscriber_hash="0" * 32, valid_from_utc=far
    )

    assert (answer[0], answer[1]["error_code"]) == (422, "invalid_send_at")


def test_a_draft_goes_nowhere_until_it_is_sent(pushengage: PushEngageOffice, app: Flask, clock: StoppedClock) -> None:
    subscriber = pushengage.add_subscriber()
    draft = pushengage.notify(notification_type="draft", subscriber_hash=subscriber, notification_expiry=600)
    assert draft["status"] == "draft"
    clock.advance(days=40)
    with parts(app).store.writing() as session:
        assert not plan_batch(session, clock())

    sent = pushengage.ask("POST", f"/v1/messages/{draft['id']}/send", {})

    assert sent == {"id": draft["id"], "status": "scheduled"}
    with parts(app).store.writing() as session:
        assert plan_batch(session, clock())
    assert pushengage.message(draft["id"])["counts"]["recipients"] == 1


def test_a_draft_is_sent_once(pushengage: PushEngageOffice) -> None:
    draft = pushengage.notify(notification_type="draft", subscriber_hash=pushengage.add_subscriber())
    pushengage.ask("POST", f"/v1/messages/{draft['id']}/send", {})

    again = pushengage.call("POST", f"/v1/messages/{draft['id']}/send", {})
    assert (again.status_code, (again.json or {})["error"]["code"]) == (409, "not_a_draft")
