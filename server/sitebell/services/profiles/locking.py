"""Locks profiles for those who change or end them as a whole."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import NotFound
from sitebell.models import Enrollment, Profile, ProfilePhone, Subscription
from sitebell.services.matching import lock_identities


def lock_profiles(session: Session, *profiles: Profile) -> None:
    """Lock profiles of one database with their browsers and identities, in the order in which binding does.

    Raises:
        NotFound: `profile_not_found`, somebody else has ended one of them meanwhile.
    """
    bound = _bound(session, profiles)
    _lock_browsers(session, bound)
    _lock_identities(session, profiles)
    for profile in sorted(profiles, key=lambda profile: profile.id):
        if session.get(Profile, profile.id, with_for_update=True, populate_existing=True) is None:
            raise NotFound("The database has no profile with this id.", "profile_not_found")
    _lock_browsers(session, _bound(session, profiles) - bound)  # bound until now; from now on nobody can


def _bound(session: Session, profiles: Iterable[Profile]) -> set[int]:
    ids = [profile.id for profile in profiles]
    return set(session.scalars(select(Enrollment.subscription_id).where(Enrollment.profile_id.in_(ids))))


def _lock_browsers(session: Session, ids: set[int]) -> None:
    rows = select(Subscription.id).where(Subscription.id.in_(ids)).order_by(Subscription.id)
    session.execute(rows.with_for_update(key_share=True)).all()


def _lock_identities(session: Session, profiles: Iterable[Profile]) -> None:
    pairs = [(kind, getattr(profile, kind)) for profile in profiles for kind in ("external_id", "email")]
    phones = select(ProfilePhone.phone).where(ProfilePhone.profile_id.in_([profile.id for profile in profiles]))
    pairs += [("phone", phone) for phone in session.scalars(phones)]
    [database_id] = {profile.database_id for profile in profiles}
    lock_identities(session, database_id, [(kind, value) for kind, value in pairs if value is not None])
