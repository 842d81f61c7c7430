"""What holds a browser back whoever it belongs to: the operator's suspension, and an address that does not work."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from sitebell.models import Enrollment, EnrollmentStatus, Subscription, SuspendedBy
from sitebell.services.binding.changing import LIFTED, SUSPENDED_BY_REBIND, change, change_present
from sitebell.services.profiles.standing import strength

FAULTY = (EnrollmentStatus.UNCONFIRMED, EnrollmentStatus.INVALID, EnrollmentStatus.HARDBOUNCED)

_IS_OPERATORS = Enrollment.suspended_by == SuspendedBy.OPERATOR


def find_hold(session: Session, subscription: Subscription, database_id: int) -> Enrollment | None:
    """Return what a subscription takes along to another profile of a database, the strongest of it.

    The operator suspends the subscription, in whatever database; a faulty address counts in its own. What counts is
    where it stands, or stood last if it stands nowhere in that database.
    """
    later = aliased(Enrollment)
    is_outdated = (
        select(later.id)
        .where(later.subscription_id == subscription.id, later.database_id == Enrollment.database_id)
        .where(or_(later.left_at.is_(None), later.left_at > Enrollment.left_at))
        .exists()
    )
    query = select(Enrollment).where(
        Enrollment.subscription_id == subscription.id,
        or_(_IS_OPERATORS, Enrollment.status.in_(FAULTY) & (Enrollment.database_id == database_id)),
        or_(Enrollment.left_at.is_(None), ~is_outdated),
    )
    return max(session.scalars(query), key=strength, default=None)


def lift_operators(session: Session, subscription: Subscription, now: datetime) -> None:
    """Lift the operator's suspension wherever a subscription took it; what was left, binding back has to lift."""
    mine = (Enrollment.subscription_id == subscription.id, _IS_OPERATORS)
    change_present(session, LIFTED, now, *mine)
    change(session, SUSPENDED_BY_REBIND, now, *mine)
