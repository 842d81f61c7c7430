"""How strongly an enrollment says no, and who may take that back."""

from datetime import datetime

from sqlalchemy.orm import Session

from sitebell.errors import Conflict
from sitebell.models import Enrollment, EnrollmentStatus, SuspendedBy

# From yes to the strongest no. A suspension by rebind only says that the browser was at somebody else's.
STRENGTH: list[tuple[EnrollmentStatus, SuspendedBy | None]] = [
    (EnrollmentStatus.SUSPENDED, SuspendedBy.REBIND),
    (EnrollmentStatus.SUBSCRIBED, None),
    (EnrollmentStatus.UNCONFIRMED, None),
    (EnrollmentStatus.SUSPENDED, SuspendedBy.OPERATOR),
    (EnrollmentStatus.INVALID, None),
    (EnrollmentStatus.HARDBOUNCED, None),
    (EnrollmentStatus.SUSPENDED, SuspendedBy.VISITOR),
    (EnrollmentStatus.UNSUBSCRIBED, None),
    (EnrollmentStatus.COMPLAINED, None),
]
_FIRST_OF_VISITOR = STRENGTH.index((EnrollmentStatus.SUSPENDED, SuspendedBy.VISITOR))
OPTED_OUT = "The visitor has paused, unsubscribed or complained here: only the visitor takes that back."


def strength(enrollment: Enrollment) -> int:
    """Return the place of an enrollment among all: the larger, the stronger the no."""
    status = EnrollmentStatus(enrollment.status)
    is_suspended = status == EnrollmentStatus.SUSPENDED
    return STRENGTH.index((status, SuspendedBy(enrollment.suspended_by or "operator") if is_suspended else None))


def set_status(session: Session, enrollment: Enrollment, status: EnrollmentStatus, now: datetime) -> None:
    """Set a status by the back end's word; suspended means by the operator.

    Raises:
        Conflict: `opted_out`, it would weaken what the visitor said.
    """
    cause = SuspendedBy.OPERATOR if status == EnrollmentStatus.SUSPENDED else None
    before, after = strength(enrollment), STRENGTH.index((status, cause))
    if before >= _FIRST_OF_VISITOR and after < before:
        raise Conflict("opted_out", OPTED_OUT)
    enrollment.status, enrollment.suspended_by, enrollment.suspended_until = status, cause, None
    enrollment.updated_at = now
    session.flush()
