"""Forms as PushEngage's callers send them: fields that are left empty, words for yes and no, and forms in parts."""

from collections.abc import Sequence
from typing import Any

import pytest

from support.pushengage_office import CONTENT, PushEngageOffice
from support.web_application import Json

BOUNDARY = "------------------------d74496d66958873e"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
DAY = 86_400


def part(name: str, value: str, more: str = "") -> bytes:
    """Return one field as curl writes it."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}'
    return f"{head}\r\n\r\n{value}\r\n".encode()


def form(*pairs: tuple[str, str]) -> bytes:
    """Return a form in parts."""
    return b"".join(part(*pair) for pair in pairs) + f"--{BOUNDARY}--\r\n".encode()


def post(pushengage: PushEngageOffice, body: bytes, content_type: str = TYPE) -> tuple[int, Json]:
    """Send a notification as these bytes."""
    path, headers = "/apiv1/notifications", pushengage.vendor_headers
    answer = pushengage.client.post(path, data=body, content_type=content_type, headers=headers)
    return answer.status_code, dict(answer.json or {})


@pytest.mark.parametrize("kind", ["now", "draft"])
@pytest.mark.parametrize("name", ["valid_from_utc", "notification_expiry", "require_interaction"])
def test_a_moment_a_number_and_a_switch_that_are_empty_say_nothing(
    pushengage: PushEngageOffice, name: str, kind: str
) -> None:
    to = {"subscriber_hash": pushengage.add_subscriber(), "notification_type": kind}

    message = pushengage.notify(**to, **{name: ""})

    assert (message["ttl"], "require_interaction" in message["notification"]) == (DAY, False)


@pytest.mark.parametrize(
    ("written", "stays"),
    [("true", True), ("True", True), ("1", True), ("false", False), ("False", False), ("0", False)],
)
def test_yes_and_no_are_taken_as_words_and_as_digits(pushengage: PushEngageOffice, written: str, stays: bool) -> None:  # noqa: FBT001
    message = pushengage.notify(subscriber_hash=pushengage.add_subscriber(), require_interaction=written)

    assert message["notification"].get("require_interaction", False) is stays


@pytest.mark.parametrize("written", [True, False, 1, 0])
def test_json_says_yes_and_no_in_either_way(pushengage: PushEngageOffice, written: object) -> None:
    body = CONTENT | {"subscriber_hash": pushengage.add_subscriber(), "require_interaction": written}

    answer = pushengage.client.post("/apiv1/notifications", json=body, headers=pushengage.vendor_headers)

    message = pushengage.message((answer.json or {})["notification_id"])
    assert message["notification"].get("require_interaction", False) is bool(written)


@pytest.mark.parametrize("written", [2, -1, 1.0, "on", "", None, []])
def test_what_is_neither_yes_nor_no_is_refused(pushengage: PushEngageOffice, written: object) -> None:
    body = CONTENT | {"subscriber_hash": pushengage.add_subscriber(), "require_interaction": written}

    answer = pushengage.client.post("/apiv1/notifications", json=body, headers=pushengage.vendor_headers)

    assert answer.status_code == (200 if written == "" else 422)


@pytest.mark.parametrize(
    "name",
    ["subscriber_hash", "profile_id", "include_segments", "exclude_segments", "include_countries", "include_browsers"],
)
def test_a_target_that_is_empty_is_refused(pushengage: PushEngageOffice, name: str) -> None:
    status, answer = pushengage.post("/notifications", CONTENT, **{name: ""})

    assert (status, list(answer["details"])) == (422, [name])


def test_a_form_in_parts_is_a_form_like_any_other(pushengage: PushEngageOffice) -> None:
    """PHP's curl makes one of an array, with a number for each entry of a list."""
    first, second = pushengage.add_subscriber(), pushengage.add_subscriber()
    fields = [*CONTENT.items(), ("subscriber_hash[0]", first), ("subscriber_hash[1]", second), ("utm_source", "")]

    status, answer = post(pushengage, form(*fields, ("image_url", "https://www.example.com/ä.png")))

    assert (status, answer["success"]) == (200, True)
    message = pushengage.message(answer["notification_id"])
    assert pushengage.reached(message["audience"]) == {first, second}
    assert message["notification"]["title"] == CONTENT["notification_title"]
    assert message["notification"]["icon"] == "https://www.example.com/ä.png"


@pytest.mark.parametrize(
    "parts",
    [
        [part("notification_title", "Hello")],
        [part("image_url", "x", '; filename="x.png"'), form()],
        [f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + b"\xff", form()],
        [f"--{BOUNDARY}\r\nX: y\r\n\r\nx\r\n".encode(), form()],
        [part("a", "b").replace(b"b\r", b"\xff\r"), form()],
        [part("a", "\0"), form()],
        [b"a=b"],
    ],
    ids=["cut off", "a file", "bytes without a name", "headers of nothing", "no UTF-8", "NUL", "another form"],
)
def test_parts_that_are_no_form_are_refused(pushengage: PushEngageOffice, parts: Sequence[bytes]) -> None:
    status, answer = post(pushengage, b"".join(parts))

    assert (status, answer["error_code"]) == (400, "malformed")


def test_more_parts_than_a_form_may_have_are_refused(pushengage: PushEngageOffice) -> None:
    body = b"--b\r\nContent-Disposition:form-data;name=a\r\n\r\n\r\n" * 20_001 + b"--b--\r\n"

    assert post(pushengage, body, "multipart/form-data; boundary=b")[1]["error_code"] == "malformed"


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_parts_without_a_boundary_are_refused(pushengage: PushEngageOffice, content_type: str) -> None:
    assert post(pushengage, form(*CONTENT.items()), content_type)[1]["error_code"] == "malformed"


def test_a_part_without_a_name_is_an_unknown_parameter(pushengage: PushEngageOffice) -> None:
    nameless: Any = form(*CONTENT.items(), ("", "x")).replace(b'; name=""', b"")

    status, answer = post(pushengage, nameless)

    assert (status, answer["error_code"]) == (422, "invalid")
