"""What holds a browser back, and comes along when it is bound to another profile.

Whoever it is bound to: the operator's suspension, from any database, and an address that does not work, in its own.
As long as its visitor stays the same: a pause, from any database, and an opt-out, in its own. At login and logout the
visitor is the same, whoever the profiles are; between two known people only the pauses stay, each with its own.

A known person keeps a pause after leaving. The anonymous profile does not: what holds there goes along with whoever
logs in, or came from the person who logged out, who has it still. So a pause is where its visitor is, and nowhere else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from sitebell.errors import Invalid
from sitebell.models import PAUSED, STOPPED, Enrollment, EnrollmentStatus, Profile, Subscription, SuspendedBy
from sitebell.services.binding.changing import SUSPENDABLE
from sitebell.services.binding.known import is_known
from sitebell.services.matching import Match, find_profile
from sitebell.services.profiles.standing import ENDED, STRENGTH, has_backend_ended, says_visitors_no, strength

FAULTY = (EnrollmentStatus.UNCONFIRMED, EnrollmentStatus.INVALID, EnrollmentStatus.HARDBOUNCED)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Whom a subscription is about to be bound to.

    Attributes:
        profile: theirs, in the database that is worked in.
        matches: by each of these the same person is found in other databases.
        is_anonymous: it is the browser's own profile.
        is_explicit: the visitor asked to subscribe just now.
    """

    profile: Profile
    matches: Sequence[Match]
    is_anonymous: bool
    is_explicit: bool


@dataclass(frozen=True)
class Holds:
    """What comes along: a fault or an opt-out, or else pauses; and the operator's suspension, beneath them all.

    `is_of_visitor`: some of it is the visitor's word, and no back end's.
    """

    status: EnrollmentStatus | None = None
    is_of_visitor: bool = False
    is_stopped: bool = False
    pauses: Sequence[datetime | None] = ()

    def put_on(self, enrollment: Enrollment) -> None:
        """Hold an enrollment back that stands with a profile since this moment; a stronger no that is there stays."""
        is_of_visitor = self.is_of_visitor or says_visitors_no(enrollment)
        if self.status is not None and strength(enrollment) < STRENGTH.index((self.status, None)):
            enrollment.status = self.status
        enrollment.ended_by_backend = enrollment.status in ENDED and not is_of_visitor
        is_stopped = self.is_stopped or enrollment.suspended_by in STOPPED
        if enrollment.status not in SUSPENDABLE:
            enrollment.suspended_by, enrollment.suspended_until = SuspendedBy.OPERATOR if is_stopped else None, None
            return
        pauses = () if self.status is not None else self.pauses
        is_paused = bool(pauses) or enrollment.suspended_by in PAUSED
        if is_paused or is_stopped:
            one = SuspendedBy.VISITOR if is_paused else SuspendedBy.OPERATOR
            enrollment.status = EnrollmentStatus.SUSPENDED
            enrollment.suspended_by = SuspendedBy.BOTH if is_paused and is_stopped else one
        if pauses:
            ends = [end for end in pauses if end is not None]
            enrollment.suspended_until = max(ends) if len(ends) == len(pauses) else None


def is_open(enrollment: Enrollment) -> bool:
    """Say whether an enrollment is subscribed, or would be but for the operator: a no of another kind stands above."""
    by_operator = (EnrollmentStatus.SUSPENDED, SuspendedBy.OPERATOR)
    return (
        enrollment.status == EnrollmentStatus.SUBSCRIBED or (enrollment.status, enrollment.suspended_by) == by_operator
    )


def find_holds(session: Session, subscription: Subscription, arrival: Arrival) -> Holds:
    """Return what a locked subscription takes along; ask before it leaves anybody.

    What counts is where it stands, or stood last if it stands nowhere in that database.
    """
    here = Enrollment.database_id == arrival.profile.database_id
    wanted = or_(Enrollment.suspended_by.in_({*PAUSED, *STOPPED}), Enrollment.status.in_((*FAULTY, *ENDED)) & here)
    query = select(Enrollment, is_known()).where(Enrollment.subscription_id == subscription.id, wanted, _is_newest())
    rows = [(row[0], bool(row[1])) for row in session.execute(query)]
    followed = [row for row, known in rows if _is_visitors(row) and _follows(session, row, arrival, is_somebodys=known)]
    stops = [row for row, _ in rows if row.suspended_by in STOPPED]
    faults = [row for row, _ in rows if row.status in FAULTY] + [row for row in followed if row.status in ENDED]
    nearest = [row for row in faults if row.database_id == arrival.profile.database_id]
    status = EnrollmentStatus(max(nearest, key=strength).status) if nearest else None
    is_of_visitor = any(not has_backend_ended(row) for row in followed)
    pauses = [row.suspended_until for row in followed if row.suspended_by in PAUSED]
    return Holds(status, is_of_visitor, bool(stops), pauses)


