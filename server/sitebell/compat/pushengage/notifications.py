"""Notifications in PushEngage's words, and as messages of ours."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sitebell.compat.pushengage.fields import MOMENT
from sitebell.models import Message, MessageStatus, Site
from sitebell.services.messages.lifecycle import NewMessage, check_send_at
from sitebell.services.personalisation.filling import read_back, write_out

Json = dict[str, Any]

BUTTONS = ("1", "2")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
STATUSES: dict[str, tuple[MessageStatus, ...]] = {
    "sent": (MessageStatus.SENDING, MessageStatus.PAUSED, MessageStatus.SENT),
    "scheduled": (MessageStatus.SCHEDULED,),
    "draft": (MessageStatus.DRAFT,),
}


def new_message(site: Site, body: Json, audience: Json, now: datetime) -> NewMessage:
    """Return the message that a loaded body describes.

    Raises:
        Invalid: `invalid_send_at`, it is to go out more than a year ahead.
    """
    kind, local = body["notification_type"], body["valid_from_utc"]
    send_at = local.replace(tzinfo=ZoneInfo(site.time_zone)) if kind == "later" else None
    return NewMessage(
        audience=audience,
        notification=write_out(_notification(body)),
        ttl=body["notification_expiry"],
        send_at=check_send_at(send_at, now),
        is_draft=kind == "draft",
    )


def show_notification(site: Site, message: Message) -> Json:
    """Return a message as PushEngage lists it; what it has not is empty."""
    content = message.notification
    words = {status: word for word, statuses in STATUSES.items() for status in statuses}
    return {
        "notification_id": message.public_id,
        "notification_title": read_back(content["title"]),
        "notification_message": read_back(content.get("body", "")),
        "notification_url": read_back(content.get("url", "")),
        "image_url": read_back(content.get("icon", "")),
        "big_image_url": read_back(content.get("image", "")),
        "status": words.get(MessageStatus(message.status), message.status),
        "valid_from_utc": message.send_at.astimezone(ZoneInfo(site.time_zone)).strftime(MOMENT),
    }


def _notification(body: Json) -> Json:
    tracked = [(name, body[name]) for name in UTM if body[name]]
    content = {
        "title": body["notification_title"],
        "body": body["notification_message"],
        "url": _with_query(body["notification_url"], tracked),
        "icon": body["image_url"],
        "image": body["big_image_url"],
        "require_interaction": body["require_interaction"] or None,
        "actions": list(_buttons(body, tracked)) or None,
    }
    return {name: value for name, value in content.items() if value is not None}


def _buttons(body: Json, tracked: list[tuple[str, str]]) -> Iterator[Json]:
    """Yield the buttons that have a title; one without a URL opens what the notification opens."""
    for number in BUTTONS:
        title, url, icon = (body[f"multi_element_{part}{number}"] for part in ("title", "url", "image"))
        if title:
            button = {"action": f"button{number}", "title": title}
            button |= {"url": _with_query(url, tracked)} if url else {}
            yield button | ({"icon": icon} if icon else {})


def _with_query(url: str, members: list[tuple[str, str]]) -> str:
    """Return a URL with more members in its query; what it has already stays."""
    if not members:
        return url
    address, hash_sign, fragment = url.partition("#")
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in members)
    return f"{address}{'&' if '?' in address else '?'}{query}{hash_sign}{fragment}"
