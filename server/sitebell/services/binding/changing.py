"""What happens to enrollments in one statement, whoever's they are.

Beneath an opt-out, a missing confirmation or a faulty address the operator's suspension is only noted, in
`suspended_by`: it comes to light when that is lifted, and goes when the operator resumes.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import SQLColumnExpression, case, null, update
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.models import PAUSED, STOPPED, Enrollment, EnrollmentStatus, SuspendedBy

SUSPENDABLE = (EnrollmentStatus.SUBSCRIBED, EnrollmentStatus.SUSPENDED)

_IS_BOTH = Enrollment.suspended_by == SuspendedBy.BOTH
_IS_STOPPED = Enrollment.suspended_by.in_(STOPPED)
_IS_PRESENT = Enrollment.left_at.is_(None)
_IS_NOTED = Enrollment.status.not_in(SUSPENDABLE)


def change(session: Session, values: dict[str, Any], now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Write the same values to all enrollments of a condition, also those that are loaded already."""
    statement = update(Enrollment).where(*where).values(values | {"updated_at": now})
    session.execute(statement, execution_options={"synchronize_session": "fetch"})


def change_present(session: Session, values: dict[str, Any], now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Write the same values to those that were not left."""
    change(session, values, now, _IS_PRESENT, *where)


def add_pause(session: Session, until: datetime | None, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Suspend what is subscribed by the visitor's wish; what is suspended already is so by that wish as well."""
    cause = case((_IS_STOPPED, SuspendedBy.BOTH), else_=SuspendedBy.VISITOR)
    _suspend(session, {"suspended_by": cause, "suspended_until": until}, now, ~_IS_NOTED, *where)
    # What the back end has ended its visitor does not want either: it is not the back end's to take back any more.
    change(session, {"ended_by_backend": False}, now, _IS_NOTED, Enrollment.ended_by_backend, *where)


def add_stop(session: Session, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Suspend by the operator's wish; a pause goes on beneath it, and what says no besides goes on above it."""
    cause = case((Enrollment.suspended_by.in_(PAUSED), SuspendedBy.BOTH), else_=SuspendedBy.OPERATOR)
    _suspend(session, {"suspended_by": cause}, now, *where)


def end_pause(session: Session, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Lift the visitor's pause, and no suspension by the operator."""
    _lift(session, PAUSED, {"suspended_until": None}, SuspendedBy.OPERATOR, now, *where)


def leave_present(
    session: Session, ended: SQLColumnExpression[bool], now: datetime, *where: SQLColumnExpression[bool]
) -> None:
    """Leave what was not left yet; what was subscribed is suspended by rebind, and so is a pause that is `ended` now.

    One statement: PostgreSQL asks for a row's profile, which somebody may hold, once we change the row a second time.
    """
    is_ended = Enrollment.suspended_by.in_(PAUSED) & ended
    status = case((_IS_NOTED, Enrollment.status), else_=EnrollmentStatus.SUSPENDED)
    cause = case(
        (is_ended & _IS_BOTH, SuspendedBy.OPERATOR),
        (is_ended & _IS_NOTED, null()),
        (is_ended | Enrollment.seems_subscribed, SuspendedBy.REBIND),
        else_=Enrollment.suspended_by,
    )
    until = case((is_ended, null()), else_=Enrollment.suspended_until)
    left = {"status": status, "suspended_by": cause, "suspended_until": until, "left_at": now, "updated_at": now}
    statement = update(Enrollment).where(_IS_PRESENT, *where).values(left).returning(Enrollment)
    session.scalars(statement, execution_options=QUIET | {"populate_existing": True}).all()


def end_stop(session: Session, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Lift the operator's suspension, and no pause of the visitor's."""
    _lift(session, STOPPED, {}, SuspendedBy.VISITOR, now, *where)


def lift(session: Session, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Lift faults or opt-outs; what the operator has suspended stays so, and what was left until it is bound again."""
    status = case((_IS_STOPPED | ~_IS_PRESENT, EnrollmentStatus.SUSPENDED), else_=EnrollmentStatus.SUBSCRIBED)
    cause = case((_IS_STOPPED, SuspendedBy.OPERATOR), (_IS_PRESENT, null()), else_=SuspendedBy.REBIND)
    new = {"status": status, "suspended_by": cause, "ended_by_backend": False}
    change(session, new, now, _IS_NOTED, *where)


def _suspend(session: Session, values: dict[str, Any], now: datetime, *where: SQLColumnExpression[bool]) -> None:
    status = case((_IS_NOTED, Enrollment.status), else_=EnrollmentStatus.SUSPENDED)
    change(session, values | {"status": status}, now, *where)


def _lift(
    session: Session,
    causes: tuple[SuspendedBy, ...],
    values: dict[str, Any],
    rest: SuspendedBy,
    now: datetime,
    *where: SQLColumnExpression[bool],
) -> None:
    """Leave what one of two still says; of one that was left, binding back lifts what is left of it."""
    is_free = ~_IS_BOTH & _IS_PRESENT
    subscribed, suspended = EnrollmentStatus.SUBSCRIBED, EnrollmentStatus.SUSPENDED
    status = case((_IS_NOTED, Enrollment.status), (is_free, subscribed), else_=suspended)
    cause = case((_IS_BOTH, rest), (_IS_NOTED | _IS_PRESENT, null()), else_=SuspendedBy.REBIND)
    new = {"status": status, "suspended_by": cause} | values
    change(session, new, now, Enrollment.suspended_by.in_(causes), *where)
