"""SEC-30: which keys a browser may give us."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from push import rfc8291
from sitebell.errors import Invalid
from sitebell.push.encryption import SubscriptionKeys, make_pre_key
from support.push_service import base64url

POINT = base64url.decode(rfc8291.P256DH)
X, Y = POINT[1:33], POINT[33:]
SECRET = base64url.decode(rfc8291.AUTH)
P = 2**256 - 2**224 + 2**192 + 2**96 - 1

BAD_POINTS = {
    "off the curve": b"\x04" + X + bytes((Y[0] ^ 1,)) + Y[1:],
    "all zero": bytes(65),
    "zero coordinates": b"\x04" + bytes(64),
    "the point at infinity": b"\x00",
    "compressed": bytes((2 + (Y[-1] & 1),)) + X,
    "compressed, filled up": bytes((2 + (Y[-1] & 1),)) + X + bytes(32),
    "hybrid": bytes((6 + (Y[-1] & 1),)) + X + Y,
    "without its first byte": X + Y,
    "one byte too long": POINT + b"\x00",
    "one byte too short": POINT[:-1],
    "coordinates beyond the field": b"\x04" + P.to_bytes(32, "big") + Y,
    "nothing": b"",
}
BAD_SECRETS = {"15 bytes": SECRET[:15], "17 bytes": SECRET + b"\x00", "nothing": b"", "64 bytes": bytes(64)}
BAD_TEXTS = {
    "standard base64": "+/" + rfc8291.P256DH[2:],
    "a space": rfc8291.P256DH + " ",
    "a line end": rfc8291.P256DH + "\n",
    "two paddings": rfc8291.P256DH + "==",
    "other letters": "é" + rfc8291.P256DH[1:],
}


def complaint(p256dh: Any, auth: Any) -> str:
    with pytest.raises(Invalid) as refusal:
        SubscriptionKeys.parse(p256dh, auth)
    assert (refusal.value.code, refusal.value.status) == ("invalid_keys", 422)
    return refusal.value.message


@pytest.mark.parametrize("padding", ["", "="])
def test_sec_30_good_keys_are_read_with_and_without_padding(padding: str) -> None:
    assert SubscriptionKeys.parse(rfc8291.P256DH + padding, rfc8291.AUTH + padding * 2) == SubscriptionKeys(
        POINT, SECRET
    )


@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS)
def test_sec_30_a_bad_public_key_is_refused(point: bytes) -> None:
    assert "p256dh" in complaint(base64url.encode(point), rfc8291.AUTH)


@pytest.mark.parametrize("secret", BAD_SECRETS.values(), ids=BAD_SECRETS)
def test_sec_30_a_bad_secret_is_refused(secret: bytes) -> None:
    assert "auth" in complaint(rfc8291.P256DH, base64url.encode(secret))


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_sec_30_only_base64url_is_read(text: str) -> None:
    assert "p256dh" in complaint(text, rfc8291.AUTH)


@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS)
def test_sec_30_a_bad_stored_key_is_refused_before_it_is_used(point: bytes) -> None:
    """What was stored or imported another way must not get past the check either."""
    with pytest.raises(Invalid, match="p256dh"):
        make_pre_key(SubscriptionKeys(point, SECRET))


@pytest.mark.parametrize("secret", BAD_SECRETS.values(), ids=BAD_SECRETS)
def test_sec_30_a_bad_stored_secret_is_refused_before_it_is_used(secret: bytes) -> None:
    with pytest.raises(Invalid, match="auth"):
        make_pre_key(SubscriptionKeys(POINT, secret))


ANYTHING = st.one_of(
    st.none(),
    st.integers(),
    st.binary(),
    st.text(),
    st.text("ABCxyz019_-=", min_size=85, max_size=90),
    st.lists(st.text()),
    st.binary(min_size=64, max_size=64).map(lambda rest: base64url.encode(b"\x04" + rest)),
)


@given(ANYTHING, ANYTHING)
def test_sec_30_garbage_raises_nothing_but_a_refusal(p256dh: Any, auth: Any) -> None:
    with suppress(Invalid):
        SubscriptionKeys.parse(p256dh, auth)
    with suppress(Invalid):
        SubscriptionKeys.parse(p256dh, rfc8291.AUTH)
