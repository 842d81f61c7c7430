"""Where a subscription stands at profiles: looked at, paused and resumed, left."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from sitebell.errors import SitebellError
from sitebell.models import (
    Enrollment,
    EnrollmentStatus,
    Profile,
    Site,
    Subscription,
    SubscriptionStatus,
    SuspendedBy,
)
from sitebell.services.binding.changing import LIFTED, SUSPENDED_BY_REBIND, change, change_present
from sitebell.services.binding.crowding import leave_surplus
from sitebell.services.binding.holding import lift_operators
from sitebell.services.locks import lock_subscriptions
from sitebell.services.sites import list_databases

_IS_WAITING = Enrollment.status == EnrollmentStatus.UNCONFIRMED
PAUSES_PER_STEP = 500


@dataclass(frozen=True)
class EnrollmentResult:
    """What became of one database: where the subscription stands there, or why it was left as it was.

    Without a profile the subscription is suspended there: all of them were left for a profile of another database.
    """

    database_id: int
    profile_id: str | None
    status: str
    error: SitebellError | None = None


def list_enrollments(session: Session, site: Site, subscription: Subscription) -> list[EnrollmentResult]:
    """Return where a subscription stands in each database of its site that it was ever bound in."""
    known = bound_databases(session, subscription)
    linked = [database_id for database_id in list_databases(session, site) if database_id in known]
    present = {database_id: present_enrollment(session, subscription, database_id) for database_id in linked}
    return [
        result_of(session, subscription, enrollment) if enrollment else suspended_in(database_id)
        for database_id, enrollment in present.items()
    ]


def bound_databases(session: Session, subscription: Subscription) -> set[int]:
    """Return the databases in which a subscription is bound, or was before it was left."""
    query = select(Enrollment.database_id).where(Enrollment.subscription_id == subscription.id)
    return set(session.scalars(query.distinct()))


def suspended_in(database_id: int) -> EnrollmentResult:
    """Show a database in which every profile of the subscription was left."""
    return EnrollmentResult(database_id, None, EnrollmentStatus.SUSPENDED)


def present_enrollment(session: Session, subscription: Subscription, database_id: int) -> Enrollment | None:
    """Return whose browser it is now: of those that were not left a subscribed one, and the one bound last."""
    query = select(Enrollment).where(
        Enrollment.subscription_id == subscription.id,
        Enrollment.database_id == database_id,
        Enrollment.left_at.is_(None),
    )
    is_subscribed = Enrollment.status == EnrollmentStatus.SUBSCRIBED
    order = (is_subscribed.desc(), Enrollment.bound_at.desc(), Enrollment.id.desc())
    return session.scalars(query.order_by(*order).limit(1)).first()


def present_statuses(session: Session, subscription: Subscription) -> set[str]:
    """Return how a subscription stands at the profiles that it was not left at, in whatever database."""
    query = select(Enrollment.status).where(Enrollment.subscription_id == subscription.id)
    return set(session.scalars(query.where(Enrollment.left_at.is_(None)).distinct()))


def is_unconfirmed(session: Session, subscription: Subscription) -> bool:
    """Say whether an address waits for its owner's confirmation; it does so also after it was bound to others.

    A browser never does: it may be unconfirmed at one profile, by the word of that profile's back end.
    """
    if subscription.channel == "web":
        return False
    waiting = exists().where(Enrollment.subscription_id == subscription.id, _IS_WAITING)
    return session.scalar(select(waiting)) or False


def end_waiting(session: Session, subscription: Subscription, now: datetime) -> None:
    """Subscribe an address where it waits for a confirmation; where it was left meanwhile, binding back does that."""
    waiting = (Enrollment.subscription_id == subscription.id, _IS_WAITING)
    change_present(session, LIFTED, now, *waiting)
    change(session, SUSPENDED_BY_REBIND, now, *waiting)


def leave(session: Session, subscription: Subscription, profiles: ColumnElement[bool], now: datetime) -> None:
    """Leave the profiles of a condition over `Enrollment`; what was subscribed there is suspended by rebind.

    What the visitor or the operator had suspended or ended stays so, for the day when it is bound again.
    """
    left = [Enrollment.subscription_id == subscription.id, profiles]
    change_present(session, SUSPENDED_BY_REBIND, now, *left, Enrollment.status == EnrollmentStatus.SUBSCRIBED)
    change_present(session, {"left_at": now}, now, *left)


def result_of(session: Session, subscription: Subscription, enrollment: Enrollment) -> EnrollmentResult:
    """Show an enrollment as it counts: nothing reaches it while the whole subscription is ended."""
    profile = session.get_one(Profile, enrollment.profile_id)
    is_ended = subscription.status == SubscriptionStatus.UNSUBSCRIBED
    status = EnrollmentStatus.UNSUBSCRIBED if is_ended else EnrollmentStatus(enrollment.status)
    return EnrollmentResult(enrollment.database_id, profile.public_id, status)


def pause(session: Session, subscription: Subscription, until: datetime | None, now: datetime) -> None:
    """Suspend by the visitor's wish, until `resume` or a moment; what the visitor paused before gets the new end."""
    pausable = (Enrollment.status == EnrollmentStatus.SUBSCRIBED) | (Enrollment.suspended_by == SuspendedBy.VISITOR)
    values = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.VISITOR, "suspended_until": until}
    change_present(session, values, now, Enrollment.subscription_id == subscription.id, pausable)


