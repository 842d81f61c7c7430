"""What happens to enrollments in one statement, whoever's they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, EnrollmentStatus, SuspendedBy

LIFTED = {"status": EnrollmentStatus.SUBSCRIBED, "suspended_by": None, "suspended_until": None}
SUSPENDED_BY_REBIND = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.REBIND}


def change(session: Session, values: dict[str, Any], now: datetime, *where: ColumnElement[bool]) -> None:
    """Write the same values to all enrollments of a condition, also those that are loaded already."""
    statement = update(Enrollment).where(*where).values(values | {"updated_at": now})
    session.execute(statement, execution_options={"synchronize_session": "fetch"})


def change_present(session: Session, values: dict[str, Any], now: datetime, *where: ColumnElement[bool]) -> None:
    """Write the same values to those that were not left."""
    change(session, values, now, Enrollment.left_at.is_(None), *where)
