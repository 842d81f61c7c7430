"""What happens to enrollments in one statement, whoever's they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import SQLColumnExpression, case, null, update
from sqlalchemy.orm import Session

from sitebell.models import PAUSED, STOPPED, Enrollment, EnrollmentStatus, SuspendedBy

LIFTED = {"status": EnrollmentStatus.SUBSCRIBED, "suspended_by": None, "suspended_until": None}
SUSPENDED_BY_REBIND = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.REBIND}

_IS_BOTH = Enrollment.suspended_by == SuspendedBy.BOTH


def change(session: Session, values: dict[str, Any], now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Write the same values to all enrollments of a condition, also those that are loaded already."""
    statement = update(Enrollment).where(*where).values(values | {"updated_at": now})
    session.execute(statement, execution_options={"synchronize_session": "fetch"})


def change_present(session: Session, values: dict[str, Any], now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Write the same values to those that were not left."""
    change(session, values, now, Enrollment.left_at.is_(None), *where)


def add_pause(session: Session, until: datetime | None, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Suspend what is subscribed by the visitor's wish; what is suspended already is so by that wish as well."""
    cause = case((Enrollment.suspended_by.in_(STOPPED), SuspendedBy.BOTH), else_=SuspendedBy.VISITOR)
    _suspend(session, {"suspended_by": cause, "suspended_until": until}, now, *where)


def add_stop(session: Session, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Suspend what is subscribed by the operator's wish; a pause goes on beneath it."""
    cause = case((Enrollment.suspended_by.in_(PAUSED), SuspendedBy.BOTH), else_=SuspendedBy.OPERATOR)
    _suspend(session, {"suspended_by": cause}, now, *where)


def end_pause(session: Session, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Lift the visitor's pause, and no suspension by the operator."""
    _lift(session, PAUSED, {"suspended_until": None}, SuspendedBy.OPERATOR, now, *where)


def end_stop(session: Session, now: datetime, *where: SQLColumnExpression[bool]) -> None:
    """Lift the operator's suspension, and no pause of the visitor's."""
    _lift(session, STOPPED, {}, SuspendedBy.VISITOR, now, *where)


def _suspend(session: Session, values: dict[str, Any], now: datetime, *where: SQLColumnExpression[bool]) -> None:
    is_theirs = Enrollment.seems_subscribed | Enrollment.suspended_by.in_({*PAUSED, *STOPPED})
    change(session, values | {"status": EnrollmentStatus.SUSPENDED}, now, is_theirs, *where)


def _lift(
    session: Session,
    causes: tuple[SuspendedBy, ...],
    values: dict[str, Any],
    rest: SuspendedBy,
    now: datetime,
    *where: SQLColumnExpression[bool],
) -> None:
    """Leave what one of two still says; of one that was left, binding back lifts what is left of it."""
    is_free = ~_IS_BOTH & Enrollment.left_at.is_(None)
    status = case((is_free, EnrollmentStatus.SUBSCRIBED), else_=EnrollmentStatus.SUSPENDED)
    cause = case((_IS_BOTH, rest), (Enrollment.left_at.is_(None), null()), else_=SuspendedBy.REBIND)
    new = {"status": status, "suspended_by": cause} | values
    change(session, new, now, Enrollment.suspended_by.in_(causes), *where)
