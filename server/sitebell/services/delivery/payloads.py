"""The bytes that a browser decrypts: declarative web push JSON that our worker reads too."""

import base64
import hashlib
import json
from typing import Any

from sitebell.errors import Invalid
from sitebell.push.encryption import MAX_PLAINTEXT

RECEIPT_LENGTH = 48
WEB_PUSH = 8030  # the number by which declarative messages are recognised
SAME_NAME = ("title", "body", "lang", "dir", "icon", "image", "badge", "silent", "renotify", "timestamp")


class Payload:
    """The payload of one message; only the receipt differs from recipient to recipient."""

    def __init__(self, message_id: str, notification: dict[str, Any]) -> None:
        marker = f"@receipt:{message_id}@"
        text = json.dumps(_declarative(message_id, notification, marker), ensure_ascii=False, separators=(",", ":"))
        before, _, after = text.rpartition(marker)
        self._before, self._after = before.encode(), after.encode()

    def render(self, receipt: str) -> bytes:
        """Return the plaintext for the recipient of this receipt."""
        return self._before + receipt.encode() + self._after

    def check_size(self) -> None:
        """Refuse what no push service would carry.

        Raises:
            Invalid: `notification_too_large`, with the measured size.
        """
        if self.size > MAX_PLAINTEXT:
            raise Invalid(
                "notification_too_large",
                f"The notification takes {self.size} bytes and push services carry {MAX_PLAINTEXT}: shorten its texts"
                " or data.",
                {"size": self.size, "limit": MAX_PLAINTEXT},
            )

    @property
    def size(self) -> int:
        """The bytes of the plaintext."""
        return len(self._before) + RECEIPT_LENGTH + len(self._after)


def check_payload(notification: dict[str, Any]) -> None:
    """Refuse what no push service would carry.

    Raises:
        Invalid: `notification_too_large`, with the measured size.
    """
    Payload("0" * 24, notification).check_size()


def push_topic(text: str) -> str:
    """Return a push `Topic` (RFC 8030 section 5.4): 32 url-safe characters, which Apple takes too."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:24]).decode()


def _declarative(message_id: str, notification: dict[str, Any], receipt: str) -> dict[str, Any]:
    shown = {name: notification[name] for name in SAME_NAME if name in notification}
    shown["navigate"] = notification.get("url", "/")
    shown["tag"] = notification.get("tag") or f"bell-{message_id}"
    if "require_interaction" in notification:
        shown["requireInteraction"] = notification["require_interaction"]
    if notification.get("actions"):
        shown["actions"] = [_action(action, shown["navigate"]) for action in notification["actions"]]
    data: dict[str, Any] = {"data": notification["data"]} if "data" in notification else {}
    shown["data"] = {**data, "sitebell": {"message": message_id, "receipt": receipt}}
    shown["mutable"] = True  # parsers disagree where it stands, so it stands in both places
    return {"web_push": WEB_PUSH, "notification": shown, "mutable": True}


def _action(action: dict[str, Any], url: str) -> dict[str, Any]:
    shown: dict[str, Any] = {name: action[name] for name in ("action", "title", "icon") if name in action}
    return {**shown, "navigate": action.get("url", url)}
