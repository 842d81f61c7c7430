"""Writes down every subscription of a site, so that another system can go on with them: leaving is as easy."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.models import (
    Enrollment,
    Profile,
    ProfilePhone,
    ProfileTag,
    Site,
    Subscription,
    SubscriptionStatus,
    SubscriptionTopic,
    Topic,
)
from sitebell.push.vapid import VapidKey, to_base64url
from sitebell.services.importing.own_format import MOMENTS, TEXTS, VAPID_KEY
from sitebell.services.vapid_keys import list_vapid_keys, open_vapid_key
from sitebell.services.vault import Vault

ROWS_AT_ONCE = 500
Json = dict[str, Any]


def hand_over(session: Session, site: Site) -> Iterator[Json]:
    """Yield a line for each subscription but for the erased ones, in the order of their making, in flat memory."""
    keys = {pair.id: pair.public_key for pair in list_vapid_keys(session, site)}
    mine = select(Subscription).where(Subscription.site_id == site.id, Subscription.status != SubscriptionStatus.ERASED)
    last_id = 0
    while True:
        query = mine.where(Subscription.id > last_id).order_by(Subscription.id).limit(ROWS_AT_ONCE)
        rows = session.scalars(query).all()
        if not rows:
            return
        last_id = rows[-1].id
        topics, people = _topics(session, rows), _people(session, rows)
        for row in rows:
            about = {"topics": topics.get(row.id, []), "profiles": people.get(row.id, [])}
            yield {**_reach(row, keys), **_facts(row), **{name: found for name, found in about.items() if found}}
        for row in rows:
            session.expunge(row)


def hand_over_keys(session: Session, vault: Vault, site: Site) -> Iterator[Json]:
    """Yield a line for each VAPID pair, its private half included: whoever has it can send in the site's name."""
    for place, pair in enumerate(list_vapid_keys(session, site)):
        key: VapidKey = open_vapid_key(vault, pair)
        halves = {"public_key": key.public_text, "private_key": to_base64url(key.private)}
        yield {VAPID_KEY: {**halves, "is_current": place == 0}}


def _reach(row: Subscription, keys: dict[int, str]) -> Json:
    if row.p256dh is None or row.auth is None or row.vapid_key_id is None:
        return {"provider": row.provider, "token": row.address}
    halves = {"p256dh": to_base64url(row.p256dh), "auth": to_base64url(row.auth)}
    return {"endpoint": row.address, **halves, "vapid_public_key": keys[row.vapid_key_id]}


def _facts(row: Subscription) -> Json:
    facts = {name: getattr(row, name) for name in ("subscriber_hash", "status", "status_reason", "worker", *TEXTS)}
    moments = {name: getattr(row, name) for name in MOMENTS}
    facts |= {name: moment.isoformat() for name, moment in moments.items() if moment is not None}
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _topics(session: Session, rows: Sequence[Subscription]) -> dict[int, list[str]]:
    query = select(SubscriptionTopic.subscription_id, Topic.name).join(Topic, Topic.id == SubscriptionTopic.topic_id)
    chosen: dict[int, list[str]] = {}
    mine = query.where(SubscriptionTopic.subscription_id.in_([row.id for row in rows]))
    for id_, name in session.execute(mine.order_by(Topic.position, Topic.id)):
        chosen.setdefault(id_, []).append(name)
    return chosen


def _people(session: Session, rows: Sequence[Subscription]) -> dict[int, list[Json]]:
    """Return at whose profiles the subscriptions stand; what was left is history, and stays here."""
    columns = (
        Enrollment.subscription_id,
        Enrollment.database_id,
        Enrollment.status,
        Enrollment.suspended_by,
        Enrollment.suspended_until,
        Enrollment.is_anonymous,
        Profile.id.label("profile_id"),
        Profile.public_id,
        Profile.external_id,
        Profile.email,
    )
    query = select(*columns).join(Profile, Profile.id == Enrollment.profile_id).where(Enrollment.left_at.is_(None))
    mine = query.where(Enrollment.subscription_id.in_([row.id for row in rows])).order_by(Enrollment.id)
    found = session.execute(mine).all()
    phones, tags = _phones(session, found), _tags(session, found)
    people: dict[int, list[Json]] = {}
    for entry in found:
        about = {"phones": phones.get(entry.profile_id), "tags": tags.get(entry.profile_id)}
        people.setdefault(entry.subscription_id, []).append(_person(entry, about))
    return people


def _person(entry: Any, about: Json) -> Json:
    until = entry.suspended_until
    facts = {
        "database_id": entry.database_id,
        "id": entry.public_id,
        "external_id": entry.external_id,
        "email": entry.email,
        **about,
        "status": entry.status,
        "suspended_by": entry.suspended_by,
        "suspended_until": until.isoformat() if until else None,
        "is_anonymous": entry.is_anonymous or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _phones(session: Session, found: Sequence[Any]) -> dict[int, list[str]]:
    query = select(ProfilePhone).where(ProfilePhone.profile_id.in_({entry.profile_id for entry in found}))
    phones: dict[int, list[str]] = {}
    columns = query.with_only_columns(ProfilePhone.profile_id, ProfilePhone.phone)
    for id_, phone in session.execute(columns.order_by(ProfilePhone.profile_id, ProfilePhone.position)):
        phones.setdefault(id_, []).append(phone)
    return phones


def _tags(session: Session, found: Sequence[Any]) -> dict[int, list[str]]:
    """Return tags that stay; one that comes off by itself would stay for ever elsewhere."""
    query = select(ProfileTag.profile_id, ProfileTag.tag).where(ProfileTag.expires_at.is_(None))
    tags: dict[int, list[str]] = {}
    mine = query.where(ProfileTag.profile_id.in_({entry.profile_id for entry in found}))
    for id_, tag in session.execute(mine.order_by(ProfileTag.profile_id, ProfileTag.tag)):
        tags.setdefault(id_, []).append(tag)
    return tags
