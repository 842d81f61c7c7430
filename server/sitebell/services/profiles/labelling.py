"""Puts one tag on many profiles at once, or takes it away; the statements are as many for one as for all."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.errors import Invalid
from sitebell.models import Enrollment, Profile, ProfileTag, Site, Subscription, SubscriptionStatus
from sitebell.services.databases import linked_database_ids
from sitebell.services.tags import MAX_TAGS, check_tag, is_on


def profiles_named(site: Site, external_ids: Collection[str]) -> ColumnElement[bool]:
    """Return the condition of the site's profiles that have one of these external ids."""
    return Profile.database_id.in_(linked_database_ids(site.id)) & Profile.external_id.in_(external_ids)


def profiles_at(site: Site, subscriber_hashes: Collection[str]) -> ColumnElement[bool]:
    """Return the condition of the profiles whose browsers these subscribers are now."""
    bound = (
        select(Enrollment.profile_id)
        .join(Subscription, Subscription.id == Enrollment.subscription_id)
        .where(Subscription.site_id == site.id, Subscription.subscriber_hash.in_(subscriber_hashes))
        .where(Subscription.status != SubscriptionStatus.ERASED)
        .where(Enrollment.left_at.is_(None), Enrollment.database_id.in_(linked_database_ids(site.id)))
    )
    return Profile.id.in_(bound)


def put_tag(session: Session, tag: str, profiles: ColumnElement[bool], now: datetime) -> int:
    """Put a tag on profiles for good and return how many they are; all get it, or none.

    Raises:
        Invalid: `invalid_tag`, or `too_many_tags` when one of them would have more than 100.
    """
    check_tag(tag)
    databases = _lock(session, profiles)
    has_it = (ProfileTag.profile_id.in_(databases), ProfileTag.tag == tag)
    session.execute(update(ProfileTag).where(*has_it).values(expires_at=None), execution_options=QUIET)
    missing = databases.keys() - session.scalars(select(ProfileTag.profile_id).where(*has_it))
    full = select(ProfileTag.profile_id).where(ProfileTag.profile_id.in_(missing), is_on(now))
    full = full.group_by(ProfileTag.profile_id).having(func.count() >= MAX_TAGS)
    if session.scalars(full.limit(1)).first() is not None:
        raise Invalid("too_many_tags", f"A profile has at most {MAX_TAGS} tags: remove some.")
    rows = [{"profile_id": row, "database_id": databases[row], "tag": tag, "created_at": now} for row in missing]
    if rows:
        session.execute(insert(ProfileTag), rows)
    _touch(session, databases, now)
    return len(databases)


def take_tag(session: Session, tag: str, profiles: ColumnElement[bool], now: datetime) -> int:
    """Take a tag away from profiles and return how many they are."""
    databases = _lock(session, profiles)
    mine = (ProfileTag.profile_id.in_(databases), ProfileTag.tag == tag)
    session.execute(delete(ProfileTag).where(*mine), execution_options=QUIET)
    _touch(session, databases, now)
    return len(databases)


def _touch(session: Session, ids: Collection[int], now: datetime) -> None:
    session.execute(update(Profile).where(Profile.id.in_(ids)).values(updated_at=now), execution_options=QUIET)


def _lock(session: Session, profiles: ColumnElement[bool]) -> dict[int, int]:
    """Lock profiles in the order of services/locks.py; return their databases by their ids."""
    query = select(Profile.id, Profile.database_id).where(profiles).order_by(Profile.database_id, Profile.id)
    return {row[0]: row[1] for row in session.execute(query.with_for_update(key_share=True))}
