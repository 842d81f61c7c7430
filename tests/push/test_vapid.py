"""SEC-50: who is sending, as push services want to read it (RFC 8292)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import py_vapid
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from sitebell.errors import Invalid
from sitebell.push.vapid import VapidKey, VapidSigner, check_subject
from support.push_service import base64url

KEY = VapidKey.generate()
SUBJECT = "mailto:bell@example.com"
FCM, MOZILLA = "https://fcm.googleapis.com", "https://updates.push.services.mozilla.com"
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def claims_of(header: str, audience: str) -> dict[str, Any]:
    """Return the claims of a header whose signature and form hold."""
    form = re.fullmatch(r"vapid t=([\w.-]+), ?k=([\w-]{87})", header)
    assert form
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64url.decode(form[2]))
    claims: dict[str, Any] = jwt.decode(form[1], point, ["ES256"], audience=audience, options={"verify_exp": False})
    return claims


def signer(clock: Clock | None = None) -> VapidSigner:
    return VapidSigner(KEY, SUBJECT, clock or Clock())


def test_sec_50_the_token_names_audience_and_subject_and_no_moment_of_issue() -> None:
    claims = claims_of(signer().authorization(FCM), FCM)

    assert claims == {"aud": FCM, "sub": SUBJECT, "exp": int((START + timedelta(hours=12)).timestamp())}


def test_sec_50_each_push_service_gets_its_own_token() -> None:
    signing = signer()

    assert claims_of(signing.authorization(FCM), FCM)["aud"] == FCM
    assert claims_of(signing.authorization(MOZILLA), MOZILLA)["aud"] == MOZILLA


def test_sec_50_the_header_is_cached_until_half_of_its_life() -> None:
    clock = Clock()
    signing = signer(clock)
    first = signing.authorization(FCM)

    clock.now = START + timedelta(hours=6, seconds=-1)
    assert signing.authorization(FCM) == first
    clock.now = START + timedelta(hours=6)
    assert claims_of(signing.authorization(FCM), FCM)["exp"] == int((clock.now + timedelta(hours=12)).timestamp())


@given(st.lists(st.timedeltas(timedelta(days=-3), timedelta(days=3)), max_size=20))
def test_sec_50_whenever_it_is_sent_10_minutes_to_12_hours_are_left(steps: list[timedelta]) -> None:
    """Also when the clock is set back."""
    clock = Clock()
    signing = signer(clock)
    for step in steps:
        clock.now += step
        left = claims_of(signing.authorization(FCM), FCM)["exp"] - clock.now.timestamp()
        assert 600 <= left <= 12 * 3600


@pytest.mark.parametrize("error", [timedelta(hours=-1), timedelta(hours=1)])
@pytest.mark.parametrize("age", [timedelta(0), timedelta(hours=6, seconds=-1)])
def test_sec_50_a_clock_that_is_an_hour_off_does_no_harm(error: timedelta, age: timedelta) -> None:
    """RFC 8292 section 2: the push service wants to see 0 to 24 h left, by its own clock."""
    clock = Clock()
    header = signer(clock).authorization(FCM)

    left = claims_of(header, FCM)["exp"] - (START + age + error).timestamp()

    assert 600 <= left <= 24 * 3600


def test_sec_50_py_vapid_says_the_same() -> None:
    ours = signer().authorization(FCM)
    expiry = int((START + timedelta(hours=12)).timestamp())

    theirs = py_vapid.Vapid02(KEY.private_key).sign({"aud": FCM, "sub": SUBJECT, "exp": expiry})["Authorization"]

    assert claims_of(theirs, FCM) == claims_of(ours, FCM)
    assert theirs.partition("k=")[2] == ours.partition("k=")[2]


def test_the_cache_does_not_grow_without_end() -> None:
    signing = signer()
    for number in range(1100):
        signing.authorization(f"https://push{number}.example.org")

    assert len(signing._signed) <= 1000


def test_a_key_comes_back_from_its_private_bytes() -> None:
    again = VapidKey.from_private(KEY.private)

    assert len(KEY.private) == 32
    assert len(KEY.public) == 65
    assert (again.private, again.public, again.public_text) == (KEY.private, KEY.public, KEY.public_text)
    assert base64url.decode(KEY.public_text) == KEY.public
    assert len(KEY.public_text) == 87


def test_a_small_key_keeps_its_32_bytes() -> None:
    assert VapidKey.from_private(bytes(31) + b"\x01").private == bytes(31) + b"\x01"


@pytest.mark.parametrize(
    "private",
    [b"", bytes(32), b"\xff" * 32, CURVE_ORDER.to_bytes(32, "big"), KEY.private + b"\x00"],
    ids=["empty", "zero", "largest", "order", "too_long"],
)
def test_bytes_that_are_no_private_key_are_refused(private: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        VapidKey.from_private(private)
    assert refusal.value.code == "invalid_vapid_key"


@pytest.mark.parametrize(
    "subject",
    [
        "mailto:bell@example.com",
        "mailto:first.last+tag@mail.example.co.uk",
        "https://example.com",
        "https://bell.example.com:8443/contact?x=1",
        "mailto:x@xn--bcher-kva.example",
    ],
)
def test_sec_50_a_subject_at_a_public_domain_is_taken(subject: str) -> None:
    assert check_subject(subject) == subject


@pytest.mark.parametrize(
    "subject",
    [
        "mailto:bell@localhost",
        "https://localhost:8080/",
        "https://LOCALHOST",
        "https://bell.localhost",
        "mailto:bell@server.local",
        "https://server.LOCAL",
        "mailto:bell@example.invalid",
        "https://127.0.0.1/",
        "https://192.0.2.1",
        "https://[::1]/",
        "mailto:bell@[127.0.0.1]",
        "mailto:bell@server",
    ],
)
def test_sec_50_a_subject_that_apple_refuses_is_refused_with_the_reason(subject: str) -> None:
    with pytest.raises(Invalid, match="403 BadJwtToken") as refusal:
        check_subject(subject)
    assert refusal.value.code == "invalid_vapid_subject"
    assert check_subject(subject, allow_local=True) == subject


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "bell@example.com",
        "mailto:",
        "mailto:bell",
        "mailto: bell@example.com",
        "mailto:<bell@example.com>",
        "mailto:a@example.com,b@example.com",
        "mailto:a@example.com?subject=x",
        "MAILTO:bell@example.com",
        "http://example.com",
        "https://",
        "https://user@example.com/",
        "https://example.com/\n",
        "https://exämple.com/",
        None,
        5,
    ],
)
@pytest.mark.parametrize("allow_local", [True, False])
def test_sec_50_anything_else_is_no_subject(subject: object, allow_local: bool) -> None:  # noqa: FBT001
    with pytest.raises(Invalid, match="must be mailto: followed by one mail address") as refusal:
        check_subject(subject, allow_local=allow_local)
    assert refusal.value.code == "invalid_vapid_subject"
