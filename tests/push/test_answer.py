"""What the answers of push services mean, whatever they are."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitebell.push.answer import no_answer, presentable, read_answer, read_retry_after
from sitebell.push.endpoint import EndpointRules
from sitebell.push.exchange import OutcomeKind, PushRequest

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "dGhpcyBpcyBhIHNlY3JldA:APA91bH-x_y"
ENDPOINT = EndpointRules().parse(f"https://fcm.googleapis.com/fcm/send/{SECRET}?key=abcdefghij")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, "accepted") for status in (200, 201, 202, 204)),
        *((status, "redirected") for status in (301, 302, 303, 307, 308)),
        *((status, "refused") for status in (401, 403)),
        *((status, "gone") for status in (404, 410)),
        *((status, "throttled") for status in (406, 429)),
        (413, "too_large"),
        *((status, "invalid") for status in (400, 402, 405, 409, 411, 415, 422, 451)),
        *((status, "unavailable") for status in (408, 500, 501, 502, 503, 504, 507, 599, 999)),
    ],
)
def test_every_status_has_its_meaning(status: int, kind: str) -> None:
    outcome = read_answer(status, "", b"", ENDPOINT, NOW)

    assert (outcome.kind, outcome.status) == (OutcomeKind(kind), status)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", 1.0),
        ("86400", 21600.0),
        ("999999999", 21600.0),
        (format_datetime(NOW + timedelta(minutes=5), usegmt=True), 300.0),
        ("Sunday, 22-Nov-26 12:05:00 GMT", 300.0),
        ("Sun Nov 22 12:05:00 2026", 300.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 1.0),
        (format_datetime(NOW + timedelta(days=1), usegmt=True), 21600.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("Sun, 99 Nov 2026 12:05:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(value: str, seconds: float | None) -> None:
    """RFC 9110 section 10.2.3, kept between 1 s and 6 h."""
    assert read_answer(429, value, b"", ENDPOINT, NOW).retry_after == seconds


@given(st.one_of(st.text(), st.text("0123456789"), st.just("9" * 5000), st.datetimes().map(format_datetime)))
def test_no_retry_after_breaks_the_reader(value: str) -> None:
    seconds = read_retry_after(value, NOW)

    assert seconds is None or 1.0 <= seconds <= 21600.0


def test_the_reason_is_what_the_service_said() -> None:
    outcome = read_answer(403, "", b'{"reason": "BadJwtToken"}\r\n\x00', ENDPOINT, NOW)

    assert outcome.reason == '{"reason": "BadJwtToken"}'


def test_a_service_that_says_nothing_is_named_with_its_status() -> None:
    assert read_answer(503, "", b"", ENDPOINT, NOW).reason == "fcm.googleapis.com answered 503"


def test_the_reason_holds_neither_the_endpoint_nor_a_credential() -> None:
    token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9." + "eyJhdWQiOiJodHRwczovL2ZjbS5nb29nbGVhcGlzLmNvbSJ9." + "s" * 86
    body = f"no such path {ENDPOINT.url} or {SECRET} or key=abcdefghij; vapid t={token}, k={'B' * 87} is bad"

    reason = read_answer(404, "", body.encode(), ENDPOINT, NOW).reason

    assert reason.startswith("no such path https://fcm.googleapis.com…")
    assert reason.endswith("is bad")
    for secret in (SECRET, "abcdefghij", "eyJ", "sssss", "BBBBB"):
        assert secret not in reason


@given(st.binary(max_size=4096))
def test_a_reason_is_short_and_printable(body: bytes) -> None:
    reason = read_answer(400, "", body, ENDPOINT, NOW).reason

    assert len(reason) <= 500
    assert reason.isprintable()


def test_a_long_reason_is_cut() -> None:
    assert presentable("so " * 1000, ENDPOINT) == ("so " * 1000)[:500]


def test_no_answer_is_never_the_subscriptions_fault() -> None:
    outcome = no_answer("it broke", ENDPOINT, 0.2)

    assert (outcome.kind, outcome.status, outcome.retry_after) == (OutcomeKind.unavailable, None, 1.0)


@pytest.mark.parametrize(
    "mistake",
    [
        {"urgency": "urgent"},
        {"urgency": "high\r\nTTL: 0"},
        {"topic": ""},
        {"topic": "x" * 33},
        {"topic": "a b"},
        {"topic": "a\n"},
        {"ttl": -1},
        {"authorization": "vapid t=x\r\nX-Other: y"},
    ],
)
def test_a_request_that_would_make_a_bad_header_cannot_be_made(mistake: dict[str, object]) -> None:
    good: dict[str, object] = {"authorization": "vapid t=x, k=y", "ttl": 60}
    PushRequest(ENDPOINT, b"", **good)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=r"urgency|topic|TTL"):
        PushRequest(ENDPOINT, b"", **(good | mistake))  # type: ignore[arg-type]
