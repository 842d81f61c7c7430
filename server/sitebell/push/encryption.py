"""Encrypts a payload so that one browser alone can read it: RFC 8291 on top of RFC 8188."""

import base64
import hmac
import os
import re
from dataclasses import dataclass, field
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sitebell.errors import Invalid, SitebellError

# RFC 8030 section 7.2 lets a push service refuse a body of more than 4096 bytes; the header takes 86 of them, the
# delimiter 1 and the tag 16.
MAX_PLAINTEXT = 3993

_RECORD_SIZE = (4096).to_bytes(4, "big")
_LAST_RECORD = b"\x02"
_UNCOMPRESSED_POINT = 0x04
_KEY_LENGTH = 65
_AUTH_LENGTH = 16
_CURVE = ec.SECP256R1()
_BASE64URL_KEY = re.compile(r"[A-Za-z0-9_-]{87}=?\Z")
_BASE64URL_AUTH = re.compile(r"[A-Za-z0-9_-]{22}(?:==)?\Z")


@dataclass(frozen=True, slots=True)
class SubscriptionKeys:
    """What a browser gives out so that it can be written to (Push API: `PushSubscription.getKey`).

    Args:
        p256dh: its public key, an uncompressed P-256 point of 65 bytes.
        auth: its authentication secret, 16 bytes.
    """

    p256dh: bytes
    auth: bytes = field(repr=False)

    @classmethod
    def parse(cls, p256dh: Any, auth: Any) -> Self:
        """Read both keys from base64url, with or without padding.

        Raises:
            Invalid: `invalid_keys`, with what is wrong; the key is checked to be on the curve (RFC 8291 section 7).
        """
        if not isinstance(p256dh, str) or not _BASE64URL_KEY.match(p256dh):
            raise Invalid("invalid_keys", "keys.p256dh must be 65 bytes in base64url.")
        if not isinstance(auth, str) or not _BASE64URL_AUTH.match(auth):
            raise Invalid("invalid_keys", "keys.auth must be 16 bytes in base64url.")
        keys = cls(_from_base64url(p256dh), _from_base64url(auth))
        _public_key(keys)
        return keys


@dataclass(slots=True)
class PreKey:
    """One fresh sender key, as far as it can be made before the payload is known; good for one message.

    The private half is gone already. `seal` empties it, so that no thief of one pre-key reads two messages.

    Args:
        sender_public: the sender's public key of this one message, 65 bytes.
        input_key_material: the IKM of RFC 8291 section 3.4, 32 bytes; secret.
    """

    sender_public: bytes
    input_key_material: bytes = field(repr=False)


def make_pre_key(keys: SubscriptionKeys) -> PreKey:
    """Agree on a secret with the browser, with a new key pair (RFC 8291 section 3.1).

    Raises:
        Invalid: `invalid_keys`, the keys are not what `SubscriptionKeys.parse` lets through.
    """
    return _pre_key_from(ec.generate_private_key(_CURVE), keys)


def seal(pre_key: PreKey, plaintext: bytes) -> bytes:
    """Return the body of the push request: header and the one record (RFC 8291 section 4). Uses the pre-key up.

    Raises:
        SitebellError: `payload_too_large`, more than `MAX_PLAINTEXT` bytes; the pre-key is not used up then.
        ValueError: the pre-key was used before.
    """
    if len(plaintext) > MAX_PLAINTEXT:
        sentence = f"The payload has {len(plaintext)} bytes, a push carries at most {MAX_PLAINTEXT}: shorten it."
        raise SitebellError("payload_too_large", sentence, 413)
    if not pre_key.input_key_material:
        raise ValueError("a pre-key seals one message only; make another")
    body = _seal_with_salt(pre_key, plaintext, os.urandom(16))
    pre_key.input_key_material = b""
    return body


def _pre_key_from(private_key: ec.EllipticCurvePrivateKey, keys: SubscriptionKeys) -> PreKey:
    secret = private_key.exchange(ec.ECDH(), _public_key(keys))
    sender_public = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    context = b"WebPush: info\x00" + keys.p256dh + sender_public
    return PreKey(sender_public, _derive(keys.auth, secret, context, 32))


def _seal_with_salt(pre_key: PreKey, plaintext: bytes, salt: bytes) -> bytes:
    pseudo_random_key = hmac.digest(salt, pre_key.input_key_material, "sha256")
    key = _expand(pseudo_random_key, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _expand(pseudo_random_key, b"Content-Encoding: nonce\x00", 12)
    record = AESGCM(key).encrypt(nonce, plaintext + _LAST_RECORD, None)
    return b"".join((salt, _RECORD_SIZE, bytes((_KEY_LENGTH,)), pre_key.sender_public, record))


def _derive(salt: bytes, input_key_material: bytes, context: bytes, length: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869) for at most 32 bytes, where the expansion is a single block."""
    return _expand(hmac.digest(salt, input_key_material, "sha256"), context, length)


def _expand(pseudo_random_key: bytes, context: bytes, length: int) -> bytes:
    return hmac.digest(pseudo_random_key, context + b"\x01", "sha256")[:length]


def _public_key(keys: SubscriptionKeys) -> ec.EllipticCurvePublicKey:
    # The length and the first byte come first: the library alone would take a compressed point.
    if len(keys.auth) != _AUTH_LENGTH:
        raise Invalid("invalid_keys", "keys.auth must be 16 bytes in base64url.")
    if len(keys.p256dh) != _KEY_LENGTH or keys.p256dh[0] != _UNCOMPRESSED_POINT:
        raise Invalid("invalid_keys", "keys.p256dh must be an uncompressed point: 65 bytes, the first of them 4.")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, keys.p256dh)
    except ValueError:
        raise Invalid("invalid_keys", "keys.p256dh must be a point on the curve P-256.") from None


def _from_base64url(text: str) -> bytes:
    unpadded = text.rstrip("=")
    return base64.urlsafe_b64decode(unpadded + "=" * (-len(unpadded) % 4))
