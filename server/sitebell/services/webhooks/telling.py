"""Writes events down, and with each, in the same transaction, what the site's webhooks are to be told of it."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from sitebell.models import (
    Delivery,
    Enrollment,
    Event,
    EventType,
    Message,
    Profile,
    Site,
    Subscription,
    Webhook,
    WebhookEvent,
)

# What webhooks call the events, which is what the page calls them too.
TOLD = {
    EventType.SUBSCRIBED: "subscribe",
    EventType.UPDATED: "update_subscription",
    EventType.UNSUBSCRIBED: "unsubscribe",
    EventType.SHOWN: "show",
    EventType.CLICKED: "click",
    EventType.CLOSED: "close",
}
# Told only to webhooks that ask for it by name: it carries an address and the link that confirms it.
CONFIRM_EMAIL = "confirm_email"
# Their browsers are bound to profiles later in the same transaction, and `name_profiles` says to which.
BOUND_LATER = (EventType.SUBSCRIBED, EventType.UPDATED)


def record_event(session: Session, event: Event, *, delivery: Delivery | None = None, is_first: bool = True) -> None:
    """Store an event and queue it for the webhooks that want it: neither exists without the other.

    Args:
        delivery: what was shown, clicked or closed.
        is_first: whether it is the delivery's first event of this type, which is what unique counts go by.
    """
    session.add(event)
    session.flush()
    name = TOLD.get(EventType(event.type))
    webhooks = _find_listeners(session, event.site_id, name) if name else []
    if name is None or not webhooks:
        return
    subscription = session.get_one(Subscription, event.subscription_id)
    body = _describe(session, name, subscription, event.at)
    if event.type == EventType.UNSUBSCRIBED:
        body |= _describe_end(session, event)
    if delivery is not None:
        body |= _describe_receipt(session, event, delivery, is_first=is_first)
    elif event.type not in BOUND_LATER:
        body["profiles"] = find_profiles(session, *_at_browser(event.subscription_id))
    _queue(session, webhooks, subscription, body, event.received_at)


def tell_of_confirmation(session: Session, subscription: Subscription, facts: dict[str, Any], now: datetime) -> bool:
    """Hand what an address needs to be confirmed to the site's own mailer; False when no webhook asked for that."""
    webhooks = _find_listeners(session, subscription.site_id, CONFIRM_EMAIL)
    body = _describe(session, CONFIRM_EMAIL, subscription, now) | facts
    body["profiles"] = find_profiles(session, *_at_browser(subscription.id))
    _queue(session, webhooks, subscription, body, now)
    return bool(webhooks)


def name_profiles(session: Session, subscription: Subscription) -> None:
    """Complete what waits to be told of a subscription that was stored and bound in this transaction."""
    query = select(WebhookEvent).where(WebhookEvent.subscription_id == subscription.id)
    waiting = [row for row in session.scalars(query) if "profiles" not in row.body]
    if waiting:
        profiles = find_profiles(session, *_at_browser(subscription.id))
        for row in waiting:
            row.body = row.body | {"profiles": profiles}


def show_moment(moment: datetime) -> str:
    """Return a moment in UTC as the API writes it: ISO 8601 with milliseconds and Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def find_profiles(session: Session, *where: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Return the profiles of some enrollments as webhooks are told of them."""
    query = select(Enrollment.database_id, Profile.public_id, Profile.external_id)
    rows = session.execute(query.join(Profile, Profile.id == Enrollment.profile_id).where(*where).order_by(Profile.id))
    return [dict(zip(("database_id", "profile_id", "external_id"), row, strict=True)) for row in rows]


def _at_browser(subscription_id: int) -> tuple[ColumnElement[bool], ...]:
    return Enrollment.subscription_id == subscription_id, Enrollment.left_at.is_(None)


def _find_listeners(session: Session, site_id: int, name: str) -> Sequence[Webhook]:
    query = select(Webhook).where(Webhook.site_id == site_id, Webhook.is_enabled)
    return [webhook for webhook in session.scalars(query) if name in webhook.events]


def _queue(
    session: Session, webhooks: Sequence[Webhook], subscription: Subscription, body: dict[str, Any], now: datetime
) -> None:
    for webhook in webhooks:
        session.add(WebhookEvent(webhook_id=webhook.id, subscription_id=subscription.id, body=body, created_at=now))
    session.flush()


def _describe(session: Session, name: str, subscription: Subscription, at: datetime) -> dict[str, Any]:
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "type": name,
        "at": show_moment(at),
        "site": session.get_one(Site, subscription.site_id).token,
        "subscriber_hash": subscription.subscriber_hash,
    }


def _describe_end(session: Session, event: Event) -> dict[str, Any]:
    subscription = session.get_one(Subscription, event.subscription_id, populate_existing=True)
    return {"status": subscription.status, "reason": subscription.status_reason}


def _describe_receipt(session: Session, event: Event, delivery: Delivery, *, is_first: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"message_id": session.get_one(Message, delivery.message_id).public_id}
    if event.action is not None:
        body["action"] = event.action
    for_whom = find_profiles(session, Enrollment.id == delivery.enrollment_id) if delivery.enrollment_id else []
    return body | {"is_first": is_first, "profiles": for_whom}
