"""Everything that is stored about one person, as JSON values; long lists come row by row.

The credentials of browsers stay out, as passwords would: the secret part of an endpoint and both keys (SEC-41). So
does what others did at a shared browser.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from sitebell.models import (
    Delivery,
    Enrollment,
    Event,
    Message,
    Profile,
    Site,
    Subscription,
    WebhookCall,
    WebhookCallSubscription,
    WebhookEvent,
)
from sitebell.services.erasure import Names, messages_naming, sites_of
from sitebell.services.profiles import read_profile
from sitebell.services.topics import chosen_topics

ROWS_AT_ONCE = 500
Json = dict[str, Any]
OF_PROFILE = ("external_id", "email", "created_at", "updated_at")
OF_SUBSCRIPTION = (
    "subscriber_hash",
    "channel",
    "provider",
    "status",
    "status_reason",
    "locale",
    "time_zone",
    "browser",
    "platform",
    "country",
    "created_at",
    "updated_at",
    "seen_at",
    "clicked_at",
    "first_accepted_at",
)
OF_ENROLLMENT = (
    "status",
    "suspended_by",
    "suspended_until",
    "is_anonymous",
    "bound_by",
    "bound_at",
    "left_at",
    "created_at",
    "updated_at",
)
OF_EVENT = ("type", "at", "received_at", "action", "data")
OF_DELIVERY = (
    "state",
    "attempts",
    "http_status",
    "reason",
    "finished_at",
    "shown_at",
    "clicked_at",
    "closed_at",
)
OF_MESSAGE = ("status", "status_reason", "notification", "replace_key", "send_at", "created_at", "finished_at")


@dataclass(frozen=True)
class Stay:
    """A person's time at one browser: from `began` on what happened there is theirs; until `ended`, None for now."""

    enrollment: Enrollment
    subscription: Subscription
    began: datetime | None
    ended: datetime | None


def export_profile(
    session: Session, profile: Profile, now: datetime, site: Site | None = None
) -> dict[str, Json | Iterator[Json]]:
    """Return the parts of an export by name; read the lists in the session's time, each once.

    For a site it holds what happened at its own subscriptions (SEC-38); only the operator gets that of all sites.
    """
    stays = [stay for stay in _stays(session, profile) if site is None or stay.subscription.site_id == site.id]
    known = read_profile(session, profile, now)
    person = {"id": profile.public_id, "database_id": profile.database_id, **_pick(profile, OF_PROFILE)}
    return {
        "profile": person | {"phones": known.phones, "fields": known.fields, "tags": known.tags},
        "subscriptions": (_show_stay(session, stay) for stay in stays),
        "messages": _messages(session, profile, stays, site),
        "deliveries": _deliveries(session, stays),
        "events": _events(session, stays),
        "webhook_events": _told(session, profile, stays),
    }


def _stays(session: Session, profile: Profile) -> list[Stay]:
    query = select(Enrollment, Subscription).join(Subscription, Subscription.id == Enrollment.subscription_id)
    rows = session.execute(query.where(Enrollment.profile_id == profile.id).order_by(Enrollment.id))
    return [_stay(session, enrollment, subscription) for enrollment, subscription in rows]


def _stay(session: Session, enrollment: Enrollment, subscription: Subscription) -> Stay:
    """Alone at a browser, all of it is the person's; else what came after the others had left and before they came."""
    others = select(Enrollment.left_at).where(
        Enrollment.subscription_id == subscription.id,
        Enrollment.profile_id != enrollment.profile_id,
        Enrollment.is_anonymous.is_(False),
    )
    left = session.scalars(others).all()
    if not left:
        return Stay(enrollment, subscription, None, None)
    if enrollment.left_at is not None:
        return Stay(enrollment, subscription, enrollment.bound_at, enrollment.left_at)
    began = max([enrollment.created_at, *(moment for moment in left if moment is not None)])
    return Stay(enrollment, subscription, began, None)


