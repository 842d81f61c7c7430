"""Checks the VAPID credentials of a push (RFC 8292) as strictly as the real services do."""

import functools
import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from support.push_service import base64url

MAX_LIFE = 86_400
CLOCK_SKEW = 60
PRIVATE_HOST = re.compile(r"(^|[@./])(localhost|[^/@]*\.(local|localhost|invalid))(?=$|[/:?#])", re.IGNORECASE)


class VapidError(Exception):
    """The credentials do not allow this push; the text says why."""


@dataclass(frozen=True)
class Credentials:
    """A token whose signature is right. `key` is the uncompressed point that signed it."""

    key: bytes
    claims: dict[str, Any]


def check(
    headers: dict[str, str],
    origin: str,
    key: bytes | None,
    now: float,
    *,
    needs_public_subject: bool = False,
) -> None:
    """Check the credentials of one push.

    Args:
        headers: of the request, names in lower case.
        origin: of the endpoint, as the request named it.
        key: the subscription's application server key; None allows any, and none.

    Raises:
        VapidError: missing, forged, for another origin or key, expired, too long, or without a contact.
    """
    authorization = headers.get("authorization", "")
    if not authorization:
        if key is not None:
            raise VapidError("no Authorization header")
        return
    credentials = read(authorization, headers.get("crypto-key", ""))
    if key is not None and credentials.key != key:
        raise VapidError("the key is not the subscription's applicationServerKey")
    _check_claims(credentials.claims, origin, now)
    if needs_public_subject and PRIVATE_HOST.search(credentials.claims["sub"]):
        raise VapidError("sub names no public host")


def read(authorization: str, crypto_key: str = "") -> Credentials:
    """Return what a header says after its signature was verified: the vapid scheme, or the older WebPush one.

    Raises:
        VapidError: unreadable or forged.
    """
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "vapid":
        parameters = dict(re.findall(r"(\w+)\s*=\s*\"?([^\s,\"]+)", rest))
        token, key = parameters.get("t", ""), parameters.get("k", "")
    elif scheme.lower() in ("webpush", "bearer"):
        found = re.search(r"p256ecdsa=([\w=-]+)", crypto_key)
        token, key = rest.strip(), found.group(1) if found else ""
    else:
        raise VapidError(f"unknown scheme {scheme!r}")
    try:
        return _verified(token, key)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise VapidError(f"bad token: {error!r}") from error


@functools.lru_cache(maxsize=4096)
def _verified(token: str, key: str) -> Credentials:
    """Cached, since a sender repeats one token for hours."""
    header, payload, signature = token.split(".")
    if json.loads(base64url.decode(header)).get("alg") != "ES256":
        raise ValueError("alg is not ES256")
    point, raw = base64url.decode(key), base64url.decode(signature)
    if len(raw) != 64 or len(point) != 65:
        raise ValueError("wrong length of key or signature")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    public_key.verify(der, f"{header}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(base64url.decode(payload))
    if not isinstance(claims, dict):
        raise TypeError("the claims are no object")
    return Credentials(point, claims)


def _check_claims(claims: dict[str, Any], origin: str, now: float) -> None:
    if claims.get("aud") != origin:
        raise VapidError(f"aud is {claims.get('aud')!r}, not {origin!r}")
    expires = claims.get("exp")
    if not isinstance(expires, int) or not now < expires <= now + MAX_LIFE + CLOCK_SKEW:
        raise VapidError(f"exp is {expires!r}: past, or more than 24 hours ahead")
    if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
        raise VapidError(f"sub is {claims.get('sub')!r}, no mailto: or https: address")
