"""Everything that is stored about one person, as JSON values; long lists come row by row.

The credentials of browsers stay out, as passwords would: the secret part of an endpoint and both keys (SEC-41). So
does what others did at a shared browser, and what is known of it from their time. However many browsers there are,
they come in pages, each with the same few statements.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.models import (
    Delivery,
    Event,
    Message,
    Profile,
    Site,
    WebhookCall,
    WebhookCallSubscription,
    WebhookEvent,
)
from sitebell.services.erasure import Names, messages_naming, sites_of
from sitebell.services.events import RECEIPT_EVENTS
from sitebell.services.person_export.stays import Stay, read_stays, sites_of_browsers
from sitebell.services.profiles import read_profile

ROWS_AT_ONCE = 500
Json = dict[str, Any]
Stays = Mapping[int, Stay]
OF_PROFILE = ("external_id", "email", "created_at", "updated_at")
OF_DEVICE = ("subscriber_hash", "channel", "provider")
OF_LAST_VISIT = ("locale", "time_zone", "browser", "platform", "country")
OF_STANDING = ("status", "status_reason")
MOMENTS = ("created_at", "updated_at", "seen_at", "clicked_at", "first_accepted_at")
OF_ENROLLMENT = (
    "status",
    "suspended_by",
    "suspended_until",
    "ended_by_backend",
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


def export_profile(
    session: Session, profile: Profile, now: datetime, site: Site | None = None
) -> dict[str, Json | Iterator[Json]]:
    """Return the parts of an export by name; read the lists in the session's time, each once.

    For a site it holds what happened at its own subscriptions (SEC-38); only the operator gets that of all sites.
    """
    known = read_profile(session, profile, now)
    person = {"id": profile.public_id, "database_id": profile.database_id, **_pick(profile, OF_PROFILE)}
    return {
        "profile": person | {"phones": known.phones, "fields": known.fields, "tags": known.tags},
        "subscriptions": map(_show_stay, chain.from_iterable(read_stays(session, profile, site))),
        "messages": _messages(session, profile, site),
        "deliveries": _of_pages(session, profile, site, _deliveries),
        "events": _of_pages(session, profile, site, _events),
        "webhook_events": _of_pages(session, profile, site, partial(_told, profile)),
    }


def _of_pages(
    session: Session, profile: Profile, site: Site | None, read: Callable[[Session, Stays], Iterator[Json]]
) -> Iterator[Json]:
    """Yield what is read of each page of the person's stays, which are found by their browser's id."""
    for stays in read_stays(session, profile, site):
        yield from read(session, {stay.subscription.id: stay for stay in stays})


def _show_stay(stay: Stay) -> Json:
    """Show a browser: of what changes there only what is of the person's own time, and null for the rest."""
    row = stay.subscription
    spoke_at = max(row.seen_at, row.clicked_at or row.seen_at)
    visit = OF_LAST_VISIT if stay.covers(spoke_at) else ()
    standing = OF_STANDING if stay.ended is None or stay.covers(row.updated_at) else ()
    moments = [name for name in MOMENTS if stay.is_all_theirs or stay.covers(getattr(row, name))]
    changing = dict.fromkeys((*OF_STANDING, *OF_LAST_VISIT, *MOMENTS)) | _pick(row, (*standing, *visit, *moments))
    return (
        _pick(row, OF_DEVICE)
        | changing
        | {
            "site": stay.site,
            "push_service": urlsplit(row.address).hostname,
            "topics": stay.topics,
            "enrollment": _pick(stay.enrollment, OF_ENROLLMENT),
        }
    )


def _messages(session: Session, profile: Profile, site: Site | None) -> Iterator[Json]:
    """Yield the messages that were meant for the person by name; of their audiences only the person's own names."""
    stays = chain.from_iterable(read_stays(session, profile, site))
    names = Names.of(session, [profile], (stay.subscription for stay in stays if stay.is_all_theirs))
    sites = {site.id} if site else sites_of(session, profile, ()) | sites_of_browsers(session, profile)
    once_of = None if site else profile.database_id
    for message, found in messages_naming(session, sites, names, once_of=once_of):
        yield {"id": message.public_id, "audience": found, **_pick(message, OF_MESSAGE)}


def _deliveries(session: Session, stays: Stays) -> Iterator[Json]:
    query = (
        select(Message, Delivery)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.subscription_id.in_(stays))
        .order_by(Delivery.message_id, Delivery.subscription_id)
    )
    for message, delivery in session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        stay = stays[delivery.subscription_id]
        if _received(delivery, stay):
            about = {"message_id": message.public_id, "subscriber_hash": stay.subscription.subscriber_hash}
            yield about | {"notification": message.notification, **_pick(delivery, OF_DELIVERY)}


def _received(delivery: Delivery, stay: Stay) -> bool:
    """Say whether a delivery was this person's: planned for them, or for the unknown visitor that they were before."""
    if stay.is_all_theirs or delivery.enrollment_id == stay.enrollment.id:
        return True
    return stay.began is None and stay.covers(delivery.finished_at)


def _events(session: Session, stays: Stays) -> Iterator[Json]:
    told = (Delivery.message_id == Event.message_id) & (Delivery.subscription_id == Event.subscription_id)
    query = (
        select(Event, Message.public_id, Delivery)
        .outerjoin(Message, Message.id == Event.message_id)
        .outerjoin(Delivery, told & Event.type.in_(RECEIPT_EVENTS))
        .where(Event.subscription_id.in_(stays))
        .order_by(Event.id)
    )
    for event, message_id, delivery in session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        stay = stays[event.subscription_id]
        if stay.covers(event.received_at) if delivery is None else _received(delivery, stay):
            about = {"subscriber_hash": stay.subscription.subscriber_hash, "message_id": message_id}
            yield about | _pick(event, OF_EVENT)


def _told(profile: Profile, session: Session, stays: Stays) -> Iterator[Json]:
    """Yield what waits to be told to the site's webhooks, and what the log of calls still holds."""
    waiting = select(WebhookEvent).where(WebhookEvent.subscription_id.in_(stays)).order_by(WebhookEvent.id)
    for row in session.scalars(waiting.execution_options(yield_per=ROWS_AT_ONCE)):
        if _names_person(row.body, profile, stays[row.subscription_id]):
            yield {"call": None, "event": _about(row.body, profile)}
    of_browsers = select(WebhookCallSubscription.call_id).where(WebhookCallSubscription.subscription_id.in_(stays))
    calls = select(WebhookCall).where(WebhookCall.id.in_(of_browsers)).order_by(WebhookCall.id)
    for call in session.scalars(calls.execution_options(yield_per=ROWS_AT_ONCE)):
        for entry in call.body:
            stay = stays.get(entry["subscription_id"])
            if stay is not None and _names_person(entry["event"], profile, stay):
                yield {"call": call.public_id, "event": _about(entry["event"], profile)}


def _names_person(event: Json, profile: Profile, stay: Stay) -> bool:
    """At a browser that is the person's alone every event is; else it must name the profile and nobody besides."""
    named = {person["profile_id"] for person in _about(event, profile).get("profiles", ())}
    return stay.is_all_theirs or named == {profile.public_id}


def _about(event: Json, profile: Profile) -> Json:
    """Return what an event says of its profiles in this database: in another one it may be about somebody else."""
    if "profiles" not in event:
        return event
    return event | {"profiles": [one for one in event["profiles"] if one["database_id"] == profile.database_id]}


def _pick(row: object, names: Sequence[str]) -> Json:
    return {name: getattr(row, name) for name in names}
