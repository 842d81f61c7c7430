"""Payloads for browsers that still run another vendor's worker: in the shape that it reads, as far as that is public.

Such a worker knows nothing of receipts, but for Altcraft's, which follows the links that come with a message: of the
others nobody learns what they showed. They may not know every option either: what their vendor's own messages could not
say is left out. When the visitor comes back our worker takes their place.
"""

import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin

from sitebell.models import Site
from sitebell.services.delivery.payloads import RECEIPT_LENGTH, Payload

Notification = Mapping[str, Any]
_IDS = uuid.UUID("5b0d7a0e-6f0e-5c55-9f58-51e7be115173")  # any, as long as a message keeps its id


class ForeignPayload(Payload):
    """The payload of one message for the worker of one vendor, a key of `FOREIGN_SHAPES`; few have a receipt in it."""

    def __init__(self, worker: str, message_id: str, notification: Notification, *, origin: str, hub: str) -> None:
        """Make the text; `origin` of the site, since these workers do not all resolve relative URLs, `hub` of it."""
        marker = secrets.token_hex(12)
        shown = FOREIGN_SHAPES[worker](message_id, _absolute(notification, origin), f"{hub}/{marker}")
        text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        self._parts = [part.encode() for part in text.split(marker)]

    def render(self, receipt: str) -> bytes:
        """Return the plaintext for the recipient of this receipt."""
        return receipt.encode().join(self._parts)

    @property
    def size(self) -> int:
        """The bytes of the plaintext."""
        return sum(map(len, self._parts)) + (len(self._parts) - 1) * RECEIPT_LENGTH


def hub_of(base_url: str, site: Site) -> str:
    """Return how the links begin by which Altcraft's worker reports: behind it stand `/RECEIPT/1`, or 2 for a click."""
    return f"{base_url}/api/v1.1/pushes/crypto_post_events?/{site.token}"


def _onesignal(message_id: str, notification: Notification, _link: str) -> dict[str, Any]:
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


def _perfecty(_message_id: str, notification: Notification, _link: str) -> dict[str, Any]:
    """Write what Perfecty's plugin sends: its worker shows nothing without `extra`."""
    return {
        "title": notification["title"],
        "body": notification.get("body", ""),
        "icon": notification.get("icon", ""),
        "image": notification.get("image", ""),
        "require_interaction": notification.get("require_interaction", False),
        "extra": {"url_to_open": notification["url"]},
    }


def _altcraft(_message_id: str, notification: Notification, link: str) -> dict[str, Any]:
    """Write Altcraft's Firebase form; it opens the id of a button that is pressed.

    The build that is public asks for both links as soon as the push arrives. So both say that it was shown: nobody
    would ever have not clicked.
    """
    data = {"title": notification["title"], "message": notification.get("body", ""), "action": notification["url"]}
    data |= {name: notification[name] for name in ("icon", "image") if name in notification}
    if notification.get("actions"):
        data["actions"] = [_link_button(action, notification["url"]) for action in notification["actions"]]
    return {"data": data | {"hub_link": json.dumps({"ack": f"{link}/1", "open": f"{link}/1"})}}


def _link_button(action: Notification, url: str) -> dict[str, Any]:
    button = {"action": action.get("url", url), "title": action["title"]}
    return button | ({"icon": action["icon"]} if "icon" in action else {})


FOREIGN_SHAPES: dict[str, Callable[[str, Notification, str], dict[str, Any]]] = {
    "altcraft": _altcraft,
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