def find_moved(session: Session, subscription: Subscription, database_ids: Sequence[int], match: Match) -> list[int]:
    """Return the enrollments that a paused person is about to leave for other databases: the pauses came along."""
    query = select(Enrollment).where(
        Enrollment.subscription_id == subscription.id,
        Enrollment.database_id.not_in(database_ids),
        Enrollment.left_at.is_(None),
        Enrollment.suspended_by.in_(PAUSED),
    )
    return [row.id for row in session.scalars(query) if find_person(session, row.database_id, match) == row.profile_id]


def stays_of_visitor() -> ColumnElement[bool]:
    """Return the condition that an enrollment is that of whoever is at its browser now.

    Whoever is there without a name is taken for the one who logged out last.
    """
    present = aliased(Enrollment)
    is_here = (present.subscription_id == Enrollment.subscription_id) & present.left_at.is_(None)
    somebody = exists().where(is_here, present.database_id == Enrollment.database_id, is_known(present))
    return or_(Enrollment.left_at.is_(None), is_known() & ~_is_outdated(among_known=True) & ~somebody)


def find_person(session: Session, database_id: int, match: Match) -> int | None:
    """Return whom a match finds; whether it is the one who is here tells a page no more than two claims of its own."""
    if match.is_empty:
        return None
    try:
        profile = find_profile(session, database_id, match)
    except Invalid:  # the other database does not have the field by which this one is asked
        return None
    return None if profile is None else profile.id


def _is_visitors(row: Enrollment) -> bool:
    return row.left_at is None and (row.suspended_by in PAUSED or row.status in ENDED)


def _follows(session: Session, row: Enrollment, arrival: Arrival, *, is_somebodys: bool) -> bool:
    """Say whether a pause or an opt-out where the subscription stands holds on, since the visitor stays the same.

    Between two known persons nothing is taken over, and so not what the first of them left to the anonymous profile
    at logout. A wish to subscribe lifts opt-outs; without a name it begins anew beside the pause of somebody known.
    """
    if row.status in ENDED and arrival.is_explicit:
        return False
    if arrival.is_anonymous:
        return not (is_somebodys and arrival.is_explicit)
    owners = {row.profile_id: row.database_id} if is_somebodys else _who_left_it(session, row)
    theirs = {one for database_id in set(owners.values()) for one in _find_arriving(session, database_id, arrival)}
    return not owners or not theirs.isdisjoint(owners)


def _find_arriving(session: Session, database_id: int, arrival: Arrival) -> set[int | None]:
    """Return who arrives, as a database knows them."""
    if database_id == arrival.profile.database_id:
        return {arrival.profile.id}
    return {find_person(session, database_id, match) for match in arrival.matches}


def _who_left_it(session: Session, row: Enrollment) -> dict[int, int]:
    """Return who logged out last where a subscription stands with its anonymous profile, and refuses as that does.

    They are profiles, each with its database. A pause of nobody there came along from where the subscription was left
    last of all.
    """
    mine = (Enrollment.subscription_id == row.subscription_id, is_known())
    left = select(Enrollment.profile_id, Enrollment.database_id).where(*mine, Enrollment.left_at.is_not(None))
    is_paused = Enrollment.suspended_by.in_(PAUSED)
    here = left.where(Enrollment.database_id == row.database_id, is_paused | Enrollment.status.in_(ENDED))
    owners = dict(session.execute(here.where(~_is_outdated(among_known=True))).all())
    if owners or row.suspended_by not in PAUSED:
        return owners
    last = session.scalar(select(func.max(Enrollment.left_at)).where(*mine))
    return dict(session.execute(left.where(is_paused, Enrollment.left_at == last)).all())


def _is_newest() -> ColumnElement[bool]:
    return or_(Enrollment.left_at.is_(None), ~_is_outdated())


def _is_outdated(*, among_known: bool = False) -> ColumnElement[bool]:
    """Say of an enrollment that was left that its subscription was elsewhere in the same database after it.

    Of known people, those who are there now do not count.
    """
    later: Any = aliased(Enrollment)
    is_later = (
        (later.left_at > Enrollment.left_at)
        if among_known
        else (later.left_at.is_(None) | (later.left_at > Enrollment.left_at))
    )
    mine = (later.subscription_id == Enrollment.subscription_id) & (later.database_id == Enrollment.database_id)
    return exists().where(mine, is_later, *([is_known(later)] if among_known else []))
