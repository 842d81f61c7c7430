"""Receipt tokens: the credential with which a browser reports shown, clicked and closed of one delivery (SEC-17)."""

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta

from sitebell.models import Site
from sitebell.services.vault import Vault

CLAIMS = struct.Struct(">QQI")  # message id, subscription id, expiry in seconds since 1970
MAC_BYTES = 16
LIFETIME_AFTER_EXPIRY = timedelta(days=30)  # a notification may lie unread for long after its TTL


class Receipts:
    """Issues and reads the receipt tokens of one site.

    A token is base64url of message id (8 bytes), subscription id (8), expiry (4) and an HMAC-SHA256 over the site id
    and these, cut to 16 bytes: 48 characters.
    """

    def __init__(self, site_id: int, key: bytes) -> None:
        self._site = struct.pack(">Q", site_id)
        self._key = key

    @classmethod
    def of_site(cls, vault: Vault, site: Site) -> "Receipts":
        """Return the receipts of a site, with its key unsealed."""
        return cls(site.id, open_receipt_key(vault, site))

    def issue(self, message_id: int, subscription_id: int, expires_at: datetime) -> str:
        """Return the token of one delivery."""
        claims = CLAIMS.pack(message_id, subscription_id, int(expires_at.timestamp()))
        return base64.urlsafe_b64encode(claims + self._mac(claims)).decode()

    def read(self, token: str, now: datetime) -> tuple[int, int] | None:
        """Return (message id, subscription id), or None for a forged, foreign or expired token."""
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != CLAIMS.size + MAC_BYTES:
            return None
        claims, mac = raw[: CLAIMS.size], raw[CLAIMS.size :]
        if not hmac.compare_digest(mac, self._mac(claims)):
            return None
        message_id, subscription_id, expiry = CLAIMS.unpack(claims)
        return (message_id, subscription_id) if now < datetime.fromtimestamp(expiry, UTC) else None

    def _mac(self, claims: bytes) -> bytes:
        return hmac.digest(self._key, self._site + claims, hashlib.sha256)[:MAC_BYTES]


def open_receipt_key(vault: Vault, site: Site) -> bytes:
    """Return the 32 bytes by which a site's receipts are signed, and from which keys for other ends are derived."""
    return vault.open(f"receipt:{site.id}", site.receipt_key)
