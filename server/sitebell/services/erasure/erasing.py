"""The two erases: of a person with the browsers that are nobody else's, and of one browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, exists, select
from sqlalchemy.orm import Session, aliased

from sitebell.models import (
    Enrollment,
    FieldValue,
    FormerName,
    Profile,
    ProfilePhone,
    ProfileTag,
    Site,
    SiteDatabase,
    Subscription,
)
from sitebell.services.audiences.people import Names
from sitebell.services.binding.known import is_known
from sitebell.services.erasure.browsers import empty_browsers, forget_stays, portions
from sitebell.services.erasure.naming import forget_names
from sitebell.services.locks import lock_deliveries
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
    _lock_anonymous(session, browsers)
    with_others = _with_others(session, profile)
    own = [row for row in browsers if row.id not in with_others]
    leaving = [profile, *(one for one in _anonymous_profiles(session, own) if one.id != profile.id)]
    names = Names.of(session, leaving, own)
    forget_names(session, sites_of(session, profile, browsers), names, once_of=profile.database_id)
    lock_deliveries(session, [row.id for row in browsers])
    forget_profile(session, profile)
    forget_stays(session, [stay for stay in enrollments if stay.subscription_id in with_others], now)
    _erase_browsers(session, vault, own, now)
    _delete_profiles(session, leaving)
    return Erased(len(leaving), len(own))


def erase_subscriber(session: Session, vault: Vault, subscription: Subscription, now: datetime) -> Erased:
    """Erase a locked browser with its anonymous profiles; people who have used it keep their profiles without it."""
    _lock_anonymous(session, [subscription])
    anonymous = _anonymous_profiles(session, [subscription])
    forget_names(session, {subscription.site_id}, Names.of(session, anonymous, [subscription]))
    lock_deliveries(session, [subscription.id])
    _erase_browsers(session, vault, [subscription], now)
    _delete_profiles(session, anonymous)
    return Erased(len(anonymous), 1)


def sites_of(session: Session, profile: Profile, browsers: Sequence[Subscription]) -> set[int]:
    """Return the sites whose messages may name a person with these browsers, but for those that were unlinked."""
    linked = session.scalars(select(SiteDatabase.site_id).where(SiteDatabase.database_id == profile.database_id))
    return {*linked, *(row.site_id for row in browsers)}


def _browsers(session: Session, ids: Sequence[int]) -> Sequence[Subscription]:
    return session.scalars(select(Subscription).where(Subscription.id.in_(ids)).order_by(Subscription.id)).all()


def _with_others(session: Session, profile: Profile) -> set[int]:
    """Return the browsers of a profile at which somebody else is present and known."""
    mine = aliased(Enrollment)
    others = select(Enrollment.subscription_id).join(mine, mine.subscription_id == Enrollment.subscription_id)
    others = others.where(mine.profile_id == profile.id, Enrollment.profile_id != profile.id)
    return set(session.scalars(others.where(Enrollment.left_at.is_(None), is_known())))


def _lock_anonymous(session: Session, browsers: Sequence[Subscription]) -> None:
    """Lock the profiles of these browsers that are nobody's: none gets a name between being looked at and erased."""
    query = select(Profile.id).where(Profile.id.in_(_nobodys([row.id for row in browsers])))
    session.scalars(query.order_by(Profile.database_id, Profile.id).with_for_update()).all()


def _anonymous_profiles(session: Session, browsers: Sequence[Subscription]) -> Sequence[Profile]:
    """Return the locked profiles that stand for nobody but these browsers."""
    ids = [row.id for row in browsers]
    elsewhere = exists().where(Enrollment.profile_id == Profile.id, Enrollment.subscription_id.not_in(ids))
    query = select(Profile).where(Profile.id.in_(_nobodys(ids)), ~elsewhere).order_by(Profile.database_id, Profile.id)
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def _nobodys(subscription_ids: Sequence[int]) -> Select[int]:
    return select(Enrollment.profile_id).where(Enrollment.subscription_id.in_(subscription_ids), ~is_known())


def _erase_browsers(session: Session, vault: Vault, rows: Sequence[Subscription], now: datetime) -> None:
    for site_id in sorted({row.site_id for row in rows}):
        addresses = [row.address for row in rows if row.site_id == site_id]
        tombstones = Tombstones.of_site(vault, session.get_one(Site, site_id))
        for some in portions(addresses):
            tombstones.add(session, some, now)
    empty_browsers(session, rows, now)


def _delete_profiles(session: Session, profiles: Sequence[Profile]) -> None:
    for some in portions(profiles):
        ids = [profile.id for profile in some]
        for table in (Enrollment, FieldValue, FormerName, ProfilePhone, ProfileTag):
            session.execute(delete(table).where(table.profile_id.in_(ids)))
        for profile in some:
            session.delete(profile)
        session.flush()
