"""Tells a push service who is sending, with a signed header for each of them: VAPID, RFC 8292."""

import base64
import re
from datetime import datetime, timedelta
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sitebell.clock import Clock, utcnow
from sitebell.errors import Invalid
from sitebell.push.endpoint import is_host_name

# RFC 8292 section 2 allows 24 h. Half of it leaves room for clocks that are off by hours; a header is renewed at half
# life, so that between 6 h and 12 h of it are left whenever it is sent.
LIFETIME = timedelta(hours=12)
_RENEWAL = LIFETIME / 2
_CACHED_ORIGINS = 1000

_CURVE = ec.SECP256R1()
_PRIVATE_LENGTH = 32
_SUBJECT = re.compile(
    r"(?:mailto:[A-Za-z0-9.!#$&'*+/=^_{}~-]+@(?P<domain>[A-Za-z0-9.:\[\]-]+)"
    r"|https://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?#][!-~]*)?)\Z"
)
_NOWHERE = ("localhost", "local", "invalid")


def to_base64url(data: bytes) -> str:
    """Return bytes as the Push API and VAPID write keys: base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class VapidKey:
    """A P-256 key pair that names a site to the push services; a subscription is bound to its public half for ever."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        self.private_key = private_key
        self.public = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_text = to_base64url(self.public)

    @classmethod
    def generate(cls) -> Self:
        """Draw a new pair."""
        return cls(ec.generate_private_key(_CURVE))

    @classmethod
    def from_private(cls, private: bytes) -> Self:
        """Rebuild a pair from its private scalar of 32 bytes, big-endian.

        Raises:
            Invalid: `invalid_vapid_key`, wrong length or not a scalar of P-256.
        """
        if len(private) == _PRIVATE_LENGTH:
            try:
                return cls(ec.derive_private_key(int.from_bytes(private, "big"), _CURVE))
            except ValueError:
                pass
        raise Invalid("invalid_vapid_key", "A VAPID private key must be 32 bytes that are a P-256 private key.")

    @property
    def private(self) -> bytes:
        """The private scalar, 32 bytes big-endian; secret."""
        return self.private_key.private_numbers().private_value.to_bytes(_PRIVATE_LENGTH, "big")


def check_subject(subject: Any, *, allow_local: bool = False) -> str:
    """Return the subject of VAPID tokens (RFC 8292 section 2.1) if push services will take it.

    Args:
        subject: `mailto:` with one address, or an `https:` URL.
        allow_local: take names and addresses that mean nothing elsewhere; only the demo may.

    Raises:
        Invalid: `invalid_vapid_subject`, with what to change.
    """
    match = _SUBJECT.match(subject) if isinstance(subject, str) else None
    if match is None:
        raise Invalid(
            "invalid_vapid_subject",
            "The VAPID subject must be mailto: followed by one mail address, or an https:// URL, without spaces.",
        )
    host = (match["domain"] or match["host"]).lower()
    if not allow_local and (not is_host_name(host) or host.rpartition(".")[2] in _NOWHERE):
        raise Invalid(
            "invalid_vapid_subject",
            f"The VAPID subject names {host}, but push services want a way to reach you: Apple answers 403 BadJwtToken "
            "to localhost, .local, .invalid and addresses. Use a mail address or an https:// URL at a public domain.",
        )
    return match[0]


class VapidSigner:
    """Makes the Authorization header, and keeps it for as long as it may be used; for one thread.

    Args:
        key: the pair that the subscriptions were made with.
        subject: as `check_subject` returned it.
    """

    def __init__(self, key: VapidKey, subject: str, clock: Clock = utcnow) -> None:
        self._key = key
        self._subject = subject
        self._clock = clock
        self._signed: dict[str, tuple[datetime, str]] = {}

    def authorization(self, origin: str) -> str:
        """Return `vapid t=…, k=…` for the push service at `origin`, an `Endpoint.origin` (RFC 8292 section 3)."""
        now = self._clock()
        signed_at, header = self._signed.get(origin, (None, ""))
        # A header from the future means that the clock was set back: its expiry could be too far ahead.
        if signed_at is None or not signed_at <= now < signed_at + _RENEWAL:
            if len(self._signed) >= _CACHED_ORIGINS:
                self._signed.clear()
            header = self._sign(origin, now)
            self._signed[origin] = (now, header)
        return header

    def _sign(self, origin: str, now: datetime) -> str:
        # No iat: a service whose clock is behind ours would take the token for one from the future.
        claims = {"aud": origin, "exp": int((now + LIFETIME).timestamp()), "sub": self._subject}
        token = jwt.encode(claims, self._key.private_key, algorithm="ES256")
        return f"vapid t={token}, k={self._key.public_text}"
