"""What one browser alone can read (RFC 8291): against the RFC's example and two other implementations."""

from typing import Any

import http_ece
import pytest
import pywebpush
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from push import rfc8291
from sitebell.errors import SitebellError
from sitebell.push.encryption import (
    MAX_PLAINTEXT,
    PreKey,
    SubscriptionKeys,
    _pre_key_from,
    _seal_with_salt,
    make_pre_key,
    seal,
)
from support.push_service import DeviceKeys, base64url

DEVICE = DeviceKeys()
KEYS = SubscriptionKeys(DEVICE.public_point, DEVICE.auth)


def private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def decrypted(body: bytes, device: DeviceKeys = DEVICE) -> bytes:
    """Return what the browser reads, by http_ece."""
    plaintext: bytes = http_ece.decrypt(
        body, private_key=device.private_key, auth_secret=device.auth, version="aes128gcm"
    )
    return plaintext


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    keys = SubscriptionKeys.parse(rfc8291.P256DH, rfc8291.AUTH)

    pre_key = _pre_key_from(private_key(rfc8291.SENDER_PRIVATE), keys)

    assert pre_key == PreKey(rfc8291.SENDER_PUBLIC, rfc8291.INPUT_KEY_MATERIAL)
    assert _seal_with_salt(pre_key, rfc8291.PLAINTEXT, rfc8291.SALT) == rfc8291.BODY


def test_the_examples_receiver_reads_what_we_seal() -> None:
    device = DeviceKeys(private_key(rfc8291.RECEIVER_PRIVATE), base64url.decode(rfc8291.AUTH))
    keys = SubscriptionKeys.parse(rfc8291.P256DH, rfc8291.AUTH)

    assert decrypted(seal(make_pre_key(keys), rfc8291.PLAINTEXT), device) == rfc8291.PLAINTEXT


@given(st.binary(max_size=MAX_PLAINTEXT))
def test_http_ece_reads_what_we_seal(plaintext: bytes) -> None:
    body = seal(make_pre_key(KEYS), plaintext)

    assert decrypted(body) == plaintext
    assert len(body) == len(plaintext) + 103 <= 4096


@given(st.binary(min_size=1, max_size=MAX_PLAINTEXT), st.binary(min_size=16, max_size=16))
def test_http_ece_seals_the_same_bytes_from_the_same_keys_and_salt(plaintext: bytes, salt: bytes) -> None:
    """But for an empty plaintext, for which http_ece writes no record at all."""
    sender = ec.generate_private_key(ec.SECP256R1())

    theirs = http_ece.encrypt(
        plaintext, salt=salt, private_key=sender, dh=KEYS.p256dh, auth_secret=KEYS.auth, version="aes128gcm"
    )

    assert _seal_with_salt(_pre_key_from(sender, KEYS), plaintext, salt) == theirs


@given(st.binary(min_size=1, max_size=MAX_PLAINTEXT))
def test_a_body_of_pywebpush_is_what_we_make_of_its_key_and_salt(plaintext: bytes) -> None:
    theirs = encoded_by_pywebpush(plaintext)

    salt, sender_public = theirs[:16], theirs[21:86]
    agreed = DEVICE.private_key.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender_public)
    )
    info = b"WebPush: info\x00" + KEYS.p256dh + sender_public
    key_material = HKDF(hashes.SHA256(), 32, KEYS.auth, info).derive(agreed)

    assert decrypted(theirs) == plaintext
    assert _seal_with_salt(PreKey(sender_public, key_material), plaintext, salt) == theirs


def encoded_by_pywebpush(plaintext: bytes) -> bytes:
    subscription: dict[str, Any] = {
        "endpoint": "https://push.example.org/x",
        "keys": {"p256dh": base64url.encode(KEYS.p256dh), "auth": base64url.encode(KEYS.auth)},
    }
    encoded = pywebpush.WebPusher(subscription).encode(plaintext, content_encoding="aes128gcm")
    assert encoded is not None
    return bytes(encoded["body"])


@given(st.binary(max_size=64), st.data())
def test_no_changed_byte_goes_unnoticed(plaintext: bytes, data: st.DataObject) -> None:
    """But the four of the record size, which RFC 8188 does not authenticate."""
    body = bytearray(seal(make_pre_key(KEYS), plaintext))
    place = data.draw(st.integers(0, len(body) - 1).filter(lambda place: not 16 <= place < 20))
    body[place] ^= data.draw(st.integers(1, 255))

    with pytest.raises((http_ece.ECEException, ValueError)):
        decrypted(bytes(body))


def test_the_biggest_payload_fills_what_every_push_service_takes() -> None:
    body = seal(make_pre_key(KEYS), b"x" * MAX_PLAINTEXT)

    assert len(body) == 4096


def test_a_bigger_payload_is_refused_with_its_size_and_the_pre_key_stays_good() -> None:
    pre_key = make_pre_key(KEYS)

    with pytest.raises(SitebellError, match="3994 bytes") as refusal:
        seal(pre_key, b"x" * (MAX_PLAINTEXT + 1))

    assert (refusal.value.code, refusal.value.status) == ("payload_too_large", 413)
    assert decrypted(seal(pre_key, b"x")) == b"x"


def test_a_pre_key_seals_one_message_only() -> None:
    pre_key = make_pre_key(KEYS)
    seal(pre_key, b"first")

    with pytest.raises(ValueError, match="one message"):
        seal(pre_key, b"second")
    assert pre_key.input_key_material == b""


def test_every_message_has_its_own_key_and_salt() -> None:
    bodies = [seal(make_pre_key(KEYS), b"same") for _ in range(50)]

    assert len({body[:16] for body in bodies}) == 50
    assert len({body[21:86] for body in bodies}) == 50


def test_secrets_are_not_shown() -> None:
    pre_key = make_pre_key(KEYS)

    assert repr(pre_key.input_key_material) not in repr(pre_key)
    assert repr(KEYS.auth) not in repr(KEYS)