def _show_stay(session: Session, stay: Stay) -> Json:
    row = stay.subscription
    return _pick(row, OF_SUBSCRIPTION) | {
        "site": session.get_one(Site, row.site_id).token,
        "push_service": urlsplit(row.address).hostname,
        "topics": chosen_topics(session, row),
        "enrollment": _pick(stay.enrollment, OF_ENROLLMENT),
    }


def _messages(session: Session, profile: Profile, stays: Sequence[Stay], site: Site | None) -> Iterator[Json]:
    """Yield the messages that were meant for the person by name; of their audiences only the person's own names."""
    browsers = [stay.subscription for stay in stays if stay.began is None]
    names = Names.of(session, [profile], browsers)
    sites = [site.id] if site else sites_of(session, profile, [stay.subscription for stay in stays])
    for message, found in messages_naming(session, sites, names):
        yield {"id": message.public_id, "audience": found, **_pick(message, OF_MESSAGE)}


def _deliveries(session: Session, stays: Sequence[Stay]) -> Iterator[Json]:
    theirs = [_received(stay) for stay in stays]
    query = (
        select(Message, Delivery, Subscription.subscriber_hash)
        .join(Delivery, Delivery.message_id == Message.id)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(or_(false(), *theirs))
    )
    rows = session.execute(query.order_by(Delivery.message_id).execution_options(yield_per=ROWS_AT_ONCE))
    for message, delivery, subscriber_hash in rows:
        about = {"message_id": message.public_id, "subscriber_hash": subscriber_hash}
        yield about | {"notification": message.notification, **_pick(delivery, OF_DELIVERY)}


def _events(session: Session, stays: Sequence[Stay]) -> Iterator[Json]:
    query = (
        select(Event, Subscription.subscriber_hash, Message.public_id)
        .join(Subscription, Subscription.id == Event.subscription_id)
        .outerjoin(Message, Message.id == Event.message_id)
        .where(or_(false(), *(_happened(stay) for stay in stays)))
    )
    rows = session.execute(query.order_by(Event.id).execution_options(yield_per=ROWS_AT_ONCE))
    for event, subscriber_hash, message_id in rows:
        yield {"subscriber_hash": subscriber_hash, "message_id": message_id, **_pick(event, OF_EVENT)}


def _told(session: Session, profile: Profile, stays: Sequence[Stay]) -> Iterator[Json]:
    """Yield what waits to be told to the site's webhooks, and what the log of calls still holds."""
    for stay in stays:
        browser_id = stay.subscription.id
        for row in session.scalars(select(WebhookEvent).where(WebhookEvent.subscription_id == browser_id)):
            if _names_person(row.body, profile, stay):
                yield {"call": None, "event": row.body}
        calls = select(WebhookCall).join(WebhookCallSubscription, WebhookCallSubscription.call_id == WebhookCall.id)
        for call in session.scalars(calls.where(WebhookCallSubscription.subscription_id == browser_id)):
            for entry in call.body:
                if entry["subscription_id"] == browser_id and _names_person(entry["event"], profile, stay):
                    yield {"call": call.public_id, "event": entry["event"]}


def _names_person(event: Json, profile: Profile, stay: Stay) -> bool:
    """At a browser that is the person's alone every event is; else it must name the profile and nobody besides."""
    named = {person["profile_id"] for person in event.get("profiles", ())}
    return stay.began is None or named == {profile.public_id}


def _received(stay: Stay) -> ColumnElement[bool]:
    at_browser = Delivery.subscription_id == stay.subscription.id
    return at_browser if stay.began is None else and_(at_browser, Delivery.enrollment_id == stay.enrollment.id)


def _happened(stay: Stay) -> ColumnElement[bool]:
    conditions = [Event.subscription_id == stay.subscription.id]
    if stay.began is not None:
        conditions.append(Event.received_at >= stay.began)
    if stay.ended is not None:
        conditions.append(Event.received_at < stay.ended)
    return and_(*conditions)


def _pick(row: object, names: Sequence[str]) -> Json:
    return {name: getattr(row, name) for name in names}