def suspend(session: Session, subscription: Subscription, now: datetime) -> None:
    """Suspend by the operator's wish; what the visitor paused or ended stays the visitor's to lift."""
    values = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.OPERATOR}
    is_subscribed = Enrollment.status == EnrollmentStatus.SUBSCRIBED
    change_present(session, values, now, Enrollment.subscription_id == subscription.id, is_subscribed)


def resume(
    session: Session, subscription: Subscription, now: datetime, *, cause: SuspendedBy = SuspendedBy.VISITOR
) -> None:
    """Lift the suspensions of one cause, which is the visitor's own pause unless told otherwise, and nothing else."""
    if cause == SuspendedBy.OPERATOR:
        lift_operators(session, subscription, now)
    else:
        is_cause = Enrollment.suspended_by == cause
        change_present(session, LIFTED, now, Enrollment.subscription_id == subscription.id, is_cause)
    leave_surplus(session, [subscription.id], now)


def resume_due(session: Session, now: datetime, subscription: Subscription) -> None:
    """End the pauses of a locked subscription's visitor whose time has come."""
    is_due = exists().where(Enrollment.subscription_id == subscription.id, Enrollment.suspended_until <= now)
    if session.scalar(select(is_due)):
        _end_pauses(session, now, [subscription.id])


def resume_some(session: Session, now: datetime) -> bool:
    """End visitors' pauses whose time has come, those longest due first; True when there may be more of them.

    A step is bounded, and whoever speaks at this moment is left out: that call ends the pauses of its own browser.
    """
    due = select(Enrollment.subscription_id).where(Enrollment.suspended_until <= now)
    found = session.scalars(due.order_by(Enrollment.suspended_until).limit(PAUSES_PER_STEP)).all()
    locked = lock_subscriptions(session, Subscription.id.in_(found), are_free=True)
    _end_pauses(session, now, locked)
    return len(found) == PAUSES_PER_STEP


def has_pauses_to_end(session: Session, now: datetime) -> bool:
    """Say whether `resume_some` would find any."""
    return session.scalar(select(exists(select(Enrollment.id).where(Enrollment.suspended_until <= now)))) or False


def _end_pauses(session: Session, now: datetime, of_whom: Collection[int]) -> None:
    """Lift pauses that are over; at a profile that was left, binding back has to lift what is left of them."""
    is_over = (Enrollment.suspended_until <= now) & Enrollment.subscription_id.in_(of_whom)
    change_present(session, LIFTED, now, is_over)
    change(session, SUSPENDED_BY_REBIND | {"suspended_until": None}, now, is_over)
    leave_surplus(session, of_whom, now)
