"""Payloads for browsers that still run another vendor's worker: in the shape that it reads, as far as that is public.

Such a worker knows nothing of receipts, so nobody learns what it showed. It may not know every option either: what its
vendor's own messages could not say is left out. When the visitor comes back our worker takes its place.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from sitebell.services.delivery.payloads import Payload

Notification = Mapping[str, Any]
_IDS = uuid.UUID("5b0d7a0e-6f0e-5c55-9f58-51e7be115173")  # any, as long as a message keeps its id


class ForeignPayload(Payload):
    """The payload of one message for the worker of one vendor, a key of `FOREIGN_SHAPES`; it carries no receipt."""

    def __init__(self, worker: str, message_id: str, notification: Notification, origin: str) -> None:
        """Make the text; `origin` of the site, since these workers do not all resolve relative URLs."""
        shown = FOREIGN_SHAPES[worker](message_id, _absolute(notification, origin))
        self._text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()

    def render(self, receipt: str) -> bytes:  # noqa: ARG002  (there is no place for it)
        """Return the plaintext, the same for every recipient."""
        return self._text

    @property
    def size(self) -> int:
        """The bytes of the plaintext."""
        return len(self._text)


def _onesignal(message_id: str, notification: Notification) -> dict[str, Any]:
    """Write OneSignal's minified form: its worker shows nothing unless `custom.i` is a UUID."""
    custom = {"i": str(uuid.uuid5(_IDS, message_id)), "u": notification["url"]}
    if "data" in notification:
        custom["a"] = notification["data"]
    shown = {"title": notification["title"], "alert": notification.get("body", ""), "custom": custom}
    shown |= {name: notification[name] for name in ("icon", "image", "badge") if name in notification}
    shown["tag"] = notification.get("tag") or f"bell-{message_id}"
    if notification.get("actions"):
        shown["o"] = [_button(action, notification["url"]) for action in notification["actions"]]
    return shown


def _button(action: Notification, url: str) -> dict[str, Any]:
    button = {"i": action["action"], "n": action["title"], "u": action.get("url", url)}
    return button | ({"p": action["icon"]} if "icon" in action else {})


def _perfecty(_message_id: str, notification: Notification) -> dict[str, Any]:
    """Write what Perfecty's plugin sends: its worker shows nothing without `extra`."""
    return {
        "title": notification["title"],
        "body": notification.get("body", ""),
        "icon": notification.get("icon", ""),
        "image": notification.get("image", ""),
        "require_interaction": notification.get("require_interaction", False),
        "extra": {"url_to_open": notification["url"]},
    }


FOREIGN_SHAPES: dict[str, Callable[[str, Notification], dict[str, Any]]] = {
    "onesignal": _onesignal,
    "perfecty": _perfecty,
}


def _absolute(notification: Notification, origin: str) -> dict[str, Any]:
    urls = {name: notification[name] for name in ("icon", "image", "badge") if notification.get(name)}
    urls["url"] = notification.get("url", "/")
    made: dict[str, Any] = {**notification, **{name: urljoin(f"{origin}/", url) for name, url in urls.items()}}
    if notification.get("actions"):
        made["actions"] = [_absolute_action(action, origin) for action in notification["actions"]]
    return made


def _absolute_action(action: Notification, origin: str) -> dict[str, Any]:
    urls = {name: urljoin(f"{origin}/", action[name]) for name in ("url", "icon") if action.get(name)}
    return {**action, **urls}
