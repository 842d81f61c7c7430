"""The vendor that a site comes from: its key, its subscribers, and the files that it hands out."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sitebell.push.vapid import VapidKey, to_base64url
from support.push_service import PushService
from support.push_service.subscriber import Subscriber

ONESIGNAL = [
    "id",
    "identifier",
    "session_count",
    "language",
    "timezone",
    "game_version",
    "device_os",
    "device_type",
    "device_model",
    "tags",
    "last_active",
    "playtime",
    "amount_spent",
    "created_at",
    "invalid_identifier",
    "badge_count",
    "external_user_id",
    "web_auth",
    "web_p256",
    "notification_types",
]
PERFECTY = ["id", "uuid", "remote_ip", "endpoint", "key_auth", "key_p256dh", "is_active", "disabled", "creation_time"]


class OldVendor:
    """Has a VAPID pair of its own; push services take nothing for its subscribers that another key signed."""

    def __init__(self, push_service: PushService, folder: Path) -> None:
        self.key = VapidKey.generate()
        self._push_service, self._folder = push_service, folder
        self.key_file = self.write("vendor.pem", self.pem)

    @property
    def pem(self) -> str:
        """The private key as OpenSSL writes it."""
        options = (Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        return self.key.private_key.private_bytes(*options).decode()

    @property
    def halves(self) -> dict[str, str]:
        """The pair as web-push libraries keep it."""
        return {"publicKey": self.key.public_text, "privateKey": to_base64url(self.key.private)}

    def add_subscribers(self, count: int) -> list[Subscriber]:
        """Subscribe browsers under the vendor's key."""
        return self._push_service.add_subscribers(count, self.key.public_text)

    def write(self, name: str, text: str | bytes) -> Path:
        """Put a file into the vendor's folder."""
        path = self._folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def csv(self, name: str, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Path:
        """Write rows with a head; what a row does not have is empty."""
        path = self._folder / name
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def ndjson(self, name: str, rows: Iterable[dict[str, Any]]) -> Path:
        """Write a line of JSON for each row."""
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))


def own_row(device: Subscriber, **values: Any) -> dict[str, Any]:
    """Return a row of somebody's own CSV, or a line of our own format."""
    return {"endpoint": device.endpoint, "p256dh": device.p256dh, "auth": device.auth, **values}


def player(device: Subscriber, **values: Any) -> dict[str, Any]:
    """Return a row of OneSignal's export."""
    usual = {"id": "p", "device_type": "5", "tags": "{}", "invalid_identifier": "false", "notification_types": "1"}
    return {**usual, "identifier": device.endpoint, "web_auth": device.auth, "web_p256": device.p256dh, **values}


def perfecty_user(device: Subscriber, **values: Any) -> dict[str, Any]:
    """Return a row of Perfecty's table of users."""
    keys = {"key_auth": device.auth, "key_p256dh": device.p256dh}
    return {"endpoint": device.endpoint, **keys, "is_active": "1", "disabled": "0", **values}
