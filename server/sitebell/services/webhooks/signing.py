"""Signs calls as Standard Webhooks say (standardwebhooks.com), so that any of its libraries can verify them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sitebell.models import Webhook
from sitebell.services.vault import Vault

SECRET_PREFIX = "whsec_"  # noqa: S105  (what every such secret begins with)
SECRET_BYTES = 32
ROTATION = timedelta(hours=24)


def show_secret(secret: bytes) -> str:
    """Return a secret as its owner keeps it: `whsec_` and base64."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def set_new_secret(vault: Vault, webhook: Webhook) -> bytes:
    """Give a stored webhook a new secret and return it; whoever calls decides what becomes of the old one."""
    secret = secrets.token_bytes(SECRET_BYTES)
    webhook.secret = vault.seal(_context(webhook), secret)
    return secret


def open_secrets(vault: Vault, webhook: Webhook, now: datetime) -> list[bytes]:
    """Return the secrets that sign at this moment, the current one first.

    Raises:
        MasterKeyError: they were sealed with another master key.
    """
    sealed = [webhook.secret]
    if webhook.previous_secret is not None and webhook.previous_until is not None and now < webhook.previous_until:
        sealed.append(webhook.previous_secret)
    return [vault.open(_context(webhook), one) for one in sealed]


def sign(secrets_: Sequence[bytes], call_id: str, body: bytes, now: datetime) -> tuple[str, ...]:
    """Return the three headers of a call; a receiver accepts it when one of the signatures is right."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((call_id.encode(), timestamp.encode(), body))
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets_)
    signatures = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    return f"webhook-id: {call_id}", f"webhook-timestamp: {timestamp}", f"webhook-signature: {signatures}"


def _context(webhook: Webhook) -> str:
    return f"webhook:{webhook.id}"
