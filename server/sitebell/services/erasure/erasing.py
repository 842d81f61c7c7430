"""The two erases: of a person with the browsers that are nobody else's, and of one browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, FieldValue, Profile, ProfilePhone, ProfileTag, Site, SiteDatabase, Subscription
from sitebell.services.erasure.browsers import empty_browser, forget_stay
from sitebell.services.erasure.naming import Names, forget_names
from sitebell.services.profiles.locking import lock_profiles
from sitebell.services.tombstones import Tombstones
from sitebell.services.vault import Vault
from sitebell.services.webhooks.forgetting import forget_profile


@dataclass(frozen=True)
class Erased:
    """What an erase took away: how many profiles, anonymous ones included, and how many subscriptions."""

    profiles: int
    subscriptions: int


def erase_profile(session: Session, vault: Vault, profile: Profile, now: datetime) -> Erased:
    """Erase a person: the profile and all that hangs on it, and each browser where nobody else is present.

    It reaches the browsers of every site that is linked to the database, since the person was theirs as well. At a
    browser that somebody else uses now, only what was this person's goes. Once it is done nothing brings them back but
    somebody who says who they are again.
    """
    lock_profiles(session, profile)
    enrollments = session.scalars(select(Enrollment).where(Enrollment.profile_id == profile.id)).all()
    browsers = _browsers(session, [stay.subscription_id for stay in enrollments])
    shared = {stay.subscription_id: stay for stay in enrollments if _is_with_others(session, stay)}
    own = [row for row in browsers if row.id not in shared]
    leaving = [profile, *(one for one in _anonymous_profiles(session, own) if one.id != profile.id)]
    names = Names.of(session, leaving, own)
    forget_names(session, sites_of(session, profile, browsers), names)
    forget_profile(session, profile)
    for stay in shared.values():
        forget_stay(session, stay, now)
    for row in own:
        _erase_browser(session, vault, row, now)
    _delete_profiles(session, leaving)
    return Erased(len(leaving), len(own))


def erase_subscriber(session: Session, vault: Vault, subscription: Subscription, now: datetime) -> Erased:
    """Erase a locked browser with its anonymous profiles; people who have used it keep their profiles without it."""
    anonymous = _anonymous_profiles(session, [subscription])
    forget_names(session, {subscription.site_id}, Names.of(session, anonymous, [subscription]))
    _erase_browser(session, vault, subscription, now)
    _delete_profiles(session, anonymous)
    return Erased(len(anonymous), 1)


def sites_of(session: Session, profile: Profile, browsers: Sequence[Subscription]) -> set[int]:
    """Return the sites whose messages may name a person with these browsers."""
    linked = session.scalars(select(SiteDatabase.site_id).where(SiteDatabase.database_id == profile.database_id))
    return {*linked, *(row.site_id for row in browsers)}


def _browsers(session: Session, ids: Sequence[int]) -> Sequence[Subscription]:
    return session.scalars(select(Subscription).where(Subscription.id.in_(ids)).order_by(Subscription.id)).all()


def _is_with_others(session: Session, stay: Enrollment) -> bool:
    others = exists().where(
        Enrollment.subscription_id == stay.subscription_id,
        Enrollment.profile_id != stay.profile_id,
        Enrollment.left_at.is_(None),
        Enrollment.is_anonymous.is_(False),
    )
    return session.scalar(select(others)) or False


def _anonymous_profiles(session: Session, browsers: Sequence[Subscription]) -> Sequence[Profile]:
    """Return the profiles that stand for nobody but these browsers."""
    ids = [row.id for row in browsers]
    elsewhere = exists().where(Enrollment.profile_id == Profile.id, Enrollment.subscription_id.not_in(ids))
    query = (
        select(Profile)
        .where(Profile.id.in_(select(Enrollment.profile_id).where(Enrollment.subscription_id.in_(ids))))
        .where(exists().where(Enrollment.profile_id == Profile.id, Enrollment.is_anonymous))
        .where(Profile.external_id.is_(None), Profile.email.is_(None), ~elsewhere)
    )
    return session.scalars(query).all()


def _erase_browser(session: Session, vault: Vault, subscription: Subscription, now: datetime) -> None:
    site = session.get_one(Site, subscription.site_id)
    Tombstones.of_site(vault, site).add(session, subscription.address, now)
    empty_browser(session, subscription, now)


def _delete_profiles(session: Session, profiles: Sequence[Profile]) -> None:
    ids = [profile.id for profile in profiles]
    for table in (Enrollment, FieldValue, ProfilePhone, ProfileTag):
        session.execute(delete(table).where(table.profile_id.in_(ids)))
    for profile in profiles:
        session.delete(profile)
    session.flush()
