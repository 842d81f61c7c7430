"""Locks profiles for those who change or end them as a whole."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import NotFound
from sitebell.models import Enrollment, Profile, ProfilePhone, Subscription
from sitebell.services.binding.known import is_known
from sitebell.services.locks import PROFILE_GONE, lock_subscriptions
from sitebell.services.matching import lock_identities

ATTEMPTS = 5  # each fails only when one more browser was bound while we waited


def lock_profiles(session: Session, *profiles: Profile) -> None:
    """Lock profiles of one database with their browsers and identities, in the order of `services/locks.py`.

    The anonymous profiles of those browsers are locked with them: who erases somebody erases these as well. A browser
    that was bound while we waited has an earlier place in that order: so we let go of all and begin anew.

    Raises:
        NotFound: `profile_not_found`, somebody else has ended one of them meanwhile.
    """
    for _ in range(ATTEMPTS):
        with session.begin_nested() as attempt:
            if not _lock_all(session, profiles):
                return
            attempt.rollback()
    lock_subscriptions(session, Subscription.id.in_(_lock_all(session, profiles)))


def _lock_all(session: Session, profiles: Iterable[Profile]) -> set[int]:
    """Return the browsers that were bound between the first lock and the last; from then on nobody can."""
    bound = lock_subscriptions(session, Subscription.id.in_(_bound(session, profiles)))
    _lock_identities(session, profiles)
    anonymous = select(Enrollment.profile_id).where(Enrollment.subscription_id.in_(bound), ~is_known())
    ids = {*session.scalars(anonymous), *(profile.id for profile in profiles)}
    query = select(Profile).where(Profile.id.in_(ids)).order_by(Profile.database_id, Profile.id).with_for_update()
    gone = set(profiles).difference(session.scalars(query, execution_options={"populate_existing": True}))
    for profile in gone:
        session.expunge(profile)
    if gone:
        raise NotFound("profile_not_found", PROFILE_GONE)
    return _bound(session, profiles) - bound


def _bound(session: Session, profiles: Iterable[Profile]) -> set[int]:
    ids = [profile.id for profile in profiles]
    return set(session.scalars(select(Enrollment.subscription_id).where(Enrollment.profile_id.in_(ids))))


def _lock_identities(session: Session, profiles: Iterable[Profile]) -> None:
    pairs = [(kind, getattr(profile, kind)) for profile in profiles for kind in ("external_id", "email")]
    phones = select(ProfilePhone.phone).where(ProfilePhone.profile_id.in_([profile.id for profile in profiles]))
    pairs += [("phone", phone) for phone in session.scalars(phones)]
    [database_id] = {profile.database_id for profile in profiles}
    lock_identities(session, database_id, [(kind, value) for kind, value in pairs if value is not None])
