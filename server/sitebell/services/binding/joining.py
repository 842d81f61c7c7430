"""An app's address joined to profiles and parted from them, with one result for each database: was anything changed?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import NotFound, SitebellError
from sitebell.models import BoundBy, Enrollment, EnrollmentStatus, Profile, Site, Subscription
from sitebell.services.binding.binder import Binder
from sitebell.services.binding.enrolling import Introduction, attach, enroll
from sitebell.services.binding.enrollments import present_enrollment, present_statuses, shown_status
from sitebell.services.locks import PROFILE_GONE
from sitebell.services.matching import Match, find_profile
from sitebell.services.profiles.standing import ENDED, end_by_visitor, set_status
from sitebell.services.subscriptions.lifecycle import unsubscribe

ENDED_BY_APP = "unsubscribed by the app"


@dataclass(frozen=True)
class Joined:
    """What became of one database: whose address it is now, and whether that is news; or why nothing was done."""

    database_id: int
    profile_id: str | None = None
    has_changed: bool = False
    error: SitebellError | None = None


def join(
    session: Session, site: Site, subscription: Subscription, introduction: Introduction, now: datetime
) -> list[Joined]:
    """Bind a locked subscription in each database asked for, by its device's explicit wish.

    Without a match it stays at the profile that it has: an app's user who had opted out there comes back there. What
    is suspended stays so. An exclusive match leaves other profiles of the same database, and no other database.
    """
    asked = replace(introduction, reaches_further=False)

    def step(database_id: int) -> Joined:
        before = _standing(present_enrollment(session, subscription, database_id))
        if asked.match.is_empty and before is not None:
            _lift(session, subscription, database_id, now)
        else:
            here = replace(asked, database_ids=[database_id])
            [result] = enroll(session, site, subscription, here, is_explicit=True, now=now)
            if result.error is not None:
                raise result.error
        after = present_enrollment(session, subscription, database_id)
        return Joined(database_id, _profile_of(session, after), before != _standing(after))

    return [_attempt(session, database_id, step) for database_id in introduction.database_ids or ()]


def part(
    session: Session, subscription: Subscription | None, introduction: Introduction, now: datetime
) -> list[Joined]:
    """End a locked subscription at the profile that a match finds, or that it has, in each database asked for.

    None stands for an address that is not known. Whoever the subscription is not bound to is as unknown as nobody: the
    answer does not tell who has a profile. Once the subscription is ended everywhere it is ended as a whole.
    """

    def step(database_id: int) -> Joined:
        row, profile = _stay(session, subscription, database_id, introduction.match)
        has_changed = row.status not in ENDED
        end_by_visitor(session, row, now)
        return Joined(database_id, profile.public_id, has_changed)

    results = [_attempt(session, database_id, step) for database_id in introduction.database_ids or ()]
    if subscription is not None and present_statuses(session, subscription) <= {*ENDED}:
        unsubscribe(session, subscription, now, reason=ENDED_BY_APP)
    return results


def place(
    session: Session, subscription: Subscription, profile: Profile, status: EnrollmentStatus | None, now: datetime
) -> None:
    """Bind a locked subscription to a profile by the back end's word, with a status if one is given.

    A status that says no takes the subscription from nobody else, and changes nothing but the status where it is known.

    Raises:
        Conflict: `opted_out`, the status would weaken what the visitor said. Roll back.
        NotFound: `profile_not_found`, it was erased or merged meanwhile.
    """
    query = select(Enrollment).where(Enrollment.subscription_id == subscription.id)
    row = session.scalars(query.where(Enrollment.profile_id == profile.id)).one_or_none()
    says_yes = status in (None, EnrollmentStatus.SUBSCRIBED)
    if row is None or says_yes:
        row = attach(session, subscription, profile, now, exclusive=says_yes)
    if status is not None:
        set_status(session, row, status, now)


def _attempt(session: Session, database_id: int, step: Callable[[int], Joined]) -> Joined:
    """Do all of a step, or nothing."""
    try:
        with session.begin_nested():
            return step(database_id)
    except SitebellError as error:
        return Joined(database_id, error=error)


def _lift(session: Session, subscription: Subscription, database_id: int, now: datetime) -> None:
    present = present_enrollment(session, subscription, database_id)
    if present is not None and present.status in ENDED:
        profile = session.get_one(Profile, present.profile_id)
        binder = Binder(session, subscription, now, is_explicit=True)
        binder.bind(profile, BoundBy(present.bound_by), exclusive=True, is_anonymous=present.is_anonymous)


def _stay(
    session: Session, subscription: Subscription | None, database_id: int, match: Match
) -> tuple[Enrollment, Profile]:
    """Return the enrollment to end, and whose it is.

    Raises:
        NotFound: `profile_not_found`, nobody is found, or somebody who does not have this subscription.
    """
    row: Enrollment | None = None
    if not match.is_empty:
        profile = find_profile(session, database_id, match.normalised())
        if subscription is not None:
            query = select(Enrollment).where(Enrollment.subscription_id == subscription.id)
            row = session.scalars(query.where(Enrollment.profile_id == (profile.id if profile else 0))).one_or_none()
    elif subscription is not None:
        row = present_enrollment(session, subscription, database_id)
    if row is None:
        raise NotFound("profile_not_found", PROFILE_GONE)
    return row, session.get_one(Profile, row.profile_id)


def _standing(enrollment: Enrollment | None) -> tuple[int, str] | None:
    return None if enrollment is None else (enrollment.id, shown_status(enrollment))


def _profile_of(session: Session, enrollment: Enrollment | None) -> str | None:
    return None if enrollment is None else session.get_one(Profile, enrollment.profile_id).public_id
